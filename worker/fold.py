"""Fold: what the lanes' commits said reaches the records of the events and, for what was seen, the journal."""

from __future__ import annotations

import asyncio
import hashlib

import msgspec
import structlog

from worker.core import version
from worker.core.event import Entry, Event, Routes, Sighting
from worker.core.lane import Again, Seen, Told
from worker.core.outcome import Outcome
from worker.engine import EVENTS, Engine

log = structlog.get_logger()

BATCH = 256

_encode = msgspec.json.Encoder().encode


async def fold(engine: Engine) -> bool:
    """Read the outbox from its position, accept what was seen, tell outcomes; last of all the position moves.  True if
    there may be more."""
    _, entries = await engine.journal.outbox(BATCH)
    if not entries:
        return False
    told: dict[str, dict[tuple[str, str], list[Outcome]]] = {}
    accepts = []
    for position, notes in entries:
        at = int(position.partition("-")[0])
        for note in notes:
            match note:
                case Told():
                    outcome = Outcome(note.word, note.reason, at, note.tries, note.status, note.request, note.until)
                    told.setdefault(note.event, {}).setdefault((note.system, note.attribute), []).append(outcome)
                case Seen():
                    accepts.append(_accept(engine, sighting(note)))
                case Again():
                    accepts.append(_accept_again(engine, note))
    await asyncio.gather(*accepts)
    records = await engine.journal.load(list(told))
    await asyncio.gather(*(engine.journal.tell(name, told[name], raw=raw) for name, (raw, _) in zip(told, records, strict=True)))
    await engine.journal.folded(entries[-1][0])
    if accepts:
        engine.hint([EVENTS])
    return len(entries) == BATCH


def sighting(note: Seen) -> Entry:
    """The event of an observation or a relay: `system:account:version`, and which attributes from where."""
    which = hashlib.sha256("\0".join((note.origin, *note.changed)).encode()).hexdigest()
    body = Sighting(note.account, note.attributes, note.changed, note.origin, note.because)
    return Entry(
        source=note.system,
        id=f"{note.account}:{note.version}:{which[:8]}",
        digest=which,
        body=_encode(body),
        subject=note.account,
        version=note.version,
        kind="seen",
    )


def replayed(event: Event, turn: int, *, only: Routes = (), unseal: bool = False, because: str = "") -> Entry:
    """The event once more, as `ID~turn`: newer than its original, and older than everything after it.  Of a replay, one more turn
    of its original.  because: tells two of them apart that ask for the same."""
    ident = f"{event.id.rpartition('~')[0] if event.replay else event.id}~{turn}"
    return Entry(
        source=event.source,
        id=ident,
        digest=hashlib.sha256(f"{event.digest}{ident}{only}{unseal}{because}".encode()).hexdigest(),
        body=bytes(event.body),
        subject=event.subject,
        version=event.version[: version.REPLAYED],
        kind=event.kind,
        only=only,
        unseal=unseal,
        replay=True,
    )


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
