"""The values of custom attributes that a user holds: one row each, with an id of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.contract import Account, Flow, Json, Response
from connectors.reading import json_of, unreadable
from connectors.tyk.answers import pages, row_id

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,255}")
"""What an attribute's identifier may be made of (Customize the user model)."""


@dataclass(frozen=True, slots=True)
class Value:
    """One row of `GET /users/{id}/custom-attributes`.  once: the portal keeps the first value."""

    row: str
    identifier: str
    text: str = field(repr=False)
    once: bool = False


@dataclass(frozen=True, slots=True)
class Seen(Account):
    """An account as read, with the rows that its values stand in: who writes after a read need not look again."""

    values: Mapping[str, Value] = field(default_factory=dict, repr=False)


def values(base: str, account: str) -> Flow[Mapping[str, Value]]:
    """The values of one user, by identifier.  One that is listed without an id is none: the portal has not made it yet."""
    rows = yield from pages(base, "users", account, "custom-attributes")
    held = [_value(row, response) for response, row in rows]
    return {value.identifier: value for value in held if value.row != "0"}


def value_of(response: Response) -> Value:
    """The one value that an answer shows.  Raises Failed."""
    row = json_of(response)
    if not isinstance(row, dict):
        raise unreadable(response)
    return _value(row, response)


def _value(row: dict[str, Json], response: Response) -> Value:
    match row.get("CustomAttribute"), row.get("Value"):
        case {"Identifier": str(identifier), "WriteOnceReadMany": True}, str() | None as text:
            return Value(row_id(row, response), identifier, text or "", once=True)
        case {"Identifier": str(identifier)}, str() | None as text:
            return Value(row_id(row, response), identifier, text or "")
        case _:
            raise unreadable(response)


def alike(one: str, other: str) -> bool:
    """Whether two texts are one value: true and True are."""
    return one == other or one.lower() == other.lower() in ("true", "false")
