"""`lockstep acts`: what operators did, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import limit_option, table, with_operator
from worker.cli._frame import json_option, print_json, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.store.acts import Act, What


@click.command(name="acts")
@limit_option
@json_option
def command(limit: int, as_json: bool) -> None:
    """List what operators did.  When, who, what, and why.  Every command that acts, and every --reveal, is written
    down before it is done.

    \b
    Examples:
      lockstep acts
      lockstep acts --limit 5 --json
    """

    async def story(engine: Engine) -> list[Act]:
        from worker.store.acts import Acts

        return await Acts(engine.store).newest(limit)

    acts = with_operator(story)
    if as_json:
        print_json([{"at": act.at, "by": act.by, "act": act.act, "what": act.what, "why": act.why} for act in acts])
        return
    from worker.telling.words import moment

    if not acts:
        say("nobody has done anything yet")
    table((moment(act.at), act.by, act.act, _what(act.what), act.why) for act in acts)


def _what(what: What) -> str:
    texts = {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in what.items()}
    return " ".join(f"{name}={text}" for name, text in texts.items() if text)
