"""Budgets: how many calls a credential may still make, in the store and so for all workers together.

Three things can say no, and all must say yes: a hold (Retry-After), what the system said is left (rate headers), and our own
budget: never more than `calls` in any window of `per` seconds.  That window slides in slots of a twentieth, so it costs two
dozen small numbers a credential, and what it allows is short of the budget by at most a twentieth.  (A token bucket of the
same size would allow twice the calls in the window in which it empties.)

Systems that share a credential MUST be given one budget.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass

from connectors.contract import Budget
from worker.store import keys
from worker.store.connection import Store

SLOTS = 20


class Exhausted(Exception):
    """No call may be made within the patience of whoever asked.  Nothing was spent.

    wait    seconds until it is worth to ask again
    reason  `told to wait` (a hold, or the system said that nothing is left) or `budget spent`
    """

    def __init__(self, reason: str, wait: float) -> None:
        super().__init__(f"{reason}: {wait:.3f} s")
        self.reason = reason
        self.wait = wait


@dataclass(slots=True)
class _Taker:
    """One who waits for a call.  until: loop time up to which."""

    granted: asyncio.Future[None]
    until: float


@dataclass(slots=True)
class _Left:
    """What the system said is left, as the store had it last.  until: loop time."""

    calls: int
    until: float


@dataclass(slots=True)
class _Resting:
    """Nothing is granted before.  until: loop time."""

    until: float
    reason: str


_Key = tuple[str, Budget | None]


class Gate:
    """Belongs to one event loop.  All who ask in one iteration of it, or while an answer is under way, ask together."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queues: dict[_Key, deque[_Taker]] = {}
        self._pumps: dict[_Key, asyncio.Task[None]] = {}
        self._resting: dict[_Key, _Resting] = {}
        self._left: dict[str, _Left] = {}

    async def take(self, share: str, budget: Budget | None, patience: float) -> None:
        """Wait for the right to make one call with this credential, first come, first served.

        budget    None: only what the system said counts
        patience  seconds

        Raises Exhausted as soon as it is known that it would take longer; Unavailable.
        """
        loop = asyncio.get_running_loop()
        key = (share, budget)
        taker = _Taker(loop.create_future(), loop.time() + patience)
        resting = self._resting.get(key)
        if resting is not None and taker.until < resting.until:
            raise Exhausted(resting.reason, resting.until - loop.time())
        self._queues.setdefault(key, deque()).append(taker)
        pump = self._pumps.get(key)
        if pump is None or pump.done():
            self._pumps[key] = asyncio.create_task(self._pump(key), name=f"budget {share}")
        await taker.granted

    async def hold(self, share: str, seconds: float) -> None:
        """Nothing is sent with this credential until then; a longer hold stays.  Raises Unavailable."""
        if seconds > 0:
            await self._store.run("limit", [keys.budget(share)], ["", math.ceil(seconds * 1000)])

    async def forget(self, share: str) -> None:
        """What the system told us to wait for is over, because an operator says so; our own budget stays.  Raises Unavailable."""
        await self._store.do("HDEL", keys.budget(share), "hold", "left", "until")

    async def correct(self, share: str, remaining: int, seconds: float) -> None:
        """The system said that `remaining` calls are left for so many seconds.  Costs a call to the store only where it says
        less than we counted.  Raises Unavailable."""
        now = asyncio.get_running_loop().time()
        known = self._left.get(share)
        if known is not None and now < known.until and known.calls <= remaining and remaining > 0:
            return
        await self._store.run("limit", [keys.budget(share)], [remaining, math.ceil(seconds * 1000)])

    async def _pump(self, key: _Key) -> None:
        """Ask for those who wait, until nobody does."""
        queue = self._queues[key]
        try:
            while True:
                wanted = len(_waiting(queue))
                if not wanted:
                    return
                granted, wait, reason = await self._spend(*key, wanted)
                for _ in range(granted):
                    _grant(queue.popleft())
                if wait:
                    await self._rest(key, wait, reason)
        except asyncio.CancelledError:
            for taker in queue:
                taker.granted.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            for taker in _waiting(queue):
                taker.granted.set_exception(error)
            queue.clear()

    async def _spend(self, share: str, budget: Budget | None, wanted: int) -> tuple[int, float, str]:
        """Calls granted, seconds until there may be more (0: all were), and why."""
        limit: list[str | int] = ["", 0, 0]
        if budget is not None:
            window = math.ceil(budget.per * 1000)
            limit = [budget.calls, window, math.ceil(window / SLOTS)]
        granted, wait, told, left, rest = await self._store.run("spend", [keys.budget(share)], [wanted, *limit])
        if left:
            self._left[share] = _Left(int(left), asyncio.get_running_loop().time() + int(rest) / 1000)
        return granted, int(wait) / 1000, "told to wait" if told else "budget spent"

    async def _rest(self, key: _Key, wait: float, reason: str) -> None:
        """Let `wait` seconds pass for those who have them; tell the others at once."""
        queue = self._queues[key]
        now = asyncio.get_running_loop().time()
        for taker in _waiting(queue):
            if taker.until < now + wait:
                taker.granted.set_exception(Exhausted(reason, wait))
        if _waiting(queue):
            self._resting[key] = _Resting(now + wait, reason)
            try:
                await asyncio.sleep(wait)
            finally:
                del self._resting[key]


def _waiting(queue: deque[_Taker]) -> list[_Taker]:
    """Those who still wait; the others are gone from the queue after it."""
    there = [taker for taker in queue if not taker.granted.done()]
    if len(there) < len(queue):
        queue.clear()
        queue.extend(there)
    return there


def _grant(taker: _Taker) -> None:
    if not taker.granted.done():
        taker.granted.set_result(None)
