"""A lane: all that we know and owe of one account in one system.

THE ONE IDEA: a lane that a call of ours may still change rests.  The lease of a visit that calls outlasts everything its
calls can still do; an unanswered call becomes a rest of that length.  So whoever plans sees a quiet target: nothing of ours
is under way, what a read shows is what is there, and what is left in `sent` is merely not known.

The transitions (merge.py, plan.py, settle.py, search.py) take a lane and return a lane and notes, or None: no right to act.
They never change the lane they were given, and every one does no harm when it is applied to its own result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from connectors.contract import Wire
from worker.core.fingerprint import Fingerprints
from worker.core.outcome import Word
from worker.core.schedule import Retry
from worker.core.swing import OFTEN, Swing
from worker.core.wire import canonical

Policy = Literal["always", "if_empty", "once"]

UNKNOWN = None
"""The belief that is not known.  Nothing ("") and not known are two beliefs, and nothing equals not known."""

UNSEEN = "unseen"
"""The mark of a seal whose value the target does not show.  No fingerprint is this word: each has a dot in it."""

BEHIND = 8
"""Candidates for a seal that stand behind the one whose turn it is; a further one is parked."""
HINTS = 8
"""Hints that one look can serve by name; a later one is superseded by the look that is due."""
DEATHS = 3
"""Visits that died with their lease until the lane is parked as poison."""


# ---------------------------------------------------------------- what a lane holds


class Want(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value that an event wants an attribute to have.

    version   orders it among all values of this attribute
    source    who said so; event: the event's name
    print     the value's fingerprint, "" for a clear; value: the wire value, None for a clear
    place     the rule, `file:line`
    at        when the event was accepted
    tries     calls made for it; spent: milliseconds of backoff after them; waits: times it could not be called at all
    after     not before
    alone     goes in a call of its own: a call that carried it was refused without saying for whose sake
    replay    look before you believe
    replaces  the mark of the seal that this value may replace (unseal)
    """

    version: str
    source: str
    event: str
    print: str
    value: Any = None
    policy: Policy = "always"
    place: str = ""
    at: int = 0
    tries: int = 0
    spent: int = 0
    waits: int = 0
    after: int = 0
    alone: bool = False
    replay: bool = False
    replaces: str | None = None

    @property
    def once(self) -> bool:
        return self.policy == "once"


class Belief(msgspec.Struct, frozen=True, omit_defaults=True):
    """What we take the attribute to be; `at` a write or a look last said so.  `version`, `source`: the newest that was
    settled here, whatever became of its value; nothing older may follow it."""

    version: str
    source: str
    print: str | None
    at: int = 0


