"""What an answer says about how many calls are left, and until when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol

from connectors.contract import Response

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


class RateHeaders(Protocol):
    """The names of the header fields.  `reset_is`: what stands in `reset`, seconds from now or seconds since 1970."""

    @property
    def remaining(self) -> str: ...
    @property
    def reset(self) -> str: ...
    @property
    def reset_is(self) -> Literal["epoch", "seconds"]: ...


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `remaining` calls in the next `seconds`."""

    remaining: int
    seconds: float


def allowance(response: Response, headers: RateHeaders, now: float) -> Allowance | None:
    """now: seconds since 1970 by our clock; the answer's own Date goes before it, because `epoch` is by their clock.  None: it
    says nothing, nothing readable, or speaks of a time that is over."""
    remaining, reset = response.headers.get(headers.remaining), response.headers.get(headers.reset)
    if remaining is None or reset is None or not _NUMBER.fullmatch(remaining) or not _NUMBER.fullmatch(reset):
        return None
    seconds = float(reset)
    if headers.reset_is == "epoch":
        seconds -= _date(response, now)
    return Allowance(int(float(remaining)), seconds) if seconds > 0 else None


def _date(response: Response, now: float) -> float:
    try:
        date = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError, OverflowError):  # absent, no date, an offset of more hours than a number holds
        return now
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
