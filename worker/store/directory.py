"""Directories in the store: who has which key, at systems whose accounts can only be listed.

A list is one hash: the fingerprint of a key with its case folded, to the accounts that hold it, each with the fingerprint of
the key as it is written there.  No key stands in it as text.  It is filled beside the one in force and replaces it in one step.
A list says with which fingerprint key it was made: for whoever has another one it is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import islice

import msgspec

from worker.store import keys
from worker.store.connection import Store
from worker.store.errors import Unavailable

CLAIM = 30_000
"""Milliseconds after which a worker that makes a list and died is no longer waited for; it says three times in this time that
it lives."""
CHUNK = 500
"""Keys that are written at a time."""
MADE = "made:"
"""With the name of a fingerprint key: the field that says when the list was whole.  No fingerprint has a colon."""
FAILED = "!"


class Listing(msgspec.Struct, frozen=True, array_like=True):
    """An account in the list.  exact: the fingerprint of the key as it is written there."""

    account: str
    exact: str


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """Why no list could be made.  counts: the system is to blame, so whoever waits for it spends a try."""

    reason: str
    counts: bool


class Claim(msgspec.Struct, frozen=True):
    """ours: this worker makes the list now.  failed: nobody does for a while, and why; neither: another one does.  left:
    milliseconds for which that holds."""

    ours: bool
    failed: Failure | None = None
    left: int = 0


_decode = msgspec.json.Decoder(list[Listing]).decode
_decode_failure = msgspec.json.Decoder(Failure).decode
_encode = msgspec.json.Encoder().encode

Row = tuple[str, Sequence[Listing]]


class Directories:
    """The lists of all systems.  key: the name of the fingerprint key that is current here.  Every call raises Unavailable."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._made = f"{MADE}{key}"

    async def find(self, system: str, folded: str) -> tuple[int, list[Listing]]:
        """When the list was whole (milliseconds; 0: there is none), and who holds this key, written in whatever case."""
        made, there = await self._store.do("HMGET", keys.directory(system), self._made, folded)
        return int(made or 0), _decode(there) if there else []

    async def drop(self, system: str, folded: str) -> None:
        """Who holds this key is not known any more."""
        await self._store.do("HDEL", keys.directory(system), folded)

    async def claim(self, system: str, token: str) -> Claim:
        """Ask to make the list."""
        ours, there, left = await self._run(system, token, "claim", CLAIM)
        failed = there.decode().startswith(FAILED) if there else False
        return Claim(bool(ours), _decode_failure(there[len(FAILED) :]) if failed else None, int(left))

    @asynccontextmanager
    async def kept(self, system: str, token: str) -> AsyncIterator[None]:
        """The claim does not end while this lasts, unless this process does."""

        async def keep() -> None:
            while True:
                await asyncio.sleep(CLAIM / 3000)
                with suppress(Unavailable):
                    await self._run(system, token, "keep", CLAIM)

        keeping = asyncio.create_task(keep(), name=f"keeps the claim of {system}")
        try:
            yield
        finally:
            keeping.cancel()

    async def fill(self, system: str, token: str, rows: Iterable[Row], now: int) -> bool:
        """Put a whole list in force and give the claim back.  rows: each key once.  False if the claim was lost: then another
        worker's list will be, and nothing was changed."""
        beside, rest = keys.directory_beside(system, token), iter(rows)
        await self._store.do("HSET", beside, self._made, now)
        while chunk := list(islice(rest, CHUNK)):
            await self._store.do("PEXPIRE", beside, CLAIM)
            await self._store.do("HSET", beside, *(word for key, listings in chunk for word in (key, _encode(listings))))
        ours, _, _ = await self._run(system, token, "whole", CLAIM)
        return bool(ours)

    async def failed(self, system: str, token: str, failure: Failure, milliseconds: int) -> None:
        """No list was made; for so long nobody tries."""
        await self._run(system, token, "fail", milliseconds, FAILED.encode() + _encode(failure))

    async def _run(self, system: str, token: str, what: str, milliseconds: int, mark: bytes = b"") -> tuple[int, bytes, int]:
        places = [keys.listing(system), keys.directory_beside(system, token), keys.directory(system)]
        ours, there, left = await self._store.run("directory", places, [token, what, max(milliseconds, 1), mark])
        return ours, there, left
