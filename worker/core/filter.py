"""SCIM filters (RFC 7644 section 3.4.2.2) over JSON, as they stand between the brackets of a path.

Deviation, because the JSON of other systems has no schema that says otherwise: text compares exactly (`caseExact`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard, cast

from connectors.contract import Json

NAME = r"[\w$@-]+"
DEEPEST = 16
"""Parentheses and `not` within one another."""

Operator = Literal["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"]
OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr")


class PathError(ValueError):
    """The text is no path.  position: the character, from 1, at which it stops being one."""

    def __init__(self, what: str, position: int) -> None:
        super().__init__(f"{what} at character {position}")
        self.what = what
        self.position = position


@dataclass(frozen=True, slots=True)
class Compare:
    """`name op value`; `pr` (present) takes no value: neither absent nor null nor empty."""

    names: tuple[str, ...]
    operator: Operator
    value: Json = None

    def matches(self, element: Json) -> bool:
        held = _at(element, self.names)
        match self.operator:
            case "pr":
                return held not in (None, "", [])
            case "eq":
                return _equal(held, self.value)
            case "ne":
                return not _equal(held, self.value)
            case "co" | "sw" | "ew":
                return isinstance(held, str) and isinstance(self.value, str) and _text(self.operator, held, self.value)
            case _:
                return _ordered(self.operator, held, self.value)


@dataclass(frozen=True, slots=True)
class Not:
    inner: Filter

    def matches(self, element: Json) -> bool:
        return not self.inner.matches(element)


@dataclass(frozen=True, slots=True)
class Both:
    left: Filter
    right: Filter

    def matches(self, element: Json) -> bool:
        return self.left.matches(element) and self.right.matches(element)


@dataclass(frozen=True, slots=True)
class Either:
    left: Filter
    right: Filter

    def matches(self, element: Json) -> bool:
        return self.left.matches(element) or self.right.matches(element)


Filter = Compare | Not | Both | Either


def example(of: Filter) -> dict[str, Any]:
    """The smallest element that the equalities of a filter ask for: `type eq "work"` asks for {"type": "work"}."""
    match of:
        case Compare((name,), "eq", value):
            return {name: value}
        case Both(left, right):
            return {**example(left), **example(right)}
        case _:
            return {}


def exclude(one: Filter, other: Filter) -> bool:
    """True if surely no element matches both: the same name must equal two values."""
    a, b = example(one), example(other)
    return any(name in b and not _equal(value, b[name]) for name, value in a.items())


def _at(element: Json, names: tuple[str, ...]) -> Json:
    if names == ("value",) and not isinstance(element, dict | list):
        return element  # RFC 7643 section 2.4: the elements of a simple multi-valued attribute are their own "value"
    for name in names:
        if not isinstance(element, dict):
            return None
        element = element.get(name)
    return element


def _equal(a: Json, b: Json) -> bool:
    return isinstance(a, bool) == isinstance(b, bool) and a == b  # in Python, True == 1


def _text(operator: Operator, held: str, value: str) -> bool:
    return value in held if operator == "co" else held.startswith(value) if operator == "sw" else held.endswith(value)


def _ordered(operator: Operator, held: Json, value: Json) -> bool:
    """Text by text, number by number; anything else has no order."""
    if isinstance(held, str) and isinstance(value, str):
        return _holds(operator, held, value)
    return _number(held) and _number(value) and _holds(operator, held, value)


def _holds(operator: Operator, held: Any, value: Any) -> bool:
    return bool({"gt": held > value, "ge": held >= value, "lt": held < value, "le": held <= value}[operator])


def _number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


# ---------------------------------------------------------------- reading

_TOKEN = re.compile(r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<mark>[()\]])|(?P<word>[^\s()\[\]"]+))')
_NAMES = re.compile(rf"{NAME}(?:\.{NAME})*")


class _Reader:
    """One pass over the text; precedence: not, and, or."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.here = text, start
        self.depth = 0

    def peek(self) -> tuple[str, str]:
        token = _TOKEN.match(self.text, self.here)
        return (token.lastgroup or "", token[token.lastgroup or 0]) if token else ("", "")

    def take(self) -> tuple[str, str]:
        token = _TOKEN.match(self.text, self.here)
        if token is None:
            raise self.error("the filter ends too early")
        self.here = token.end()
        return token.lastgroup or "", token[token.lastgroup or 0]

    def error(self, what: str) -> PathError:
        return PathError(what, self.here + 1)

    def either(self) -> Filter:
        left = self.both()
        while self.peek()[1].lower() == "or":
            self.take()
            left = Either(left, self.both())
        return left

    def both(self) -> Filter:
        left = self.one()
        while self.peek()[1].lower() == "and":
            self.take()
            left = Both(left, self.one())
        return left

    def one(self) -> Filter:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"a filter nested deeper than {DEEPEST}")
        try:
            kind, word = self.peek()
            if word == "(":
                self.take()
                inner = self.either()
                if self.peek() != ("mark", ")"):
                    raise self.error("`)` expected")
                self.take()
                return inner
            if kind == "word" and word.lower() == "not":
                self.take()
                return Not(self.one())
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Filter:
        start = self.here
        kind, names = self.take()
        if kind != "word" or not _NAMES.fullmatch(names):
            raise PathError("an attribute name expected", start + 1)
        start = self.here
        operator = self.take()[1].lower()
        if operator == "]":
            text = 'a filter is needed between [ and ], as in emails[type eq "work"]; for the first of a list there is `first`'
            raise PathError(text, start + 1)
        if operator not in OPERATORS:
            raise PathError(f"one of {', '.join(OPERATORS)} expected", start + 1)
        if operator == "pr":
            return Compare(tuple(names.split(".")), "pr")
        return Compare(tuple(names.split(".")), cast("Operator", operator), self.value())

    def value(self) -> Json:
        start = self.here
        kind, word = self.take()
        try:
            value = json.loads(word, parse_constant=_no_constant) if kind in ("string", "word") else ...
        except ValueError:
            value = ...
        if value is ...:
            raise PathError('a value expected: "text", a number, true, false or null', start + 1)
        return cast("Json", value)


def _no_constant(_word: str) -> Json:
    raise ValueError  # NaN and the infinities are no JSON


def read(text: str, start: int) -> tuple[Filter, int]:
    """The filter that begins at `start` and the place of the `]` that ends it.  Raises PathError."""
    reader = _Reader(text, start)
    found = reader.either()
    if reader.peek() != ("mark", "]"):
        raise reader.error("`and`, `or` or `]` expected")
    reader.take()
    return found, reader.here - 1
