"""`lockstep health`: whether one daemon does its work, for the health checks of containers."""

from __future__ import annotations

import os

import click

from worker.cli._frame import Exit, Failure, address_of, run

DAEMONS = ("endpoint", "worker", "tick", "store", "sandbox")


@click.command(name="health")
@click.argument("daemon", type=click.Choice(DAEMONS))
@click.option("--listen", metavar="HOST:PORT", help="Where it listens; LOCKSTEP_LISTEN otherwise, the sandbox at 127.0.0.1:9000.")
def command(daemon: str, listen: str | None) -> None:
    """Say whether a daemon does its work.

    \b
      endpoint  it is ready: the store is durable and writable, the configuration loaded
      worker    of what has been due for 30 s something gets done
      tick      the tick of this host made a round in the last 10 s
      store     it can be used, and keeps on disk what it answers
      sandbox   it answers

    \b
    Exit codes:
      0  it does
      1  it does not
      4  the store cannot be asked

    \b
    Examples:
      lockstep health worker
      lockstep health tick
      lockstep health store
    """
    if problem := _problem(daemon, listen):
        raise Failure(problem, Exit.WRONG)
    click.echo("ok")


def _problem(daemon: str, listen: str | None) -> str:
    from worker.telling import health

    if daemon == "sandbox":
        return health.answers(*address_of(listen or "127.0.0.1:9000"), "/__sandbox/faults")
    return run(_asked(daemon, listen))


async def _asked(daemon: str, listen: str | None) -> str:
    from worker import wiring
    from worker.store.connection import Store, connect
    from worker.telling import health

    settings = wiring.settings()
    if daemon == "endpoint":
        return health.answers(*(address_of(listen) if listen else settings.listen), "/readyz")
    store = Store(connect(settings.redis_url), settings.durability)
    try:
        match daemon:
            case "worker":
                return await health.works(store, wiring.configuration(settings).targets)
            case "tick":
                return await health.ticks(store, os.uname().nodename)
            case _:
                return await health.stored(store)
    finally:
        await store.close()
