"""`lockstep parked drop`: what is parked is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import need_reason, progress, record, remind, why_option, with_operator
from worker.cli.frame import apply_option, json_option, print_json
from worker.cli.parked._choice import check, wanted

if TYPE_CHECKING:
    from worker.engine import Engine


@click.command(name="drop")
@click.argument("events", nargs=-1, metavar="[EVENT_ID]...")
@click.option("--target", metavar="SYSTEM", default="", help="All that is parked at this target.")
@click.option("--parked-for", metavar="TEXT", default="", help="All that is parked for this reason, as it is listed.")
@why_option
@apply_option
@json_option
def command(events: tuple[str, ...], target: str, parked_for: str, reason: str, act: bool, as_json: bool) -> None:
    """Give parked values up.  Nothing is written, and their outcome is `dropped`.  A later event of the same
    subject still brings its own.  Without --apply it says how many.

    \b
    Examples:
      lockstep parked drop hr:evt-3
      lockstep parked drop hr:evt-3 --reason "she has left" --apply
    """
    check(events, target, parked_for)
    need_reason(act, reason)

    async def story(engine: Engine) -> int:
        from worker.operate.parked import drop

        which = await wanted(engine, events, target, parked_for)
        if act:
            names = tuple(sorted(which.events))
            await record(engine, "parked drop", reason, events=names, target=target, parked_for=parked_for)
        with progress() as bar:
            return await drop(engine, which, act=act, told=lambda count: bar(f"{count:,} values"))

    count = with_operator(story)
    if as_json:
        print_json({"values": count, "applied": act})
        return
    click.echo(f"{count:,} parked {'value' if count == 1 else 'values'} {'dropped' if act else 'would be dropped'}")
    remind(act)
