"""Stores for tests: the same suite runs on fakeredis and on a real server.  A real server that cannot be had is a failure."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import fakeredis
import pytest
import redis as sync_redis
import time_machine

from worker.store.connection import Store, connect
from worker.store.embedded import Embedded


@pytest.fixture(scope="session")
def real_server() -> Iterator[str]:
    """The URL of a real Valkey of this session's own, on a unix socket, `appendfsync always`."""
    with tempfile.TemporaryDirectory(prefix="ls-") as home, Embedded(Path(home)) as server:
        yield server.url


@pytest.fixture
def real_url(real_server: str) -> str:
    """The same, with an empty database.  It is the first: the next one is the broker's, and must be there."""
    with sync_redis.Redis.from_url(real_server) as client:
        client.flushdb()
    return real_server


@pytest.fixture(params=["fake", "real"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """An empty store, once on fakeredis and once on the real server."""
    if request.param == "fake":
        opened = Store(fakeredis.FakeAsyncRedis(), "trust")
    else:
        opened = Store(connect(request.getfixturevalue("real_url")), "always")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The wall clock, which stands still until a test shifts it; what sleeps goes on sleeping in real time."""
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        yield clock


@pytest.fixture
async def frozen(clock: time_machine.Traveller) -> AsyncIterator[Store]:
    """An empty store on fakeredis whose time is that of `clock`, for what depends on how much of it passes."""
    opened = Store(fakeredis.FakeAsyncRedis(), "trust")
    await opened.open()
    yield opened
    await opened.close()
