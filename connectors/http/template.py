"""Address templates of `systems.yaml`: `/users/{id}`, `/users?search=profile.email eq "{value}"`.

A value can never leave its place.  What may stand in a place depends on what is around the placeholder:

    a whole path segment or query value    anything but "", ".", ".." and control characters; percent-encoded
    between quotes ("{value}", '{value}')  the same without this quote and backslashes: how a system escapes them is not known
    beside other text (`email:{value}`)    letters, digits and _ . ~ @ + -

The literal parts are written plainly or percent-encoded; both are sent percent-encoded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from connectors.address import escaped
from connectors.contract import Refused

_PLACEHOLDER = re.compile(r"\{([a-z]*)\}")
_PLAIN = re.compile(r"[A-Za-z0-9_.~@+-]+")
_LITERAL = "!$&'()*+,;=:@"
"""Beside letters, digits and - . _ ~ these may stand in a path segment as they are (RFC 3986 section 3.3)."""

Place = Literal["whole", "'", '"', "plain"]
"""A quote: between two of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One path segment, or one query value: text, with at most one placeholder after it, and text again."""

    before: str
    name: str = ""
    after: str = ""
    place: Place = "whole"

    def fill(self, values: Mapping[str, str]) -> str:
        if not self.name:
            return self.before
        value = values[self.name]
        match self.place:
            case "whole" if value in ("", ".", ".."):
                raise Refused("it cannot stand in an address")
            case "'" | '"' if self.place in value or "\\" in value:
                raise Refused("it cannot stand between quotes in an address")
            case "plain" if not _PLAIN.fullmatch(value):
                raise Refused("it cannot stand beside other text in an address")
        return self.before + escaped(value) + self.after


@dataclass(frozen=True, slots=True)
class Template:
    """A path and a query below `base_url`."""

    segments: tuple[Part, ...]
    query: tuple[tuple[str, Part], ...] = ()

    def fill(self, base: str, **values: str) -> str:
        """The address.  Raises Refused for a value that cannot stand in its place."""
        path = "".join("/" + part.fill(values) for part in self.segments)
        query = "&".join(f"{name}={part.fill(values)}" for name, part in self.query)
        return f"{base}{path}?{query}" if query else base + path


def parse(text: str, *names: str) -> Template:
    """names: the placeholders that it must have.  Raises ValueError."""
    if not text.startswith("/") or text.startswith("//"):
        raise ValueError("an address begins with `/`: it stands below base_url")
    if re.search(r"[#\x00-\x1f\x7f]", text):
        raise ValueError("an address has no `#` and no control characters")
    path, _, query = text.partition("?")
    segments = path[1:].split("/")
    if any(unquote(segment) in (".", "..") for segment in segments) or "" in segments[:-1]:
        raise ValueError('a path segment is never "", "." or ".."')
    template = Template(
        tuple(_part(segment, names, _LITERAL) for segment in segments),
        tuple(
            (quote(unquote(name), safe=""), _part(value, names, ""))
            for name, _, value in (pair.partition("=") for pair in (query.split("&") if query else []))
        ),
    )
    placed = [part.name for part in (*template.segments, *(part for _, part in template.query)) if part.name]
    for name in names:
        if placed.count(name) != 1:
            raise ValueError(f"`{{{name}}}` must stand in the address, once")
    return template


def _part(text: str, names: tuple[str, ...], safe: str) -> Part:
    found = list(_PLACEHOLDER.finditer(text))
    if any(placeholder[1] not in names for placeholder in found) or len(found) > 1 or _brace_left(text):
        raise ValueError(f"the only placeholder here is {' and '.join(f'`{{{name}}}`' for name in names)}, one in a segment")
    if not found:
        return Part(quote(unquote(text), safe=safe))
    before, after = (unquote(side) for side in (text[: found[0].start()], text[found[0].end() :]))
    place: Place = "plain" if before or after else "whole"
    for quotation in ("'", '"'):
        if before.endswith(quotation) and after.startswith(quotation):
            place = quotation
    return Part(quote(before, safe=safe), found[0][1], quote(after, safe=safe), place)


def _brace_left(text: str) -> bool:
    return bool(re.search(r"[{}]", _PLACEHOLDER.sub("", text)))
