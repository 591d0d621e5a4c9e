"""A system that sends JSON webhooks as a source, as its entry describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from connectors.contract import ABSENT, Absent, Compiler, Element, Json, NotEvents, Said, Unusable
from connectors.http.settings import SourceSettings
from connectors.moment import microseconds

At = Callable[[Json], Json | Absent]
C = TypeVar("C")


class HttpSource:
    """Paths and a condition, compiled once."""

    def __init__(self, settings: SourceSettings, compiler: Compiler) -> None:
        """Raises ValueError for what is no path or no condition."""

        def optional(text: str | None, compile_: Callable[[str], C]) -> C | None:
            return None if text is None else compile_(text)

        event = settings.event
        self.acknowledge = settings.acknowledge
        self.carries = settings.trust
        self._each = optional(settings.each, compiler.path)
        self._keep = optional(event.keep, compiler.condition)
        self._deleted = optional(event.deleted, compiler.condition)
        self._id = optional(event.id, compiler.path)
        self._time = optional(event.time, compiler.path)
        self._sequence = optional(event.sequence, compiler.path)
        self._subject = {name: compiler.path(text) for name, text in event.subject.items()}
        self._attributes = optional(event.attributes, compiler.path)

    def split(self, body: Json) -> Sequence[Element]:
        if self._each is None:
            if not isinstance(body, dict):
                raise NotEvents("an object expected: the event")
            return [body]
        events = self._each(body)
        if not isinstance(events, list):
            raise NotEvents("`each` leads to no list of events")
        return events

    def read(self, element: Element) -> Said:
        if not isinstance(element, dict):
            raise Unusable("the event is no object")
        own = _name(_at(self._id, element))
        if self._keep is not None and not self._keep({"event": element}):
            return Said({}, id=own, carries=self.carries, ignored="`keep` says no")
        deleted = self._deleted is not None and self._deleted({"event": element})
        return Said(
            subject=self._who(element),
            attributes={} if deleted else self._what(element),
            id=own,
            time=_time(_at(self._time, element)),
            sequence=_sequence(_at(self._sequence, element)),
            carries=self.carries,
            deleted=deleted,
        )

    def _who(self, element: Json) -> Mapping[str, Json]:
        found = {name: at(element) for name, at in self._subject.items()}
        subject = {name: value for name, value in found.items() if not isinstance(value, Absent) and value is not None}
        if isinstance(subject.get("id"), bool) or not isinstance(subject.get("id"), str | int) or subject["id"] == "":
            raise Unusable("`subject.id` leads to no text and no integer")
        return subject

    def _what(self, element: Json) -> Mapping[str, Json]:
        if self.carries == "hint":
            return {}
        attributes = _at(self._attributes, element)
        if not isinstance(attributes, dict):
            raise Unusable("`attributes` leads to no object")
        return attributes


def _at(path: At | None, element: Json) -> Json:
    """What stands there; None for nothing, and for what is not looked for."""
    value = ABSENT if path is None else path(element)
    return None if isinstance(value, Absent) else value


def _name(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unusable("`id` leads to no text and no integer")
    return str(value)


def _time(value: Json) -> int | None:
    try:
        return None if value is None else microseconds(value)
    except ValueError:
        raise Unusable("`time` leads to no time since 1970 (RFC 3339, or seconds or milliseconds as a number)") from None


def _sequence(value: Json) -> int | None:
    match value:
        case None:
            return None
        case int() if not isinstance(value, bool) and value >= 0:
            return value
        case str() if value.isascii() and value.isdecimal() and len(value) < 20:
            return int(value)
        case _:
            raise Unusable("`sequence` leads to no number that counts")
