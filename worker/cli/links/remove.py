"""`lockstep links remove`: two accounts are not one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import record, with_operator
from worker.cli._frame import json_option, print_json, reason_option, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine


@click.command(name="remove")
@click.argument("one", metavar="SYSTEM:ID")
@click.argument("other", metavar="SYSTEM:ID")
@reason_option
@json_option
def command(one: str, other: str, reason: str, as_json: bool) -> None:
    """Remove the link of two accounts.  The next event looks for the account again.  Seals stay where they are.

    \b
    Examples:
      lockstep links remove hr:E-1 directory:7 --reason "somebody else's account"
    """

    async def story(engine: Engine) -> int:
        from worker.operate.links import shown, unlink
        from worker.operate.named import Unknown, who

        here, there = who(engine.configuration, one), who(engine.configuration, other)
        near, far = await shown(engine, here), await shown(engine, there)
        if there.id not in (near.others.get(there.system), near.owners.get(there.system)) and here.id not in (
            far.others.get(here.system), far.owners.get(here.system)
        ):  # fmt: skip
            linked = ", ".join(f"{system}:{ident}" for system, ident in near.others.items())
            raise Unknown(f"{here} and {there} are not linked; {here} is linked to {linked or 'nobody'}")
        await record(engine, "links remove", reason, one=str(here), other=str(there))
        return await unlink(engine, here, there)

    left = with_operator(story)
    if as_json:
        print_json({"removed": [one, other], "still_wanted": left})
        return
    click.echo(f"{one} and {other} are not linked any more")
    if left:
        say(f"{left} values that came by this link still wait there and will be written; a pause of the target holds them back")
