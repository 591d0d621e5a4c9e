"""Cursors of feeds, on fakeredis and on a real server."""

from __future__ import annotations

from msgspec.structs import replace

from worker.store import keys
from worker.store.connection import Store
from worker.store.cursors import NOTHING, Cursors

LEASE = 30_000


async def test_a_polled_source_is_due_at_once_and_then_when_it_was_told(store: Store) -> None:
    """To enroll it again changes nothing; while it is taken nobody else takes it."""
    cursors, now = Cursors(store), await store.now()
    await cursors.enroll([], now)
    await cursors.enroll(["crm", "hr"], now)
    assert sorted(await cursors.take(LEASE, 16)) == ["crm", "hr"]
    await cursors.enroll(["crm", "hr"], now)
    assert await cursors.take(LEASE, 16) == []
    await cursors.move("crm", NOTHING, replace(NOTHING, place="a"), now)
    assert await cursors.take(LEASE, 16) == ["crm"]


async def test_a_cursor_is_moved_by_one(store: Store) -> None:
    """Of two who read the same, one moves it; the other changes neither the cursor nor when it is due."""
    cursors, now = Cursors(store), await store.now()
    assert await cursors.load("crm") == NOTHING
    first = await cursors.move("crm", NOTHING, replace(NOTHING, place="a"), now + LEASE)
    assert first is not None
    assert await cursors.move("crm", NOTHING, replace(NOTHING, place="b"), now) is None
    second = await cursors.move("crm", first, replace(first, place="c", whole=now), now + LEASE)
    assert await cursors.move("crm", first, replace(first, place="d"), now) is None
    assert await cursors.load("crm") == second == replace(first, rev=2, place="c", whole=now)
    assert await cursors.take(LEASE, 16) == []


async def test_a_source_that_is_left_keeps_its_cursor(store: Store) -> None:
    """Whoever polls it again goes on where it was."""
    cursors, now = Cursors(store), await store.now()
    await cursors.enroll(["crm"], now)
    moved = await cursors.move("crm", NOTHING, replace(NOTHING, place="a"), now)
    await cursors.leave("crm")
    assert await store.do("ZCARD", keys.FEEDS_DUE) == 0
    assert await cursors.load("crm") == moved
