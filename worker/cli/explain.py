"""`lockstep explain EVENT.json`: what would be sent, and why; writes nothing, and asks no system unless it is told to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, BinaryIO

import click

from worker.cli._acting import record
from worker.cli._frame import Exit, Failure, json_option, not_found, print_json, reveal_option, run, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.telling.explain import Explanation
    from worker.telling.live import Live


@click.command(name="explain")
@click.argument("body", metavar="EVENT.json", type=click.File("rb"))
@click.option("--source", metavar="SYSTEM", help="Who says it; needed where several sources could.")
@click.option("--live", is_flag=True, help="Search and read at the systems what only they can tell.")
@reveal_option
@json_option
def command(body: BinaryIO, source: str | None, live: bool, reveal: bool, as_json: bool) -> None:
    """Say what would be sent if this webhook came now.

    And why: each rule with its steps, the decision under what the store knows, and the very requests that would leave, without
    the credential.

    EVENT.json is the body of one webhook, `-` for stdin.  No system is asked, so what only an answer can tell is named:
    `{account}`, with the request that would find it.  The store is read if one answers, else this says so.

    With --live the systems are asked, under their budgets: accounts are searched and read as a visit would do it, and every
    request that may change something is printed and not sent.  This needs the store.

    \b
    Examples:
      lockstep explain event.json --source hr
      lockstep explain event.json --source hr --reveal
      lockstep explain event.json --source hr --live
      lockstep explain - --source hr --json < event.json
    """
    from worker import wiring
    from worker.network.lines import opened
    from worker.operate.named import NotPossible, Unknown
    from worker.telling import explain_text
    from worker.telling.explain import explain
    from worker.telling.hypothetical import as_accepted
    from worker.telling.live import Live

    settings = wiring.settings(offline=not live)
    configuration = wiring.configuration(settings)
    try:
        events = as_accepted(configuration, body.read(), source, time.time_ns() // 1000)
    except Unknown as error:
        not_found(str(error))
    except NotPossible as error:
        raise Failure(str(error), Exit.USAGE) from None

    async def look() -> list[Explanation]:
        async with wiring.explaining_engine(settings, configuration) as (engine, why_not):
            if why_not:
                say(f"The store is not read: {why_not}. This is what a first event of this subject would do.")
                return [await explain(engine, event, event.at) for event in events]
            return await told(engine, None)

    async def ask() -> list[Explanation]:
        async with (
            wiring.operators_engine(settings, configuration) as engine,
            opened(configuration, engine.store, settings.egress) as lines,
        ):
            return await told(engine, Live(engine, lines))

    async def told(engine: Engine, systems: Live | None) -> list[Explanation]:
        if reveal:
            await record(engine, "explain --reveal", "", events=tuple(event.name for event in events))
        now = await engine.store.now()
        for event in events:
            if (there := await engine.journal.event(event.name)) is not None:
                again = "would change nothing" if there.digest == event.digest else "is refused, for its content is another"
                say(f"{event.name} was accepted before, and {again}. This is what it would do as a new one.")
        return [await explain(engine, event, now, systems) for event in events]

    found = run(ask() if live else look())
    if as_json:
        print_json([explain_text.plain(each, reveal=reveal) for each in found])
        return
    for number, each in enumerate(found):
        if number:
            click.echo("")
        for line in explain_text.sentences(each, reveal=reveal):
            click.echo(line)
