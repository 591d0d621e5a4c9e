"""`lockstep links set`: two accounts are one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import record, with_operator
from worker.cli._frame import json_option, print_json, reason_option, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine


@click.command(name="set")
@click.argument("one", metavar="SYSTEM:ID")
@click.argument("other", metavar="SYSTEM:ID")
@click.option("--replace", is_flag=True, help="Remove the links that stand against it.")
@reason_option
@json_option
def command(one: str, other: str, replace: bool, reason: str, as_json: bool) -> None:
    """Link two accounts.  One may be a subject of a source.  It holds both ways, and what waits for the account
    goes at once. Refused if either end is linked elsewhere, or belongs to somebody else, unless --replace is given.

    \b
    Examples:
      lockstep links set hr:E-2 directory:9 --reason "new address, same person"
      lockstep links set hr:E-1 directory:9 --replace --reason "mixed up at import"
    """

    async def story(engine: Engine) -> list[str]:
        from worker.operate.links import conflicts, link
        from worker.operate.named import who

        here, there = who(engine.configuration, one), who(engine.configuration, other)
        against = [f"{a} - {b}" for a, b in await conflicts(engine, here, there)]
        if not against or replace:
            await record(engine, "links set", reason, one=str(here), other=str(there), removed=tuple(against))
        await link(engine, here, there, replace=replace)
        return against

    removed = with_operator(story)
    if as_json:
        print_json({"linked": [one, other], "removed": removed})
        return
    for each in removed:
        say(f"removed {each}")
    click.echo(f"{one} and {other} are linked")
