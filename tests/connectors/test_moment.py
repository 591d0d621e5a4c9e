"""How times are spelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.moment import microseconds


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-20T10:00:00.123456Z", 1795168800123456),
        ("2026-11-20T10:00:00.1234569Z", 1795168800123456),
        ("2026-11-20t10:00:00.5z", 1795168800500000),
        ("2026-11-20 12:00:00+02:00", 1795168800000000),
        ("2026-11-20T04:30:00-05:30", 1795168800000000),
        ("2016-12-31T23:59:60Z", 1483228800000000),
        (1795168800, 1795168800000000),
        (1795168800.123456, 1795168800123456),
        (1795168800123, 1795168800123000),
        (1795168800123.4567, 1795168800123456),
        (0, 0),
        (99_999_999_999, 99_999_999_999_000_000),
        (100_000_000_000, 100_000_000_000_000),
    ],
)
def test_times(value: object, micros: int) -> None:
    """RFC 3339 with any offset, seconds and milliseconds; what is finer than a microsecond is cut off."""
    assert microseconds(value) == micros  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    ["", "soon", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00", "2026-11-20", "2026-11-20T10:00:00", "2026-02-30T00:00:00Z",
     "2026-11-20T24:00:00Z", "2026-11-20T10:00:61Z", "2026-11-20T10:00:00.Z", "2026-11-20T10:00:00+24:00", "٢٠٢٦-11-20T10:00:00Z",
     "1795168800", -1, True, None, [], {}, float("nan"), float("inf"), 10**14, 10**400, "9999-12-31T23:59:60-23:59"],
)  # fmt: skip
def test_no_times(value: object) -> None:
    """What is no time, is ambiguous, or lies before 1970."""
    with pytest.raises(ValueError, match="no time since 1970"):
        microseconds(value)  # type: ignore[arg-type]


@given(
    moment=st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1)),  # noqa: DTZ001 - in every zone, below
    minutes=st.integers(-23 * 60, 23 * 60),
)
def test_a_time_is_the_same_in_every_zone(moment: datetime, minutes: int) -> None:
    """Python's own rendering of any moment in any zone is read as that moment."""
    there = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    expected = (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert microseconds(there.isoformat()) == expected
