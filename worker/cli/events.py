"""`lockstep events`: what was accepted, newest first, and what became of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from worker.cli._acting import with_operator
from worker.cli._frame import Exit, Failure, json_option, print_json, say
from worker.core.outcome import Word

if TYPE_CHECKING:
    from worker.core.event import Event
    from worker.engine.engine import Engine


def moment_ago(text: str) -> int:
    """`90m`, `2h`, `7d`: so long ago; else a time of RFC 3339.  Milliseconds since 1970."""
    from datetime import UTC, datetime

    from worker.config.duration import seconds

    try:
        return int((time.time() - seconds(text)) * 1000)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Failure("--since: give a duration like 90m, 2h or 7d, or a time like 2026-11-21T10:00:00Z", Exit.USAGE) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


@click.command(name="events")
@click.option("--source", metavar="SYSTEM", help="Only what this system said.")
@click.option("--subject", metavar="SYSTEM:ID", help="Only about this subject; with --source its id is enough.")
@click.option("--outcome", type=click.Choice([str(word) for word in Word]), help="Only with a route that ended like this.")
@click.option("--target", metavar="SYSTEM", help="Only with a route to this system.")
@click.option("--since", metavar="TIME", help="Only accepted since: 90m, 2h, 7d, or 2026-11-21T10:00:00Z.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many, the newest.")
@json_option
def command(
    source: str | None, subject: str | None, outcome: str | None, target: str | None, since: str | None, limit: int, as_json: bool
) -> None:
    """List events, newest first.

    `--outcome` and `--target` together ask for one route that is both.

    \b
    Examples:
      lockstep events
      lockstep events --outcome parked --since 7d
      lockstep events --subject hr:E-1 --target directory
      lockstep events --source hr --json
    """
    from worker.operate.named import known_system, known_target, who
    from worker.telling.events import Filter, chosen, counts
    from worker.telling.words import moment

    somebody = f"{source}:{subject}" if source and subject and ":" not in subject else subject

    async def look(engine: Engine) -> list[Event]:
        configuration = engine.configuration
        by = Filter(
            known_system(configuration, source) if source else "",
            None if somebody is None else who(configuration, somebody),
            Word(outcome) if outcome else None,
            known_target(configuration, target) if target else "",
            moment_ago(since) if since else 0,
        )
        return await chosen(engine, by, limit)

    events = with_operator(look)
    if as_json:
        print_json([
            {"name": e.name, "at": e.at, "version": e.version, "subject": f"{e.source}:{e.subject}", "kind": e.kind,
             "outcomes": {str(word): many for word, many in counts(e).items()}}
            for e in events
        ])  # fmt: skip
        return
    if not events:
        say("no such events")
    width = max((len(e.name) for e in events), default=0)
    for e in events:
        told = ", ".join(f"{many} {word}" for word, many in counts(e).items())
        click.echo(f"{moment(e.at)}  {e.name:<{width}}  {e.subject}  {told or 'nothing to do'}")
