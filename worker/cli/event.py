"""`lockstep event ID`: one event and what became of every route of it."""

from __future__ import annotations

from typing import Any

import click

from worker.cli.frame import json_option, not_found, operator, print_json, reveal_option, with_engine


@click.command(name="event")
@click.argument("ident", metavar="ID")
@reveal_option
@json_option
def command(ident: str, reveal: bool, as_json: bool) -> None:
    """Show one event: when it came, and for each target and attribute what became of it, or what it waits for and until when.

    ID is `source:id`, or the id alone where only one source has used it.

    \b
    Examples:
      lockstep event hr:evt-1
      lockstep event evt-1
      lockstep event hr:evt-1 --reveal --json
    """
    from worker.operate.named import Unknown, event_named
    from worker.store.acts import Acts
    from worker.telling import events, told

    async def look(engine: Any) -> tuple[Any, int]:
        try:
            event = await event_named(engine, ident)
        except Unknown as error:
            not_found(str(error))
        if reveal:
            await Acts(engine.store).record("event --reveal", by=operator(), event=event.name)
        return await events.story(engine, event), await engine.store.now()

    story, now = with_engine(look)
    if as_json:
        print_json(events.plain(story, reveal=reveal))
        return
    for line in told.sentences(story, now, reveal=reveal):
        click.echo(line)
