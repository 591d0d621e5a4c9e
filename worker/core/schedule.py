"""When to come again: the retry schedule as data, and the times at which a missing account is looked for."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE = 60_000
ABSENT = (1 * MINUTE, 5 * MINUTE, 30 * MINUTE, 60 * MINUTE)
"""An account that is not there is looked for again after these, the last one over and over."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Milliseconds, but for `tries`.  Only calls that were made count: being throttled, paused or unable to connect spends
    neither tries nor age."""

    first: int = 1_000
    cap: int = 15 * MINUTE
    tries: int = 30
    age: int = 72 * 60 * MINUTE

    def delay(self, tries: int, jitter: float) -> int:
        """Full jitter: anywhere between nothing and first * 2^tries, at most `cap`.  jitter: in [0, 1)."""
        return int(jitter * min(self.cap, self.first * 2 ** min(tries, 40)))

    def over(self, tries: int, spent: int) -> bool:
        return tries >= self.tries or spent >= self.age


def look_again(looks: int) -> int:
    """Milliseconds until an account that was searched for `looks` times is searched for again."""
    return ABSENT[min(max(looks - 1, 0), len(ABSENT) - 1)]
