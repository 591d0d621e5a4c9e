"""How a system spells a time, as microseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connectors.contract import Json

_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.([0-9]{1,30}))?"
    r"(?:([Zz])|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 10**11
"""A number from here on is milliseconds: as seconds it would be after the year 5138, as milliseconds it is 1973."""


def microseconds(value: Json) -> int:
    """A time as microseconds since 1970: RFC 3339 with any offset and fraction, or a number of seconds or milliseconds since
    1970.  What is finer than a microsecond is cut off.  Raises ValueError if it is none, or before 1970."""
    match value:
        case bool():
            micros = -1
        case str():
            micros = _of_text(value)
        case int() | float() if 0 <= value < _MILLISECONDS_FROM * 1000:
            micros = int(Decimal(repr(value)) * (1_000_000 if value < _MILLISECONDS_FROM else 1_000))
        case _:
            micros = -1
    if micros < 0:
        raise ValueError("no time since 1970")
    return micros


def _of_text(text: str) -> int:
    found = _RFC3339.fullmatch(text)
    if found is None:
        return -1
    day, minute, second, fraction, _, sign, hours, minutes = found.groups()
    if second > "60":  # 60: a leap second (RFC 3339 section 5.7)
        return -1
    offset = timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta()
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}:00+00:00") + timedelta(seconds=int(second))
        whole = moment - _EPOCH - (-offset if sign == "-" else offset)
    except (ValueError, OverflowError):
        return -1
    return whole // timedelta(microseconds=1) + int((fraction or "").ljust(6, "0")[:6])
