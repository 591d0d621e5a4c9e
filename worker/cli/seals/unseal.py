"""`lockstep seals unseal`: one value is let through a seal, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from worker.cli._acting import need_reason, record, remind, why_option, with_operator
from worker.cli._frame import apply_option, json_option, print_json, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.operate.seals import Unsealing


@click.command(name="unseal")
@click.argument("subject")
@click.argument("target")
@click.argument("attribute")
@click.option("--for", "event", metavar="EVENT_ID", required=True, help="The event whose value is let through.")
@why_option
@apply_option
@json_option
def command(subject: str, target: str, attribute: str, event: str, reason: str, act: bool, as_json: bool) -> None:
    """Let one value through a seal, once.  The event's value replaces exactly the value that is sealed now: if the
    target shows another by then, that one is sealed as found, and nothing is written.  Afterwards the attribute is
    sealed again.  A seal of which it is not known whether its value landed is confirmed the same way, with the
    event that sent it, or lifted, with another.  Where the target itself keeps a value, lift its lock there first:
    then the event's value is sent over whatever is there.

    SUBJECT is `source:id`, or an account, `system:id`.  Without --apply it says what would happen.

    \b
    Examples:
      lockstep seals unseal hr:E-1 directory number --for hr:evt-2
      lockstep seals unseal hr:E-1 directory number --for hr:evt-2 --reason "typed wrong" --apply
    """
    need_reason(act, reason)

    async def story(engine: Engine) -> tuple[Unsealing, str]:
        from worker.operate.named import event_named, known_target, who
        from worker.operate.seals import seal_of, unseal, unsealing

        somebody, where = who(engine.configuration, subject), known_target(engine.configuration, target)
        sealed = await seal_of(engine, somebody, where, attribute)
        what = await unsealing(engine, sealed, await event_named(engine, event))
        if not act or what.under_way:
            return what, ""
        about = {"subject": str(somebody), "target": where, "attribute": attribute, "event": what.turns.original.name}
        await record(engine, "seals unseal", reason, **about)
        return what, await unseal(engine, what)

    what, name = with_operator(story)
    if as_json:
        from worker.cli.seals._told import plain

        print_json({
            "seal": plain(what.sealed), "for": what.turns.original.name, "confirms": what.confirms, "under_way": what.under_way,
            "applied": bool(name), "made": name,
        })  # fmt: skip
        return
    from worker.cli.seals._told import kind
    from worker.telling.words import moment

    sealed = what.sealed
    since = f"since {moment(sealed.seal.at)}" + (f" by {sealed.seal.event}" if sealed.seal.event else "")
    click.echo(f"{sealed.attribute} of account {sealed.account} at {sealed.target} is sealed, {kind(sealed)}, {since}")
    if what.under_way:
        say(f"{what.under_way} does this already, and is not over: lockstep event {what.under_way}")
        return
    verb = "is sent once more, and confirms the seal" if what.confirms else "replaces it, once, and is sealed in its place"
    click.echo(f"the value of {what.turns.original.name} {verb}")
    if name:
        click.echo(f"accepted as {name}")
        say(f"see what becomes of it: lockstep event {name}")
    remind(act)
