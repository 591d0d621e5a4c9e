"""Pauses: why a system is left alone as a whole, and until when."""

from typing import Any

import pytest
from time_machine import Traveller

from worker.store import keys
from worker.store.connection import Store
from worker.store.pauses import BREAKER, CREDENTIALS, Pauses, Reason

ROOM = 8


async def fail(here: Pauses, times: int) -> list[bool]:
    return [await here.failed("s", "it broke") for _ in range(times)]


async def test_nothing_known(store: Store) -> None:
    """A system of which nothing is known takes all there is room for, and a success of it costs no call to the store."""
    here = Pauses(store)
    assert await here.may_take("s", ROOM) == ROOM
    assert await here.paused("s") is None
    assert await here.all() == {}
    here._store = Deaf(store.redis)
    await here.worked("s")


class Deaf(Store):
    """A store that nobody should ask."""

    async def run(self, *args: Any, **more: Any) -> Any:
        raise AssertionError("the store was asked")


async def test_operator(store: Store) -> None:
    """A pause by an operator has no end: neither success nor time lifts it, only who resumes it."""
    here, there = Pauses(store), Pauses(store)
    assert await here.pause("s", Reason.OPERATOR, why="moving house\nat night", by="ana")
    pause = await there.paused("s")
    assert pause is not None
    assert (pause.reason, pause.until, pause.by, pause.why) == ("operator", 0, "ana", "moving house at night")
    assert abs(pause.since - await store.now()) < 60_000
    assert await there.may_take("s", ROOM) == 0
    await there.worked("s")
    assert await there.may_take("s", ROOM) == 0
    assert await there.resume("s")
    assert await here.may_take("s", ROOM) == ROOM
    assert not await there.resume("s")


async def test_breaker(store: Store) -> None:
    """Five failures in a row pause a system, whichever worker met them; it is told once."""
    here, there = Pauses(store), Pauses(store)
    assert await fail(here, 3) == [False] * 3
    assert await here.may_take("s", ROOM) == ROOM
    assert await here.paused("s") is None
    assert await fail(there, 3) == [False, True, False]
    assert await here.may_take("s", ROOM) == 0
    pause = await here.paused("s")
    assert pause is not None
    assert (pause.reason, pause.strikes, pause.why) == ("breaker", 6, "it broke")
    assert 1_000 * BREAKER - 20_000 < pause.until - await store.now() <= 1_000 * BREAKER


async def test_the_end_of_a_pause_is_told_once(store: Store) -> None:
    """To whoever ended it; a success ends no stronger pause."""
    here, there = Pauses(store), Pauses(store)
    await fail(here, 5)
    await fail(there, 1)
    assert [await each.worked("s") for each in (here, there, here)] == [True, False, False]
    await here.pause("s", Reason.OPERATOR, why="maintenance", by="ana")
    assert not await here.worked("s")


async def test_in_a_row(store: Store) -> None:
    """A success in between begins the count anew."""
    here = Pauses(store)
    for _ in range(3):
        assert await fail(here, 4) == [False] * 4
        assert not await here.worked("s"), "it was not paused"
    assert await store.do("HLEN", keys.PAUSES) == 0


@pytest.mark.parametrize(("reason", "seconds"), [(Reason.BREAKER, BREAKER), (Reason.CREDENTIALS, CREDENTIALS)])
async def test_probe(frozen: Store, clock: Traveller, reason: Reason, seconds: float) -> None:
    """When the time is over, one lane may go, at one worker, and the next one only after as long again."""
    here, there = Pauses(frozen), Pauses(frozen)
    if reason is Reason.BREAKER:
        await fail(here, 5)
    else:
        await here.pause("s", reason, why="refused")
    clock.shift(seconds - 0.001)
    assert await here.may_take("s", ROOM) == 0
    clock.shift(0.001)
    assert [await each.may_take("s", ROOM) for each in (here, there, here)] == [1, 0, 0]
    assert (await here.paused("s")) is not None
    clock.shift(seconds)
    assert [await each.may_take("s", ROOM) for each in (there, here)] == [1, 0]


