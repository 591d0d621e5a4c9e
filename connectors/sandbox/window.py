"""A rate limit as systems count it: so many calls in a window of time, which begins with the first of them."""

from __future__ import annotations

import time


class Window:
    """calls, per: in every `per` seconds; 0 calls: there is no limit."""

    def __init__(self, calls: int, per: float) -> None:
        self.calls, self._per = calls, per
        self._used, self._until = 0, 0.0

    def count(self) -> bool:
        """One more call; whether it is within the limit."""
        now = time.monotonic()
        if now >= self._until:
            self._until, self._used = now + self._per, 0
        self._used += 1
        return not self.calls or self._used <= self.calls

    @property
    def remaining(self) -> int:
        """Calls that are left."""
        return max(0, self.calls - self._used)

    @property
    def seconds(self) -> float:
        """Until the window ends; all of it where none has begun."""
        return max(0.0, self._until - time.monotonic()) if self._used else self._per

    def reset(self) -> None:
        self._used, self._until = 0, 0.0
