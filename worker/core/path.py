"""SCIM paths (RFC 7644 section 3.10): `name.familyName`, `emails[type eq "work"].value`, and `["a.b"].c` for odd keys.

Beyond the RFC: any number of sub-attributes, and names that RFC 7643 section 2.1 does not allow, in brackets and quotes.  A
name compares exactly.  A schema URN before the name is the key under which the extension stands: `urn:...:User:department`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connectors.contract import ABSENT, Absent, Json
from worker.core.filter import NAME, Filter, PathError, example, exclude, read

__all__ = ["Path", "PathError", "nest", "overlaps", "parse", "spell"]

_NAME = re.compile(NAME)
_URN = re.compile(r"(urn:[^\"\[\]\s]*):", re.IGNORECASE)
_QUOTED = re.compile(r'\[("(?:[^"\\]|\\.)*")\]')

Segment = str | tuple[str, Filter]
"""A name, or a filter with its text."""


@dataclass(frozen=True, slots=True)
class Path:
    """A place in a JSON document.  text: the one spelling of it; the empty path is the document itself."""

    text: str
    segments: tuple[Segment, ...]

    def find(self, doc: Json) -> Json | Absent:
        """What stands there; ABSENT if it leads to nothing.  A filter chooses the first element that matches.  A name at a
        list is the list of what its elements have under that name, ABSENT if none has it."""
        here = doc
        found: Json | Absent
        for index, segment in enumerate(self.segments):
            if not isinstance(segment, str):
                elements = here if isinstance(here, list) else [here]
                found = next((e for e in elements if segment[1].matches(e)), ABSENT)
            elif isinstance(here, dict):
                found = here.get(segment, ABSENT)
            elif isinstance(here, list):
                rest = Path("", self.segments[index:])
                return [value for e in here if (value := rest.find(e)) is not ABSENT] or ABSENT
            else:
                return ABSENT
            if found is ABSENT:
                return ABSENT
            here = found
        return here


@lru_cache(maxsize=4096)
def parse(text: str) -> Path:
    """Raises PathError, with the position."""
    segments: list[Segment] = []
    here = 0
    if urn := _URN.match(text):
        segments.append(urn[1])
        here = urn.end()
        if here == len(text):
            raise PathError("an attribute name expected", here + 1)
    while here < len(text):
        if text[here] == "[":
            if quoted := _QUOTED.match(text, here):
                try:
                    segments.append(json.loads(quoted[1]))
                except ValueError:
                    raise PathError("a quoted name is a JSON string", here + 2) from None
                here = quoted.end()
            else:
                chosen, end = read(text, here + 1)
                segments.append((text[here + 1 : end].strip(), chosen))
                here = end + 1
            if here == len(text) or text[here] == "[":
                continue
            if text[here] != ".":
                raise PathError("`.`, `[` or the end expected", here + 1)
            here += 1
            if here < len(text) and text[here] == "[":
                raise PathError("an attribute name expected", here + 1)
        name = _NAME.match(text, here)
        if name is None:
            raise PathError("an attribute name expected", here + 1)
        segments.append(name[0])
        here = name.end()
        if here < len(text) and text[here] == ".":
            here += 1
            if here == len(text) or text[here] == "[":
                raise PathError("an attribute name expected", here + 1)
        elif here < len(text) and text[here] != "[":
            raise PathError('`.`, `[` or the end expected (an odd key is written ["a b"])', here + 1)
    return Path(spell(segments), tuple(segments))


def spell(segments: list[Segment] | list[str]) -> str:
    """The text of a path."""
    text = ""
    for segment in segments:
        if not isinstance(segment, str):
            text += f"[{segment[0]}]"
        elif _NAME.fullmatch(segment):
            text += f".{segment}" if text else segment
        else:
            text += f"[{json.dumps(segment, ensure_ascii=False)}]"
    return text


def overlaps(a: str, b: str) -> bool:
    """One is the other, or above it: "name" and "name.familyName".  Two filters overlap unless they surely exclude each
    other.  Raises PathError."""
    for one, other in zip(_steps(a), _steps(b), strict=False):
        if one[0] != other[0] or (one[1] and other[1] and exclude(one[1], other[1])):
            return False
    return True


@lru_cache(maxsize=4096)
def _steps(text: str) -> tuple[tuple[str, Filter | None], ...]:
    """The names of a path, each with its filter: a filter chooses among the elements, it does not lead further down."""
    steps: list[tuple[str, Filter | None]] = []
    for segment in parse(text).segments:
        if isinstance(segment, str):
            steps.append((segment, None))
        elif steps:
            steps[-1] = (steps[-1][0], segment[1])
    return tuple(steps)


def nest(doc: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """A copy of the document with the value at this path; what is on the way is made.  Where a filter finds no element, one
    is added that has what the filter's equalities ask for.  The document itself is not changed.  Raises PathError."""
    placed = _placed(doc, parse(name).segments, value)
    assert isinstance(placed, dict), "a path into an account begins with a name"
    return placed


def _placed(here: Any, segments: tuple[Segment, ...], value: Any) -> Any:
    if not segments:
        return value
    first, rest = segments[0], segments[1:]
    if isinstance(first, str):
        inside = dict(here) if isinstance(here, Mapping) else {}
        inside[first] = _placed(inside.get(first), rest, value)
        return inside
    elements = list(here) if isinstance(here, list) else []
    for index, element in enumerate(elements):
        if first[1].matches(element):
            elements[index] = _placed(element, rest, value)
            return elements
    return [*elements, _placed(example(first[1]), rest, value)]
