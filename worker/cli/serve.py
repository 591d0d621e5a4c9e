"""`lockstep serve`: the endpoint that sources send their webhooks to."""

from __future__ import annotations

import click

from worker.cli._frame import address_of


@click.command(name="serve")
@click.option("--listen", metavar="HOST:PORT", help="Where to listen; LOCKSTEP_LISTEN otherwise.")
def command(listen: str | None) -> None:
    """Run the endpoint for webhooks.

    They come to POST /hooks/SOURCE, and are on disk before the sender has its answer.

    \b
    Examples:
      lockstep serve
      lockstep serve --listen 0.0.0.0:8080
    """
    import uvloop

    from worker import logs, wiring
    from worker.serve import serve

    settings = wiring.settings()
    logs.configure(settings.log, settings.log_level, "endpoint")
    host, port = address_of(listen) if listen else settings.listen
    uvloop.run(serve(settings, wiring.configuration(settings), host, port))
