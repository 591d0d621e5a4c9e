"""`lockstep tick`: once a second, says which lists have something due; any number may run."""

from __future__ import annotations

import click


@click.command(name="tick")
def command() -> None:
    """Once a second, send a hint for each list with something due, and trim the journal.

    \b
    Examples:
      lockstep tick
    """
    import uvloop

    from worker import logs, wiring
    from worker.serve import keep_ticking

    settings = wiring.settings()
    logs.configure(settings.log, settings.log_level)
    uvloop.run(keep_ticking(settings, wiring.configuration(settings)))
