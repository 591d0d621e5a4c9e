"""What the store raises: it cannot be used now."""

from __future__ import annotations


class Unavailable(Exception):
    """The store cannot be reached, cannot be written, or is not durable.  Nothing may be promised to anybody; whoever asked
    comes again after `retry_after` seconds."""

    def __init__(self, reason: str, retry_after: int = 5) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
