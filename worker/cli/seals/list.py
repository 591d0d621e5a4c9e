"""`lockstep seals list`: the seals of a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import table, with_operator
from worker.cli._frame import json_option, print_json, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.operate.seals import Sealed


@click.command(name="list")
@click.argument("target")
@click.option("--attribute", metavar="NAME", default="", help="Only of this attribute.")
@click.option("--unsure", is_flag=True, help="Only those of which it is not known whether their value landed.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Stop after about so many.")
@click.option("--from", "cursor", type=click.IntRange(0), default=0, metavar="CURSOR", help="Go on where the last page ended.")
@json_option
def command(target: str, attribute: str, unsure: bool, limit: int, cursor: int, as_json: bool) -> None:
    """List the seals of a target.  They are the write-once attributes at TARGET that have their value: whose,
    which, how it came, and by which event.

    \b
    Examples:
      lockstep seals list directory
      lockstep seals list directory --unsure --json
    """

    async def story(engine: Engine) -> tuple[int, list[Sealed]]:
        from worker.operate.named import known_target
        from worker.operate.seals import sealed

        found: list[Sealed] = []
        async for goes_on, page in sealed(engine, known_target(engine.configuration, target), cursor):
            found += [each for each in page if attribute in ("", each.attribute) and (each.seal.unsure or not unsure)]
            if len(found) >= limit:
                return goes_on, found
        return 0, found

    goes_on, found = with_operator(story)

    from worker.cli.seals import _told

    if as_json:
        print_json({"seals": [_told.plain(each) for each in found], "next": goes_on})
        return
    if not found:
        say(f"nothing is sealed at {target}" if not goes_on else "none in this part of the store")
    table(map(_told.row, found))
    if goes_on:
        say(f"there are more: --from {goes_on}")
