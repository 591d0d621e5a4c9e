"""Transforms: the named steps from a source's value to a target's.  Each takes one JSON value and gives one.

A step that works on text works on each element of a list, too.  null never reaches a step; where one leaves nothing (`first`
of an empty list) the result is null, and the rule's null policy has the next word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.contract import Json
from worker.core.wire import DoesNotFit, text_of

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


class NotTransformed(Exception):
    """The step cannot take this value.  `reason` is a fixed text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Step:
    """One transform with its argument.  argument: None, a text, a number, or the table of a `lookup`; default: of a `lookup`,
    `...` if there is none."""

    name: str
    apply: Callable[[Json], Json]
    argument: str | int | Mapping[str, Json] | None = None
    default: object = ...


def _title(text: str) -> str:
    """Each word with a capital, the rest small; an apostrophe does not begin a word."""
    return _WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


def _of_text(change: Callable[[str], Json]) -> Callable[[Json], Json]:
    def step(value: Json) -> Json:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list):
            return [step(v) for v in value]
        raise NotTransformed("not text")

    return step


def _text(value: Json) -> Json:
    if isinstance(value, list):
        return [_text(v) for v in value]
    try:
        return text_of(value)
    except DoesNotFit:
        raise NotTransformed("no text form") from None


def _first(value: Json) -> Json:
    """The first of a list that is not null; anything else is its own first."""
    return next((v for v in value if v is not None), None) if isinstance(value, list) else value


PLAIN: Mapping[str, Callable[[Json], Json]] = {
    "trim": _of_text(str.strip),
    "lower": _of_text(str.lower),
    "upper": _of_text(str.upper),
    "title": _of_text(_title),
    "text": _text,
    "first": _first,
}
"""The transforms that take no argument."""


def plain(name: str) -> Step:
    return Step(name, PLAIN[name])


def prefix(what: str) -> Step:
    return Step("prefix", _of_text(lambda text: what + text), what)


def suffix(what: str) -> Step:
    return Step("suffix", _of_text(lambda text: text + what), what)


def truncate(length: int) -> Step:
    """To so many characters (Unicode code points)."""
    return Step("truncate", _of_text(lambda text: text[:length]), length)


def split(at: str) -> Step:
    """A text becomes the list of its parts; an empty text an empty list."""

    def step(value: Json) -> Json:
        if not isinstance(value, str):
            raise NotTransformed("not text")
        return [*value.split(at)] if value else []

    return Step("split", step, at)


def join(with_: str) -> Step:
    """A list becomes one text; its nulls are left out."""

    def step(value: Json) -> Json:
        if not isinstance(value, list):
            raise NotTransformed("not a list")
        try:
            return with_.join(text_of(v) for v in value if v is not None)
        except DoesNotFit:
            raise NotTransformed("no text form") from None

    return Step("join", step, with_)


def lookup(table: Mapping[str, Json], default: Json = None, *, defaulted: bool = False) -> Step:
    """The table's value under the text form of ours.  Without a default a value that is not in the table is not
    transformed."""

    def step(value: Json) -> Json:
        if isinstance(value, list):
            return [step(v) for v in value]
        try:
            key = text_of(value)
        except DoesNotFit:
            raise NotTransformed("no text form") from None
        if key in table:
            return table[key]
        if defaulted:
            return default
        raise NotTransformed("not in the lookup")

    return Step("lookup", step, table, default if defaulted else ...)
