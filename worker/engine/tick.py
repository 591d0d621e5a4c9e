"""Tick: every second, for each list with something due, one hint.  Any number of ticks may run."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence

from worker.absence import Absence
from worker.config import Configuration
from worker.engine.engine import EVENTS, FEEDS, OUTBOX
from worker.engine.hints import Hints
from worker.store import keys
from worker.store.beats import Beats
from worker.store.connection import Store
from worker.store.cursors import Cursors
from worker.store.errors import Unavailable
from worker.store.journal import Journal

PERIOD = 1.0
TRIM = 60.0
"""Seconds between two looks for what the journal may forget."""


async def tick(store: Store, hints: Callable[[list[str]], None], systems: Sequence[str], polled: Sequence[str] = ()) -> list[str]:
    """One tick: hints for the lists that have something due.  systems: the targets; polled: the sources whose feeds are read."""
    now = await store.now()
    await Cursors(store).enroll(polled, now)
    lists = {EVENTS: keys.EVENTS_DUE, FEEDS: keys.FEEDS_DUE, **{system: keys.due(system) for system in systems}}
    counts = await asyncio.gather(*(store.do("ZCOUNT", key, "-inf", now) for key in lists.values()))
    due = [name for name, count in zip(lists, counts, strict=True) if count]
    if await unfolded(store):
        due.append(OUTBOX)
    hints(due)
    return due


async def unfolded(store: Store) -> bool:
    last = await store.do("XREVRANGE", keys.OUTBOX, "+", "-", "COUNT", 1)
    return bool(last) and last[0][0] != await store.do("GET", keys.FOLDED)


async def run(store: Store, hints: Hints, journal: Journal, configuration: Configuration, stop: asyncio.Event) -> None:
    """Tick until `stop`.  A store that is away is waited for."""
    trimmed = time.monotonic()
    beats, host, absence = Beats(store, keys.TICKS), os.uname().nodename, Absence("the store")
    while not stop.is_set():
        try:
            await tick(store, hints, configuration.visited, configuration.polled)
            await beats.beat(host, await store.now(), configuration.revision)
            if time.monotonic() - trimmed > TRIM:
                trimmed = time.monotonic()
                await journal.trim()
                await beats.forget(await store.now())
                await Beats(store, keys.WORKERS).forget(await store.now())
        except Unavailable as error:
            absence.goes_on(error.reason)
        else:
            absence.is_over()
        try:
            await asyncio.wait_for(stop.wait(), PERIOD)
        except TimeoutError:
            continue
