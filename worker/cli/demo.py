"""`lockstep demo`: the main job, end to end, on this machine."""

from __future__ import annotations

import click


@click.command(name="demo")
def command() -> None:
    """Show the main job, end to end.

    Starts a store, the daemons and five sandboxed systems, sends signed webhooks, and shows what each system holds.
    Nothing outside this machine is called.  Exit code 0 only if the systems hold what they should.

    \b
    Examples:
      lockstep demo
    """
    from pathlib import Path

    from rich.console import Console

    from worker.cli._frame import Failure
    from worker.demo.story import run
    from worker.machine.up import NotReady
    from worker.store.embedded import HOME, NoStore

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)
    try:
        failures = run(Path(HOME).absolute() / "demo", console)
    except (NoStore, NotReady, TimeoutError) as error:
        raise Failure(str(error)) from error
    if failures:
        raise Failure("the demonstration does not hold:\n" + "\n".join(f"  {failure}" for failure in failures))
