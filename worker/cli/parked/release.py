"""`lockstep parked release`: what is parked starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import need_reason, progress, record, why_option, with_operator
from worker.cli.frame import apply_option, json_option
from worker.cli.parked._choice import check, wanted

if TYPE_CHECKING:
    from worker.engine import Engine
    from worker.operate.replay import Plan


@click.command(name="release")
@click.argument("events", nargs=-1, metavar="[EVENT_ID]...")
@click.option("--target", metavar="SYSTEM", default="", help="All that is parked at this target.")
@click.option("--parked-for", metavar="TEXT", default="", help="All that is parked for this reason, as it is listed.")
@why_option
@apply_option
@json_option
def command(events: tuple[str, ...], target: str, parked_for: str, reason: str, act: bool, as_json: bool) -> None:
    """Let parked values start again.  They start from their events, under the mapping in force.  Only what is
    parked runs: as a replay, ID~n, which speaks for it from now on.  Without --apply it says what would happen.

    \b
    Examples:
      lockstep parked release hr:evt-3
      lockstep parked release --target directory
      lockstep parked release --target directory --reason "the rule is mended" --apply
    """
    check(events, target, parked_for)
    need_reason(act, reason)

    async def story(engine: Engine) -> Plan:
        from worker.cli._plan import following
        from worker.operate.parked import release

        which = await wanted(engine, events, target, parked_for)
        if act:
            names = tuple(sorted(which.events))
            await record(engine, "parked release", reason, events=names, target=target, parked_for=parked_for)
        with progress() as bar:
            return await release(engine, which, act=act, told=following(bar))

    plan = with_operator(story)

    from worker.cli._plan import tell

    tell(plan, act=act, as_json=as_json)
