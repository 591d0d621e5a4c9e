"""`lockstep sandbox`: one sandboxed system as an HTTP server."""

from __future__ import annotations

import json
from pathlib import Path

import click

from connectors.contract import Json
from worker.cli._frame import Exit, Failure, address_of, say


@click.command(name="sandbox")
@click.argument("kind")
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:9000", show_default=True, help="Where to listen.")
@click.option(
    "--seed", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON: what it holds; else two or three people."
)
@click.option("--show-seed", is_flag=True, help="Print what it would hold, as JSON to edit, and serve nothing.")
def command(kind: str, listen: str, seed: Path | None, show_seed: bool) -> None:
    """Play one system in memory.

    It speaks the system's own API, so that mappings can be tried without an account anywhere.  KIND is a connector:
    chatwoot, descope, http, looker, onelogin or tyk.  Its controls stand below /__sandbox/: log, users, faults, release,
    expire, webhook, reset.  They ask nobody who he is, so it listens on this machine alone, unless you say otherwise.

    \b
    Examples:
      lockstep sandbox onelogin
      lockstep sandbox looker --show-seed > looker.json
      lockstep sandbox looker --seed looker.json --listen 127.0.0.1:9001
    """
    from worker import wiring
    from worker.demo.sandbox import Taken, UnfitSeed, seed_of, serve

    click.Choice(wiring.sandboxes()).convert(kind, None, click.get_current_context())
    host, port = address_of(listen)
    held = seed_of(kind) if seed is None else _read(seed)
    if show_seed:
        click.echo(json.dumps(held, indent=2))
        return
    where = f"{kind} at http://{listen}, its controls below http://{listen}/__sandbox/"
    try:
        serve(kind, held, host, port, lambda: say(where))
    except UnfitSeed as error:
        raise Failure(f"{seed}: {error}", Exit.USAGE) from None
    except Taken as error:
        raise Failure(str(error), Exit.CONFIGURATION) from None


def _read(seed: Path) -> dict[str, Json]:
    """Raises Failure."""
    try:
        held = json.loads(seed.read_text())
    except ValueError as error:
        raise Failure(f"{seed}: not JSON; --show-seed prints what it takes", Exit.USAGE) from error
    if not isinstance(held, dict):
        raise Failure(f"{seed}: not a JSON object; --show-seed prints what it takes", Exit.USAGE)
    return held
