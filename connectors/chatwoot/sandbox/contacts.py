"""The contacts of an account: what may be saved, what a save changes, how they are searched, how they are shown."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from connectors.chatwoot.sandbox.answers import invalid, refused
from connectors.contract import Json
from connectors.sandbox import number_of, object_of

Contact = dict[str, Json]
Changes = dict[str, tuple[Json, Json]]
"""name -> (before, after), as Rails' `previous_changes` has it."""

SCALARS = ("name", "identifier", "email", "phone_number", "blocked")
HASHES = ("additional_attributes", "custom_attributes")
FILTERED = ("name", "phone_number", "email", "identifier")
PAGE = 15


class Contacts:
    """contacts: each with its `id` and what is not empty.  What they begin with is not checked: an installation has contacts
    that were saved before a validation came, and twins that were saved at the same moment."""

    def __init__(self, contacts: Iterable[Mapping[str, Json]]) -> None:
        self._first = {number_of(contact): _whole(contact) for contact in contacts}
        self.contacts: dict[int, Contact] = {}
        self.reset()

    def reset(self) -> None:
        self.contacts = copy.deepcopy(self._first)

    def update(self, contact: Contact, given: Mapping[str, Json]) -> Changes:
        """What PATCH does: both hashes are merged by key; what is not known, or no object where one must be, is dropped without a
        word.  The whole record is checked.  Raises Answered."""
        new = copy.deepcopy(contact)
        for name in SCALARS:
            if name in given and not isinstance(given[name], list | dict):
                new[name] = given[name]
        for name in HASHES:
            if isinstance(merged := given.get(name), dict):
                new[name] = {**object_of(new, name), **merged}
        return self._save(contact, new)

    def remove(self, contact: Contact, keys: Iterable[Json]) -> Changes:
        """What destroy_custom_attributes does."""
        gone = [*keys]
        left = {key: value for key, value in object_of(contact, "custom_attributes").items() if key not in gone}
        return self._save(contact, {**contact, "custom_attributes": left})

    def touch(self, contact: Contact) -> Changes:
        """A message came: `last_activity_at` moves, and nothing else."""
        return self._save(contact, {**contact, "last_activity_at": _now()})

    def search(self, text: str) -> list[Contact]:
        """ILIKE '%text%' over most, LIKE over the identifier; `%`, `_` and `\\` mean what they mean to LIKE."""
        anywhere = re.compile(".*" + _pattern(text.strip()) + ".*", re.DOTALL | re.IGNORECASE)
        exact = re.compile(anywhere.pattern, re.DOTALL)
        return [
            contact
            for contact in self.contacts.values()
            if any(contact[name] for name in ("email", "phone_number", "identifier"))
            and (
                any(anywhere.fullmatch(str(text or "")) for text in _searched(contact))
                or exact.fullmatch(str(contact["identifier"] or ""))
            )
        ]

    def filtered(self, conditions: Json) -> list[Contact]:
        """One condition `equal_to`, compared in lower case; a telephone number is given without its `+`.  Raises Answered."""
        match conditions:
            case [{"attribute_key": str(key), "filter_operator": "equal_to", "values": [value]}] if key in FILTERED:
                wanted = f"+{value}" if key == "phone_number" else str(value)
                return [c for c in self.contacts.values() if c[key] is not None and str(c[key]).lower() == wanted.lower()]
            case _:
                raise refused(422, "Invalid attribute key or filter operator")

    def _save(self, contact: Contact, new: Contact) -> Changes:
        new["email"] = str(new["email"]).lower() if new["email"] else None
        self._check(contact, new)
        changes: Changes = {name: (contact[name], new[name]) for name in new if new[name] != contact[name]}
        if changes:
            saved = _now()
            changes["updated_at"] = (contact["updated_at"], saved)
            contact.update(new)
            contact["updated_at"] = saved
        return changes

    def _check(self, contact: Contact, new: Contact) -> None:
        wrong: dict[str, str] = {}
        for name in ("email", "identifier", "phone_number"):
            twins = (c for c in self.contacts.values() if c is not contact and _alike(c[name], new[name], fold=name == "email"))
            if new[name] and any(twins):
                wrong[name] = "has already been taken"
        if new["email"] and not re.fullmatch(r"[^@\s]+@[^@\s]+", str(new["email"])):
            wrong["email"] = "is invalid"
        if new["phone_number"] and not re.search(r"\+[1-9]\d{1,14}\Z", str(new["phone_number"])):
            wrong["phone_number"] = "should be in e164 format"
        if wrong:
            raise invalid(wrong)
        if new["blocked"] is None:
            raise refused(500, "null value in column blocked")


def shown(contact: Contact, *, with_inboxes: bool = True) -> Contact:
    """As the Application API shows a contact: with the identity under which it writes, which lets one read its conversation."""
    names = ("additional_attributes", "email", "id", "name", "phone_number", "blocked", "identifier", "custom_attributes")
    view: Contact = {**{name: contact[name] for name in names}, "availability_status": "offline", "thumbnail": ""}
    view["created_at"] = 1720000000
    if with_inboxes:
        view["contact_inboxes"] = [{"source_id": f"src-{contact['id']}-4711", "inbox": {"id": 1, "name": "Website"}}]
    return view


def _searched(contact: Contact) -> list[Json]:
    """Where the search looks, in whatever case."""
    additional = object_of(contact, "additional_attributes")
    return [contact["name"], contact["email"], contact["phone_number"], additional.get("company_name")]


def _whole(given: Mapping[str, Json]) -> Contact:
    empty: Contact = {"name": "", "email": None, "phone_number": None, "identifier": None, "blocked": False}
    times: Contact = {"last_activity_at": None, "updated_at": "2025-07-09T03:19:24.123Z"}
    hashes: Contact = {name: copy.deepcopy(object_of(given, name)) for name in HASHES}
    return {**empty, **times, **given, **hashes}


def _alike(one: Json, other: Json, *, fold: bool) -> bool:
    return str(one).lower() == str(other).lower() if fold else one == other


def _pattern(text: str) -> str:
    """A LIKE pattern as a regular expression."""
    parts = re.findall(r"\\(.)|(.)|(\\)$", text, re.DOTALL)
    return "".join(
        re.escape(literal or end) if literal or end else {"%": ".*", "_": "."}.get(c, re.escape(c)) for literal, c, end in parts
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
