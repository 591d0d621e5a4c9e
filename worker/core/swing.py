"""Swings: an attribute whose value keeps alternating between two, because two writers each put back their own.

Versions end every ring in which only mappings change a value: it comes back under the version that it left with.  What they
cannot end is a system that changes by itself what was written (an automation, another tool): each change is news, and travels on.
"""

from __future__ import annotations

import msgspec

OFTEN = 4
"""A value that was turned away more often than this is not written once more."""
WINDOW = 60 * 60_000
"""Milliseconds within which that counts."""


class Swing(msgspec.Struct, frozen=True, array_like=True):
    """The two values (fingerprints), how often looks found the one where the other was believed, and since when."""

    one: str
    other: str
    turns: int
    since: int


def turned(swing: Swing | None, believed: str | None, at: int, found: str, now: int) -> Swing | None:
    """A look found another value than the one that was believed since `at`.  A change of what had been so for long begins no
    swing, so nothing is kept of it; a third value ends one."""
    if believed is None:
        return None
    if swing is not None and {swing.one, swing.other} == {believed, found} and not over(swing, now):
        return Swing(swing.one, swing.other, swing.turns + 1, swing.since)
    return Swing(believed, found, 1, now) if now < at + WINDOW else None


def over(swing: Swing, now: int) -> bool:
    return swing.since + WINDOW <= now


def turned_away(swing: Swing | None, print_: str, often: int) -> bool:
    """Whether this value was written and found replaced more than `often` times."""
    return swing is not None and swing.turns > often and print_ in (swing.one, swing.other)
