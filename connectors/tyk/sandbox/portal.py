"""The users, definitions and values of a portal in memory, and the rules by which values change."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.contract import Json
from connectors.sandbox import number_of, object_of

Document = dict[str, Json]

TYPES = {1: "String", 2: "Dropdown", 3: "Boolean", 4: "Number"}
BEHAVIOURS = {1: "Edit and view", 2: "View only", 3: "Hidden"}
"""In a definition these are numbers, in a user's value labels.  The labels other than the first of each are ours."""
ZERO: Document = {"Active": False, "Email": "", "First": "", "Last": "", "OrganisationID": 0, "Role": "", "Provider": ""}


class Refusal(Exception):
    """What the portal says no to; answered as 422."""


@dataclass(slots=True)
class Row:
    """One value of one user."""

    id: int
    user: int
    definition: int
    value: str = ""


class Portal:
    """users: `User-basis` with `ID`, and `custom_attributes` by identifier.  late: identifiers of attributes that were defined
    after the users were made, who have no row for them."""

    def __init__(
        self,
        users: Sequence[Mapping[str, Json]],
        definitions: Sequence[Mapping[str, Json]],
        *,
        late: Collection[str],
        path_id: Literal["value", "definition"],
        worm_allows_first_put: bool,
        makes_rows: bool,
        deletes_rows: bool,
        replaces: bool,
    ) -> None:
        self.definitions: dict[int, Document] = {
            number: {"Name": each["Identifier"], "Description": "", "Behaviour": 1, "DropdownValues": "", "ValidationRegExp": "",
                     "AddToKeyMetadata": False, "Required": False, "ShowOnSignUp": False, "WriteOnceReadMany": False, "Type": 1,
                     **each, "ID": number}
            for number, each in enumerate(definitions, 1)
        }  # fmt: skip
        self._seed, self._late = copy.deepcopy([dict(user) for user in users]), late
        self._path_id, self._first_put, self._makes_rows = path_id, worm_allows_first_put, makes_rows
        self._deletes_rows, self._replaces = deletes_rows, replaces
        self.users: dict[int, Document] = {}
        self.rows: dict[int, Row] = {}
        self.reset()

    def reset(self) -> None:
        self.users, self.rows, self._numbers = {}, {}, itertools.count(1)
        for user in copy.deepcopy(self._seed):
            self.add(user, self._late)

    def add(self, given: Mapping[str, Json], late: Collection[str] = ()) -> Document:
        """A new user, with a row for each attribute, that is filled from `custom_attributes`.  A row's id is never that of its
        own definition while both are small: who mixes the two is found out."""
        user: Document = {**ZERO, "Active": True, "Role": "consumer-team-member", "Provider": "password", "Teams": [], **given}
        held = object_of(user, "custom_attributes")
        user.pop("custom_attributes", None)
        user.setdefault("ID", max(self.users, default=0) + 1)
        number = number_of(user, "ID")
        self.users[number] = user
        ids = [*self.definitions]
        for definition in ids[1:] + ids[:1]:
            identifier = str(self.definitions[definition]["Identifier"])
            if identifier in held or identifier not in late:
                self._new_row(number, definition).value = str(held.get(identifier, ""))
        return user

    # ---------------------------------------------------------------- what is there

    def values(self, user: int) -> list[Row]:
        return [row for row in self.rows.values() if row.user == user]

    def unmade(self, user: int) -> list[Row]:
        """What the user has no row for."""
        made = {row.definition for row in self.values(user)}
        return [Row(0, user, definition) for definition in self.definitions if definition not in made]

    def custom(self, user: int) -> dict[str, Json]:
        return {str(self.definitions[row.definition]["Identifier"]): row.value for row in self.values(user)}

    def at(self, user: int, path: int) -> Row | None:
        """What the last segment of the address means."""
        if self._path_id == "value":
            row = self.rows.get(path)
            return row if row is not None and row.user == user else None
        return next((row for row in self.values(user) if row.definition == path), None)

    def element(self, row: Row) -> Document:
        known = self.definitions[row.definition]
        detail: Document = {
            name: known[name]
            for name in ("Name", "Identifier", "AddToKeyMetadata", "Required", "ShowOnSignUp", "WriteOnceReadMany")
        }
        detail |= {"Type": TYPES[number_of(known, "Type")], "Behaviour": BEHAVIOURS[number_of(known, "Behaviour")]}
        return {"Value": row.value, "ID": row.id, "CustomAttribute": detail}

    # ---------------------------------------------------------------- what changes

    def put(self, user: int, path: int, value: str) -> Row:
        """Raises Refusal."""
        if user not in self.users:
            raise Refusal("user not found")
        row = self.at(user, path)
        taken = any(held.definition == path for held in self.values(user))
        if row is None and (taken or not self._makes_rows or path not in self.definitions):
            raise Refusal("custom attribute not found")
        known = self.definitions[row.definition if row is not None else path]
        if known["WriteOnceReadMany"] is True and not (self._first_put and (row is None or not row.value)):
            raise Refusal(f"cannot update {known['Identifier']}")
        if objection := next(_objections(known, value), ""):
            raise Refusal(objection)
        if row is None:
            row = self._new_row(user, path)
        row.value = value
        return row

    def delete(self, user: int, path: int) -> Row | None:
        """Nothing is said of write-once values: they go like any other."""
        row = self.at(user, path)
        if row is not None:
            row.value = ""
            if self._deletes_rows:
                del self.rows[row.id]
        return row

    def update(self, user: Document, body: Mapping[str, Json]) -> dict[str, Json]:
        """`PUT /users/{id}`: what has changed.  Raises Refusal."""
        given = {**(ZERO if self._replaces else {}), **{name: value for name, value in body.items() if name in ZERO}}
        after = {**user, **given}
        if not after["Email"] or not after["First"]:
            raise Refusal("email and first name are required")
        if any(other["Email"] == given.get("Email") for other in self.users.values() if other is not user):
            raise Refusal("a user with this email exists")
        teams = body.get("Teams", [] if self._replaces else None)
        if isinstance(teams, list) and teams != _team_ids(user):
            after["Teams"] = [{"ID": int(str(team)), "Name": f"Team {team}", "Default": False} for team in teams]
        changed = {name: value for name, value in after.items() if user.get(name) != value}
        user.update(changed)
        return changed

    def set(self, user: int, identifier: str, value: str) -> None:
        """A person's own doing, in the portal.  Raises KeyError."""
        definition = next((n for n, known in self.definitions.items() if known["Identifier"] == identifier), None)
        if definition is None:
            raise KeyError(identifier)
        held = [row for row in self.values(user) if row.definition == definition]
        (held[0] if held else self._new_row(user, definition)).value = value

    def _new_row(self, user: int, definition: int) -> Row:
        row = Row(next(self._numbers), user, definition)
        self.rows[row.id] = row
        return row


def _team_ids(user: Document) -> list[str]:
    teams = user["Teams"]
    return [str(team["ID"]) for team in teams if isinstance(team, dict)] if isinstance(teams, list) else []


def _objections(known: Mapping[str, Json], value: str) -> Iterator[str]:
    match known["Type"]:
        case 1 if known["ValidationRegExp"] and not re.search(str(known["ValidationRegExp"]), value):
            yield f"{known['Identifier']} does not match"
        case 2 if value and value not in str(known["DropdownValues"]).split(","):
            yield f"{known['Identifier']} has no value {value}"
        case 3 if value not in ("true", "false", ""):
            yield f"{known['Identifier']} must be a boolean"
        case 4 if value and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
            yield f"{known['Identifier']} must be a number"
