"""`lockstep sandbox`: one sandboxed system as an HTTP server."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="sandbox")
@click.argument("kind", type=click.Choice(["onelogin", "http"]))
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:9000", show_default=True, help="Where to listen.")
@click.option(
    "--seed", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON: the accounts it holds; else the demo's."
)
def command(kind: str, listen: str, seed: Path | None) -> None:
    """Play one system in memory.

    It speaks the system's own API, so that mappings can be tried without an account anywhere.  Its controls stand below
    /__sandbox/: log, users, faults, webhook, reset.

    \b
    Examples:
      lockstep sandbox onelogin --listen 127.0.0.1:9000
    """
    import json
    import os

    from worker.demo import people
    from worker.demo.sandbox import serve

    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise click.BadParameter("an address and a port, like 127.0.0.1:9000", param_hint="--listen")
    if seed is not None:
        held = json.loads(seed.read_text())
    elif kind == "onelogin":
        held = people.onelogin("demo", os.environ.get("DEMO_ONELOGIN_SECRET", "sandbox-secret"))
    else:
        held = people.directory(os.environ.get("DEMO_DIRECTORY_TOKEN", "sandbox-token"))
    serve(kind, held, host, int(port))
