"""The runner: one event loop in each worker process, and a pump for each list of work.

A task of Celery only says which list has work; it wakes that list's pump and returns, so a dead target holds no worker
thread.  A pump runs its story again and again until there is nothing more to do.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
import uvloop

from worker.engine.deliver import deliver, drained
from worker.engine.engine import EVENTS, FEEDS, OUTBOX, Engine
from worker.engine.floor import Floor
from worker.engine.fold import fold
from worker.engine.hints import Hints
from worker.engine.poll import poll
from worker.engine.propagate import propagate
from worker.store.errors import Unavailable
from worker.watch import STUCK, Watch

log = structlog.get_logger()

Story = Callable[[], Awaitable[bool]]
Assemble = Callable[[], Awaitable[tuple[Engine, Hints]]]


class Pump:
    """Runs one story while there is work.  Woken while it runs, it looks once more.  done: something was; missed: the store is
    away, and why."""

    def __init__(
        self,
        name: str,
        story: Story,
        followed: Callable[[str], Awaitable[None]],
        done: Callable[[], None],
        missed: Callable[[str], None],
    ) -> None:
        self.name, self.story, self.followed, self.done, self.missed = name, story, followed, done, missed
        self._task: asyncio.Task[None] | None = None
        self._again = False
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
                self.done()
            except Unavailable as error:
                self.missed(error.reason)
                return  # nothing is lost: the tick says again that there is work
            except Exception as error:
                log.error("story failed", list=self.name, error=type(error).__name__, exc_info=error)
                return


class Runner:
    """The loop in its thread.  `wake` and `drain` may be called from any thread.  stuck: see `watch.STUCK`.  ping: reaches the
    broker, or raises; blocking."""

    def __init__(self, assemble: Assemble, stuck: float = STUCK, ping: Callable[[], None] = lambda: None) -> None:
        self._assemble, self._stuck, self._ping = assemble, stuck, ping
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)
        self._pumps: dict[str, Pump] = {}
        self._floor: Floor | None = None
        self._engine: Engine | None = None
        self._watch: Watch | None = None

    def start(self) -> None:
        """Raises what assembling raises: a worker that cannot work does not start."""
        self._thread.start()
        watch = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        threading.Thread(target=watch.run, args=(self._loop,), name="watch", daemon=True).start()

    async def _open(self) -> Watch:
        engine, hints = await self._assemble()
        floor = Floor()
        targets = engine.configuration.visited
        watch = Watch(engine, [EVENTS, FEEDS, *targets], self._wake_all, self._stuck, self._ping)
        self._engine, self._floor, self._watch = engine, floor, watch
        hints.absence = watch.broker

        def add(name: str, story: Story) -> None:
            self._pumps[name] = Pump(name, story, hints.followed, watch.progressed, watch.store.goes_on)

        add(EVENTS, lambda: propagate(engine))
        add(OUTBOX, lambda: fold(engine))
        add(FEEDS, lambda: poll(engine, floor))
        for system in targets:
            add(system, partial(deliver, engine, floor, system))
        return watch

    def wake(self, name: str) -> None:
        """A hint: there is work in this list.  A name that the configuration in force does not know says nothing."""
        if self._watch is not None:
            self._watch.heard()
        self._loop.call_soon_threadsafe(self._wake_all, [name])

    def _wake_all(self, names: list[str]) -> None:
        for name in names:
            if (pump := self._pumps.get(name)) is not None:
                pump.wake()

    def drain(self, patience: float) -> bool:
        """Take no more work, and wait for what is in flight.  False if some still was after `patience` seconds: its leases
        run out by themselves."""
        return asyncio.run_coroutine_threadsafe(self._drain(patience), self._loop).result(patience + 10)

    async def _drain(self, patience: float) -> bool:
        if self._watch is not None:
            await self._watch.stop()
        await asyncio.gather(*(pump.stop() for pump in self._pumps.values()))
        done = self._floor is None or await drained(self._floor, patience)
        if self._engine is not None:
            for line in self._engine.lines.values():
                await line.close()
            await self._engine.store.close()
        return done
