"""Values on the wire: what a target's attribute takes, and the one form in which two values are compared."""

from __future__ import annotations

import math

from connectors.contract import Json, Wire

EXACT = 2**53
"""Up to here a JSON number is the same to every reader (RFC 8259 section 6)."""


class DoesNotFit(Exception):
    """The value has no form in the attribute's wire type.  `reason` is a fixed text."""

    def __init__(self, reason: str = "does not fit") -> None:
        super().__init__(reason)
        self.reason = reason


def convert(value: Json, wire: Wire) -> Json:
    """The value as it is sent; None (a clear) stays None.  Raises DoesNotFit."""
    if value is None:
        return None
    if wire is Wire.TEXT:
        return text_of(value)
    _refuse_unspeakable(value)
    return value


def text_of(value: Json) -> str:
    """A scalar as text: true is "true", 7 and 7.0 are "7".  Raises DoesNotFit for a list, an object or null."""
    if isinstance(value, str):
        _refuse_unspeakable(value)
        return value
    if isinstance(value, int | float):
        _refuse_unspeakable(value)
        return _spelled(value)
    raise DoesNotFit


def _spelled(value: float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(_number(value))


def canonical(value: Json, wire: Wire) -> Json:
    """The form for comparing.  Null, absent, "" and [] are nothing: None.  Numbers are equal by value.  Where the wire is
    text, a scalar is its text, and "True" and true are one value.  Never raises; canonical of canonical is the same."""
    if value is None or value in ("", []):
        return None
    if wire is Wire.TEXT and not isinstance(value, list | dict):
        text = value if isinstance(value, str) else _spelled(value)
        return text.lower() if text.lower() in ("true", "false") else text
    return _alike(value)


def _alike(value: Json) -> Json:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return [_alike(v) for v in value]
    if isinstance(value, dict):
        return {name: _alike(v) for name, v in value.items()}
    return value


def _number(value: float) -> int | float:
    return int(value) if abs(value) < EXACT and value == int(value) else value


def _refuse_unspeakable(value: Json) -> None:
    """What JSON in UTF-8 cannot say."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise DoesNotFit
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise DoesNotFit
    elif isinstance(value, list):
        for v in value:
            _refuse_unspeakable(v)
    elif isinstance(value, dict):
        for name, v in value.items():
            _refuse_unspeakable(name)
            _refuse_unspeakable(v)
