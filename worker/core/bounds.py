"""What an expression may be given, do and give back: everything has a limit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from connectors.contract import ABSENT

TEXT = 8 * 1024
"""Characters of one text that goes in, or that a function makes."""
WEIGHT = 32 * 1024
"""Characters and elements of all that goes in, and of the result."""


class ExpressionFailed(Exception):
    """An evaluation went wrong.  position: character from 1 of the part that failed, 0 if that is not known; kind: a fixed
    text of `KINDS`."""

    def __init__(self, position: int, kind: str) -> None:
        super().__init__(f"{kind} at character {position}" if position else kind)
        self.position = position
        self.kind = kind


KINDS = (
    "wrong type",
    "division by zero",
    "out of range",
    "too large",
    "bad index",
    "bad pattern",
    "bad conversion",
    "not true or false",
    "no JSON value",
)


def chosen(names: Mapping[str, Any] | None, given: Any) -> Any:
    """Only what the expression reads: it cannot fail on what does not concern it."""
    if names is None or not isinstance(given, Mapping):
        return {} if given is None else given
    return {
        name: given[name] if below is None or given[name] is None else chosen(below, given[name])
        for name, below in names.items()
        if name in given
    }


def weigh(value: Any, left: int = WEIGHT) -> int:
    """Raises ExpressionFailed for what the library cannot hold, JSON cannot say, or is too much."""
    kind = type(value)
    if kind is str:
        left -= len(value) + 1
        if len(value) > TEXT:
            raise ExpressionFailed(0, "too large")
        if not value.isprintable() and ("\0" in value or any("\ud800" <= c <= "\udfff" for c in value)):
            raise ExpressionFailed(0, "no JSON value")
    elif kind is dict:
        for name, inner in value.items():
            if type(name) is not str:
                raise ExpressionFailed(0, "no JSON value")
            left = weigh(inner, left - len(name) - 1)
    elif kind is list:
        for inner in value:
            left = weigh(inner, left)
    elif kind is int:
        if not -(2**63) <= value < 2**63:
            raise ExpressionFailed(0, "out of range")
        left -= 1
    elif kind is float:
        if not math.isfinite(value):
            raise ExpressionFailed(0, "out of range")
        left -= 1
    elif value is None or kind is bool or value is ABSENT:
        left -= 1
    else:
        raise ExpressionFailed(0, "no JSON value")
    if left < 0:
        raise ExpressionFailed(0, "too large")
    return left


# ---------------------------------------------------------------- methods of text


def _short(text: str) -> str:
    if len(text) > TEXT:
        raise ValueError("too large")
    return text


def _replace(text: str, old: str, new: str) -> str:
    if text.count(old) * (len(new) - len(old)) + len(text) > TEXT:
        raise ValueError("too large")
    return text.replace(old, new)


def _split(text: str, at: str) -> list[str]:
    if not at:
        raise ValueError("bad pattern")
    return text.split(at)


def _join(parts: list[str], with_: str) -> str:
    if sum(len(part) + len(with_) for part in parts) > TEXT + len(with_):
        raise ValueError("too large")
    return with_.join(parts)


METHODS: Mapping[str, Callable[..., Any]] = {
    "lower": lambda text: _short(text.lower()),
    "upper": lambda text: _short(text.upper()),
    "trim": str.strip,
    "replace": _replace,
    "split": _split,
    "join": _join,
}
"""As in CEL's own strings extension; that one has no limit on what `replace` makes.  Each raises ValueError with a fixed text."""
