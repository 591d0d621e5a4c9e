"""Why a value is not settled yet, read from its lane, and when something happens next."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from worker.core.event import Event
from worker.core.lane import Lane, Lease, Terms, Want
from worker.core.outcome import Outcome, Word
from worker.core.record import outcomes_of
from worker.engine.engine import Engine
from worker.operate.named import Who
from worker.operate.targets import held
from worker.store import keys
from worker.store.pauses import Pause
from worker.store.queues import due_at
from worker.telling.place import place

OUTBOX = 1000
"""Commits of lanes that are looked through for what has not reached its record yet."""


class Waiting(msgspec.Struct, frozen=True):
    """until: when something happens next, milliseconds since 1970; 0 if that is not a matter of time.  tries: calls made."""

    event: str
    attribute: str
    reason: str
    until: int = 0
    tries: int = 0


def waiting(
    lane: Lane, terms: Terms, attribute: str, now: int, pause: Pause | None, held: int, recorded: Mapping[str, str]
) -> list[Waiting]:
    """All that is owed of one attribute, next first.  held: see `TargetState`.  recorded: event -> the reason of its last
    attempt."""
    x = lane.attributes.get(attribute)
    if x is None:
        return []
    found: list[Waiting] = []
    if x.sent is not None:
        found.append(_said(x.sent, attribute, *_under_way(x.sent, lane.lease, now, pause), spent=1))
    if x.wanted is not None:
        tried = recorded.get(x.wanted.event, "")
        found.append(_said(x.wanted, attribute, *_not_yet(x.wanted, lane, terms, now, pause, held, tried)))
    first = x.sent or x.wanted
    turn = f"it stands behind {first.event if first else 'another candidate'}, which may seal first"
    return [*found, *(_said(record, attribute, turn) for record in x.behind)]


def looked_for(lane: Lane, event: str, now: int, pause: Pause | None, held: int) -> Waiting | None:
    """What a hint waits for; None if this lane does not know of it."""
    lease = lane.lease
    if lease is not None and event in lease.check:
        return Waiting(event, "*", "its account is being read", lease.until)
    if event not in lane.check:
        return None
    if pause is not None:
        return Waiting(event, "*", _paused(pause), pause.until)
    if (rest := _rest(lease, held, now)) is not None:
        return Waiting(event, "*", *rest)
    return Waiting(event, "*", "its account is to be read", now)


async def unbrought(engine: Engine, event: Event, attribute: str, now: int) -> Waiting:
    """What an event waits for that was accepted, and nothing more."""
    due = await due_at(engine.store, keys.EVENTS_DUE, event.name)
    return Waiting(event.name, attribute, "it was not brought to its targets yet", due or now)


async def still_pending(engine: Engine, event: Event, target: str, attribute: str, now: int) -> Waiting:
    """Why this route of the event has no outcome yet."""
    if not event.planned:
        return await unbrought(engine, event, attribute, now)
    found = await place(engine, Who(event.source, event.subject), target)
    pause, until = await engine.pauses.paused(target), await held(engine, target)
    if attribute == "*":
        owed = looked_for(found.lane, event.name, now, pause, until)
    else:
        recorded = event.outcomes.get(target, {}).get(attribute)
        reasons = {event.name: recorded.reason} if recorded is not None else {}
        all_owed = waiting(found.lane, engine.terms[target], attribute, now, pause, until, reasons)
        owed = next((each for each in all_owed if each.event == event.name), None)
    return owed or Waiting(event.name, attribute, "it is settled, and not in the record yet", now)


async def not_folded(engine: Engine) -> dict[str, dict[tuple[str, str], list[Outcome]]]:
    """What lanes have said that has not reached the records yet: event -> (target, attribute) -> outcomes."""
    _, entries = await engine.journal.outbox(OUTBOX)
    return outcomes_of(entries)


def is_open(outcome: Outcome | None) -> bool:
    return outcome is None or outcome.word is Word.PENDING


def _under_way(sent: Want, lease: Lease | None, now: int, pause: Pause | None) -> tuple[str, int]:
    if lease is not None and lease.token and lease.until > now:
        return "its call is under way", lease.until
    if lease is not None and lease.until > now:
        return "its call was not answered, and may land yet: the account rests until that is over", lease.until
    if pause is not None:
        return f"it is not known whether its call landed, and {_paused(pause)}", pause.until
    return "it is not known whether its call landed: that is found out first", max(sent.after, now)


def _not_yet(wanted: Want, lane: Lane, terms: Terms, now: int, pause: Pause | None, held: int, recorded: str) -> tuple[str, int]:
    search = lane.search
    if pause is not None:
        return _paused(pause), pause.until
    if (rest := _rest(lane.lease, held, now)) is not None:
        return rest
    if search is not None:
        times = f"{search.looks} times" if search.looks > 1 else "once"
        said = f"its account was searched for {times} and not found" if search.looks else "its account is searched for"
        return said, max(search.after, now)
    if wanted.after > now:
        return recorded or "it waits for its next try", wanted.after
    if lane.wrote + terms.interval > now:
        return "the account rests a moment after a write", lane.wrote + terms.interval
    return "it is due, and no worker has taken it yet", now


def _rest(lease: Lease | None, held: int, now: int) -> tuple[str, int] | None:
    """Why nobody may visit the account now, and until when; None if somebody may."""
    rests = lease.until if lease is not None else 0
    if lease is not None and lease.token and rests > now:
        return "the account is being visited", rests
    if held > now:
        return "the target asked us to wait", max(held, rests)
    if rests > now:
        return "the account rests: its last call failed, or may land yet", rests
    return None


def _paused(pause: Pause) -> str:
    return f"the target is paused ({pause.reason}: {pause.why})"


def _said(record: Want, attribute: str, reason: str, until: int = 0, *, spent: int = 0) -> Waiting:
    return Waiting(record.event, attribute, reason, until, record.tries + spent)
