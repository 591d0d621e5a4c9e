"""Replay: events run once more, through the same guards, as `ID~n`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.contract import Unusable
from worker.config import Configuration
from worker.core import version
from worker.core.derived import replayed
from worker.core.event import Entry, Event, Routes
from worker.core.intake import placed
from worker.engine.engine import Engine
from worker.operate.forecast import Forecast, forecast
from worker.operate.named import NotPossible
from worker.operate.pace import room
from worker.operate.selection import Chosen
from worker.operate.turns import Turns

SHOWN = 20
"""Events of a plan that are kept to be shown."""


@dataclass(slots=True)
class Plan:
    """What a replay would do, or did.  Counts by word where `says`; `shown`: the first few events with their forecast."""

    events: int = 0
    routes: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)
    says: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    """Replays of the same that are not over: they are not made again."""
    repeated: int = 0
    """Events that were replayed before, and that is over."""
    unusable: int = 0
    """Events that could not be used when they came, and still cannot."""
    shown: list[tuple[str, Forecast]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    """Names of the first replays that were made."""
    accepted: int = 0


def again(configuration: Configuration, event: Event, number: int, only: Routes, *, unseal: bool = False) -> Entry:
    """A replay of an event.  Raises NotPossible for one that could not be used when it came and still cannot."""
    entry = replayed(event, number, only=only, unseal=unseal)
    if event.subject or event.kind == "seen":
        return entry
    system = configuration.systems.get(event.source)
    if system is None or system.source is None:
        raise NotPossible(f"{event.name}: {event.source!r} is no source any more")
    try:
        said = system.source.read(msgspec.json.decode(event.body))
        if said.ignored:
            raise NotPossible(f"{event.name} still asks for nothing: {said.ignored}")
        read = placed(entry, said)
    except Unusable as error:
        raise NotPossible(f"{event.name} still cannot be used: {error}") from None
    return msgspec.structs.replace(read, version=version.of_said(read.time, read.sequence, event.version))


def imagined(entry: Entry, now: int) -> Event:
    """The record that a replay would have: the newest of its time."""
    return Event(
        rev=1, digest=entry.digest, version=entry.version + "9" * version.COUNTER, at=now, source=entry.source, id=entry.id,
        subject=entry.subject, kind=entry.kind, only=entry.only, unseal=entry.unseal, replay=True, body=msgspec.Raw(entry.body),
    )  # fmt: skip


async def start(engine: Engine, turns: Turns, only: Routes, *, unseal: bool = False) -> str:
    """Accept the next replay of an event; its name.  What it starts again leaves the list of what is parked.  Raises
    NotPossible, Unavailable."""
    number = turns.next
    while True:
        entry = again(engine.configuration, turns.original, number, only, unseal=unseal)
        accepted = await engine.journal.accept(entry)
        if accepted.word != "other":  # `same`: somebody gave the same command in this moment
            break
        number += 1
    speaking = {said.turn.name for said in turns.and_then(imagined(entry, turns.original.at)).parked().values()}
    await engine.journal.no_longer_parked(turn.name for turn in (turns.original, *turns.replays) if turn.name not in speaking)
    return entry.name


async def one_page(each: Sequence[Chosen]) -> AsyncIterator[list[Chosen]]:
    """Events that were given by name, as a selection gives them."""
    yield list(each)


Told = Callable[[Plan], None]


def unheard(_: object) -> None:
    """Nobody follows how far it is."""


async def replay(
    engine: Engine, pages: AsyncIterator[list[Chosen]], *, act: bool, limit: int | None = None, told: Told = unheard
) -> Plan:
    """Say what would become of these events if they ran again; with `act`, let them.  told: called again and again.  Raises
    Unavailable; given once more it goes on where it was, because what is under way is not made again."""
    plan = Plan()
    async for page in pages:
        most = len(page) if limit is None else limit - plan.events
        await _replay_page(engine, page[:most], plan, act, told)
        told(plan)
        if limit is not None and plan.events >= limit:
            break
    return plan


async def _replay_page(engine: Engine, page: Sequence[Chosen], plan: Plan, act: bool, told: Told) -> None:
    now = await engine.store.now()
    fresh, imaginary = [], []
    for each in page:
        plan.events += 1
        if not each.turns.original.planned or each.turns.under_way(each.only) is not None:
            plan.under_way += 1
            continue
        try:
            entry = again(engine.configuration, each.turns.original, each.turns.next, each.only)
        except NotPossible:
            plan.unusable += 1
            continue
        plan.repeated += bool(each.turns.replays)
        plan.sources[each.turns.original.source] += 1
        fresh.append(each)
        imaginary.append(imagined(entry, now))
    foreseen = await forecast(engine, imaginary, now)
    for each, event in zip(fresh, imaginary, strict=True):
        _count(plan, each.turns.original.name, foreseen[event.name])
    if act and fresh:
        await room(engine, lambda: told(plan))
        names = await asyncio.gather(*(start(engine, each.turns, each.only) for each in fresh))
        plan.accepted += len(names)
        plan.made += names[: SHOWN - len(plan.made)]


def _count(plan: Plan, name: str, foreseen: Forecast) -> None:
    for (target, _), says in foreseen.items():
        plan.routes += 1
        plan.targets[target] += 1
        plan.says[says.word] += 1
    if len(plan.shown) < SHOWN:
        plan.shown.append((name, foreseen))
