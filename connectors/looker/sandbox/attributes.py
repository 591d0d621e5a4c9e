"""The user attributes of a Looker instance, and the way in which a user comes by a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.contract import Json
from connectors.looker.sandbox.answers import invalid

SYSTEM = ("email", "first_name", "full_name", "id", "last_name")
"""Made by Looker for each user, and not to be edited."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What `source` says.  UNCONFIRMED.  {group}: the group's name."""

    own: str = "User"
    group: str = "Group: {group}"
    default: str = "Default"
    unset: str = "No Value"


@dataclass(slots=True)
class UserAttribute:
    """settable: `can.set_value`.  groups: value by group, the one of lowest rank first.  own: value by user id."""

    id: str
    name: str
    type: str = "string"
    default: str | None = None
    system: bool = False
    settable: bool = True
    value_is_hidden: bool = False
    user_can_edit: bool = False
    groups: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)

    def shown(self, *, admin: bool) -> dict[str, Json]:
        may = {"show": True, "index": True, "show_value": not self.value_is_hidden, "update": admin and not self.system}
        return {
            "can": {**may, "destroy": admin and not self.system, "set_value": admin and self.settable and not self.system},
            "id": self.id,
            "name": self.name,
            "label": _label(self.name),
            "type": self.type,
            "default_value": None if self.value_is_hidden else self.default,
            "is_system": self.system,
            "is_permanent": self.system,
            "value_is_hidden": self.value_is_hidden,
            "user_can_view": True,
            "user_can_edit": self.user_can_edit,
            "hidden_value_domain_whitelist": "" if self.value_is_hidden else None,
        }

    def found(self, user: Mapping[str, Json], sources: Sources) -> list[tuple[str | None, str]]:
        """Each value on the way with its source: the user's, its groups', the default."""
        account = str(user["id"])
        if self.system:
            named = f"{user['first_name']} {user['last_name']}" if self.name == "full_name" else user[self.name]
            return [(None if named is None else str(named), sources.own)]
        groups = user["groups"]
        assert isinstance(groups, list)
        way: list[tuple[str | None, str]] = []
        if account in self.own:
            way.append((self.own[account], sources.own))
        way += [(value, sources.group.format(group=group)) for group, value in self.groups.items() if group in groups]
        if self.default is not None:
            way.append((self.default, sources.default))
        return way

    def record(self, account: str, value: str | None, source: str, rank: int | None) -> dict[str, Json]:
        """`UserAttributeWithValue`."""
        return {
            "can": {"show_value": not self.value_is_hidden},
            "name": self.name,
            "label": _label(self.name),
            "rank": rank,
            "value": None if self.value_is_hidden else value,
            "user_id": account,
            "user_can_edit": self.user_can_edit,
            "value_is_hidden": self.value_is_hidden,
            "user_attribute_id": self.id,
            "source": source,
            "hidden_value_domain_whitelist": "" if self.value_is_hidden else None,
        }

    def accept(self, value: Json, words: Sequence[str]) -> str:
        """words: those of a yesno attribute.  Raises Answered for what it does not take: every value is a string."""
        if value is None:
            raise invalid("value", f"{self.type.capitalize()} value cannot be nil")
        if not isinstance(value, str):
            raise invalid("value", "Value must be a string")
        if self.type == "number" and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
            raise invalid("value", "Number value is invalid")
        if self.type == "yesno" and value not in words:
            raise invalid("value", "Yesno value is invalid")
        return value


def _label(name: str) -> str:
    return name.replace("_", " ").title()