async def test_unused_probe(frozen: Store, clock: Traveller) -> None:
    """A probe that had nothing to ask lets another one go at once; an old one, or none, changes nothing."""
    here, there = Pauses(frozen), Pauses(frozen)
    await fail(here, 5)
    assert not await here.unused("s")
    clock.shift(BREAKER)
    assert await here.may_take("s", ROOM) == 1
    assert await here.unused("s")
    assert not await here.unused("s")
    assert [await each.may_take("s", ROOM) for each in (there, here)] == [1, 0]
    assert await here.paused("s") is not None
    clock.shift(BREAKER)
    assert await here.may_take("s", ROOM) == 1
    assert await there.unused("s")  # of the probe before
    assert await there.may_take("s", ROOM) == 0


async def test_probe_fails(frozen: Store, clock: Traveller) -> None:
    """A probe that fails renews the pause; nobody is told again."""
    here = Pauses(frozen)
    await fail(here, 5)
    clock.shift(BREAKER)
    assert await here.may_take("s", ROOM) == 1
    clock.shift(BREAKER * 0.6)
    assert await fail(here, 1) == [False]
    clock.shift(BREAKER * 0.6)
    assert await here.may_take("s", ROOM) == 0


@pytest.mark.parametrize("reason", [Reason.BREAKER, Reason.CREDENTIALS])
async def test_probe_works(store: Store, reason: Reason) -> None:
    """A success ends it for all, and leaves nothing behind; the worker knows of it from `may_take`."""
    here, there = Pauses(store), Pauses(store)
    await here.pause("s", reason, why="x")
    assert await there.may_take("s", ROOM) == 0
    await there.worked("s")
    assert await here.may_take("s", ROOM) == ROOM
    assert await store.do("HLEN", keys.PAUSES) == 0


async def test_throttled(frozen: Store, clock: Traveller) -> None:
    """A system that asked to wait is left alone until then, whatever works meanwhile, and then there is no probe."""
    here = Pauses(frozen)
    await here.pause("s", Reason.THROTTLED, why="asked to wait", seconds=90_000)
    await here.worked("s")
    clock.shift(89_999)
    assert await here.may_take("s", ROOM) == 0
    assert list(await here.all()) == ["s"]
    clock.shift(1)
    assert await here.all() == {}
    assert await here.may_take("s", ROOM) == ROOM
    assert await frozen.do("HLEN", keys.PAUSES) == 0


async def test_the_same_again(store: Store) -> None:
    """The same pause again is no news, and never ends earlier for it."""
    here = Pauses(store)
    assert await here.pause("s", Reason.THROTTLED, why="x", seconds=1000)
    first = await here.paused("s")
    assert not await here.pause("s", Reason.THROTTLED, why="x", seconds=1)
    second = await here.paused("s")
    assert first is not None
    assert second is not None
    assert (second.until, second.since) == (first.until, first.since)


@pytest.mark.parametrize("stronger", [Reason.OPERATOR, Reason.THROTTLED, Reason.CREDENTIALS])
async def test_ranks(store: Store, stronger: Reason) -> None:
    """A weaker reason never replaces a stronger one; a stronger one replaces a weaker."""
    order = [Reason.OPERATOR, Reason.THROTTLED, Reason.CREDENTIALS, Reason.BREAKER]
    here = Pauses(store)
    for weaker in order[order.index(stronger) + 1 :]:
        assert await here.pause("s", weaker, why="weak", seconds=5000)
        assert await here.pause("s", stronger, why="strong", seconds=0 if stronger is Reason.OPERATOR else 4000)
        assert not await here.pause("s", weaker, why="weak", seconds=5000)
        assert await fail(here, 6) == [False] * 6
        pause = await here.paused("s")
        assert pause is not None
        assert (pause.reason, pause.why) == (stronger, "strong")
        await here.resume("s")


async def test_systems_do_not_mix(store: Store) -> None:
    """Each system has its own; all of them are listed by name."""
    here = Pauses(store)
    await here.pause("b", Reason.OPERATOR, why="x", by="ana")
    await here.pause("a", Reason.CREDENTIALS, why="y")
    await here.failed("c", "it broke")
    assert [(name, pause.reason) for name, pause in (await here.all()).items()] == [("a", "credentials"), ("b", "operator")]
    assert await here.may_take("c", ROOM) == ROOM
