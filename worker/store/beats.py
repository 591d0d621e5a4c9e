"""Beats: daemons leave a mark of their last round, so that one that is not there, alive and deaf, or started with another
configuration can be told."""

from __future__ import annotations

import os
from typing import NamedTuple

from worker.store import keys
from worker.store.connection import Store, pairs

SILENT = {keys.TICKS: 10_000, keys.WORKERS: 30_000}
"""Milliseconds since its last round after which a daemon is taken for dead.  A worker waits for the broker within its round."""
FORGOTTEN = 24 * 60 * 60 * 1000
"""Milliseconds after which a daemon that beats no more is not spoken of."""


class Beat(NamedTuple):
    """A round.  at: milliseconds since 1970.  revision: of the configuration that the daemon has, "" if it does not say."""

    at: int
    revision: str


class Beats:
    """The last round of each daemon of a kind.  kind: `keys.TICKS`, by host, or `keys.WORKERS`, by `worker_name`."""

    def __init__(self, store: Store, kind: str) -> None:
        self.store, self.kind = store, kind

    async def beat(self, name: str, now: int, revision: str) -> None:
        """now: the store's clock, milliseconds.  It is a write, so it fails where nothing can be written; a read would not."""
        await self.store.do("HSET", self.kind, name, f"{now} {revision}")

    async def end(self, name: str) -> None:
        """This one ends."""
        await self.store.do("HDEL", self.kind, name)

    async def all(self) -> dict[str, Beat]:
        """By name."""
        return {name.decode(): _read(beat) for name, beat in pairs(await self.store.do("HGETALL", self.kind)).items()}

    async def alive(self, now: int) -> dict[str, Beat]:
        """Those that made a round a moment ago."""
        return {name: beat for name, beat in (await self.all()).items() if beat.at >= now - SILENT[self.kind]}

    async def forget(self, now: int) -> None:
        """Those that have not beaten for a day."""
        gone = [name for name, beat in (await self.all()).items() if beat.at < now - FORGOTTEN]
        if gone:
            await self.store.do("HDEL", self.kind, *gone)


def _read(beat: bytes) -> Beat:
    at, _, revision = beat.decode().partition(" ")
    return Beat(int(at), revision)


def worker_name() -> str:
    """Of this process; a host may have many."""
    return f"{os.uname().nodename}:{os.getpid()}"
