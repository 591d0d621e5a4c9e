"""Directories in the store: one worker fills a list at a time, and a list is replaced as a whole."""

from __future__ import annotations

import asyncio

import pytest
from time_machine import Traveller

from worker.store import directory, keys
from worker.store.connection import Store
from worker.store.directory import Directories, Failure, Listing

ANA, BEN = Listing("7", "k.ANA"), Listing("8", "k.ben")


async def test_a_list_is_found_by_its_folded_keys(store: Store) -> None:
    """With the time at which it was whole; who is not in it is nobody, and without a list there is no time."""
    here = Directories(store, "k")
    assert await here.find("desk", "k.ana") == (0, [])
    assert (await here.claim("desk", "t1")).ours
    assert await here.fill("desk", "t1", [("k.ana", [ANA]), ("k.ben", [BEN, ANA])], 1234)
    assert await here.find("desk", "k.ana") == (1234, [ANA])
    assert await here.find("desk", "k.ben") == (1234, [BEN, ANA])
    assert await here.find("desk", "k.cho") == (1234, [])
    assert await here.find("crm", "k.ana") == (0, [])
    assert await store.do("PTTL", keys.directory("desk")) == -1, "a list stays until the next one"


async def test_a_long_list_arrives_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many keys are written at a time; and a system without accounts has a list, too."""
    monkeypatch.setattr(directory, "CHUNK", 3)
    here = Directories(store, "k")
    await here.claim("desk", "t1")
    await here.fill("desk", "t1", ((f"k.{n}", [Listing(str(n), "k.x")]) for n in range(10)), 1)
    assert [(await here.find("desk", f"k.{n}"))[1][0].account for n in range(10)] == [str(n) for n in range(10)]
    await here.claim("desk", "t2")
    await here.fill("desk", "t2", [], 2)
    assert await here.find("desk", "k.1") == (2, [])


async def test_one_worker_makes_a_list_at_a_time(store: Store) -> None:
    """Who comes second is told that another one does, and for how long that holds; once it is made it may be made anew."""
    here, there = Directories(store, "k"), Directories(store, "k")
    assert (await here.claim("desk", "t1")).ours
    second = await there.claim("desk", "t2")
    assert (second.ours, second.failed) == (False, None)
    assert 0 < second.left <= directory.CLAIM
    assert (await there.claim("crm", "t2")).ours
    assert not await there.fill("desk", "t2", [("k.ana", [ANA])], 1), "it is not its turn"
    assert await here.find("desk", "k.ana") == (0, [])
    assert await store.do("EXISTS", keys.directory_beside("desk", "t2")) == 0
    await here.fill("desk", "t1", [], 1)
    assert (await there.claim("desk", "t2")).ours


async def test_a_claim_lasts_as_long_as_its_worker_lives(
    frozen: Store, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is renewed while the list is made, however long that takes; of a worker that died it ends by itself."""
    monkeypatch.setattr(directory, "CLAIM", 60)
    here, there = Directories(frozen, "k"), Directories(frozen, "k")
    await here.claim("desk", "t1")
    async with here.kept("desk", "t1"):
        for _ in range(3):
            clock.shift(0.05)
            while (await there.claim("desk", "t2")).left < 60:  # noqa: ASYNC110 - nobody tells when it is renewed
                await asyncio.sleep(0.005)
        assert not (await there.claim("desk", "t2")).ours
    clock.shift(0.061)
    assert (await there.claim("desk", "t2")).ours
    assert not await here.fill("desk", "t1", [], 1), "who lost the claim puts nothing in force"


async def test_a_list_that_could_not_be_made_is_not_tried_at_once(frozen: Store, clock: Traveller) -> None:
    """Whoever asks is told why, and for how long; the list in force stays."""
    here = Directories(frozen, "k")
    await here.claim("desk", "t1")
    await here.fill("desk", "t1", [("k.ana", [ANA])], 1)
    await here.claim("desk", "t2")
    await here.failed("desk", "t2", Failure("server error", counts=True), 200)
    told = await here.claim("desk", "t3")
    assert (told.ours, told.failed) == (False, Failure("server error", True))
    assert told.left == 200
    assert await here.find("desk", "k.ana") == (1, [ANA])
    clock.shift(0.201)
    assert (await here.claim("desk", "t3")).ours


async def test_what_was_dropped_is_not_known(store: Store) -> None:
    """One key, and no other."""
    here = Directories(store, "k")
    await here.claim("desk", "t1")
    await here.fill("desk", "t1", [("k.ana", [ANA]), ("k.ben", [BEN])], 1)
    await here.drop("desk", "k.ana")
    assert await here.find("desk", "k.ana") == (1, [])
    assert await here.find("desk", "k.ben") == (1, [BEN])


async def test_a_list_that_was_made_with_another_fingerprint_key_is_none(store: Store) -> None:
    """Nobody is found in it, which says nothing of who is there; a new list takes its place, also for those that come later."""
    old, new = Directories(store, "k"), Directories(store, "l")
    await old.claim("desk", "t1")
    await old.fill("desk", "t1", [("k.ana", [ANA])], 1234)
    assert await new.find("desk", "l.ana") == (0, [])
    await new.claim("desk", "t2")
    await new.fill("desk", "t2", [("l.ana", [Listing("7", "l.ANA")])], 1235)
    assert await new.find("desk", "l.ana") == (1235, [Listing("7", "l.ANA")])
    assert await old.find("desk", "k.ana") == (0, [])
