"""Hints: "there is work in this list".  At most one unexpired a list; losing one delays, doubling one changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor

import structlog

from worker.absence import Absence
from worker.cause import cause
from worker.store import keys
from worker.store.connection import Store

log = structlog.get_logger()

EXPIRES = 1000
"""Milliseconds after which a hint that nobody followed is published again."""

Publish = Callable[[str], None]
"""Put one hint into the broker; blocking, may raise."""


PAUSE = 0.005
"""Seconds for which hints of one process are collected: under load a list is spoken of once, however many commits there were."""

LATER = 1.5
"""The same while the broker is away; longer than `EXPIRES`."""


class Hints:
    """Publishes hints from an event loop: the broker's client blocks, so it has a thread of its own."""

    def __init__(self, store: Store, publish: Publish, executor: Executor) -> None:
        self.store, self.publish, self.executor = store, publish, executor
        self._pending: set[str] = set()
        self._unsaid: set[str] = set()
        """At most one."""
        self._task: asyncio.Task[None] | None = None
        self.absence = Absence("the broker")
        """Whoever looks for the broker, too, puts its own in place of it."""

    def __call__(self, lists: Iterable[str]) -> None:
        """These lists have work.  Never blocks, never fails: the tick says again what was not said."""
        self._pending.update(lists)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="hints")

    async def _run(self) -> None:
        """Until all is said.  One of those that could not be said is tried again, so that somebody notices when the broker is
        back; the tick says the others."""
        while self._pending:
            names, self._pending = self._pending, set()
            await asyncio.gather(*(self._one(name) for name in sorted(names)))
            await asyncio.sleep(LATER if self.absence.lasts else PAUSE)
            self._pending |= self._unsaid
            self._unsaid = set()

    async def _one(self, name: str) -> None:
        try:
            if not await self.store.do("SET", keys.hint(name), 1, "NX", "PX", EXPIRES):
                return
        except Exception as error:  # noqa: BLE001 - the store is away, and whoever needs it says so
            log.debug("hint not published", list=name, error=type(error).__name__)
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self.executor, self.publish, name)
        except Exception as error:  # noqa: BLE001 - whatever kept it from the broker, the tick says it again
            self.absence.goes_on(cause(error))
            self._unsaid = {name}
        else:
            self.absence.is_over()

    async def followed(self, name: str) -> None:
        """A worker is about to look at this list: the next hint may be published."""
        await self.store.do("DEL", keys.hint(name))
