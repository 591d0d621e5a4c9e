"""`lockstep links show`: whom an account is linked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import table, with_operator
from worker.cli._frame import json_option, print_json, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.operate.links import Links


@click.command(name="show")
@click.argument("account", metavar="SYSTEM:ID")
@json_option
def command(account: str, as_json: bool) -> None:
    """Show whom an account is linked to.  It may be an account or a subject of a source; a target's account also
    shows to whom it belongs.

    \b
    Examples:
      lockstep links show hr:E-1
      lockstep links show directory:7 --json
    """

    async def story(engine: Engine) -> Links:
        from worker.operate.links import shown
        from worker.operate.named import who

        return await shown(engine, who(engine.configuration, account))

    links = with_operator(story)
    if as_json:
        print_json({"account": str(links.end), "linked": links.others, "belongs_to": links.owners})
        return
    if not links.others and not links.owners:
        say(f"{account} is linked to nobody")
    table([("linked to", f"{system}:{ident}") for system, ident in links.others.items()]
          + [("belongs to", f"{source}:{subject}") for source, subject in links.owners.items()])  # fmt: skip
