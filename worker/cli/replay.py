"""`lockstep replay`: events run once more, through the same guards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import need_reason, progress, record, why_option, with_operator
from worker.cli._frame import apply_option, json_option
from worker.cli.events import moment_ago
from worker.core.outcome import Word

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.operate.replay import Plan


@click.command(name="replay")
@click.argument("events", nargs=-1, metavar="[EVENT_ID]...")
@click.option("--source", metavar="SYSTEM", default="", help="Events of this source.")
@click.option("--subject", metavar="SYSTEM:ID", default="", help="Events about this subject.")
@click.option("--target", metavar="SYSTEM", default="", help="Only what goes to this target.")
@click.option("--outcome", type=click.Choice([str(word) for word in Word]), help="Only routes that ended like this, at last.")
@click.option("--since", metavar="TIME", default="", help="Accepted since: 90m, 2h, 7d, or 2026-11-21T10:00:00Z.")
@click.option("--until", metavar="TIME", default="", help="Accepted until.")
@click.option("--limit", type=click.IntRange(1), help="At most so many events, the oldest first.")
@why_option
@apply_option
@json_option
def command(
    events: tuple[str, ...], source: str, subject: str, target: str, outcome: str | None, since: str, until: str,
    limit: int | None, reason: str, act: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run events again, through the same guards.  They run under the mapping in force, as ID~1, ID~2, ...  A target
    is read first where it can be, so that what somebody changed there behind our back is put right; nothing newer
    is overwritten, and no seal is broken.  Without --apply it says what would happen.

    The same command twice does no harm: a replay that is under way is not made again.

    \b
    Examples:
      lockstep replay hr:evt-1
      lockstep replay --subject hr:E-1 --since 7d --json
      lockstep replay --target directory --outcome observed
      lockstep replay --target directory --outcome observed --reason "we take it over" --apply
    """
    if events and (source or subject or outcome or since or until):
        raise click.UsageError("events are named, or chosen by what is known of them; only --target goes with both")
    if not (events or source or subject or target or outcome or since or until):
        raise click.UsageError("say which: events by their ids, or --source, --subject, --target, --outcome, --since, --until")
    need_reason(act, reason)

    async def story(engine: Engine) -> Plan:
        from worker.cli._plan import following
        from worker.core.event import ALL
        from worker.operate.named import event_named, known_source, known_target, who
        from worker.operate.replay import one_page, replay
        from worker.operate.selection import Chosen, Criteria, chosen
        from worker.operate.turns import turns_of

        configuration = engine.configuration
        to = known_target(configuration, target) if target else ""
        if events:
            named = await turns_of(engine.journal, [await event_named(engine, text) for text in events])
            each_once = {turns.original.name: turns for turns in named}.values()
            pages = one_page([Chosen(turns, ((to, ALL),) if to else ()) for turns in each_once])
        else:
            criteria = Criteria(
                source=known_source(configuration, source) if source else "",
                subject=who(configuration, subject) if subject else None,
                target=to,
                outcome=Word(outcome) if outcome else None,
                since=moment_ago(since) if since else 0,
                until=moment_ago(until) if until else None,
            )
            pages = chosen(engine, criteria)
        if act:
            given: dict[str, str | int | tuple[str, ...] | None] = {"events": events, "source": source, "subject": subject}
            given |= {"target": target, "outcome": outcome, "since": since, "until": until, "limit": limit}
            await record(engine, "replay", reason, **{name: what for name, what in given.items() if what})
        with progress() as bar:
            return await replay(engine, pages, act=act, limit=limit, told=following(bar))

    plan = with_operator(story)

    from worker.cli._plan import tell

    tell(plan, act=act, as_json=as_json)
