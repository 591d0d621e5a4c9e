"""What `lockstep up` runs in one terminal: everything, and with it the demonstration's systems if they are asked for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from worker import logs, wiring
from worker.demo.stage import raised
from worker.machine.crew import Crew
from worker.machine.up import endpoint_url, environment, everything, need_vacant, wait_ready
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Up:
    """What runs.  endpoint: its URL; environ: of its processes, for commands that look; variables: the file that has
    them, with sandboxes."""

    crew: Crew
    endpoint: str
    environ: dict[str, str]
    sandboxes: Mapping[str, str]
    variables: Path | None


@contextlib.contextmanager
def running(*, sandbox: bool) -> Iterator[Up]:
    """Everything, ready to take webhooks.  Raises SettingsError, ConfigurationError, embedded.NoStore, up.NotReady,
    TimeoutError."""
    settings = Settings.from_environ(environment(), offline=True)
    logs.configure(settings.log, settings.log_level)  # as the processes that it starts
    need_vacant(settings.listen)
    if sandbox:
        listen = os.environ.get("LOCKSTEP_LISTEN", "127.0.0.1:8080")
        with raised(settings.home / "sandbox", listen=listen, quiet=False) as stage:
            yield Up(stage.crew, stage.endpoint, stage.environ, stage.sandboxes, stage.log.parent / "environment")
        return
    wiring.configuration(settings)  # what is wrong is told once, and not by each of the processes
    with everything(environment()) as (crew, provided):
        url = endpoint_url(Settings.from_environ(provided).listen)
        wait_ready(url, crew)
        yield Up(crew, url, provided, {}, None)
