"""A store that answers and cannot be written, real server: nothing is accepted, and no event is to blame for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bench.running import free_ports
from tests.company import Company
from tests.company import company as company
from tests.store.test_reconnect import started
from worker.core.event import Entry
from worker.engine.propagate import propagate
from worker.store.connection import Store, connect
from worker.store.errors import Unavailable


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """An empty store on a server of its own, which a test may spoil."""
    (port,) = free_ports(1)
    server = started(port)
    opened = Store(connect(f"redis://127.0.0.1:{port}/0"), "trust")
    await opened.open()
    yield opened
    await opened.close()
    server.kill()
    server.wait()


@pytest.mark.parametrize(
    ("word", "spoil", "mend"),
    [
        ("OOM", "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        ("READONLY", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
        ("NOPERM", "ACL SETUSER default -zadd -set -eval -evalsha", "ACL SETUSER default +@all"),
        ("NOREPLICAS", "CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
    ],
)
async def test_what_cannot_be_written_waits(company: Company, word: str, spoil: str, mend: str) -> None:
    """Full, read-only, without the right or without its replicas: a webhook is told 503, what was accepted before is not parked
    as if it were broken, and all of it goes on when the store is mended."""
    before = await company.say("e1", department="Sales")
    store = company.engine.store
    await store.redis.execute_command(*spoil.split())
    with pytest.raises(Unavailable, match=word):
        await propagate(company.engine)
    entry = Entry("hr", "e2", "d", b"{}", subject="E-1")
    with pytest.raises(Unavailable, match=word):
        await company.engine.journal.accept(entry)
    await store.redis.execute_command(*mend.split())
    await company.run()
    assert set((await company.told(before)).values()) == {"applied"}
    assert await company.engine.journal.event("hr:e2") is None
    assert company.desk.accounts["d1"]["department"] == "Sales"
