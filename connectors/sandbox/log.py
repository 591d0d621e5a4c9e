"""What happened at a sandbox, for tests and demonstrations to read."""

from __future__ import annotations

import time
from collections import deque

from connectors.contract import Json

KEPT = 100_000
"""Entries of each kind that are kept, the newest."""


class Log:
    """Credentials are masked; values are not, because what was written is the question."""

    def __init__(self) -> None:
        self.requests: deque[dict[str, Json]] = deque(maxlen=KEPT)
        self.applied: deque[dict[str, Json]] = deque(maxlen=KEPT)
        self.webhooks: deque[dict[str, Json]] = deque(maxlen=KEPT)

    def applies(self, account: str, attribute: str, value: Json, by: str) -> None:
        """A value changed or was written again.  by: `api`, `person`, or `mapping`: a rule of the system's own."""
        self.applied.append({"time": time.time(), "account": account, "attribute": attribute, "value": value, "by": by})

    def clear(self) -> None:
        for entries in (self.requests, self.applied, self.webhooks):
            entries.clear()

    def shown(self) -> dict[str, Json]:
        return {"requests": [*self.requests], "applied": [*self.applied], "webhooks": [*self.webhooks]}
