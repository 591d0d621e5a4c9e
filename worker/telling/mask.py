"""How a value is shown to somebody who has not asked to see it: its type and its length, and nothing of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import unquote

from connectors.contract import ABSENT, Absent, Json
from worker.telling.words import many

DOTS = "\u2022" * 4


def masked(value: Json | Absent) -> str:
    """`"••••" (6 characters)`; null, empty text and absence are no secrets."""
    match value:
        case None:
            return "null"
        case Absent():
            return "absent"
        case "":
            return '""'
        case bool():
            return f"{DOTS} (true or false)"
        case str():
            return f'"{DOTS}" ({many(len(value), "character")})'
        case list():
            return f"[{DOTS}] ({many(len(value), 'item')})"
        case dict():
            return f"{{{DOTS}}} ({many(len(value), 'key')})"
        case _:
            return f"{DOTS} (a number)"


def shown(value: Json | Absent, *, reveal: bool) -> str:
    """As JSON if it may be seen, else masked."""
    return json.dumps(value, ensure_ascii=False) if reveal and value is not ABSENT else masked(value)


def masked_within(value: Json) -> Json:
    """A document with its names and its shape, each value in it masked.  What is not sure to be a name is a value."""
    if isinstance(value, dict):
        return {name: masked_within(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked_within(inner) for inner in value]
    return value if value is None or value == "" else masked(value).replace('"', "")


def masked_body(content: bytes) -> str:
    """A request's body.  One that is no JSON is masked as a whole."""
    try:
        return json.dumps(masked_within(json.loads(content)), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return f"{DOTS} ({many(len(content), 'byte')})"


def masked_url(url: str, secrets: Iterable[str]) -> str:
    """The address, without the parts of its path and query in which one of these values stands as a word."""
    words = "|".join(re.escape(secret) for secret in secrets if secret)
    stands = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)

    def part(text: str) -> str:
        return DOTS if words and stands.search(unquote(text.replace("+", " "))) else text

    address, mark, query = url.partition("?")
    scheme, _, rest = address.partition("://")
    host, *segments = rest.split("/")
    path = "/".join([host, *map(part, segments)])
    pairs = "&".join(f"{name}{equals}{part(value)}" for name, equals, value in (each.partition("=") for each in query.split("&")))
    return f"{scheme}://{path}{mark}{pairs}"
