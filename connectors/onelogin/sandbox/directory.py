"""The users of a OneLogin account and the rules of their fields."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence

from connectors.contract import Json
from connectors.onelogin.sandbox.unconfirmed import Unconfirmed

TEXTS = (
    "username", "email", "firstname", "lastname", "title", "department", "company", "comment", "phone", "samaccountname",
    "member_of", "userprincipalname", "distinguished_name", "external_id", "manager_ad_id", "manager_user_id",
    "preferred_locale_code",
)  # fmt: skip
NUMBERS = ("group_id", "state", "status", "directory_id", "trusted_idp_id")
READ_ONLY = ("id", "created_at", "updated_at", "activated_at", "last_login", "locked_until", "invalid_login_attempts")
ANY_CASE = frozenset({"email", "username"})

User = dict[str, Json]


class FieldError(Exception):
    """A field that does not exist, or a value that it does not take."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Validation failed: {name}")
        self.name = name


class Directory:
    """users by id; a user is the JSON that `GET /api/2/users/{id}` shows."""

    def __init__(self, users: Iterable[Mapping[str, Json]], shortnames: Sequence[str], unconfirmed: Unconfirmed) -> None:
        self.shortnames, self._unconfirmed = tuple(shortnames), unconfirmed
        self._first = {user_id(user): self._whole(user) for user in users}
        self.users: dict[int, User] = {}
        self.reset()

    def reset(self) -> None:
        self.users = copy.deepcopy(self._first)

    def held(self, user: User, name: str) -> Json:
        """One field, by name; None if it is not there."""
        shortname = name.removeprefix("custom_attributes.")
        return user.get(name) if shortname == name else self._custom(user).get(shortname)

    def set(self, user: User, name: str, value: Json) -> None:
        """One field, by name.  Raises KeyError if it does not exist."""
        shortname = name.removeprefix("custom_attributes.")
        if shortname == name:
            if name not in user or name in READ_ONLY:
                raise KeyError(name)
            user[name] = value
        else:
            if shortname not in self.shortnames:
                raise KeyError(name)
            self._custom(user)[shortname] = value

    def update(self, user: User, body: Mapping[str, Json]) -> dict[str, Json]:
        """What PUT does: the fields that are given, all or none.  Answers them by name.  Raises FieldError."""
        custom = body.get("custom_attributes", {})
        if not isinstance(custom, dict):
            raise FieldError("custom_attributes")
        undefined = [name for name in custom if name not in self.shortnames]
        if undefined and self._unconfirmed.undefined == "refuses":
            raise FieldError(f"custom_attributes.{undefined[0]}")
        custom = {name: value for name, value in custom.items() if name in self.shortnames}
        plain = {name: value for name, value in body.items() if name != "custom_attributes"}
        for name, value in plain.items():
            if not _takes(name, value):
                raise FieldError(name)
        user.update(plain)
        if "custom_attributes" in body:
            kept = self._custom(user) if self._unconfirmed.custom == "keeps" else {}
            user["custom_attributes"] = {name: custom.get(name, kept.get(name)) for name in self.shortnames}
        return {**plain, **{f"custom_attributes.{name}": value for name, value in custom.items()}}

    def matching(self, filters: Mapping[str, str]) -> list[User]:
        """The users that fit all filters: exactly, but that `*` stands for anything."""
        return [user for user in self.users.values() if all(self._fits(user, name, text) for name, text in filters.items())]

    def listed(self, user: User, fields: str) -> User:
        """As lists show a user: the id and what was asked for; without custom attributes if nothing was."""
        if not fields:
            return {name: value for name, value in user.items() if name != "custom_attributes"}
        asked = {"id", *fields.split(",")}
        return {name: value for name, value in user.items() if name in asked}

    def _fits(self, user: User, name: str, text: str) -> bool:
        held = self.held(user, name)
        pattern = ".*".join(re.escape(part) for part in text.split("*"))
        flags = re.IGNORECASE | re.DOTALL if name in ANY_CASE else re.DOTALL
        return held is not None and re.fullmatch(pattern, str(held), flags) is not None

    def _whole(self, given: Mapping[str, Json]) -> User:
        user: User = {"id": user_id(given), **dict.fromkeys((*TEXTS, *NUMBERS, *READ_ONLY[1:])), "state": 1, "status": 1}
        user["custom_attributes"] = dict.fromkeys(self.shortnames)
        for name, value in given.items():
            if name == "custom_attributes":
                assert isinstance(value, dict)
                self._custom(user).update(value)
            else:
                user[name] = value
        return user

    @staticmethod
    def _custom(user: User) -> dict[str, Json]:
        custom = user["custom_attributes"]
        assert isinstance(custom, dict)
        return custom


def user_id(user: Mapping[str, Json]) -> int:
    number = user["id"]
    assert isinstance(number, int), "a user's id is an integer"
    return number


def _takes(name: str, value: Json) -> bool:
    if name in TEXTS:
        return value is None or isinstance(value, str)
    return name in NUMBERS and (value is None or (isinstance(value, int) and not isinstance(value, bool)))
