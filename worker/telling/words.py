"""Times, versions and outcomes as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from worker.core import version
from worker.core.outcome import Outcome, Word

MEANING: Mapping[Word, str] = {
    Word.APPLIED: "the target holds the value",
    Word.UNCHANGED: "the target already held it",
    Word.SUPERSEDED: "a newer value made it moot",
    Word.SEALED: "a write-once attribute already has its value",
    Word.OUTRANKED: "another source has authority",
    Word.ECHO: "the look found nothing that was not known",
    Word.SEEN: "the look found something; observations follow",
    Word.IGNORED: "the mapping asks for nothing here",
    Word.OBSERVED: "the target is only watched, so nothing was sent",
    Word.HELD: "a guard waits for approval",
    Word.PARKED: "it cannot work as it is; it waits for an operator",
    Word.DROPPED: "an operator dropped it",
    Word.ERASED: "an operator erased it",
    Word.PENDING: "it is not over",
}
"""What each outcome means, for a person."""


def moment(milliseconds: int) -> str:
    """`2026-11-21 10:03:12 UTC`"""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(milliseconds: int) -> str:
    """The length of a time, in its largest fitting unit: `250 ms`, `4 min`, `3 d`."""
    length = abs(milliseconds)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if length >= (2 * size if unit == "d" else size):
            return f"{length // size} {unit}"
    return f"{length} ms"


def when(milliseconds: int, now: int) -> str:
    """A moment, and how far it is from now."""
    distance = now - milliseconds
    if abs(distance) < 1000:
        return f"{moment(milliseconds)}, just now"
    return f"{moment(milliseconds)}, {span(distance)} ago" if distance > 0 else f"{moment(milliseconds)}, in {span(distance)}"


def until(milliseconds: int, now: int) -> str:
    return f"until {when(milliseconds, now)}" if milliseconds > now else "due now"


def version_time(of: str) -> str:
    """The time in a version, to the microsecond."""
    micros = version.micros(of)
    seconds = datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{seconds}.{micros % 1_000_000:06d} UTC"


def many(count: int, word: str) -> str:
    """`1 event`, `2 events`"""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def verdict(outcome: Outcome) -> str:
    """`parked (does not fit)`"""
    return f"{outcome.word} ({outcome.reason})" if outcome.reason else str(outcome.word)


def answer(outcome: Outcome) -> str:
    """What is known of the call: tries, status and the target's request id; "" if none was made."""
    parts = []
    if outcome.tries > 1:
        parts.append(f"after {outcome.tries} tries")
    elif outcome.tries == 1:
        parts.append("at the first try")
    if outcome.status:
        parts.append(f"HTTP {outcome.status}")
    if outcome.request:
        parts.append(f"request {outcome.request}")
    return ", ".join(parts)
