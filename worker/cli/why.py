"""`lockstep why SUBJECT TARGET ATTRIBUTE`: why an attribute is what it is, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import record, with_operator
from worker.cli._frame import json_option, print_json, reveal_option

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.telling.why import Why


@click.command(name="why")
@click.argument("subject")
@click.argument("target")
@click.argument("attribute")
@click.option("--source", metavar="SYSTEM", help="SUBJECT is an id at this system.")
@reveal_option
@json_option
def command(subject: str, target: str, attribute: str, source: str | None, reveal: bool, as_json: bool) -> None:
    """Say why an attribute is what it is.

    What it holds, whose event that is, by which rule, what lost to it and why, what was tried, what is still pending and until
    when, and whether it is sealed; or what said no.

    SUBJECT is `source:id`, or an account, `system:id`.  The records keep no values: the steps of a rule are recomputed from the
    event, under the mapping in force, and it is said where that is not the one that planned it.

    \b
    Examples:
      lockstep why hr:E-1 directory department
      lockstep why directory:7 directory department
      lockstep why E-1 directory department --source hr --json
      lockstep why hr:E-1 directory department --reveal
    """
    from worker.operate.named import Who, known_system, known_target, who
    from worker.telling import why_text
    from worker.telling.why import why

    async def look(engine: Engine) -> Why:
        configuration = engine.configuration
        somebody = Who(known_system(configuration, source), subject) if source else who(configuration, subject)
        asked = await why(engine, somebody, known_target(configuration, target), attribute)
        if reveal:
            await record(engine, "why --reveal", "", subject=str(somebody), target=target, attribute=attribute)
        return asked

    asked = with_operator(look)
    if as_json:
        print_json(why_text.plain(asked, reveal=reveal))
        return
    for line in why_text.sentences(asked, reveal=reveal):
        click.echo(line)
