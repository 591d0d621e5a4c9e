"""How a replay is told: counts first, then the first few events, each with what the guards say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import Follow, counted, remind, table
from worker.cli._frame import print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.operate.forecast import Says
    from worker.operate.replay import Plan


def following(bar: Follow) -> Callable[[Plan], None]:
    return lambda plan: bar(f"{plan.events:,} events looked at, {plan.accepted:,} replays accepted")


def tell(plan: Plan, *, act: bool, as_json: bool) -> None:
    """act: it was done."""
    if as_json:
        print_json(_plain(plan, act))
        return
    rows = [("events", f"{plan.events:,}"), ("by source", counted(plan.sources)), ("by target", counted(plan.targets))]
    rows.append(("forecast", counted(plan.says)))
    if plan.under_way:
        rows.append(("left alone", f"{plan.under_way:,} under way already"))
    if plan.unusable:
        rows.append(("left alone", f"{plan.unusable:,} could not be used when they came, and still cannot"))
    if plan.repeated:
        rows.append(
            ("again", f"{plan.repeated:,} of them {'was' if plan.repeated == 1 else 'were'} replayed before, and that is over")
        )
    if plan.accepted:
        rows.append(("accepted", f"{plan.accepted:,}: {', '.join(plan.made)}{', ...' if plan.accepted > len(plan.made) else ''}"))
    table(rows)
    if not act:
        for name, forecast in plan.shown:
            click.echo(f"\n{name}")
            table((f"  {target}", attribute, _says(says)) for (target, attribute), says in forecast.items())
        if plan.events - plan.under_way - plan.unusable > len(plan.shown):
            say(f"the first {len(plan.shown)} events are shown")
    elif plan.accepted:
        say(f"see what becomes of it: lockstep event {plan.made[0]}")
    else:
        say("there was nothing to do")
    remind(act)


def _says(says: Says) -> str:
    return f"{says.word} ({says.reason})" if says.reason else str(says.word)


def _plain(plan: Plan, act: bool) -> dict[str, object]:
    return {
        "events": plan.events, "sources": plan.sources, "targets": plan.targets, "forecast": plan.says, "routes": plan.routes,
        "under_way": plan.under_way, "unusable": plan.unusable, "replayed_before": plan.repeated, "applied": act,
        "accepted": plan.accepted, "made": plan.made,
        "shown": [{"event": name, "routes": [_route(*each) for each in forecast.items()]} for name, forecast in plan.shown],
    }  # fmt: skip


def _route(route: tuple[str, str], says: Says) -> dict[str, str]:
    target, attribute = route
    return {"target": target, "attribute": attribute, "says": says.word, "reason": says.reason}