class Seal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The only value that a write-once attribute may have.  unsure: its call may have landed.  found: not ours; `print` is
    None if the target keeps it without showing it."""

    print: str | None
    event: str = ""
    at: int = 0
    unsure: bool = False
    found: bool = False

    @property
    def mark(self) -> str:
        """What an unseal names, so that it opens this seal and no later one."""
        return UNSEEN if self.print is None else self.print


class Attribute(msgspec.Struct, omit_defaults=True):
    """wanted: the value to write next.  sent: the same, once its call may have started; for write-once this is the claim.
    behind: other candidates for a seal.  owes: what was applied and must travel on, once the whole account is read.  swing: only
    while it alternates between two values.  floor: the newest version that was published of it, while an older one of a higher
    rank holds."""

    wanted: Want | None = None
    sent: Want | None = None
    behind: tuple[Want, ...] = ()
    holds: Belief | None = None
    seal: Seal | None = None
    owes: Want | None = None
    swing: Swing | None = None
    floor: str = ""

    @property
    def carried(self) -> bool:
        """Its seal came with the person, and nothing is known yet of what this account holds."""
        unknown = self.holds is None or self.holds.print is UNKNOWN
        return unknown and self.seal is not None and not self.seal.unsure


class Lease(msgspec.Struct, frozen=True, omit_defaults=True):
    """Nobody else acts on this lane before `until`.  An empty token is a rest.  check: the hints whose look this visit makes."""

    until: int
    token: str = ""
    check: tuple[str, ...] = ()


class Search(msgspec.Struct, frozen=True, omit_defaults=True):
    """A lane whose account is not known: the newest keys of its subject, how often they were searched, and whom the last search
    found."""

    keys: tuple[tuple[str, str, str], ...] = ()
    """(find, value, fold)"""
    wait: int = 0
    then: Literal["park", "ignore"] = "park"
    looks: int = 0
    after: int = 0
    found: str = ""


class Lane(msgspec.Struct, omit_defaults=True):
    """`rev` stands first: the commit script compares only the beginning of the value."""

    rev: int
    attributes: dict[str, Attribute] = {}
    lease: Lease | None = None
    check: tuple[str, ...] = ()
    owner: dict[str, str] = {}
    """source -> its subject; an account belongs to one subject of a source."""
    deaths: int = 0
    misses: int = 0
    """Reads in a row that failed."""
    wrote: int = 0
    """When a call last changed the account."""
    search: Search | None = None


def new() -> Lane:
    return Lane(rev=0, attributes={}, owner={})


# ---------------------------------------------------------------- what the transitions must know


@dataclass(frozen=True, slots=True)
class Terms:
    """What the transitions must know of a lane's system and of who may speak.  Times in milliseconds."""

    system: str
    prints: Fingerprints
    readable: bool = True
    hidden: frozenset[str] = frozenset()
    whole: bool = False
    """Siblings that are not sent do not survive: every write is preceded by a read."""
    many: bool = True
    two_way: frozenset[str] = frozenset()
    """Attributes for which this system is a source too."""
    relay_needs: frozenset[str] = frozenset()
    """Of those, the ones that some rule reads together with others: they travel on with the whole account."""
    ranks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    lease: int = 35_000
    late: int = 60_000
    """How long after its start a call may still land: the target's real limit; the other rules hang on it."""
    interval: int = 250
    retry: Retry = field(default_factory=Retry)
    max_age: int | None = None
    observe: bool = False
    often: int = OFTEN
    """A value that was turned away more often than this is parked."""
    wire: Callable[[str], Wire] = lambda _: Wire.JSON
    """What an attribute takes, and so how its values compare."""

    def weight(self, name: str, record: Want | Belief) -> tuple[int, str]:
        """Rank first, then version."""
        rank = self.ranks.get(name)
        return (rank.get(record.source, 0) if rank else 0), record.version

    def same(self, name: str, print_: str | None, record: Want | Shown) -> bool:
        """Whether `print_` is of this value, whichever keys the two fingerprints were made with."""
        if print_ == record.print:
            return True
        return self.prints.same(print_, self.system, name, canonical(record.value, self.wire(name)), record.print)


class Shown(msgspec.Struct, frozen=True):
    """What a read, or the answer of a write, shows of one attribute: canonical value and fingerprint; nothing is (None, "").
    An attribute that cannot be read is not shown at all."""

    value: Any
    print: str


@dataclass(frozen=True, slots=True)
class Look:
    """An account as read under the lane's lease.  shown: what can be read, by attribute name; attributes: the account JSON."""

    shown: Mapping[str, Shown]
    attributes: Mapping[str, Any]


# ---------------------------------------------------------------- notes: what a commit says to the outbox


class Told(msgspec.Struct, frozen=True, omit_defaults=True, tag="told"):
    """What became of a wanted value, for its event's record."""

    event: str
    system: str
    attribute: str
    word: Word
    reason: str = ""
    tries: int = 0
    status: int = 0
    request: str = ""
    until: int = 0


class Seen(msgspec.Struct, frozen=True, omit_defaults=True, tag="seen"):
    """To the journal: this system says so.  An observation (origin is the system itself) or a relay (origin is whoever said it
    first; it is not sent there again)."""

    system: str
    account: str
    version: str
    changed: tuple[str, ...]
    attributes: dict[str, Any]
    origin: str
    because: tuple[str, ...] = ()


class Again(msgspec.Struct, frozen=True, omit_defaults=True, tag="again"):
    """To the journal: somebody without authority changed what this version had written; send it once more.  `source` and
    `subject` of that version; `turn` tells it from another of the same."""

    system: str
    attribute: str
    source: str
    subject: str
    version: str
    turn: int


