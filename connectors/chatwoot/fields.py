"""The attributes of a user and of a contact: their names, where they stand in a call, and what of an account is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.contract import Json, Refused
from connectors.keyed import key_of

CUSTOM = "custom_attributes"
ADDITIONAL = "additional_attributes"


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of account.

    fields  standard fields that can be written
    hashes  objects whose keys are attributes: a write merges them, key by key
    shown   what else of an account is kept when it is read.  Everything but these three is dropped at once: the answers have
            access tokens, inbox identities and what changes with every message
    """

    fields: frozenset[str]
    hashes: tuple[str, ...]
    shown: tuple[str, ...]

    def place(self, attribute: str) -> tuple[str, str]:
        """Where an attribute stands: (a hash, the key in it), or ("", the field).  Raises Refused, which blames it."""
        if attribute in self.fields:
            return "", attribute
        for parent in self.hashes:
            if (key := key_of(parent, attribute)) is not None:
                return parent, key
        raise Refused("Chatwoot has no such attribute, or it is not written", attribute)

    def document(self, changes: Mapping[str, Json]) -> dict[str, Json]:
        """What is sent for these changes."""
        document: dict[str, Json] = {}
        for attribute, value in changes.items():
            parent, key = self.place(attribute)
            inside = document.setdefault(parent, {}) if parent else document
            assert isinstance(inside, dict)
            inside[key] = value
        return document

    def blamed(self, attributes: Iterable[str]) -> dict[str, str | None]:
        """Whom a refusal is about that names a field or a hash: name -> attribute, None where several stand in that hash."""
        blamed: dict[str, str | None] = {}
        for attribute in attributes:
            parent, key = self.place(attribute)
            blamed[parent or key] = None if (parent or key) in blamed else attribute
        return blamed

    def seen(self, account: Mapping[str, Json], attributes: Iterable[str]) -> dict[str, Json]:
        """What an answer shows of these attributes, by name.  A key that is absent from a hash that is shown is nothing."""
        seen: dict[str, Json] = {}
        for attribute in attributes:
            parent, key = self.place(attribute)
            inside = account.get(parent) if parent else account
            if isinstance(inside, dict) and (parent or key in inside):
                seen[attribute] = inside.get(key)
        return seen

    def kept(self, account: Mapping[str, Json]) -> dict[str, Json]:
        """The part of an account's JSON that may be kept."""
        names = {*self.fields, *self.hashes, *self.shown}
        return {name: value for name, value in account.items() if name in names}


USER = Shape(frozenset({"name", "display_name", "email"}), (CUSTOM,), ("id", "available_name", "confirmed", "provider", "role"))
CONTACT = Shape(frozenset({"name", "email", "phone_number", "identifier", "blocked"}), (CUSTOM, ADDITIONAL), ("id",))
