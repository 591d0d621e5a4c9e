"""The watch of a worker: it says when the store or the broker is away and when it is back, looks for work by itself while nobody
can tell it, and ends the process when due work does not get done.

A health check alone restarts nothing, and Celery has been seen alive and deaf after its broker was restarted.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from worker.absence import Absence
from worker.cause import cause
from worker.engine import tick
from worker.engine.engine import Engine
from worker.store import keys
from worker.store.beats import Beats, worker_name
from worker.store.errors import Unavailable

log = structlog.get_logger()

STUCK = 30.0
"""Seconds for which due work may wait while nothing gets done, until the process ends itself."""
EXIT_STUCK = 75
"""EX_TEMPFAIL: whoever watches starts it again."""

EVERY = 5.0
"""Seconds between two rounds."""
ALONE = 1.0
"""The same while nobody can tell us of work: as often as a tick."""
RECONNECTS = 35.0
"""Seconds after which Celery listens to a broker that is back: between two tries it waits 2, 4, 6, ... at most 30 seconds."""
TURN = 10.0
"""Seconds for a turn of the loop."""
ROUND = 60.0
"""Seconds for all that a round asks the store; each answer has a deadline of its own."""
CALM = 5.0
"""Seconds for which no pump may have missed what a round found."""


class Watch:
    """Looks after one worker, from a thread of its own.

    lists  the due lists of which this worker gets work done
    wake   there is work in these; called in the loop
    stuck  see `STUCK`
    ping   reaches the broker, or raises; blocking
    """

    def __init__(
        self, engine: Engine, lists: Sequence[str], wake: Callable[[list[str]], None], stuck: float, ping: Callable[[], None]
    ) -> None:
        self._engine, self._lists, self._wake, self._stuck, self._ping = engine, lists, wake, stuck, ping
        self.store, self.broker = Absence("the store", calm=CALM), Absence("the broker", calm=CALM)
        self._tick = Absence("the tick")
        self._workers, self._ticks = Beats(engine.store, keys.WORKERS), Beats(engine.store, keys.TICKS)
        self._progress = self._heard = time.monotonic()
        self._alone_until = self._asked = float("-inf")
        self._over = threading.Event()
        self._looking = asyncio.Lock()

    def progressed(self) -> None:
        """Something got done."""
        self._progress = time.monotonic()

    def heard(self) -> None:
        """A hint came."""
        self._heard = time.monotonic()

    def run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Until `stop`; or the process ends here."""
        while not self._over.is_set():
            self._look_for_broker()
            if (why := self._round(loop)) and not self._over.is_set():
                log.critical("stuck: ending this worker", alert=True, reason=why)
                os._exit(EXIT_STUCK)
            self._over.wait(min(ALONE if self._alone() else EVERY, self._stuck / 3))

    async def stop(self) -> None:
        """The worker ends, and is not missed.  Afterwards the store is not asked any more."""
        self._over.set()
        async with self._looking:
            try:
                await self._workers.end(worker_name())
            except Unavailable:
                return  # it is forgotten in a while

    def _alone(self) -> bool:
        return time.monotonic() < self._alone_until

    def _idle(self) -> bool:
        """Nothing got done for so long that something may be wrong; of what we said ourselves, since we did."""
        return time.monotonic() - max(self._progress, self._asked) >= self._stuck

    def _leave_alone(self) -> None:
        """Nobody can tell us of work: from now on we look, and what waited until now is no fault of ours."""
        if not self._alone():
            self.progressed()
        self._alone_until = time.monotonic() + RECONNECTS

    def _look_for_broker(self) -> None:
        try:
            self._ping()
        except Exception as error:  # noqa: BLE001 - whatever its client raises, it cannot be used
            self.broker.goes_on(cause(error))
            self._leave_alone()
        else:
            self.broker.is_over()

    def _round(self, loop: asyncio.AbstractEventLoop) -> str:
        """Why this process can do no more, "" if it can."""
        try:
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(TURN)
        except TimeoutError:
            return "the loop does not turn" if self._idle() else ""
        try:
            return asyncio.run_coroutine_threadsafe(self._look(), loop).result(ROUND)
        except Exception as error:
            log.error("the watch could not look", error=type(error).__name__, exc_info=error)
            return ""

    async def _look(self) -> str:
        """The same, as far as the store knows."""
        async with self._looking:
            return "" if self._over.is_set() else await self._ask()

    async def _ask(self) -> str:
        store, configuration = self._engine.store, self._engine.configuration
        try:
            now = await store.now()
            await self._workers.beat(worker_name(), now, configuration.revision)
            self.store.is_over()
            ticking = not self._tick.lasts or await self._ticking(now)
            if self._alone() and await tick.tick(store, self._wake, configuration.visited, configuration.polled):
                self._asked = self._asked if self._asked > self._progress else time.monotonic()
            idle = self._idle()
            overdue = await self._overdue(now) if idle else ""
            if overdue and not self._alone():
                ticking = await self._ticking(now)
        except Unavailable as error:
            self.store.goes_on(error.reason)
            self.progressed()  # nothing can be done without the store, here or anywhere
            return ""
        if not ticking:
            self._leave_alone()
        elif overdue:
            heard = self._alone() or time.monotonic() - self._heard < self._stuck
            why = "nothing gets done" if heard else "the broker answers, and no hint comes"
            return f"work has been due for {self._stuck:g} seconds in {overdue!r}: {why}"
        elif idle:
            self.progressed()
        return ""

    async def _ticking(self, now: int) -> bool:
        """Whether anybody tells of work that became due by itself."""
        if await self._ticks.alive(now):
            self._tick.is_over()
            return True
        self._tick.goes_on("no round of any tick is to be seen: start `lockstep tick`")
        return False

    async def _overdue(self, now: int) -> str:
        """Which list has had due work for too long; "" if none.  A paused target owes nothing."""
        horizon = now - int(self._stuck * 1000)
        paused = await self._engine.pauses.all()
        names = [name for name in self._lists if name not in paused]
        counts = await asyncio.gather(*(self._engine.store.do("ZCOUNT", keys.due(name), "-inf", horizon) for name in names))
        return next((name for name, count in zip(names, counts, strict=True) if count), "")
