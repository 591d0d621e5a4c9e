"""Admission: the events of one body or page reach the journal, each by itself.  The endpoint, the poll and `lockstep send` do it
alike."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import structlog

from worker.core.event import Accepted, Entry
from worker.core.intake import parked_twin
from worker.core.outcome import Word

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Journal(Protocol):
    """Where accepted events are kept."""

    async def accept(self, entry: Entry) -> Accepted:
        """Put one event on disk, at most once.  `new` and `same` MUST be told only once it is there.  Calls that are started
        in one order MUST be stamped in that order.  Raises Unavailable."""


class Admitted(NamedTuple):
    """What the journal said of an entry: `new`, `same`, `other`, `full`; or what it raised."""

    entry: Entry
    word: str
    error: BaseException | None = None


async def admit(journal: Journal, entries: Sequence[Entry], at: int, *, answered: bool = True) -> list[Admitted]:
    """Every entry has its turn, whatever becomes of the others.  One of several whose id is known with another content is
    recorded as parked, so that the others can go on, and its twin's word stands here beside its own, `other`.
    at: microseconds since 1970.  answered: whoever sent a single one hears of it, so it is not recorded."""
    admitted = await _each(journal, entries)
    reused = [entry for entry, word, _ in admitted if word == "other"]
    if (len(entries) > 1 or not answered) and reused and not any(each.error for each in admitted):
        admitted += await _each(journal, [parked_twin(entry, at) for entry in reused])
    return admitted


def tell_people(admitted: Sequence[Admitted]) -> None:
    """What needs a person is one log event marked `alert`, never silence."""
    for entry, word, _ in admitted:
        if word == "other":
            log.warning("event id reused", security=True, source=entry.source, id=entry.id)
        if word == "new" and entry.verdict and entry.verdict.word is Word.PARKED:
            see = f"lockstep event {entry.source}:{entry.id}"
            log.error("event parked", alert=True, source=entry.source, id=entry.id, reason=entry.verdict.reason, see=see)


async def _each(journal: Journal, entries: Sequence[Entry]) -> list[Admitted]:
    told = await asyncio.gather(*map(journal.accept, entries), return_exceptions=True)
    return [
        Admitted(entry, "", answer) if isinstance(answer, BaseException) else Admitted(entry, answer.word)
        for entry, answer in zip(entries, told, strict=True)
    ]
