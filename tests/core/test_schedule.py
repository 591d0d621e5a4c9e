"""When to come again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.core.schedule import ABSENT, MINUTE, Retry, look_again


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_anywhere_below_its_cap(tries: int, jitter: float) -> None:
    """Full jitter: between nothing and first * 2^tries, never above the cap, however many tries."""
    retry = Retry(first=1000, cap=60_000)
    assert 0 <= retry.delay(tries, jitter) <= min(60_000, 1000 * 2 ** min(tries, 60))


def test_delays_double_until_the_cap() -> None:
    """At the upper end of the jitter."""
    retry = Retry(first=1000, cap=10_000)
    assert [round(retry.delay(tries, 0.9999999), -2) for tries in range(6)] == [1000, 2000, 4000, 8000, 10_000, 10_000]


def test_tries_and_age_each_end_it() -> None:
    """Whichever comes first."""
    retry = Retry(tries=3, age=1000)
    assert not retry.over(2, 999)
    assert retry.over(3, 0)
    assert retry.over(0, 1000)


def test_a_missing_account_is_looked_for_after_1_5_30_minutes_and_then_hourly() -> None:
    """Over and over, the last wait stays."""
    assert [look_again(looks) // MINUTE for looks in range(1, 7)] == [1, 5, 30, 60, 60, 60]
    assert look_again(0) == ABSENT[0]
