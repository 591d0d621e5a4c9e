"""Acts: what operators did, written down before it is done.  Names and counts, never a value."""

from __future__ import annotations

import msgspec

from worker.store import keys
from worker.store.connection import Store, pairs

What = dict[str, str | int | bool | tuple[str, ...]]


class Act(msgspec.Struct, frozen=True):
    """at: milliseconds since 1970.  by: who.  act: the command's words.  why: as the operator said it.  what: names, counts."""

    at: int
    by: str
    act: str
    why: str = ""
    what: What = {}


class _Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """An act in the stream, whose entry has the time."""

    by: str
    act: str
    why: str = ""
    what: What = {}


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Written).decode


class Acts:
    """The operators' journal.  It is never trimmed: acts are few, and asked for late."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def record(self, act: str, *, by: str, why: str = "", **what: str | int | bool | tuple[str, ...]) -> None:
        """Write down what is about to be done; on disk before this answers.  what: MUST NOT hold attribute values.  Raises
        Unavailable, and then nothing may be done."""
        await self.store.run("act", [keys.ACTS], [_encode(_Written(by, act, why, what))], durable=True)

    async def newest(self, many: int = 100) -> list[Act]:
        """The last acts, newest first."""
        found = []
        for position, fields in await self.store.do("XREVRANGE", keys.ACTS, "+", "-", "COUNT", many):
            written = _decode(pairs(fields)[b"a"])
            found.append(Act(int(position.partition(b"-")[0]), written.by, written.act, written.why, written.what))
        return found
