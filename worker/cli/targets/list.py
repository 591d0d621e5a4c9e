"""`lockstep targets list`: what each target is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import table, with_operator
from worker.cli._frame import json_option, print_json, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.operate.targets import TargetState
    from worker.store.pauses import Pause


@click.command(name="list")
@json_option
def command(as_json: bool) -> None:
    """List the targets and what each is doing.  Whether it runs or is paused, by whom, why and until when; how many
    accounts something is owed to, and for how long the oldest of them waits.

    \b
    Examples:
      lockstep targets list
      lockstep targets list --json
    """

    async def story(engine: Engine) -> tuple[list[TargetState], int]:
        from worker.operate.targets import states

        return await states(engine), await engine.store.now()

    found, now = with_operator(story)
    if as_json:
        print_json([_plain(state) for state in found])
        return
    if not found:
        say("there are no targets")
        return
    table([("target", "mode", "state", "accounts", "due", "oldest"), *(_row(state, now) for state in found)])


def _row(state: TargetState, now: int) -> tuple[str, ...]:
    from worker.telling.words import span

    oldest = span(now - state.oldest) if state.oldest else "-"
    return state.system, state.mode, _state(state.pause, state.held, now), f"{state.lanes:,}", f"{state.due:,}", oldest


def _state(pause: Pause | None, held: int, now: int) -> str:
    from worker.telling.words import moment, until

    if pause is None:
        return f"told to wait {until(held, now)}" if held > now else "running"
    by = f" by {pause.by}" if pause.reason == "operator" else ""
    end = f", {until(pause.until, now)}" if pause.until else ", until it is resumed"
    return f"paused ({pause.reason}){by} since {moment(pause.since)}{end}: {pause.why}"


def _plain(state: TargetState) -> dict[str, object]:
    pause = state.pause
    return {
        "target": state.system, "mode": state.mode, "state": "running" if pause is None else "paused",
        "pause": None if pause is None else {name: getattr(pause, name) for name in ("reason", "by", "why", "since", "until")},
        "held": state.held or None, "accounts": state.lanes, "due": state.due, "oldest": state.oldest or None,
    }  # fmt: skip
