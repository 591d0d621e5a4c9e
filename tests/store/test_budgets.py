"""Budgets: what a credential may still do, for all workers together."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from time_machine import Traveller

from connectors.contract import Budget
from worker.store import keys
from worker.store.budgets import Exhausted, Gate
from worker.store.connection import Argument, Store


@pytest.fixture
async def gates(store: Store) -> tuple[Gate, Gate]:
    """Two workers."""
    return Gate(store), Gate(store)


@pytest.fixture
async def still(frozen: Store) -> tuple[Gate, Gate]:
    """Two workers for whom time passes only as `clock` says."""
    return Gate(frozen), Gate(frozen)


async def allowed(gate: Gate, budget: Budget | None = None, share: str = "s") -> bool:
    try:
        await gate.take(share, budget, 0)
    except Exhausted:
        return False
    return True


async def test_no_budget(gates: tuple[Gate, Gate], store: Store) -> None:
    """Without a budget and with nothing said, all may go, and nothing is kept."""
    await asyncio.gather(*(gates[0].take("s", None, 0) for _ in range(100)))
    assert await store.do("EXISTS", keys.budget("s")) == 0


async def test_never_more_than_the_budget(still: tuple[Gate, Gate], clock: Traveller) -> None:
    """Two workers that want as much as they can get make no more calls in any window than the budget says, and no fewer than
    a tenth less."""
    budget, made = Budget(10, 0.5), list[int]()
    for now in range(0, 3_000, 10):
        made += [now for gate in (*still, *still) if await allowed(gate, budget)]
        clock.shift(0.01)
    for first, beyond in zip(made, made[10:], strict=False):
        assert beyond - first >= 500
    assert len(made) >= 0.9 * 10 * 6


async def test_window_slides(still: tuple[Gate, Gate], clock: Traveller) -> None:
    """Calls made one by one count as long as those made at once: each for the whole window."""
    budget = Budget(4, 0.5)
    for _ in range(4):
        assert await allowed(still[0], budget)
        clock.shift(0.06)
    assert not await allowed(still[1], budget)
    clock.shift(0.3)
    assert [await allowed(still[0], budget) for _ in range(2)] == [True, False]


async def test_first_come_first_served(gates: tuple[Gate, Gate]) -> None:
    """Those who wait are served in the order in which they came."""
    budget, order = Budget(2, 0.2), list[int]()

    async def taker(number: int) -> None:
        await gates[0].take("s", budget, 5)
        order.append(number)

    await asyncio.gather(*(taker(number) for number in range(5)))
    assert order == list(range(5))


async def test_too_long(still: tuple[Gate, Gate], clock: Traveller) -> None:
    """Who would have to wait for longer than it can is told at once, and for how long; nothing is spent by that; who has more
    patience gets the call."""
    budget = Budget(1, 0.4)
    await still[0].take("s", budget, 0)
    patient = asyncio.create_task(still[0].take("s", budget, 60))
    for gate in (*still, *still):
        with pytest.raises(Exhausted, match="budget spent") as caught:
            await gate.take("s", budget, 0.1)
        assert 0 < caught.value.wait <= 0.42  # of a gate whose patient taker waits: what is left of it
    assert not patient.done()
    clock.shift(0.42)
    await patient


async def test_given_up(still: tuple[Gate, Gate], clock: Traveller) -> None:
    """One who gives up waiting does not stand in the way of the next."""
    budget = Budget(1, 0.3)
    await still[0].take("s", budget, 0)
    first, second = (asyncio.create_task(still[0].take("s", budget, 10)) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    clock.shift(0.32)
    await second


async def test_shares_do_not_mix(gates: tuple[Gate, Gate]) -> None:
    """Each credential has its own."""
    budget = Budget(1, 60)
    assert [await allowed(gates[0], budget, share) for share in ("a", "a", "b")] == [True, False, True]


async def test_hold(still: tuple[Gate, Gate], clock: Traveller) -> None:
    """A hold stops all workers, with a budget and without, until it is over; a shorter one does not end it."""
    await still[0].hold("s", 0.5)
    await still[1].hold("s", 0.1)
    clock.shift(0.2)
    for gate, budget in itertools.product(still, (None, Budget(100, 60))):
        with pytest.raises(Exhausted, match="told to wait") as caught:
            await gate.take("s", budget, 0.2)
        assert caught.value.wait == 0.3
    patient = asyncio.create_task(still[1].take("s", None, 60))
    await asyncio.sleep(0.05)
    assert not patient.done()
    clock.shift(0.3)
    await patient


async def test_long_hold(gates: tuple[Gate, Gate], store: Store) -> None:
    """A hold of days is kept for days; nothing of shorter life beside it shortens that, and neither for a long window."""
    await gates[0].hold("s", 400_000)
    await gates[0].correct("s", 5, 1)
    assert not await allowed(gates[0], Budget(100, 1))
    assert 399_990_000 < await store.do("PTTL", keys.budget("s")) <= 400_000_000
    await gates[0].take("t", Budget(100, 3600), 0)
    await gates[0].correct("t", 5, 1)
    await gates[0].take("t", None, 0)
    assert await store.do("PTTL", keys.budget("t")) > 3_590_000


async def test_what_the_system_says(still: tuple[Gate, Gate], clock: Traveller) -> None:
    """What the system says is left is shared, whatever our own budget; when its time is over it is forgotten."""
    await still[0].correct("s", 3, 0.5)
    assert [await allowed(gate, budget) for gate, budget in zip((*still, *still), (None, Budget(9, 9)) * 2, strict=True)] == [
        True, True, True, False,
    ]  # fmt: skip
    clock.shift(0.5)
    assert await allowed(still[1])


async def test_answers_overtake_each_other(gates: tuple[Gate, Gate]) -> None:
    """An answer from before, which says that more is left, changes nothing; neither does one that does not count our calls
    under way."""
    await gates[0].correct("s", 2, 60)
    await gates[1].correct("s", 50, 60)
    assert await allowed(gates[0])
    await gates[0].correct("s", 2, 60)
    assert [await allowed(gates[0]) for _ in range(2)] == [True, False]


async def test_nothing_left(still: tuple[Gate, Gate], clock: Traveller) -> None:
    """When nothing is left, the latest reset that was said counts."""
    await still[0].correct("s", 5, 0.1)
    await still[0].correct("s", 0, 0.5)
    clock.shift(0.2)
    assert not await allowed(still[0])
    clock.shift(0.3)
    assert await allowed(still[1])


async def test_left_does_not_end_a_hold(gates: tuple[Gate, Gate]) -> None:
    """An answer that comes after a Retry-After and says that much is left does not lift it."""
    await gates[0].hold("s", 60)
    await gates[0].correct("s", 100, 60)
    assert not await allowed(gates[0])


class Counting(Store):
    """Counts the scripts."""

    scripts = 0

    async def run(self, script: str, keys: Sequence[str | bytes], args: Sequence[Argument] = (), *, durable: bool = False) -> Any:
        self.scripts += 1
        return await super().run(script, keys, args, durable=durable)


async def test_asked_together(store: Store) -> None:
    """All who ask in one iteration of the loop cost one script; a correction that says nothing new costs none."""
    counting = Counting(store.redis)
    gate = Gate(counting)
    await asyncio.gather(*(gate.take("s", Budget(100, 60), 1) for _ in range(50)))
    assert counting.scripts == 1
    await gate.correct("s", 60, 60)
    await gate.take("s", Budget(100, 60), 1)
    assert counting.scripts == 3
    await gate.correct("s", 59, 60)
    assert counting.scripts == 3
    await gate.correct("s", 40, 60)
    assert counting.scripts == 4


async def test_store_away(store: Store) -> None:
    """Without the store nothing may be sent: all who wait hear of it, and the next one asks again."""

    class Away(Store):
        away = True

        async def run(self, *args: Any, **more: Any) -> Any:
            if self.away:
                raise ConnectionError
            return await super().run(*args, **more)

    away = Away(store.redis)
    gate = Gate(away)
    errors = await asyncio.gather(*(gate.take("s", None, 1) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in errors] == [ConnectionError] * 3
    away.away = False
    await gate.take("s", None, 1)


async def test_forgotten(frozen: Store, clock: Traveller) -> None:
    """A credential that rests leaves nothing behind, and a busy one two dozen numbers."""
    gate = Gate(frozen)
    for _ in range(40):
        await gate.take("s", Budget(1000, 0.2), 1)
        clock.shift(0.01)
    assert await frozen.do("HLEN", keys.budget("s")) <= 22
    clock.shift(0.3)
    assert await frozen.do("EXISTS", keys.budget("s")) == 0
