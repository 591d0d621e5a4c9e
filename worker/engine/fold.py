"""Fold: what the lanes' commits said reaches the records of the events and, for what was seen, the journal."""

from __future__ import annotations

import asyncio
from typing import assert_never

import structlog

from worker.core.derived import replayed, sighting
from worker.core.event import Entry, Event
from worker.core.lane import Again, Seen, Told
from worker.core.record import outcomes_of
from worker.engine.engine import EVENTS, Engine

log = structlog.get_logger()

BATCH = 256


async def fold(engine: Engine) -> bool:
    """Read the outbox from its position, accept what was seen, tell outcomes; last of all the position moves.  True if
    there may be more."""
    _, entries = await engine.journal.outbox(BATCH)
    if not entries:
        return False
    told = outcomes_of(entries)
    accepts = []
    for note in (note for _, notes in entries for note in notes):
        match note:
            case Told():
                continue
            case Seen():
                accepts.append(_accept(engine, sighting(note)))
            case Again():
                accepts.append(_accept_again(engine, note))
            case _:
                assert_never(note)
    await asyncio.gather(*accepts)
    records = await engine.journal.load(list(told))
    await asyncio.gather(*(engine.journal.tell(name, told[name], raw=raw) for name, (raw, _) in zip(told, records, strict=True)))
    await engine.journal.folded(entries[-1][0])
    if accepts:
        engine.hint([EVENTS])
    return len(entries) == BATCH


async def _accept(engine: Engine, entry: Entry) -> None:
    await engine.journal.accept(entry)


async def _accept_again(engine: Engine, note: Again) -> None:
    """As the next turn of the event.  What a relay carried in parts are several events of one version: each is asked, and those
    that do not speak of the attribute have nothing to say."""
    events = await engine.journal.of_version(note.source, note.subject, note.version)
    if not events:
        log.warning("a value cannot be put back: its event is gone", alert=True, target=note.system, attribute=note.attribute)
    for event in events:
        turn = 1
        while (await engine.journal.accept(_put_back(event, turn, note))).word == "other":
            turn += 1


def _put_back(event: Event, turn: int, note: Again) -> Entry:
    return replayed(event, turn, only=((note.system, note.attribute),), because=f"{note.system} {note.turn}")
