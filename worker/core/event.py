"""An event and its record: what a source said, and what became of it for every target and attribute."""

from __future__ import annotations

from typing import Literal

import msgspec

from worker.core.outcome import Outcome, Word

Kind = Literal["said", "seen"]
"""`said`: the body is the element of a webhook, read by the source's connector.  `seen`: of our own making (an observation,
a relay, a repair), the body is a `Sighting`."""

ALL = "*"
Routes = tuple[tuple[str, str], ...]
"""Routes, (target, attribute); the attribute `*` stands for all of a target's."""


def meant(only: Routes, target: str, attribute: str) -> bool:
    """Whether an event that is limited to `only` is about this route.  Limited to () it is about all."""
    return not only or (target, attribute) in only or (target, ALL) in only


class Entry(msgspec.Struct, frozen=True):
    """What `accept` needs to know of an event.

    source, id  the event's name is `source:id`
    digest      hex digest of the content; the same id with another digest is refused
    body        the event's JSON, as it will be stored
    subject     the subject's id at the source, "" if unusable
    time        the source's own time, 16 digits (microseconds), "" if it gives none
    sequence    the source's own sequence, 0 if it gives none
    version     given for events of our own making and for replays: 46 digits as they are, or the 36 of a replay, which gets
                a new counter; "" otherwise
    verdict     the outcome of an element that asks for nothing or cannot be used: recorded, never due
    only        for a replay: the routes that it is about, () for all of them
    unseal      its values may replace those that are sealed when they arrive
    polled      it was found in the source's list, not told by a webhook
    """

    source: str
    id: str
    digest: str
    body: bytes
    subject: str = ""
    time: str = ""
    sequence: int = 0
    version: str = ""
    kind: Kind = "said"
    verdict: Outcome | None = None
    only: Routes = ()
    unseal: bool = False
    replay: bool = False
    polled: bool = False

    @property
    def name(self) -> str:
        return f"{self.source}:{self.id}"


class Accepted(msgspec.Struct, frozen=True):
    """The store's answer: `new`, `same` (a duplicate), `other` (this id, another content), `full` (above the stated backlog).
    `version` of the stored event."""

    word: Literal["new", "same", "other", "full"]
    version: str = ""


class Sighting(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an event of our own making.

    account     the account of `system` that was read or written
    attributes  the account as read (nested), with what we wrote
    changed     the names of the attributes that it speaks of
    origin      where the value came from: it is not sent there again
    because     the hints that led to it, or the event that was being delivered
    """

    account: str
    attributes: dict[str, object]
    changed: tuple[str, ...]
    origin: str
    because: tuple[str, ...] = ()


class Event(msgspec.Struct, omit_defaults=True):
    """An event's record.  `outcomes`: target -> attribute -> outcome; a route that is not told yet has None.  `planned`: its
    routes are known.  The first four fields are written by the accept script and stand first."""

    rev: int
    digest: str
    version: str
    at: int
    source: str = ""
    id: str = ""
    subject: str = ""
    kind: Kind = "said"
    only: Routes = ()
    unseal: bool = False
    replay: bool = False
    polled: bool = False
    late: bool = False
    """The source's clock ran ahead of ours by more than five minutes: our stamp is its version."""
    planned: bool = False
    revision: str = ""
    outcomes: dict[str, dict[str, Outcome | None]] = {}
    attempts: dict[str, dict[str, tuple[Outcome, ...]]] = {}
    """The last five attempts of a route that was not over at the first."""
    body: msgspec.Raw = msgspec.Raw(b"{}")

    @property
    def name(self) -> str:
        return f"{self.source}:{self.id}"


ATTEMPTS = 5


def ever_parked(event: Event) -> set[tuple[str, str]]:
    """The routes, (target, attribute), that need an operator, or once did."""
    return {
        (target, attribute)
        for target, by_attribute in event.outcomes.items()
        for attribute, outcome in by_attribute.items()
        if outcome is not None and outcome.word is Word.PARKED
    }


def finished(event: Event) -> bool:
    """Every route is known and none is pending."""
    return event.planned and all(
        outcome is not None and outcome.word is not Word.PENDING
        for by_attribute in event.outcomes.values()
        for outcome in by_attribute.values()
    )
