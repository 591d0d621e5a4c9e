"""Fingerprints: what is kept of a value once it is settled.  Equality can be proved, the value cannot be read back.

A fingerprint is `name.digest`: the name of the key that made it, and 128 bits of HMAC-SHA256 over system, attribute and the
canonical value.  It does not depend on the account, so a seal can follow a person to another account of the same system.
NOTHING (null, absent, empty) has the empty fingerprint.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

import msgspec

from connectors.contract import Json

NOTHING = ""
SIZE = 16

_encode = msgspec.json.Encoder(order="deterministic").encode


class UnknownKey(Exception):
    """A stored fingerprint names a key that is not in the key file."""


class Fingerprints:
    """The keys: the first is current, the others are for what was stored before a rotation."""

    __slots__ = ("_current", "_keys")

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError("at least one fingerprint key is needed")
        self._keys = dict(keys)
        self._current = next(iter(keys))

    @property
    def current(self) -> str:
        """The name of the key that fingerprints are made with."""
        return self._current

    def of(self, system: str, attribute: str, value: Json) -> str:
        """value: canonical (worker/core/wire.py); None is nothing."""
        return self._made(self._current, system, attribute, value)

    def same(self, print_: str | None, system: str, attribute: str, value: Json, made: str) -> bool:
        """Whether `print_` was made of this value.  made: a fingerprint of the value, by whichever key.  A belief that is not
        known (None) equals nothing.  Raises UnknownKey."""
        if print_ == made:
            return True
        if not print_ or not made:
            return False
        name = print_.partition(".")[0]
        return name != made.partition(".")[0] and print_ == self._made(name, system, attribute, value)

    def _made(self, name: str, system: str, attribute: str, value: Json) -> str:
        if value is None:
            return NOTHING
        if name not in self._keys:
            raise UnknownKey(f"a stored fingerprint was made with {name!r}, a key that LOCKSTEP_FINGERPRINT_KEYS does not hold")
        message = b"\0".join((system.encode(), attribute.encode(), _encode(value)))
        return f"{name}.{base64.urlsafe_b64encode(hmac.digest(self._keys[name], message, 'sha256')[:SIZE]).rstrip(b'=').decode()}"