Note = Told | Seen | Again
Step = tuple[Lane, list[Note]]


# ---------------------------------------------------------------- small parts of every transition


def copied(lane: Lane) -> Lane:
    """A lane whose attributes may be assigned to; the records in it are frozen and shared."""
    after = copy(lane)
    after.attributes = {name: copy(x) for name, x in lane.attributes.items()}
    return after


def told(
    record: Want, terms: Terms, name: str, word: Word, reason: str = "", *, status: int = 0, request: str = "", until: int = 0
) -> Told:
    return Told(record.event, terms.system, name, word, reason, record.tries, status, request, until)


def idle(lane: Lane) -> bool:
    """Nothing is wanted, nothing is under way, nobody asked for a look."""
    return (
        not lane.check
        and not (lane.lease and lane.lease.check)
        and not any(x.wanted or x.sent or x.owes for x in lane.attributes.values())
    )


def due(lane: Lane, terms: Terms, now: int) -> int | None:
    """When this lane is to be looked at again; None if it is idle."""
    if lane.lease is not None:
        return None if not lane.lease.token and idle(lane) and lane.lease.until <= now else lane.lease.until
    if idle(lane):
        return None
    if lane.check or any(x.owes for x in lane.attributes.values()):
        return now
    # Not before it was accepted: so the list is served in the order in which it filled, and its first says how old it is.
    # (Our stamps never step back; the clock may.)
    records = (record for x in lane.attributes.values() for record in (x.wanted, x.sent) if record)
    due_at = min(max(record.after, min(record.at, now)) for record in records)
    if lane.search is not None:
        return max(lane.search.after, due_at)
    return max(lane.wrote + terms.interval if lane.wrote else 0, due_at)


def ours(lane: Lane, token: str) -> bool:
    return lane.lease is not None and lane.lease.token == token


def held(lane: Lane, token: str, now: int, terms: Terms) -> Lane | None:
    """A copy of the lane under this visit's lease, with the hints in it; None while another is at work, or the lane rests."""
    lease = lane.lease
    if lease is not None and lease.token == token:
        return copied(lane)
    if lease is not None and now < lease.until:
        return None
    lane = copied(lane)
    if lease is not None:
        lane.deaths += bool(lease.token)
        let_go(lane)
    lane.lease = Lease(now + terms.lease, token, lane.check)
    lane.check = ()
    return lane


def let_go(lane: Lane) -> None:
    """Give the lease back, and to the lane the hints that it did not serve."""
    lease = lane.lease
    lane.lease = None
    if lease is not None and lease.check:
        lane.check = (*lease.check, *(hint for hint in lane.check if hint not in lease.check))


def suspect(lane: Lane, now: int) -> bool:
    """A visit of this lane died with its lease: it goes alone, so that no other dies with it."""
    return lane.deaths > 0 or (lane.lease is not None and bool(lane.lease.token) and lane.lease.until <= now)


def advance(x: Attribute, record: Want, name: str, terms: Terms, now: int, print_: str | Literal[False] | None = False) -> None:
    """The version moves on, whatever became of the value: nothing older may follow it.  print_: the new belief; False: as it
    was."""
    holds = x.holds or Belief("", "", UNKNOWN)
    by: Want | Belief = record if terms.weight(name, record) > terms.weight(name, holds) else holds
    if by.version < holds.version and name in terms.two_way:
        x.floor = max(x.floor, holds.version)
    print_, at = (holds.print, holds.at) if print_ is False else (print_, now)
    x.holds = Belief(by.version, by.source, print_, at)


def believe(x: Attribute, print_: str | None, now: int) -> None:
    """The belief changes or is confirmed, no version moves."""
    if x.holds is not None:
        x.holds = Belief(x.holds.version, x.holds.source, print_, now)


def belief(x: Attribute, terms: Terms, now: int) -> str | None:
    """The belief, if it is not too old."""
    if x.holds is None or (terms.max_age is not None and x.holds.at + terms.max_age < now):
        return UNKNOWN
    return x.holds.print
