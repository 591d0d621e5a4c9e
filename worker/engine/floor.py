"""The floor: the visits that this process has in flight, so many at a time for each system, and alone where one must be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from worker.absence import AGAIN
from worker.store.errors import Unavailable

log = structlog.get_logger()


class Floor:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._visits: dict[str, set[asyncio.Task[None]]] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._inside = 0
        self._alone = False
        self._waiting = 0
        self._said = float("-inf")

    async def room(self, system: str, at_most: int) -> int:
        """How many visits of this system may start now; waits until at least one may."""
        visits = self._visits.setdefault(system, set())
        while len(visits) >= at_most:
            await asyncio.wait(visits, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # those that ended together leave together
        return at_most - len(visits)

    def start(self, system: str, visit: Coroutine[Any, Any, None]) -> None:
        """Let a visit run.  What it raises is logged: its lease runs out, and the lane is taken again."""
        self._run(system, visit, self._visits.setdefault(system, set()))

    def start_beside(self, system: str, work: Coroutine[Any, Any, None]) -> None:
        """Let something run that is no visit and may take long: it needs no room, and nobody waits for it."""
        self._run(system, work, self._beside)

    def leave_off(self) -> None:
        """What runs beside the visits ends now."""
        for task in self._beside:
            task.cancel()

    def _run(self, system: str, visit: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(visit, name=f"visit {system}")
        among.add(task)

        def done(task: asyncio.Task[None]) -> None:
            among.discard(task)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Unavailable):
                self._interrupted(system, error.reason)
            elif error is not None:
                log.error("visit failed", target=system, error=type(error).__name__, exc_info=error)
            else:
                self._said = float("-inf")

        task.add_done_callback(done)

    def _interrupted(self, system: str, reason: str) -> None:
        """Said once while no visit gets to its end, and again each minute: all that are under way are interrupted alike."""
        now = time.monotonic()
        if now - self._said >= AGAIN:
            self._said = now
            log.info("visit interrupted", target=system, reason=reason)  # what it means, whoever looks at the store has said

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Beside others."""
        if self._alone or self._waiting:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._alone and not self._waiting)
        self._inside += 1
        try:
            yield
        finally:
            await self._leave()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """With nobody else on the floor."""
        self._waiting += 1
        async with self._changed:
            await self._changed.wait_for(lambda: not self._inside and not self._alone)
            self._waiting -= 1
            self._alone = True
        try:
            yield
        finally:
            self._alone = False
            async with self._changed:
                self._changed.notify_all()

    async def _leave(self) -> None:
        self._inside -= 1
        if self._waiting and not self._inside:
            async with self._changed:
                self._changed.notify_all()

    def in_flight(self) -> int:
        return sum(map(len, self._visits.values()))

    async def empty(self) -> None:
        """Wait until no visit is in flight."""
        while tasks := [task for visits in self._visits.values() for task in visits]:
            await asyncio.wait(tasks)
