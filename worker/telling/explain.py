"""Explain: what an event would do now.  It goes the way of an accepted one (propagate's `ask` and `enter`, then `plan`), on
copies: nothing is written.  No system is asked either, unless somebody lends a `Live`.
"""

from __future__ import annotations

import msgspec

from worker.core.event import Event
from worker.core.mapping import Facts, Traced
from worker.core.outcome import Outcome
from worker.engine.engine import Engine
from worker.engine.facts import facts_of, routes_of
from worker.engine.propagate import Work, ask
from worker.telling.foreseen import Foresight, Targeted
from worker.telling.live import Live


class Explanation(msgspec.Struct, frozen=True):
    """ended: it asks nothing of anybody, and why.  parts: the links that end, system -> account.  looks: it only says that
    its own account is to be read.  scope: what `when` said, None if there is none."""

    event: Event
    ended: Outcome | None
    parts: dict[str, str]
    looks: bool
    scope: bool | None
    targets: tuple[Targeted, ...]


async def explain(engine: Engine, event: Event, now: int, live: Live | None = None) -> Explanation:
    """event: as it would be accepted at `now` (milliseconds).  live: asks the systems what only they can tell.  Raises
    Unavailable."""
    work = Work(event, b"")
    await ask(engine, work, now)
    facts = facts_of(engine.configuration, event)
    traced: list[Traced] = []
    if isinstance(facts, Facts):
        routes_of(engine.configuration, event, facts, traced)
    by_target: dict[str, list[Traced]] = {}
    for step in traced:
        by_target.setdefault(step.target, []).append(step)
    deliveries = {delivery.system: delivery for delivery in work.deliveries}
    targets = [
        await Foresight(engine, work, system, by_target.get(system, []), now, live).told(deliveries.get(system))
        for system in dict.fromkeys((*(target for target, _ in work.routes), *deliveries))
        if system != "*"
    ]
    ended = work.told.get(("*", "*"), [None])[0]
    scope = next((bool(step.after) for step in traced if step.step == "when"), None)
    parts = await engine.links.all(event.source, event.subject) if work.gone else {}
    return Explanation(event, ended, parts, any(delivery.hint for delivery in work.deliveries), scope, tuple(targets))
