"""The absence of a server that we need, told in few words: when it begins, each minute while it lasts, and when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

AGAIN = 60.0
"""Seconds."""


class Absence:
    """What a daemon that looks every second says of it.  what: `the store`, `the broker`.  clock: monotonic seconds."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._clock = what, clock
        self._since: float | None = None
        self._said = 0.0
        self._reason = ""

    def goes_on(self, reason: str) -> None:
        """It could not be used.  Another reason is told at once."""
        now = self._clock()
        if self._since is None:
            self._since = now
        elif reason == self._reason and now - self._said < AGAIN:
            return
        self._said, self._reason = now, reason
        log.warning(f"{self._what} is away", reason=reason, seconds=round(now - self._since))

    def is_over(self) -> None:
        """It could."""
        if self._since is not None:
            log.info(f"{self._what} is back", seconds=round(self._clock() - self._since))
            self._since = None
