"""How parked routes are chosen: by their events, or by where and why they are parked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from worker.cli._acting import need_reason, record, why_option
from worker.cli._frame import apply_option, json_option

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.operate.parked import Wanted


@dataclass(frozen=True, slots=True)
class Choice:
    """What an operator gave, and whether it is to be done."""

    events: tuple[str, ...]
    target: str
    parked_for: str
    reason: str
    act: bool

    async def wanted(self, engine: Engine, act: str) -> Wanted:
        """What is meant; if it is to be done, the act is written down.  Raises Unknown."""
        from worker.operate.named import event_named, known_target
        from worker.operate.parked import Wanted

        names = frozenset([(await event_named(engine, text)).name for text in self.events])
        target = known_target(engine.configuration, self.target) if self.target else ""
        if self.act:
            await record(engine, act, self.reason, events=tuple(sorted(names)), target=target, parked_for=self.parked_for)
        return Wanted(names, target, self.parked_for)


def chosen(command: Callable[[Choice, bool], None]) -> Callable[..., None]:
    """The arguments of a command that acts on what is parked."""

    @click.argument("events", nargs=-1, metavar="[EVENT_ID]...")
    @click.option("--target", metavar="SYSTEM", default="", help="All that is parked at this target.")
    @click.option("--parked-for", metavar="TEXT", default="", help="All that is parked for this reason, as it is listed.")
    @why_option
    @apply_option
    @json_option
    @wraps(command)
    def given(as_json: bool, **what: Any) -> None:
        choice = Choice(**what)
        if not (choice.events or choice.target or choice.parked_for):
            raise click.UsageError(
                "say which: events by their ids, or --target, or --parked-for; `lockstep parked list` shows them"
            )
        need_reason(choice.act, choice.reason)
        command(choice, as_json)

    return given
