"""Commands go out together, and one that cannot be sent is its sender's trouble only."""

from __future__ import annotations

import asyncio

import pytest

from worker.store.connection import Store, connect
from worker.store.errors import Unavailable


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


async def test_who_gives_up_asking_for_the_time_keeps_it_from_nobody(store: Store) -> None:
    """All who ask for the time before a round trip share one answer; one of them who is cancelled takes it from none of the
    others."""
    hasty, patient = asyncio.create_task(store.now()), asyncio.create_task(store.now())
    await asyncio.sleep(0)
    hasty.cancel()
    await asyncio.wait([hasty, patient])
    assert hasty.cancelled()
    assert not patient.cancelled()
    assert patient.result() > 0


async def test_a_connection_that_cannot_be_closed_keeps_nobody_waiting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fault the idle connections are closed; where that fails, too (TLS, to a server that hangs), whoever waits hears of
    the fault all the same."""
    await store.do("SET", "k", "v")
    connections = store.redis.connection_pool.connection_class

    async def broken(*_: object, **__: object) -> object:
        raise ConnectionError

    async def stuck(*_: object, **__: object) -> None:
        raise TimeoutError

    with monkeypatch.context() as fault:
        fault.setattr(connections, "read_response", broken)
        fault.setattr(connections, "disconnect", stuck)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(store.do("GET", "k"), 30)


async def test_a_server_that_does_not_say_how_durable_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes the question and hangs is away, like one that takes a command and hangs: nobody waits for ever."""
    monkeypatch.setattr("worker.store.durability.ANSWER", 0.2)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while got := await reader.read(4096):
            if b"CONFIG" not in got:  # how the client begins a connection
                writer.write(b"+OK\r\n" * got.count(b"*"))
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        store = Store(connect(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"))
        with pytest.raises(Unavailable, match="the store does not answer"):
            await asyncio.wait_for(store.run("take", ["k"], [1, 1], durable=True), 60)
        await store.close()
