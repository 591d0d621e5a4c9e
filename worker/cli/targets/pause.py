"""`lockstep targets pause`: a target is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import record, with_operator
from worker.cli._frame import json_option, operator, print_json, reason_option

if TYPE_CHECKING:
    from worker.engine.engine import Engine


@click.command(name="pause")
@click.argument("target")
@reason_option
@json_option
def command(target: str, reason: str, as_json: bool) -> None:
    """Leave a target alone until it is resumed.  Webhooks are accepted meanwhile, nothing is lost, and no value
    grows old: an account is owed at most the newest value of each attribute.  Calls that are under way end.

    \b
    Examples:
      lockstep targets pause directory --reason "maintenance until noon"
    """

    async def story(engine: Engine) -> None:
        from worker.operate.named import known_target
        from worker.store.pauses import Reason

        known_target(engine.configuration, target)
        await record(engine, "targets pause", reason, target=target)
        await engine.pauses.pause(target, Reason.OPERATOR, why=reason, by=operator())

    with_operator(story)
    if as_json:
        print_json({"target": target, "state": "paused"})
    else:
        click.echo(f"{target} is paused; to go on: lockstep targets resume {target}")
