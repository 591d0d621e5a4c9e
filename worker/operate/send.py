"""Send: events from a file enter as webhooks do, without a signature: the operator's word stands for the sender's.  One line
is one body."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from connectors.contract import NotEvents
from worker.core import intake, strict
from worker.core.event import Entry
from worker.core.outcome import Word
from worker.engine.admission import admit
from worker.engine.engine import Engine
from worker.operate.pace import PATIENCE, room
from worker.operate.replay import unheard

LINES = 64
"""Lines that are taken together; they are accepted in their order."""
LARGEST = 256 * 1024
"""Bytes of a body, as at the endpoint."""
SHOWN = 20
"""Refused lines of which the summary keeps the reason."""


@dataclass(slots=True)
class Summary:
    """What became of a file.

    waits    too many events wait, and so do we
    words    new, duplicate, ignored, parked: events; refused: lines
    refused  (line, reason) of the first few that were no bodies of this source, or gave a known id another content
    parked   (line, reason) of the first few that had events which cannot be used
    """

    lines: int = 0
    waits: bool = False
    words: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str]] = field(default_factory=list)
    parked: list[tuple[int, str]] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        self.words["refused"] += 1
        if len(self.refused) < SHOWN:
            self.refused.append((line, reason))


Told = Callable[[Summary], None]


async def send(engine: Engine, source: str, lines: Iterable[bytes], *, act: bool, told: Told = unheard) -> Summary:
    """Read the lines and, with `act`, accept what they say.  told: called again and again.  Sent once more, an event that has
    an id is a duplicate.  Raises Unavailable; then the same file may be sent again."""
    summary = Summary()

    def waits() -> None:
        summary.waits = True
        told(summary)

    for batch in _batches(lines):
        if act:
            await room(engine, waits)
        now = await engine.store.now() * 1000
        bodies = [(number, _read(engine, source, number, line, now, summary)) for number, line in batch]
        if act:
            await asyncio.gather(*(_accept(engine, number, entries, now, summary, waits) for number, entries in bodies))
        else:
            for number, entries in bodies:
                for entry in entries:
                    _count(summary, number, entry, "readable")
        summary.lines += len(batch)
        summary.waits = False
        told(summary)
    return summary


def _batches(lines: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """Lines with their numbers; empty ones are no bodies."""
    batch: list[tuple[int, bytes]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            batch.append((number, line.strip()))
        if len(batch) == LINES:
            yield batch
            batch = []
    if batch:
        yield batch


def _read(engine: Engine, source: str, number: int, line: bytes, now: int, summary: Summary) -> Sequence[Entry]:
    """What a line says; nothing if it is refused."""
    system = engine.configuration.systems[source]
    assert system.source is not None
    if len(line) > LARGEST:
        summary.refuse(number, f"longer than {LARGEST:,} bytes")
        return ()
    try:
        receipt = intake.Receipt(source, "", now, system.looks)
        return intake.entries(strict.parse(line), system.source, receipt)
    except (strict.Malformed, NotEvents) as error:
        summary.refuse(number, str(error))
        return ()


async def _accept(
    engine: Engine, number: int, entries: Sequence[Entry], now: int, summary: Summary, waits: Callable[[], None]
) -> None:
    waiting = entries
    while waiting:
        admitted = await admit(engine.journal, waiting, now)
        for entry, word, error in admitted:
            if error is not None:
                raise error
            if word == "other" and len(waiting) == 1:
                summary.refuse(number, "the id is known with another content")
            elif word in ("new", "same"):
                _count(summary, number, entry, word)
        waiting = [entry for entry, word, _ in admitted if word == "full"]
        if waiting:
            waits()
            await asyncio.sleep(PATIENCE)


def _count(summary: Summary, number: int, entry: Entry, word: str) -> None:
    verdict = entry.verdict
    if word == "same":
        summary.words["duplicate"] += 1
    elif verdict is None:
        summary.words[word] += 1
    else:
        summary.words[verdict.word] += 1
        if verdict.word is Word.PARKED and len(summary.parked) < SHOWN:
            summary.parked.append((number, verdict.reason))
