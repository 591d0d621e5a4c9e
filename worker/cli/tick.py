"""`lockstep tick`: once a second, says which lists have something due; any number may run."""

from __future__ import annotations

import click


@click.command(name="tick")
def command() -> None:
    """Run the tick.

    Once a second it says which lists have something due, and it trims the journal.  Any number may run.

    \b
    Examples:
      lockstep tick
    """
    import uvloop

    from worker import logs, wiring
    from worker.serve import keep_ticking

    settings = wiring.settings()
    logs.configure(settings.log, settings.log_level, "tick")
    uvloop.run(keep_ticking(settings, wiring.configuration(settings)))
