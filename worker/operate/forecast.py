"""Forecast: what would become of events now.  The very functions that propagation and a visit apply are applied to lanes in
memory, and nothing is written; what only a read can tell is said to need one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from worker.core.event import Event
from worker.core.lane import Lane, Note, Terms, Told
from worker.core.outcome import Word
from worker.core.plan import needs_read, plan
from worker.core.search import searched_subject, waiting
from worker.engine.engine import Engine
from worker.engine.propagate import Delivery, Work, ask, enter

READ = "read first"
"""The account is read, and then it is decided."""
WRITTEN = "written"
"""It is sent as soon as a worker takes the lane."""
SEARCHED = "searched first"
"""The account is not known yet."""
LOOK = "look"
"""The account is read, because the event asks for nothing else."""
WAITS = "waits"
"""A visit is under way, or the lane rests, or another candidate for the seal has its turn."""
NO_RULE = "no rule"
"""The mapping in force makes nothing of it."""


class Says(NamedTuple):
    """An outcome that is certain already, or one of the words above."""

    word: str
    reason: str = ""


Forecast = dict[tuple[str, str], Says]
"""(target, attribute) -> what the guards say."""


async def forecast(engine: Engine, events: Sequence[Event], now: int) -> dict[str, Forecast]:
    """For each of these events, by name: what would become of each route if all of them were propagated now, in this order.
    An event for which nothing is said asks nothing of anybody."""
    works = [Work(event, b"") for event in events]
    await asyncio.gather(*(ask(engine, work, now) for work in works))
    said: dict[str, Forecast] = {work.event.name: {} for work in works}
    for work in works:
        for route, outcomes in work.told.items():
            said[work.event.name][route] = Says(outcomes[0].word, outcomes[0].reason)
    by_system: dict[str, dict[str, list[Delivery]]] = {}
    for delivery in (delivery for work in works for delivery in work.deliveries):
        by_system.setdefault(delivery.system, {}).setdefault(delivery.account, []).append(delivery)
    for system, by_account in by_system.items():
        loaded = await engine.lanes.load_many(system, list(by_account))
        for (account, deliveries), (_, lane) in zip(by_account.items(), loaded, strict=True):
            _enter_all(engine.terms[system], account, lane, deliveries, now, said)
    for forecast_ in said.values():
        if not forecast_:
            forecast_["*", "*"] = Says(NO_RULE)
    return said


def _enter_all(
    terms: Terms, account: str, lane: Lane, deliveries: Sequence[Delivery], now: int, said: dict[str, Forecast]
) -> None:
    for delivery in deliveries:
        step = enter(lane, terms, delivery)
        if step is None:
            for attribute in delivery.wants:
                said[delivery.event][terms.system, attribute] = Says(Word.PARKED, "the account belongs to another subject")
            continue
        lane, notes = step
        _hear(notes, said)
        if delivery.hint:
            said[delivery.event][terms.system, "*"] = Says(LOOK)
    left, seen = _verdict(terms, account, lane, now)
    for name, record in waiting(lane):
        if record.event in said:
            turn = record is lane.attributes[name].wanted
            said[record.event][terms.system, name] = left if turn else Says(WAITS, "behind a candidate")
    _hear(seen, said)


def _verdict(terms: Terms, account: str, lane: Lane, now: int) -> tuple[Says, Sequence[Note]]:
    """What is said of values that the lane wants, and what a visit would tell at once."""
    if searched_subject(account) is not None:
        return Says(SEARCHED), ()
    if needs_read(lane, terms, now):
        return Says(READ, "the target only watches" if terms.observe else ""), ()
    planned = plan(lane, terms, "forecast", now, account)
    if planned is None:
        return Says(WAITS, "the lane rests, or a visit is under way"), ()
    return Says(WRITTEN), planned[1]


def _hear(notes: Iterable[Note], said: dict[str, Forecast]) -> None:
    for note in notes:
        if isinstance(note, Told) and note.event in said:
            said[note.event][note.system, note.attribute] = Says(note.word, note.reason)
