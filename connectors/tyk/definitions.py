"""The definitions of custom attributes: which there are, what they take, and which the portal itself locks.

In a definition `Type` is a number; in a user's value (`connectors/tyk/values.py`) the same word is a label.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.contract import Flow, Json, Response
from connectors.reading import unreadable
from connectors.tyk.answers import pages, row_id

STRING, DROPDOWN, BOOLEAN, NUMBER = 1, 2, 3, 4
TYPES = {STRING: "text", DROPDOWN: "dropdown", BOOLEAN: "boolean", NUMBER: "number"}
MODEL = "User"
"""The only model that can be extended."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Defined:
    """One definition.

    once     WriteOnceReadMany: the portal keeps the first value
    choices  of a dropdown
    checked  a text is held against a regular expression.  It is the portal's, in Go's dialect, and is not run here
    """

    id: str
    identifier: str
    type: str
    once: bool = False
    choices: tuple[str, ...] = ()
    checked: bool = False

    def objection(self, value: str) -> str:
        """Why this value does not fit, as far as the definition itself tells; "" if it says nothing against it."""
        if self.type == "dropdown" and value not in self.choices:
            return "it is not one of the dropdown's values"
        if self.type == "boolean" and value not in ("true", "false"):
            return "a boolean is needed: true or false"
        if self.type == "number" and not _NUMBER.fullmatch(value):
            return "a number is needed"
        return ""


class Definitions:
    """The definitions of one portal, remembered.  They may be stale: whoever misses one asks again."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.known: Mapping[str, Defined] = {}
        """By identifier, as the portal last said it."""

    def all(self) -> Flow[Mapping[str, Defined]]:
        """Ask the portal.  By identifier."""
        known: dict[str, Defined] = {}
        for response, model in (yield from pages(self._base, "extended_attributes")):
            if model.get("ModelName") != MODEL:
                continue
            number = row_id(model, response)
            listed = yield from pages(self._base, "extended_attributes", number, "custom-attributes")
            for answered, row in listed:
                defined = _defined(row, answered)
                known[defined.identifier] = defined
        self.known = known
        return known

    def of(self, identifier: str) -> Flow[Defined | None]:
        """The definition of one attribute, from memory if it is there; None if the portal has none."""
        if identifier in self.known:
            return self.known[identifier]
        return (yield from self.all()).get(identifier)


def _defined(row: Mapping[str, Json], response: Response) -> Defined:
    match row:
        case {"Identifier": str(identifier), "Type": int(kind)}:
            choices = row.get("DropdownValues")
            return Defined(
                id=row_id(dict(row), response),
                identifier=identifier,
                type=TYPES.get(kind, ""),
                once=row.get("WriteOnceReadMany") is True,
                choices=tuple(choice.strip() for choice in choices.split(",")) if isinstance(choices, str) else (),
                checked=bool(row.get("ValidationRegExp")),
            )
        case _:
            raise unreadable(response)
