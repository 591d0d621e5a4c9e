"""`lockstep event ID`: one event and what became of every route of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import record, with_operator
from worker.cli._frame import json_option, print_json, reveal_option

if TYPE_CHECKING:
    from worker.engine.engine import Engine


@click.command(name="event")
@click.argument("ident", metavar="ID")
@reveal_option
@json_option
def command(ident: str, reveal: bool, as_json: bool) -> None:
    """Show one event and what became of it.

    When it came, and for each target and attribute its outcome, or what it waits for and until when.

    ID is `source:id`, or the id alone where only one source has used it.

    \b
    Examples:
      lockstep event hr:evt-1
      lockstep event evt-1
      lockstep event hr:evt-1 --reveal --json
    """
    from worker.operate.named import event_named
    from worker.telling import event_text, events

    async def look(engine: Engine) -> tuple[events.Story, int]:
        event = await event_named(engine, ident)
        if reveal:
            await record(engine, "event --reveal", "", event=event.name)
        return await events.story(engine, event), await engine.store.now()

    story, now = with_operator(look)
    if as_json:
        print_json(events.plain(story, reveal=reveal))
        return
    for line in event_text.sentences(story, now, reveal=reveal):
        click.echo(line)
