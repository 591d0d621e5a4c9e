"""The absence of what we need, told in few words: when it begins, each minute while it lasts, and when it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

AGAIN = 60.0
"""Seconds."""
SETTLED = 10.0
"""Seconds after which another reason is told: what dies says several things while it does."""


class Absence:
    """What a daemon says of it, however many of its parts find out, in whichever thread.

    what   `the store`, `the broker`
    calm   seconds for which nobody may have missed it before it is taken for back: where many look, some look at less
    clock  monotonic seconds
    """

    def __init__(self, what: str, *, calm: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._calm, self._clock = what, calm, clock
        self._since: float | None = None
        self._missed = self._said = 0.0
        self._reason = ""
        self._lock = threading.Lock()

    @property
    def lasts(self) -> bool:
        return self._since is not None

    def goes_on(self, reason: str) -> None:
        """It could not be used."""
        with self._lock:
            now = self._missed = self._clock()
            if self._since is None:
                self._since = now
            elif now - self._said < (AGAIN if reason == self._reason else SETTLED):
                return
            self._said, self._reason = now, reason
            log.warning(f"{self._what} is away", reason=reason, seconds=round(now - self._since))

    def is_over(self) -> None:
        """It could."""
        with self._lock:
            now = self._clock()
            if self._since is not None and now - self._missed >= self._calm:
                log.info(f"{self._what} is back", seconds=round(now - self._since))
                self._since = None
