"""A store is only served with the fingerprint keys that it was written with."""

from __future__ import annotations

import pytest

from worker.store.connection import Store
from worker.store.keyring import WrongKeys, vouch

OLD, NEW = b"o" * 32, b"n" * 32


async def test_the_same_keys_again_are_right(store: Store) -> None:
    """The first start notes the keys; the next finds them."""
    await vouch(store, {"k1": OLD})
    await vouch(store, {"k1": OLD})


async def test_a_rotation_keeps_the_old_key(store: Store) -> None:
    """A new first key is welcome as long as the old one stands below it."""
    await vouch(store, {"k1": OLD})
    await vouch(store, {"k2": NEW, "k1": OLD})
    await vouch(store, {"k2": NEW, "k1": OLD})


async def test_a_missing_key_stops_the_start(store: Store) -> None:
    """Without it a seal could not be recognised."""
    await vouch(store, {"k1": OLD})
    with pytest.raises(WrongKeys, match="'k1', which LOCKSTEP_FINGERPRINT_KEYS does not hold"):
        await vouch(store, {"k2": NEW})


async def test_another_key_under_an_old_name_stops_the_start(store: Store) -> None:
    """The name is not enough: the key itself must be the same."""
    await vouch(store, {"k1": OLD})
    with pytest.raises(WrongKeys, match=r"'k1' .* is not the one that this store was written with"):
        await vouch(store, {"k1": NEW})
