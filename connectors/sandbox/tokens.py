"""The tokens that a system gives out: whose they are, and until when they are accepted."""

from __future__ import annotations

import math
import secrets
import time
from typing import Generic, TypeVar

O = TypeVar("O")  # noqa: E741 - the owner


class Tokens(Generic[O]):
    """lifetime: seconds."""

    def __init__(self, lifetime: int) -> None:
        self.lifetime = lifetime
        self._given: dict[str, tuple[O, float]] = {}

    def give(self, owner: O) -> str:
        secret = secrets.token_hex(32)
        self._given[secret] = (owner, time.time() + self.lifetime)
        return secret

    def standing(self, owner: O) -> tuple[str, int] | None:
        """A token of this owner that is still accepted, and for how many seconds more."""
        now = time.time()
        return next(
            ((secret, math.ceil(until - now)) for secret, (of, until) in self._given.items() if of == owner and until > now), None
        )

    def owner(self, secret: str) -> O | None:
        """Whose it is; None if it is not accepted."""
        owner, until = self._given.get(secret, (None, 0.0))
        return owner if until > time.time() else None

    def revoke(self, secret: str) -> None:
        self._given.pop(secret, None)

    def expire(self) -> None:
        """All of them."""
        self._given.clear()
