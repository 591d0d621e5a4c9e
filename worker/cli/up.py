"""`lockstep up`: all of it in one terminal."""

from __future__ import annotations

import click


@click.command(name="up")
@click.option("--sandbox", is_flag=True, help="With sandboxed systems and the demonstration's mappings, so that you can try it.")
def command(sandbox: bool) -> None:
    """Run all of it in this terminal.

    The store (unless LOCKSTEP_REDIS_URL names one), the endpoint, a worker and the tick, until Ctrl-C.  Prints a signed
    curl that makes something happen.  What the embedded store holds stays in LOCKSTEP_HOME.

    \b
    Examples:
      lockstep up --sandbox
      LOCKSTEP_CONFIG=mappings lockstep up
    """
    import signal
    import threading

    from worker.cli import _curl
    from worker.cli._frame import Exit, Failure, say
    from worker.cli._terminal import running
    from worker.machine.up import NotReady, Taken
    from worker.store.embedded import NoStore

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with running(sandbox=sandbox) as up:
            ready = f"ready: webhooks go to {up.endpoint}/hooks/SOURCE; Ctrl-C stops everything in order\n"
            say("\n".join([ready, *_curl.examples(up)]))  # at once, or the log of the others would stand in between
            while not stop.wait(0.5):
                if hopeless := up.crew.hopeless():
                    raise Failure(f"the {hopeless} cannot go on; its last words are in the log above")
            say("stopping ...")
    except Taken as error:
        raise Failure(str(error), Exit.CONFIGURATION) from error
    except (NoStore, NotReady, TimeoutError) as error:
        raise Failure(str(error)) from error
