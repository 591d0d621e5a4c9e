"""Versions: one total order over all values of an attribute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.core import version

times = st.integers(0, 10**16 - 1)


@given(times, times)
def test_times_compare_as_text(one: int, other: int) -> None:
    """Their order as text is their order as numbers, for the year 1970 and for 2286."""
    assert (version.time_of(one) < version.time_of(other)) == (one < other)


@given(st.integers(0, 9_999_999_999_999), st.integers(0, 10**6), st.integers(0, 9_999_999_999_999), st.integers(0, 10**6))
def test_looks_are_ordered_by_time_and_then_by_revision(now: int, revision: int, later: int, further: int) -> None:
    """Two looks in one millisecond are ordered by the lane's revision, which every commit moves."""
    one, other = version.of_look(now, revision, "T", "acc"), version.of_look(later, further, "T", "acc")
    assert len(one) == version.LENGTH
    assert one.isdigit()
    assert (one < other) == ((now, revision) < (later, further))
    assert version.micros(one) == now * 1000


def test_looks_at_two_accounts_do_not_collide() -> None:
    """Version and account make the id of an observation."""
    assert version.of_look(1, 1, "T", "a") != version.of_look(1, 1, "T", "b")


@given(st.integers(0, 9_999_999_999_999), st.integers(0, 10**6), st.integers(1, 10**10 - 1))
def test_a_replay_of_a_look_is_newer_and_older_than_the_next_look(now: int, revision: int, counter: int) -> None:
    """Its new counter, as accept gives it, moves it behind the look that it repeats, and before all that follow."""
    look = version.of_look(now, revision, "T", "acc")
    replay = f"{look[: version.REPLAYED]}{counter:0{version.COUNTER}d}"
    assert look < replay < version.of_look(now, revision + 1, "T", "acc")


@given(times)
def test_never_is_older_than_everything(time: int) -> None:
    """An attribute that was empty all along loses to every value."""
    assert version.time_of(time) > version.NEVER
    assert version.micros(version.NEVER) == 0


def test_a_replay_keeps_what_orders_its_original() -> None:
    """Time and sequence stay, only the counter is new."""
    assert version.REPLAYED == version.LENGTH - version.COUNTER
