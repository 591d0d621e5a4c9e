"""A gate on an empty store of its own, and time that passes when a test says so."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import fakeredis
import pytest
from time_machine import Traveller

from worker.store.budgets import Gate
from worker.store.connection import Store


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    store = Store(fakeredis.FakeAsyncRedis())
    yield Gate(store)
    await store.close()


@pytest.fixture
def still(frozen: Store) -> Gate:
    """A gate for which time passes only as `clock` says."""
    return Gate(frozen)


@pytest.fixture
async def passes(clock: Traveller, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let so many seconds pass, for the event loop and for the store behind `still`."""
    passed = 0.0

    def passes(seconds: float) -> None:
        nonlocal passed
        passed += seconds
        clock.shift(seconds)

    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: time.monotonic() + passed)
    return passes
