"""What became of events, read from the store as the commands that look read it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Self

import msgspec

from worker import wiring
from worker.core.event import Event, Sighting, finished
from worker.engine.engine import Engine
from worker.settings import Settings

PATIENCE = 60.0
"""Seconds in which an event of the story is over, or never will be."""

_sighting = msgspec.json.Decoder(Sighting).decode


class Witness:
    """Waits for events.  Use as a context manager.  environ: of the stage; log: where its processes write, for whoever waits in
    vain."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self._environ, self._log = environ, log
        self._runner, self._open = asyncio.Runner(), contextlib.AsyncExitStack()
        self._engine: Engine | None = None

    def __enter__(self) -> Self:
        settings = Settings.from_environ({name: value for name, value in self._environ.items() if name.startswith("LOCKSTEP_")})
        configuration = wiring.configuration(settings, self._environ)
        self._engine = self._runner.run(self._open.enter_async_context(wiring.operators_engine(settings, configuration)))
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._open.aclose())
        self._runner.close()

    def over(self, name: str) -> Event:
        """The event once nothing of it is pending.  Raises TimeoutError."""

        async def question(engine: Engine) -> Event | None:
            return await engine.journal.event(name)

        return self._runner.run(self._wait(question, name))

    def observed(self, system: str, account: str, attribute: str) -> Event:
        """The newest observation of an account that names this attribute, once nothing of it is pending.  Raises TimeoutError."""

        async def question(engine: Engine) -> Event | None:
            newest = [name for name in await engine.journal.newest() if name.startswith(f"{system}:")]
            events = [event for _, event in await engine.journal.load(newest) if event is not None and event.kind == "seen"]
            seen = ((event, _sighting(event.body)) for event in events)
            return next((e for e, s in seen if (s.account, s.origin) == (account, system) and attribute in s.changed), None)

        return self._runner.run(self._wait(question, f"an observation of {attribute} in {system}"))

    async def _wait(self, question: Callable[[Engine], Awaitable[Event | None]], about: str) -> Event:
        assert self._engine is not None, "a witness is a context manager"
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            event = await question(self._engine)
            if event is not None and finished(event):
                return event
            await asyncio.sleep(0.02)
        raise TimeoutError(f"{about} is not over after {PATIENCE:.0f} s; see {self._log}")
