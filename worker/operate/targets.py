"""Targets: what each is doing, and pausing one by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from worker.engine.engine import Engine
from worker.store import keys, queues
from worker.store.budgets import Gate
from worker.store.pauses import Pause, Reason


@dataclass(frozen=True, slots=True)
class TargetState:
    """held: until when nothing is sent because the system asked us to wait, milliseconds since 1970, 0 if it did not; may be
    over.  lanes: accounts that something is owed to, or that are visited now; due: of these, how many could be visited now;
    oldest: since when the first of them could be, milliseconds since 1970, 0 if none."""

    system: str
    mode: str
    pause: Pause | None
    held: int
    lanes: int
    due: int
    oldest: int


async def states(engine: Engine) -> list[TargetState]:
    """All targets, by name."""
    pauses, now = await engine.pauses.all(), await engine.store.now()

    async def one(system: str) -> TargetState:
        lanes = await queues.depth(engine.store, keys.due(system), now)
        mode = engine.configuration.systems[system].mode
        return TargetState(system, mode, pauses.get(system), await held(engine, system), lanes.waiting, lanes.due, lanes.oldest)

    return list(await asyncio.gather(*(one(system) for system in sorted(engine.configuration.visited))))


async def held(engine: Engine, system: str) -> int:
    """Until when nothing is sent with the system's credential because it asked us to wait, milliseconds since 1970; 0 if it did
    not.  May be over."""
    return await queues.hold(engine.store, engine.configuration.systems[system].share)


async def resume(engine: Engine, system: str) -> bool:
    """End a pause, whatever its reason; False if there was none.  A system that asked to wait for more than a day is asked again
    at once: else nobody could ever correct what it asked for.  A shorter wait, which pauses nobody, stays."""
    pause = await engine.pauses.paused(system)
    if pause is not None and pause.reason is Reason.THROTTLED:
        await Gate(engine.store).forget(engine.configuration.systems[system].share)
    return await engine.pauses.resume(system)
