"""A gate on an empty store of its own, and systems made of plain functions."""

from collections.abc import AsyncIterator

import fakeredis
import pytest

from worker.store.budgets import Gate
from worker.store.connection import Store


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    store = Store(fakeredis.FakeAsyncRedis())
    yield Gate(store)
    await store.close()
