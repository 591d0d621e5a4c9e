"""`lockstep parked release`: what is parked starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import progress, with_operator
from worker.cli.parked._choice import Choice, chosen

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.operate.replay import Plan


@click.command(name="release")
@chosen
def command(choice: Choice, as_json: bool) -> None:
    """Let parked values start again.  They start from their events, under the mapping in force.  Only what is
    parked runs: as a replay, ID~n, which speaks for it from now on.  Without --apply it says what would happen.

    \b
    Examples:
      lockstep parked release hr:evt-3
      lockstep parked release --target directory
      lockstep parked release --target directory --reason "the rule is mended" --apply
    """

    async def story(engine: Engine) -> Plan:
        from worker.cli._plan import following
        from worker.operate.parked import release

        which = await choice.wanted(engine, "parked release")
        with progress() as bar:
            return await release(engine, which, act=choice.act, told=following(bar))

    plan = with_operator(story)

    from worker.cli._plan import tell

    tell(plan, act=choice.act, as_json=as_json)
