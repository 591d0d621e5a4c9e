"""`lockstep worker`: a Celery worker; any number of them may run."""

from __future__ import annotations

import click


@click.command(name="worker")
def command() -> None:
    """Bring events to their lanes and visit the targets.

    Takes no more work on SIGTERM and finishes the visits that it has in flight.

    \b
    Examples:
      lockstep worker
    """
    from worker import logs, tasks, wiring

    settings = wiring.settings()
    logs.configure(settings.log, settings.log_level)
    configuration = wiring.configuration(settings)
    app = tasks.application(settings.broker_url)
    publish = tasks.publisher(app)
    tasks.run_worker(app, lambda: wiring.workers_engine(settings, configuration, publish), settings.concurrency)
