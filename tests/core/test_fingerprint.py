"""Fingerprints: equality can be proved, the value cannot be read back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.fingerprint import NOTHING, Fingerprints, UnknownKey

OLD, NEW = b"the key of last year", b"the key of today"
before = Fingerprints({"old": OLD})
after = Fingerprints({"new": NEW, "old": OLD})

values = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(values, values)
def test_equal_prints_are_equal_values(one, other) -> None:
    """And two prints that differ are two values, across a rotation of the keys."""
    stored = before.of("T", "a", one)
    equal = after.same(stored, "T", "a", other, after.of("T", "a", other))
    assert equal == (before.of("T", "a", other) == stored)
    assert after.same(stored, "T", "a", one, after.of("T", "a", one))


@settings(max_examples=50, deadline=None)
@given(values, values)
def test_which_key_is_current_does_not_matter(one, other) -> None:
    """What is asked about may have been made before the rotation, and what it is compared with after it; or the other way round,
    by a worker that has not heard of the rotation yet."""
    late = Fingerprints({"old": OLD, "new": NEW})
    for here in (after, late):
        for asked, compared in ((before, after), (after, before)):
            stored, made = asked.of("T", "a", one), compared.of("T", "a", other)
            assert here.same(stored, "T", "a", other, made) == (before.of("T", "a", other) == before.of("T", "a", one))


def test_the_order_of_an_objects_keys_is_not_its_value() -> None:
    """Two spellings of one JSON object have one fingerprint."""
    assert before.of("T", "a", {"x": 1, "y": 2}) == before.of("T", "a", {"y": 2, "x": 1})


def test_a_print_tells_neither_system_nor_attribute_by_being_equal() -> None:
    """The same value elsewhere has another fingerprint, so prints cannot be compared across attributes."""
    prints = {before.of(system, name, "A") for system, name in (("T", "a"), ("T", "b"), ("U", "a"), ("Ta", ""))}
    assert len(prints) == 4


def test_no_value_stands_in_a_print() -> None:
    """It names its key and holds 128 bits, whatever the value."""
    name, _, digest = before.of("T", "a", "secret value").partition(".")
    assert name == "old"
    assert len(digest) == 22
    assert "secret" not in repr(before)


def test_nothing_equals_nothing_and_not_known_equals_no_value() -> None:
    """Null is NOTHING; the belief that is not known (None) equals neither it nor any value."""
    assert before.of("T", "a", None) == NOTHING
    assert before.same(NOTHING, "T", "a", None, NOTHING)
    assert not before.same(None, "T", "a", None, NOTHING)
    assert not before.same(None, "T", "a", "A", before.of("T", "a", "A"))
    assert not before.same(NOTHING, "T", "a", "A", before.of("T", "a", "A"))
    assert not before.same(before.of("T", "a", "A"), "T", "a", None, NOTHING)


def test_a_key_that_is_gone_is_named() -> None:
    """A stored print of a key that nobody holds any more cannot be judged, and the error says which key is missing."""
    with pytest.raises(UnknownKey, match="'old'") as error:
        Fingerprints({"new": NEW}).same(before.of("T", "a", "secret value"), "T", "a", "x", "new.x")
    assert "secret" not in str(error.value)


def test_no_key_at_all_is_refused() -> None:
    """There is no default key."""
    with pytest.raises(ValueError, match="at least one"):
        Fingerprints({})
