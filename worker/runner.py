"""The runner: one event loop in each worker process, and a pump for each list of work.

A task of Celery only says which list has work; it wakes that list's pump and returns, so a dead target holds no worker
thread.  A pump runs its story again and again until there is nothing more to do.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
import uvloop

from worker.absence import Absence
from worker.deliver import deliver, drained
from worker.engine import EVENTS, FEEDS, OUTBOX, Engine
from worker.floor import Floor
from worker.fold import fold
from worker.hints import Hints
from worker.poll import poll
from worker.propagate import propagate
from worker.store import keys
from worker.store.errors import Unavailable

log = structlog.get_logger()

STUCK = 30.0
"""Seconds for which due work may wait while nothing gets done, until the process ends itself."""
EXIT_STUCK = 75
"""EX_TEMPFAIL: whoever watches starts it again."""

Story = Callable[[], Awaitable[bool]]
Assemble = Callable[[], Awaitable[tuple[Engine, Hints]]]


class Pump:
    """Runs one story while there is work.  Woken while it runs, it looks once more."""

    def __init__(self, name: str, story: Story, followed: Callable[[str], Awaitable[None]], done: Callable[[], None]) -> None:
        self.name, self.story, self.followed, self.done = name, story, followed, done
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._absence = Absence("the store")
        self.stopped = False

    def wake(self) -> None:
        self._again = True
        if not self.stopped and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run(), name=f"pump {self.name}")

    async def stop(self) -> None:
        self.stopped = True
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        more = False
        while (self._again or more) and not self.stopped:
            try:
                if self._again:
                    self._again = False
                    await self.followed(self.name)
                more = await self.story()
                self._absence.is_over()
                self.done()
            except Unavailable as error:
                self._absence.goes_on(error.reason)
                return  # nothing is lost: the tick says again that there is work
            except Exception as error:
                log.error("story failed", list=self.name, error=type(error).__name__, exc_info=error)
                return


class Runner:
    """The loop in its thread.  `wake` and `drain` may be called from any thread.  stuck: see `STUCK`.  ping: reaches the broker,
    or raises; blocking."""

    def __init__(self, assemble: Assemble, stuck: float = STUCK, ping: Callable[[], None] = lambda: None) -> None:
        self._assemble = assemble
        self._stuck = stuck
        self._ping = ping
        self._draining = False
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)
        self._pumps: dict[str, Pump] = {}
        self._floor: Floor | None = None
        self._engine: Engine | None = None
        self._progress = time.monotonic()

    def start(self) -> None:
        """Raises what assembling raises: a worker that cannot work does not start."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    async def _open(self) -> None:
        engine, hints = await self._assemble()
        floor = Floor()
        self._engine, self._floor = engine, floor

        def add(name: str, story: Story) -> None:
            self._pumps[name] = Pump(name, story, hints.followed, self._progressed)

        add(EVENTS, lambda: propagate(engine))
        add(OUTBOX, lambda: fold(engine))
        add(FEEDS, lambda: poll(engine, floor))
        for system in engine.configuration.systems:
            if engine.configuration.systems[system].target is not None:
                add(system, partial(deliver, engine, floor, system))

    def wake(self, name: str) -> None:
        """There is work in this list.  A name that the configuration in force does not know says nothing."""
        pump = self._pumps.get(name)
        if pump is not None:
            self._loop.call_soon_threadsafe(pump.wake)

    def drain(self, patience: float) -> bool:
        """Take no more work, and wait for what is in flight.  False if some still was after `patience` seconds: its leases
        run out by themselves."""
        return asyncio.run_coroutine_threadsafe(self._drain(patience), self._loop).result(patience + 10)

    async def _drain(self, patience: float) -> bool:
        self._draining = True
        await asyncio.gather(*(pump.stop() for pump in self._pumps.values()))
        done = self._floor is None or await drained(self._floor, patience)
        if self._engine is not None:
            for line in self._engine.lines.values():
                await line.close()
            await self._engine.store.close()
        return done

    def _progressed(self) -> None:
        self._progress = time.monotonic()

    def _watch(self) -> None:
        """A health check alone restarts nothing: a worker that is alive and deaf ends itself."""
        while not self._draining:
            time.sleep(min(5.0, self._stuck / 3))
            if time.monotonic() - self._progress < self._stuck or self._draining:
                continue
            try:
                waits = asyncio.run_coroutine_threadsafe(self._overdue(), self._loop).result(10)
            except Unavailable:
                self._progress = time.monotonic()  # nothing can be done without the store, here or anywhere
                continue
            except TimeoutError:
                waits = "the loop does not turn"
            except Exception as error:
                log.error("the watchdog could not look", error=type(error).__name__, exc_info=error)
                continue
            if waits:
                log.critical("stuck: ending this worker", alert=True, reason=f"{waits}{self._broker()}")
                os._exit(EXIT_STUCK)

    def _broker(self) -> str:
        """What an operator should know before looking anywhere else."""
        try:
            self._ping()
        except Exception as error:  # noqa: BLE001 - whatever its client raises, it cannot be used
            return f": the broker does not answer ({type(error).__name__})"
        return ""

    async def _overdue(self) -> str:
        """Which list has had due work for too long; "" if none."""
        engine = self._engine
        if engine is None:
            return ""
        horizon = await engine.store.now() - int(self._stuck * 1000)
        for name in self._pumps:
            if name == OUTBOX or (name not in (EVENTS, FEEDS) and await engine.pauses.paused(name) is not None):
                continue
            if await engine.store.do("ZCOUNT", keys.due(name), "-inf", horizon):
                return f"work has been due for {self._stuck:g} seconds in {name!r}"
        self._progressed()
        return ""
