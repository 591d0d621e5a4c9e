"""`lockstep worker`: a Celery worker; any number of them may run."""

from __future__ import annotations

import click


@click.command(name="worker")
@click.option(
    "--stuck", metavar="SECONDS", type=click.FloatRange(1), default=30.0, show_default=True,
    help="End with exit code 75 when work has been due for so long and nothing gets done.",
)  # fmt: skip
def command(stuck: float) -> None:
    """Run a worker.

    It brings events to their lanes and visits the targets.  On SIGTERM it takes no more work and finishes the visits that
    it has in flight.  One that gets nothing done although work is due ends itself, and is to be started again.

    \b
    Examples:
      lockstep worker
      lockstep worker --stuck 60
    """
    import sys
    from functools import partial

    from worker import logs, tasks, wiring

    settings = wiring.settings()
    logs.configure(settings.log, settings.log_level, "worker")
    configuration = wiring.configuration(settings)
    app = tasks.application(settings.broker_url)
    publish = tasks.publisher(app)
    assemble = partial(wiring.workers_engine, settings, configuration, publish)
    sys.exit(tasks.run_worker(app, assemble, settings.concurrency, stuck, revision=configuration.revision))
