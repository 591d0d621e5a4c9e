"""Lanes in the store: a pure transition is applied to what is there, until it is committed or has no right to act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from worker.core.lane import Lane, Note, Terms, due, new
from worker.store import keys
from worker.store.connection import Store

_decode = msgspec.json.Decoder(Lane).decode
_encode = msgspec.json.Encoder().encode

Result = TypeVar("Result", bound=tuple[Any, ...])


class Lanes:
    """All lanes of all systems."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def take(self, system: str, lease: int, many: int) -> tuple[int, list[str]]:
        """The store's clock, and accounts whose lanes are due; they are due again after `lease` milliseconds."""
        now, *accounts = await self.store.run("take", [keys.due(system)], [lease, many])
        return int(now), [account.decode() for account in accounts]

    async def load(self, system: str, account: str) -> tuple[bytes | None, Lane]:
        """The lane as stored, for `change`, and as read; a lane that was never written is an empty one."""
        raw = await self.store.do("GET", keys.lane(system, account))
        return raw, _decode(raw) if raw else new()

    async def load_many(self, system: str, accounts: Sequence[str]) -> list[tuple[bytes | None, Lane]]:
        if not accounts:
            return []
        raws = await self.store.do("MGET", *(keys.lane(system, account) for account in accounts))
        return [(raw, _decode(raw) if raw else new()) for raw in raws]

    async def scan(self, system: str, cursor: int = 0, many: int = 1000) -> tuple[int, list[str]]:
        """Some of the accounts that have a lane, in no order, a few of them perhaps twice; and the cursor to go on with, 0 at
        the end.  many: how much of the store is looked through."""
        prefix = keys.lane(system, "")
        position, found = await self.store.do("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", many)
        return int(position), [key.decode().removeprefix(prefix) for key in found]

    async def change(
        self,
        terms: Terms,
        account: str,
        now: int,
        transition: Callable[[Lane], Result | None],
        raw: bytes | None = None,
        *,
        loaded: bool = False,
    ) -> tuple[bytes, Result] | None:
        """Commit `transition`: a function from a lane to (lane, notes, ...), or to None where it has no right to act.
        Lost the race: it is applied again, to what is there.  Value, notes and due time move in one step, and are on disk
        before this answers.  raw, loaded: what `load` gave.  Answers the lane as stored, and the transition's result."""
        if not loaded:
            raw, _ = await self.load(terms.system, account)
        while True:
            lane = _decode(raw) if raw else new()
            result = transition(lane)
            if result is None:
                return None
            after: Lane = result[0]
            notes: list[Note] = result[1]
            after.rev = lane.rev + 1
            stored = _encode(after)
            when = due(after, terms, now)
            answer = await self.store.run(
                "commit",
                [keys.lane(terms.system, account), keys.due(terms.system), keys.OUTBOX],
                [
                    _beginning(raw) if raw else "",
                    stored,
                    account,
                    "" if when is None else when,
                    _encode(notes) if notes else "",
                    "",
                ],
                durable=True,
            )
            if answer == 1:
                return stored, result
            raw = answer or None


def _beginning(raw: bytes) -> bytes:
    """`{"rev":7,` or `{"rev":7}`: all that the commit script compares."""
    end = raw.find(b",")
    return raw if end < 0 else raw[: end + 1]
