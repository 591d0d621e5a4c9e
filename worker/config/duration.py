"""Durations as people write them: `250ms`, `15s`, `5m`, `1h`, `72h`, `7d`, and `never` where that makes sense."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
PATTERN = r"^[0-9]+(ms|s|m|h|d)$"
NEVER = "never"


def seconds(text: object) -> float:
    """Raises ValueError for what is no duration."""
    match = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h|d)", text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a duration is a whole number and a unit: 250ms, 15s, 5m, 1h, 7d")
    return int(match[1]) * UNITS[match[2]]


def spelled(value: float) -> str:
    """15.0 is `15s`."""
    milliseconds = round(value * 1000)
    unit, size = next((unit, size) for unit, size in reversed(UNITS.items()) if milliseconds % round(size * 1000) == 0)
    return f"{milliseconds // round(size * 1000)}{unit}"


def _or_never(text: object) -> float | None:
    return None if text == NEVER else seconds(text)


def _positive(text: object) -> float:
    if (value := seconds(text)) <= 0:
        raise ValueError("a duration above zero is needed here")
    return value


def _schema(*more: dict[str, Any]) -> WithJsonSchema:
    one = {"type": "string", "pattern": PATTERN}
    return WithJsonSchema({"anyOf": [one, *more]} if more else one)


Duration = Annotated[float, BeforeValidator(seconds), _schema()]
"""In seconds; may be zero."""
Span = Annotated[float, BeforeValidator(_positive), _schema()]
"""In seconds; above zero."""
OrNever = Annotated[float | None, BeforeValidator(_or_never), _schema({"const": NEVER})]
"""In seconds; None is never."""
