"""`lockstep doctor`: whether all is well, and what to do where it is not."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import click

from worker.cli._findings import show
from worker.cli._frame import json_option, run

if TYPE_CHECKING:
    from worker.telling.doctor import Finding


@click.command(name="doctor")
@json_option
def command(as_json: bool) -> None:
    """Say whether all is well, and what to do.

    Looks at environment, configuration, broker, store, backlog, targets and parked events; asks no system.  Each line says how
    a part is (ok, note, wrong), what was found, and what to do.

    \b
    Exit codes:
      0  nothing is wrong
      1  something is

    \b
    Examples:
      lockstep doctor
      lockstep doctor --json
    """
    show(run(_look()), as_json=as_json)


async def _look() -> list[Finding]:
    from worker import tasks, wiring
    from worker.config import ConfigurationError
    from worker.settings import SettingsError
    from worker.telling.doctor import Finding, State, findings

    try:
        settings = wiring.settings()
    except SettingsError as error:
        return [Finding("environment", State.WRONG, problem, "see docs/configuration.md") for problem in error.problems]
    try:
        configuration = wiring.configuration(settings)
    except ConfigurationError as error:
        return [Finding("configuration", State.WRONG, str(problem), "lockstep check") for problem in error.problems]
    async with wiring.explaining_engine(settings, configuration) as (engine, _):
        ping = functools.partial(tasks.ping, tasks.application(settings.broker_url))
        return [each async for each in findings(settings, engine, ping)]
