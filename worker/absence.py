"""The store's absence, told in few words: once when it begins, each minute while it lasts, and once when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from worker.store.errors import Unavailable

log = structlog.get_logger()

AGAIN = 60.0
"""Seconds."""


class Absence:
    """What a daemon that looks every second says of it.  clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._said = 0.0
        self._reason = ""

    def goes_on(self, error: Unavailable) -> None:
        """It could not be used.  Another reason is told at once."""
        now = self._clock()
        if self._since is None:
            self._since = now
        elif error.reason == self._reason and now - self._said < AGAIN:
            return
        self._said, self._reason = now, error.reason
        log.warning("the store is away", reason=error.reason, seconds=round(now - self._since))

    def is_over(self) -> None:
        """It could."""
        if self._since is not None:
            log.info("the store is back", seconds=round(self._clock() - self._since))
            self._since = None
