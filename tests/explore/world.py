"""The world that is explored: one lane, its events, the visits to it, the calls under way and the target.  Values only.

Time is abstract.  It stands still at NOW, plus one for every change that a person made; a lease or a backoff that reaches
beyond is under way, and a move of its own ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from worker.core.fingerprint import Fingerprints
from worker.core.lane import Attribute, Lane, Look, Policy, Seal, Shown, Terms, Want, new
from worker.core.schedule import Retry
from worker.core.swing import OFTEN

NOW = 1_000_000
OVER, UNDER_WAY = 0, 10 * NOW
SYSTEM, ACCOUNT = "T", "acc"
SUBJECT = {"S": "person", "P": "person", "Q": "person"}
"""Whom each source means."""

PRINTS = Fingerprints({"k": b"a key of the tests"})
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Lane).decode

Values = tuple[tuple[str, str], ...]
"""Attribute -> value, "" is nothing."""


class Event(NamedTuple):
    """at: the time of its version in milliseconds, also what orders events.  looks: it is a hint."""

    name: str
    at: int
    says: Mapping[str, str]
    source: str = "S"
    policy: Policy | None = None
    replay: bool = False
    unseal: bool = False
    looks: bool = False

    @property
    def version(self) -> str:
        return f"{self.at * 1000:016d}{0:030d}"


class Call(NamedTuple):
    """A request on its way.  token: whose answer it is waited for with, "" if nobody does any more.  body: (attribute, value,
    version); a sibling that is written back as it was read has no version."""

    token: str
    body: tuple[tuple[str, str, str], ...]


class Visit(NamedTuple):
    """stage: what it does next.  wants: what it calls with, as in `Call`.  answers: (attribute, kind of answer)."""

    token: str
    stage: str
    now: int
    read: Values | None = None
    wants: tuple[tuple[str, str, str], ...] = ()
    answers: Values = ()


class Faults(NamedTuple):
    """How many of each may still happen."""

    crashes: int = 0
    losses: int = 0
    """Answers that are lost, late, an error or a `not now`; commits whose answer is lost; reads that fail."""
    refusals: int = 0
    expiries: int = 0
    """Leases that end while their visit lives."""
    reruns: int = 0
    """Merges that are run again."""


class World(NamedTuple):
    """landed: attribute -> (the highest version that landed, all values that did).  told: (event, attribute) -> word.
    published: (attribute, value, origin).  repairs: events that the lane asked to have once more, as (event, attribute).
    edits: how many of the person's changes were made.  there: the account is.  deleted: it was, once.  linked: the sources' link
    to it is known.  search: the search lane."""

    unheard: frozenset[str]
    accepted: frozenset[str]
    lane: bytes
    visits: tuple[Visit, ...]
    calls: tuple[Call, ...]
    target: Values
    landed: tuple[tuple[str, tuple[str, frozenset[str]]], ...]
    told: tuple[tuple[tuple[str, str], str], ...]
    published: frozenset[tuple[str, str, str]]
    repairs: frozenset[tuple[str, str]]
    edits: int
    faults: Faults
    there: bool = True
    deleted: bool = False
    linked: bool = True
    search: bytes = encode(new())

    @property
    def now(self) -> int:
        return NOW + self.edits


@dataclass(frozen=True, slots=True)
class Case:
    """What is explored.

    events    what is accepted, in any order and at any time
    faults    how often each fault may happen
    policies  attribute -> policy, `always` if not named
    holds     what the target has before
    ranks     attribute -> source -> rank
    sealed    what was sealed at another account of the person, and was carried to this one
    hidden    attributes that a read does not show
    edits     what a person writes at the target, in this order; each is followed by a hint
    deleted   the account may be deleted, once, and then is made again or comes back as it was
    known     it is known by its id, not by a link
    ends      attribute -> the values it may end with; unless given, the value of the heaviest event
    often     a value that was turned away more often than this is parked
    jitter    0: a backoff is over at once
    """

    name: str
    events: tuple[Event, ...]
    faults: Faults = field(default_factory=Faults)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    readable: bool = True
    whole: bool = False
    observe: bool = False
    holds: Mapping[str, str] = field(default_factory=dict)
    sealed: Mapping[str, str] = field(default_factory=dict)
    ranks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    two_way: frozenset[str] = frozenset()
    relay_needs: frozenset[str] = frozenset()
    edits: tuple[tuple[str, str], ...] = ()
    ends: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tries: int = 8
    often: int = OFTEN
    deleted: Literal["", "made again", "comes back"] = ""
    known: bool = True
    jitter: float = 0.0

    def terms(self) -> Terms:
        return Terms(
            system=SYSTEM, prints=PRINTS, readable=self.readable, hidden=self.hidden, whole=self.whole, two_way=self.two_way,
            relay_needs=self.relay_needs, ranks=self.ranks, interval=0, observe=self.observe, retry=Retry(tries=self.tries),
            often=self.often,
        )  # fmt: skip

    def attributes(self) -> list[str]:
        return sorted({name for event in self.events for name in event.says} | {name for name, _ in self.edits} | set(self.holds))

    def event(self, name: str) -> Event:
        """`e1`, its repair `e1~`, or `h1`, the hint of the person's first change."""
        if name.startswith("h"):
            return Event(name, 0, {}, looks=True)
        of, repair, _ = name.partition("~")
        for event in self.events:
            if event.name == of:
                return event._replace(name=name, at=event.at + 1, replay=True) if repair else event
        raise KeyError(name)

    def wants(self, event: Event) -> dict[str, Want]:
        return {
            name: Want(
                version=event.version, source=event.source, event=event.name, print=shown(name, value).print, value=value or None,
                policy=event.policy or self.policies.get(name, "always"), replay=event.replay,
            )
            for name, value in event.says.items()
        }  # fmt: skip

    def beginning(self) -> World:
        names = self.attributes()
        lane = new()
        lane.owner = {**SUBJECT} if self.deleted else {}
        lane.attributes = {name: Attribute(seal=Seal(shown(name, value).print, "e0")) for name, value in self.sealed.items()}
        return World(
            unheard=frozenset(event.name for event in self.events), accepted=frozenset(), lane=encode(lane), visits=(), calls=(),
            target=tuple((name, self.holds.get(name, "")) for name in names),
            landed=tuple((name, ("", frozenset())) for name in names), told=(), published=frozenset(), repairs=frozenset(),
            edits=0, faults=self.faults,
        )  # fmt: skip


@lru_cache(maxsize=1024)
def shown(name: str, value: str) -> Shown:
    return Shown(value or None, PRINTS.of(SYSTEM, name, value or None))


def look(case: Case, read: Values) -> Look:
    """What a read of these values shows."""
    return Look({name: shown(name, value) for name, value in read if name not in case.hidden}, dict(read))


def standing(lane: Lane, now: int) -> bytes:
    """The lane with abstract times: every lease and every backoff is under way, or over.  Changes the lane."""
    lease = lane.lease
    if lease is not None:
        lane.lease = replace(lease, until=UNDER_WAY if lease.until > now else OVER)
    for x in lane.attributes.values():
        if x.wanted is not None and (x.wanted.after or x.wanted.spent):
            x.wanted = replace(x.wanted, after=UNDER_WAY if x.wanted.after > now else OVER, spent=0)
        if x.sent is not None and (x.sent.after or x.sent.spent):
            x.sent = replace(x.sent, after=UNDER_WAY if x.sent.after > now else OVER, spent=0)
    return encode(lane)
