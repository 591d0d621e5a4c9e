"""A story told to one lane, step by step, over the shipped transitions: what the directed tests are written in."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from worker.core.fingerprint import Fingerprints
from worker.core.lane import Attribute, Lane, Look, Note, Policy, Seal, Seen, Shown, Terms, Told, Want, due, new
from worker.core.merge import merge
from worker.core.plan import begin, needs_read, plan
from worker.core.settle import Answer, release, settle

SYSTEM, ACCOUNT = "T", "acc"
PRINTS = Fingerprints({"k": b"a key of the tests"})
encode = msgspec.json.Encoder(order="deterministic").encode

Words = list[tuple[str, str, str]]
"""(event, attribute, word)"""


def terms(**more: Any) -> Terms:
    return Terms(**{"system": SYSTEM, "prints": PRINTS, **more})


def at(time: int) -> str:
    """The version of something that was said at this time (milliseconds)."""
    return f"{time * 1000:016d}{0:030d}"


def shown(value: Any, name: str = "a", prints: Fingerprints = PRINTS) -> Shown:
    return Shown(value, prints.of(SYSTEM, name, value))


def want(
    event: str, time: int, value: Any, policy: Policy = "always", *, source: str = "S", name: str = "a",
    prints: Fingerprints = PRINTS, **more: Any,
) -> Want:  # fmt: skip
    return Want(at(time), source, event, prints.of(SYSTEM, name, value), value, policy, **more)


def words(notes: list[Note]) -> Words:
    return [(note.event, note.attribute, str(note.word)) for note in notes if isinstance(note, Told)]


class Story:
    """notes: of the last step.  now: moves only when a test says so.  Each visit has a token of its own."""

    def __init__(self, **more: Any) -> None:
        self.terms = terms(**more)
        self.lane: Lane = new()
        self.now = 1_000_000
        self.notes: list[Note] = []
        self._visits = 0

    # ------------------------------------------------------------ steps

    def wants(self, event: str, time: int, value: Any, policy: Policy = "always", *, name: str = "a", **more: Any) -> Words:
        return self.merges({name: want(event, time, value, policy, name=name, prints=self.terms.prints, **more)})

    def merges(self, wants: dict[str, Want] | None = None, **more: Any) -> Words:
        step = merge(self.lane, self.terms, wants or {}, **more)
        assert step is not None
        return self._did(*step)

    def begins(self) -> str:
        """A visit begins; the answer is its token."""
        self._visits += 1
        token = f"v{self._visits}"
        step = begin(self.lane, self.terms, token, self.now)
        assert step is not None, "another visit is at work, or the lane rests"
        self._did(*step)
        return token

    def plans(self, token: str = "", **read: Any) -> tuple[str, ...]:
        """The visit decides; the answer is what it calls.  read: what was read under its lease, by attribute."""
        if not token:
            self._visits += 1
            token = f"v{self._visits}"
        self.token = token
        planned = plan(self.lane, self.terms, token, self.now, ACCOUNT, self.look(**read) if read else None)
        assert planned is not None, "another visit is at work, or the lane rests"
        self._did(planned[0], planned[1])
        return planned[2]

    def look(self, **read: Any) -> Look:
        seen = {name: shown(value, name, self.terms.prints) for name, value in read.items() if name not in self.terms.hidden}
        return Look(seen, read)

    def visits(self, **read: Any) -> tuple[str, ...]:
        """Begin, read if it must, plan: the answer is what it calls."""
        if needs_read(self.lane, self.terms, self.now):
            return self.plans(self.begins(), **{**dict.fromkeys(self.lane.attributes), **read})
        return self.plans()

    def settles(self, answer: Answer | str, *, jitter: float = 0.0, **more: Answer | str) -> Words:
        """answer: for every attribute that was called, but for those in `more`."""
        names = [name for name, x in self.lane.attributes.items() if x.sent is not None]
        answers = {name: more.get(name, answer) for name in names}
        given = {name: Answer(kind) if isinstance(kind, str) else kind for name, kind in answers.items()}  # type: ignore[arg-type]
        step = settle(self.lane, self.terms, self.token, self.now, ACCOUNT, given, jitter)
        assert step is not None
        return self._did(*step)

    def releases(self, token: str, rest: int = 0, *, missed: bool = False) -> Words:
        step = release(self.lane, self.terms, token, self.now, rest, "read failed", missed=missed)
        assert step is not None
        return self._did(*step)

    def applies(self, event: str, time: int, value: Any, policy: Policy = "always", **more: Any) -> None:
        """The target takes this value."""
        self.wants(event, time, value, policy, **more)
        assert self.visits()
        self.settles("applied")
        self.now += self.terms.interval

    def _did(self, lane: Lane, notes: list[Note]) -> Words:
        self.lane, self.notes = lane, notes
        lane.rev += 1  # as the store does it
        return words(notes)

    # ------------------------------------------------------------ what there is

    @property
    def words(self) -> Words:
        return words(self.notes)

    @property
    def seen(self) -> list[Seen]:
        return [note for note in self.notes if isinstance(note, Seen)]

    @property
    def a(self) -> Attribute:
        return self.lane.attributes["a"]

    @property
    def due(self) -> int | None:
        return due(self.lane, self.terms, self.now)

    def seal(self) -> Seal:
        assert self.a.seal is not None
        return self.a.seal


__all__ = ["Answer", "Story", "at", "encode", "replace", "shown", "terms", "want", "words"]
