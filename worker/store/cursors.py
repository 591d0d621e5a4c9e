"""Cursors: how far the feed of each source has been read, and when it is read again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from worker.store import keys
from worker.store.connection import Store


class Cursor(msgspec.Struct, frozen=True):
    """rev     first, so that the commit script compares only the beginning; 0: it was never written
    place   where to go on: the connector's own text, "" if nothing was read yet
    begun   when it was written first, milliseconds since 1970
    whole   when the feed was last read to its end, likewise; 0: never
    misses  polls in a row that failed
    why     why the last poll did not come to its end; "" if it did
    """

    rev: int
    place: str
    begun: int
    whole: int
    misses: int
    why: str

    @property
    def since(self) -> int:
        """From when on nothing is known of the feed."""
        return self.whole or self.begun


NOTHING = Cursor(0, "", 0, 0, 0, "")

_decode = msgspec.json.Decoder(Cursor).decode
_encode = msgspec.json.Encoder().encode


class Cursors:
    """The cursors of all sources that are polled.  Every call raises Unavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def enroll(self, sources: Sequence[str], now: int) -> None:
        """These are polled: one that is not waiting for its turn is due at once."""
        if sources:
            await self._store.do("ZADD", keys.FEEDS_DUE, "NX", *(word for source in sources for word in (now, source)))

    async def take(self, lease: int, many: int) -> list[str]:
        """Sources that are due; they are due again after `lease` milliseconds."""
        _, *sources = await self._store.run("take", [keys.FEEDS_DUE], [lease, many])
        return [source.decode() for source in sources]

    async def load(self, source: str) -> Cursor:
        raw = await self._store.do("GET", keys.cursor(source))
        return _decode(raw) if raw else NOTHING

    async def move(self, source: str, before: Cursor, after: Cursor, due: int) -> Cursor | None:
        """`after` takes the place of `before`, and the source is due at that time (milliseconds).  None if another worker moved
        it since: then nothing happens."""
        moved = replace(after, rev=before.rev + 1)
        beginning = f'{{"rev":{before.rev},' if before.rev else ""
        answer = await self._store.run(
            "commit", [keys.cursor(source), keys.FEEDS_DUE, keys.OUTBOX], [beginning, _encode(moved), source, due, "", ""]
        )
        return moved if answer == 1 else None

    async def leave(self, source: str) -> None:
        """It is not polled any more.  Its cursor stays: whoever polls it again goes on there."""
        await self._store.do("ZREM", keys.FEEDS_DUE, source)
