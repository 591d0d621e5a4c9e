"""`lockstep parked list`: what needs an operator, by reason."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import click

from worker.cli._acting import limit_option, table, with_operator
from worker.cli._frame import json_option, print_json, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine


class Row(NamedTuple):
    """One parked route.  since: milliseconds since 1970."""

    event: str
    subject: str
    target: str
    attribute: str
    reason: str
    since: int


@click.command(name="list")
@click.option("--target", metavar="SYSTEM", default="", help="Only at this target.")
@click.option("--parked-for", metavar="TEXT", default="", help="Only with this reason, as it is listed.")
@limit_option
@json_option
def command(target: str, parked_for: str, limit: int, as_json: bool) -> None:
    """List what is parked.  Counts by reason and target come first, then whose it is, where, why and since when.
    What was released is not listed: its replay speaks for it.

    \b
    Examples:
      lockstep parked list
      lockstep parked list --target directory --json
    """

    async def story(engine: Engine) -> tuple[Counter[tuple[str, str]], list[Row]]:
        from worker.operate.named import known_target
        from worker.operate.parked import Wanted, parked

        counts: Counter[tuple[str, str]] = Counter()
        rows: list[Row] = []
        wanted = Wanted(target=known_target(engine.configuration, target) if target else "", reason=parked_for)
        async for page in parked(engine, wanted):
            for each in page:
                subject = f"{each.turns.original.source}:{each.turns.original.subject or '?'}"
                for (where, attribute), said in each.routes.items():
                    assert said.outcome is not None
                    counts[said.outcome.reason, where] += 1
                    if len(rows) < limit:
                        rows.append(Row(said.turn.name, subject, where, attribute, said.outcome.reason, said.outcome.at))
        return counts, rows

    counts, rows = with_operator(story)
    if as_json:
        print_json({
            "parked": counts.total(),
            "counts": [{"reason": reason, "target": where, "routes": many} for (reason, where), many in counts.most_common()],
            "routes": [row._asdict() for row in rows],
        })  # fmt: skip
        return
    if not rows:
        say("nothing is parked")
        return
    from worker.telling.words import moment

    table((f"{many:,}", where, reason) for (reason, where), many in counts.most_common())
    click.echo()
    table((row.event, row.subject, row.target, row.attribute, row.reason, f"since {moment(row.since)}") for row in rows)
    if counts.total() > len(rows):
        say(f"the first {len(rows)} of {counts.total():,} are shown; --limit shows more")
