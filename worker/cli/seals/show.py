"""`lockstep seals show`: one seal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import table, with_operator
from worker.cli._frame import json_option, print_json

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.operate.seals import Sealed


@click.command(name="show")
@click.argument("subject")
@click.argument("target")
@click.argument("attribute")
@json_option
def command(subject: str, target: str, attribute: str, as_json: bool) -> None:
    """Show one seal.  Since when, by which event, and whether the value is ours or was found there.  SUBJECT is
    `source:id`, or an account, `system:id`.

    \b
    Examples:
      lockstep seals show hr:E-1 directory number
      lockstep seals show directory:7 directory number --json
    """

    async def story(engine: Engine) -> Sealed:
        from worker.operate.named import known_target, who
        from worker.operate.seals import seal_of

        return await seal_of(engine, who(engine.configuration, subject), known_target(engine.configuration, target), attribute)

    sealed = with_operator(story)

    from worker.cli.seals import _told
    from worker.telling.words import moment

    if as_json:
        print_json(_told.plain(sealed))
        return
    table([
        ("attribute", f"{sealed.attribute} at {sealed.target}"),
        ("account", sealed.account),
        ("belongs to", _told.owners(sealed)),
        ("value", _told.kind(sealed)),
        ("event", sealed.seal.event),
        ("since", moment(sealed.seal.at)),
    ])  # fmt: skip
