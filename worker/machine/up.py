"""All of Lockstep on one machine: an embedded store if none is named, the endpoint, a worker and the tick."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from worker.machine.crew import Crew
from worker.store import embedded

PATIENCE = 40.0
"""Seconds until the endpoint must be ready."""


class NotReady(Exception):
    """The processes were started and do not work.  The text says where to look."""


class Taken(NotReady):
    """Nothing was started: somebody else listens where the endpoint should."""


@contextlib.contextmanager
def everything(
    environ: Mapping[str, str], *, output: Path | None = None, home: Path | None = None
) -> Iterator[tuple[Crew, dict[str, str]]]:
    """Start a store and a crew; stop them in order at the end.  environ: LOCKSTEP_CONFIG and LOCKSTEP_LISTEN name what runs
    and where.  output: where the processes write, None for our stderr.  Raises embedded.NoStore."""
    with embedded.provided(environ, home) as provided, Crew(provided, output) as crew:
        crew.start("endpoint", "serve")
        crew.start("worker", "worker")
        crew.start("tick", "tick")
        yield crew, provided


def environment() -> dict[str, str]:
    """Ours, for child processes.  In a terminal the log is written for people."""
    return {"LOCKSTEP_LOG": "console", **os.environ} if sys.stderr.isatty() else dict(os.environ)


def wait_ready(url: str, crew: Crew, patience: float = PATIENCE) -> None:
    """Until /readyz answers 200.  url: of the endpoint, without a path.  Raises NotReady."""
    deadline = time.monotonic() + patience
    said = "it does not answer"
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310 - our own endpoint
                return
        except urllib.error.HTTPError as error:
            said = error.read(2000).decode(errors="replace")
        except OSError:
            pass
        if hopeless := crew.hopeless():
            raise NotReady(f"the {hopeless} cannot start; its last words are in the log above")
        time.sleep(0.05)
    raise NotReady(f"the endpoint at {url} is not ready: {said}")


def need_vacant(listen: tuple[str, int], named_by: str = "LOCKSTEP_LISTEN") -> None:
    """Raises Taken if somebody listens there already: another `lockstep up` would answer in our place, and be taken for us.
    named_by: what names another place."""
    host, port = listen
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "nobody can listen there"
        raise Taken(f"{host}:{port}: {why}; stop what runs there, or name another place with {named_by}") from error


def endpoint_url(listen: tuple[str, int]) -> str:
    """Where to call what listens there."""
    host, port = listen
    called = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - no bind
    return f"http://{called}:{port}"
