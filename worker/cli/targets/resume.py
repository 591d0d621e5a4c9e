"""`lockstep targets resume`: a target goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import record, with_operator
from worker.cli._frame import json_option, print_json

if TYPE_CHECKING:
    from worker.engine.engine import Engine


@click.command(name="resume")
@click.argument("target")
@click.option("--reason", metavar="TEXT", default="", help="Why; recorded with your name.")
@json_option
def command(target: str, reason: str, as_json: bool) -> None:
    """End the pause of a target.  Whatever its reason was: an operator's, a wait of more than a day that it asked for,
    refused credentials, or failures in a row.  If it still asks, refuses or fails, it pauses again.

    \b
    Examples:
      lockstep targets resume directory
      lockstep targets resume directory --reason "the new secret is in place" --json
    """

    async def story(engine: Engine) -> bool:
        from worker.operate.named import known_target
        from worker.operate.targets import resume

        known_target(engine.configuration, target)
        await record(engine, "targets resume", reason, target=target)
        return await resume(engine, target)

    was = with_operator(story)
    if as_json:
        print_json({"target": target, "state": "running", "was_paused": was})
    else:
        click.echo(f"{target} goes on" if was else f"{target} was not paused")
