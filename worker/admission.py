"""Admission: the events of one body reach the journal, each by itself.  The endpoint and `lockstep send` do it alike."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from worker.core.event import Accepted, Entry
from worker.core.intake import parked_twin


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


async def admit(journal: Journal, entries: Sequence[Entry], at: int) -> list[Admitted]:
    """Every entry has its turn, whatever becomes of the others.  One of several whose id is known with another content is
    recorded as parked, so that the others can go on, and its twin's word stands here beside its own, `other`.
    at: microseconds since 1970."""
    admitted = await _each(journal, entries)
    reused = [entry for entry, word, _ in admitted if word == "other"]
    if len(entries) > 1 and reused and not any(each.error for each in admitted):
        admitted += await _each(journal, [parked_twin(entry, at) for entry in reused])
    return admitted


async def _each(journal: Journal, entries: Sequence[Entry]) -> list[Admitted]:
    told = await asyncio.gather(*map(journal.accept, entries), return_exceptions=True)
    return [
        Admitted(entry, "", answer) if isinstance(answer, BaseException) else Admitted(entry, answer.word)
        for entry, answer in zip(entries, told, strict=True)
    ]
