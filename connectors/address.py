"""How the address of a request is made: a base URL, path segments and a query, none of which can become another part of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator

from connectors.contract import Refused

SEGMENT = 255
"""Bytes of one path segment or query value before it is escaped: as long as a subject identifier may be (OpenID Connect Core 1.0
section 2)."""


def url(base: str, *segments: str, query: Iterable[tuple[str, str]] = ()) -> str:
    """`base` and further path segments, each escaped whole, and a query.  Nothing that stands in a segment or a query value can
    become another part of the address.  Raises Refused for a segment that is "", "." or "..", for control characters and for
    what is too long."""
    address = base.rstrip("/")
    for segment in segments:
        if segment in ("", ".", ".."):
            raise Refused("it cannot stand in an address")
        address += "/" + escaped(segment)
    return address + "".join(f"{'&' if n else '?'}{escaped(name)}={escaped(value)}" for n, (name, value) in enumerate(query))


def escaped(text: str) -> str:
    """Percent-encoded (RFC 3986 section 2.1), all but unreserved characters.  Raises Refused for control characters, lone
    surrogates and what is too long."""
    try:
        long = len(text.encode()) > SEGMENT
    except UnicodeEncodeError:
        raise Refused("it cannot stand in an address") from None
    if long or any(character < " " or "\x7f" <= character <= "\x9f" for character in text):
        raise Refused("it cannot stand in an address")
    return quote(text, safe="")


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    else:
        if "@" in parts.netloc:
            raise ValueError("a credential is not written into base_url")
        sound = sound and not parts.query and not parts.fragment and not re.search(r"[\s\\{}?#]", text)
        sound = sound and not any(segment in (".", "..") for segment in parts.path.split("/"))
    if not sound:
        raise ValueError("base_url begins with https:// and a host, and may have a path; nothing more")
    return text.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_base_url)]
"""Where a system is: http(s), a host, perhaps a path.  Without the slash at its end."""
