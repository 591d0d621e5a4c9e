"""How parked routes are chosen: by their events, or by where and why they are parked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from worker.engine import Engine
    from worker.operate.parked import Wanted


def check(events: tuple[str, ...], target: str, parked_for: str) -> None:
    if not (events or target or parked_for):
        raise click.UsageError("say which: events by their ids, or --target, or --parked-for; `lockstep parked list` shows them")


async def wanted(engine: Engine, events: tuple[str, ...], target: str, parked_for: str) -> Wanted:
    """Raises Unknown."""
    from worker.operate.named import event_named, known_target
    from worker.operate.parked import Wanted

    names = frozenset([(await event_named(engine, text)).name for text in events])
    return Wanted(names, known_target(engine.configuration, target) if target else "", parked_for)
