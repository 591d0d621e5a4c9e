"""`lockstep parked drop`: what is parked is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import progress, remind, with_operator
from worker.cli._frame import print_json
from worker.cli.parked._choice import Choice, chosen

if TYPE_CHECKING:
    from worker.engine.engine import Engine


@click.command(name="drop")
@chosen
def command(choice: Choice, as_json: bool) -> None:
    """Give parked values up.  Nothing is written, and their outcome is `dropped`.  A later event of the same
    subject still brings its own.  Without --apply it says how many.

    \b
    Examples:
      lockstep parked drop hr:evt-3
      lockstep parked drop hr:evt-3 --reason "she has left" --apply
    """

    async def story(engine: Engine) -> int:
        from worker.operate.parked import drop

        which = await choice.wanted(engine, "parked drop")
        with progress() as bar:
            return await drop(engine, which, act=choice.act, told=lambda count: bar(f"{count:,} values"))

    count = with_operator(story)
    if as_json:
        print_json({"values": count, "applied": choice.act})
        return
    click.echo(f"{count:,} parked {'value' if count == 1 else 'values'} {'dropped' if choice.act else 'would be dropped'}")
    remind(choice.act)
