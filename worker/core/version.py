"""Versions: one total order over all values of an attribute, whoever said them.

time(16 digits, microseconds since 1970) + sequence(20) + counter(10), compared as text.  An order that mixed a source's
sequence with our order of arrival would depend on the order of merging, so there is only this one.
"""

from __future__ import annotations

import zlib

TIME, SEQUENCE, COUNTER = 16, 20, 10
LENGTH = TIME + SEQUENCE + COUNTER
REPLAYED = TIME + SEQUENCE
"""What a replay keeps of the original's version: its counter is new, so it is newer than its original and older than
everything after it."""

AHEAD = 5 * 60
"""Seconds that a source's clock may run ahead of ours; beyond it our stamp is the version."""

NEVER = ""
"""Older than every version."""


def time_of(micros: int) -> str:
    return f"{micros:0{TIME}d}"


def of_look(now: int, revision: int, system: str, account: str) -> str:
    """The version of what a look found.  now: milliseconds, when the lane was taken, that is before the read.  Its counter is 0,
    so that a replay is newer; what tells two accounts apart stands in the sequence."""
    account_number = zlib.crc32(f"{system}:{account}".encode())
    return f"{now * 1000:0{TIME}d}{revision:0{SEQUENCE - 10}d}{account_number:010d}{0:0{COUNTER}d}"


def of_said(time: str, sequence: int, accepted: str) -> str:
    """The 36 digits of an event that could not be read when it was accepted, under the stamp `accepted`, and now can."""
    stamp = accepted[:TIME]
    ahead = time and int(time) > int(stamp) + AHEAD * 1_000_000
    return f"{stamp if ahead or not time else time}{sequence:0{SEQUENCE}d}"


def after(version: str) -> str:
    """The next one: nothing of another time or sequence is between them."""
    return f"{int(version) + 1:0{LENGTH}d}"


def micros(version: str) -> int:
    """The time of a version, microseconds since 1970."""
    return int(version[:TIME] or 0)
