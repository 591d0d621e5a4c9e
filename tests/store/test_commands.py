"""Commands go out together, and one that cannot be sent is its sender's trouble only."""

from __future__ import annotations

import asyncio

import pytest

from worker.store.connection import Store


async def test_a_command_that_cannot_be_spelled_fails_alone(store: Store) -> None:
    """Text that has no UTF-8 (half of a surrogate pair, as JSON of a stranger may hold it) is an error for whoever sent it; those
    whose commands leave in the same round trip are answered, and the text of the error does not show it."""
    bad, good = await asyncio.wait_for(
        asyncio.gather(store.do("SET", "k-\ud800", "v"), store.do("SET", "k", "v"), return_exceptions=True), 5
    )
    assert isinstance(bad, ValueError)
    assert "\ud800" not in str(bad)
    assert good in (True, b"OK", "OK")
    assert await store.do("GET", "k") == b"v"


async def test_whatever_breaks_a_round_trip_is_told_to_all_who_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that nobody thought of, in the middle of a round trip, leaves nobody waiting for ever; and what was not read of it
    answers nobody who asks later."""
    await asyncio.gather(store.do("SET", "k", "v"), store.do("SET", "l", "w"))
    with monkeypatch.context() as fault:

        async def broken(*_: object, **__: object) -> object:
            raise LookupError

        fault.setattr(store.redis.connection_pool.connection_class, "read_response", broken)
        asked = asyncio.gather(store.do("GET", "k"), store.do("GET", "l"), return_exceptions=True)
        answers = await asyncio.wait_for(asked, 30)
        assert [type(answer) for answer in answers] == [LookupError, LookupError]
    assert [await store.do("GET", "l"), await store.do("GET", "k")] == [b"w", b"v"]
