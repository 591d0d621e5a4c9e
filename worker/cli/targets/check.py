"""`lockstep targets check`: whether the systems are as the configuration takes them to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import with_operator
from worker.cli._findings import show
from worker.cli._frame import json_option

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.telling.doctor import Finding


@click.command(name="check")
@click.argument("names", nargs=-1, metavar="[SYSTEM]...")
@json_option
def command(names: tuple[str, ...], as_json: bool) -> None:
    """Ask the systems whether all is well there.  Talks to each configured system, or to those that are named, under their
    budgets: whether it can be reached and takes our credentials, whether the attributes exist that mappings write and take what
    they get, whether accounts can be found as the mappings find them, and read, how its clock and its rate limit are.  Writes
    nothing.

    \b
    Exit codes:
      0  nothing is wrong
      1  something is; each line says what to do

    \b
    Examples:
      lockstep targets check
      lockstep targets check directory --json
    """

    async def story(engine: Engine) -> list[Finding]:
        import asyncio

        from worker import wiring
        from worker.network.lines import opened
        from worker.operate.named import known_system
        from worker.telling.online import ask

        configuration = engine.configuration
        chosen = [known_system(configuration, name) for name in names] or [*configuration.systems]
        async with opened(configuration, engine.store, wiring.settings().egress) as lines:
            asked = (ask(configuration.systems[name], lines.get(name), configuration) for name in dict.fromkeys(chosen))
            return [finding for found in await asyncio.gather(*asked) for finding in found]

    show(with_operator(story), as_json=as_json)
