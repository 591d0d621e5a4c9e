"""Outcomes: the closed list of what can become of one attribute in one delivery."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Word(StrEnum):
    """Metrics, logs, journal, console and exit codes use these words and no others."""

    APPLIED = "applied"
    """The target answered that it holds the value, or a read showed it."""
    UNCHANGED = "unchanged"
    """The target already held it."""
    SUPERSEDED = "superseded"
    """A newer value made it moot."""
    SEALED = "sealed"
    """A write-once attribute already has its value."""
    OUTRANKED = "outranked"
    """Another source has authority."""
    ECHO = "echo"
    """A hint led to a look that found nothing we did not know."""
    SEEN = "seen"
    """A hint led to a look that found something; observations follow."""
    IGNORED = "ignored"
    """Null policy, condition, scope or a value already there says no."""
    OBSERVED = "observed"
    """The target only watches (`target.mode: observe`)."""
    HELD = "held"
    """A guard waits for approval."""
    PARKED = "parked"
    """Refused for good; needs an operator."""
    DROPPED = "dropped"
    """By an operator."""
    ERASED = "erased"
    """By an operator, for the subject's sake."""
    PENDING = "pending"
    """Not over: with a reason and the time of the next attempt."""


class Outcome(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What became of one attribute, as the event's record keeps it.

    word     one of `Word`
    reason   short fixed text from the closed list in docs/concepts.md; never a value
    at       milliseconds since 1970, when it was told
    tries    how many calls were made for it
    status   the last HTTP status, 0 if there was none
    request  the target's request id of the last call
    until    for `pending`: when the next attempt is due, milliseconds since 1970
    """

    word: Word
    reason: str = ""
    at: int = 0
    tries: int = 0
    status: int = 0
    request: str = ""
    until: int = 0
