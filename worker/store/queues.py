"""What waits in the store: how much is in each list, how long the oldest has been due, and how far the fold is behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.store import keys
from worker.store.connection import Store, scores


@dataclass(frozen=True, slots=True)
class Depth:
    """waiting: entries, also those that are not due yet.  due: those that are.  oldest: since when the oldest of these is due,
    milliseconds since 1970, 0 if none is."""

    waiting: int
    due: int
    oldest: int


async def depth(store: Store, due_list: str, now: int) -> Depth:
    """due_list: a key of keys.py.  now: the store's clock, milliseconds."""
    waiting = int(await store.do("ZCARD", due_list))
    due = int(await store.do("ZCOUNT", due_list, "-inf", now))
    first = await store.do("ZRANGE", due_list, 0, 0, "WITHSCORES") if due else []
    return Depth(waiting, due, int(next(iter(scores(first)), 0)))


async def enrol(store: Store, systems: Sequence[str]) -> None:
    """A worker keeps lanes for these from now on."""
    if systems:
        await store.do("SADD", keys.TARGETS, *systems)


async def enrolled(store: Store) -> frozenset[str]:
    """The systems that ever had lanes here, also those that no configuration names any more."""
    return frozenset(name.decode() for name in await store.do("SMEMBERS", keys.TARGETS))


async def due_at(store: Store, due_list: str, member: str) -> int | None:
    """When this entry is looked at next; None if it is not in the list."""
    score = await store.do("ZSCORE", due_list, member)
    return None if score is None else int(float(score))


@dataclass(frozen=True, slots=True)
class Lag:
    """Commits of lanes that have not reached the records of their events, and since when the oldest has not."""

    entries: int
    oldest: int


async def outbox_lag(store: Store) -> Lag:
    folded = (await store.do("GET", keys.FOLDED) or b"0-0").decode()
    first = await store.do("XRANGE", keys.OUTBOX, f"({folded}", "+", "COUNT", 1)
    if not first:
        return Lag(0, 0)
    entries = int(await store.do("XLEN", keys.OUTBOX))  # what was folded is trimmed with the position, but for its last entry
    at = await store.do("XRANGE", keys.OUTBOX, folded, folded)
    return Lag(entries - len(at), int(first[0][0].decode().partition("-")[0]))


async def parked(store: Store) -> int:
    """How many events have something parked."""
    return int(await store.do("ZCARD", keys.PARKED))


async def hold(store: Store, share: str) -> int:
    """Until when nothing is sent with this credential, milliseconds since 1970; 0 if it may be used."""
    until = await store.do("HGET", keys.budget(share), "hold")
    return int(float(until)) if until else 0
