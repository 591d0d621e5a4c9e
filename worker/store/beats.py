"""Beats: daemons that hold nothing leave a mark of their last round, so that one that is alive and deaf can be told."""

from __future__ import annotations

from worker.store import keys
from worker.store.connection import Store, pairs

FORGOTTEN = 24 * 60 * 60 * 1000
"""Milliseconds after which a daemon that beats no more is not spoken of."""


class Beats:
    """The last round of each tick, by host."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def beat(self, host: str, now: int) -> None:
        """now: the store's clock, milliseconds."""
        await self.store.do("HSET", keys.BEATS, host, now)

    async def all(self) -> dict[str, int]:
        """host -> when, milliseconds since 1970."""
        return {host.decode(): int(at) for host, at in pairs(await self.store.do("HGETALL", keys.BEATS)).items()}

    async def forget(self, now: int) -> None:
        """Those that have not beaten for a day."""
        gone = [host for host, at in (await self.all()).items() if at < now - FORGOTTEN]
        if gone:
            await self.store.do("HDEL", keys.BEATS, *gone)
