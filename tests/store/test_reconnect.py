"""A store that went away and came back, real server."""

from __future__ import annotations

import asyncio
import subprocess
import time

import pytest
import redis as sync_redis

from bench.running import free_ports
from worker.store.connection import Store, connect
from worker.store.embedded import server_binary
from worker.store.errors import Unavailable


def started(port: int) -> subprocess.Popen[bytes]:
    """A server on this port of loopback, answering."""
    process = subprocess.Popen(
        [str(server_binary()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--logfile", "/dev/null"]
    )
    with sync_redis.Redis(port=port) as client:
        for _ in range(3_000):
            try:
                client.ping()
                return process
            except sync_redis.RedisError:
                time.sleep(0.02)
    pytest.fail("the real Valkey server did not start")


async def test_restart_is_noticed_once() -> None:
    """After a restart of the server one batch of commands fails, not one for each connection that waited in the pool."""
    (port,) = free_ports(1)
    server = started(port)
    client = connect(f"redis://127.0.0.1:{port}/0")
    store = Store(client, "trust")
    try:
        await asyncio.gather(*(client.ping() for _ in range(4)))  # all connections of the pool are open
        server.kill()
        server.wait()
        server = started(port)
        with pytest.raises(Unavailable):
            await store.now()
        assert all(await asyncio.gather(*(client.ping() for _ in range(4))))
    finally:
        await store.close()
        server.kill()
        server.wait()
