"""Acceptance, wherever it dies; on fakeredis and on a real server."""

from __future__ import annotations

import contextlib

import pytest

from tests.store.dying import DyingStore
from worker.core.event import Entry
from worker.store.connection import Store
from worker.store.errors import Unavailable
from worker.store.journal import Journal


@pytest.mark.parametrize("last", [1, 2, 3, 4, 5])
async def test_an_event_whose_acceptance_died_is_taken_by_the_senders_retry(store: Store, last: int) -> None:
    """Wherever the acceptance dies, the retry is answered, and the event is in the journal, once, and due: a key that says
    `known` of an event that is not there would lose it."""
    entry = Entry(source="hr", id="e1", digest="aa", body=b"{}", subject="u-1")
    with contextlib.suppress(Unavailable):
        await Journal(DyingStore(store, last)).accept(entry)
    assert (await Journal(store).accept(entry)).word in ("new", "same")
    assert await Journal(store).event("hr:e1") is not None
    assert await Journal(store).since(0) == ["hr:e1"]
    assert (await Journal(store).take(1000, 10))[1] == ["hr:e1"]
