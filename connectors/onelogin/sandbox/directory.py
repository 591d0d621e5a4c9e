"""The users of a OneLogin account and the rules of their fields."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from connectors.contract import Json
from connectors.moment import microseconds
from connectors.onelogin.sandbox.unconfirmed import Unconfirmed
from connectors.sandbox import number_of, object_of

TEXTS = (
    "username", "email", "firstname", "lastname", "title", "department", "company", "comment", "phone", "samaccountname",
    "member_of", "userprincipalname", "distinguished_name", "external_id", "manager_ad_id", "manager_user_id",
    "preferred_locale_code",
)  # fmt: skip
NUMBERS = ("group_id", "state", "status", "directory_id", "trusted_idp_id")
WORDS: Mapping[str, frozenset[int]] = {"state": frozenset(range(4)), "status": frozenset({0, 1, 2, 3, 4, 5, 7, 8})}
"""The numbers that stand for something (official Python SDK, models/user.py)."""
READ_ONLY = (
    "id", "created_at", "updated_at", "activated_at", "last_login", "locked_until", "invalid_login_attempts",
    "invitation_sent_at", "password_changed_at",
)  # fmt: skip
ANY_CASE = frozenset({"email", "username"})
TIMES: Mapping[str, str] = {"created": "created_at", "updated": "updated_at", "last_login": "last_login"}
"""`updated_since=` and `updated_until=` filter by the field `updated_at`."""
BOUNDS = frozenset(f"{name}_{bound}" for name in TIMES for bound in ("since", "until"))

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
        self._first = {number_of(user): self._whole(user) for user in users}
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
        place = user if shortname == name else self._custom(user)
        if shortname not in place or (place is user and name in READ_ONLY):
            raise KeyError(name)
        if place[shortname] != value:
            place[shortname], user["updated_at"] = value, _now()

    def update(self, user: User, body: Mapping[str, Json]) -> dict[str, Json]:
        """What PUT does: the fields that are given, all or none; what is only shown is passed over, as the official SDKs send a
        user back as they read it.  Answers what was set, by name.  Raises FieldError."""
        custom = body.get("custom_attributes", {})
        if not isinstance(custom, dict):
            raise FieldError("custom_attributes")
        undefined = [name for name in custom if name not in self.shortnames]
        if undefined and self._unconfirmed.undefined == "refuses":
            raise FieldError(f"custom_attributes.{undefined[0]}")
        custom = {name: value for name, value in custom.items() if name in self.shortnames}
        plain = {name: value for name, value in body.items() if name != "custom_attributes" and name not in READ_ONLY}
        for name, value in plain.items():
            if not _takes(name, value):
                raise FieldError(name)
        whole: User = {**user, **plain}
        if "custom_attributes" in body:
            kept = self._custom(user) if self._unconfirmed.custom == "keeps" else {}
            whole["custom_attributes"] = {name: custom.get(name, kept.get(name)) for name in self.shortnames}
        if whole != user:
            user.update(whole, updated_at=_now())
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
        if name in BOUNDS:
            field, _, bound = name.rpartition("_")
            at, by = user[TIMES[field]], microseconds(text)
            return at is not None and (microseconds(at) >= by if bound == "since" else microseconds(at) <= by)
        held = self.held(user, name)
        pattern = ".*".join(re.escape(part) for part in text.split("*"))
        flags = re.IGNORECASE | re.DOTALL if name in ANY_CASE else re.DOTALL
        return held is not None and re.fullmatch(pattern, str(held), flags) is not None

    def _whole(self, given: Mapping[str, Json]) -> User:
        user: User = {"id": number_of(given), **dict.fromkeys((*TEXTS, *NUMBERS, *READ_ONLY[1:])), "state": 1, "status": 1}
        user["custom_attributes"] = dict.fromkeys(self.shortnames)
        user |= {name: value for name, value in given.items() if name != "custom_attributes"}
        self._custom(user).update(object_of(given, "custom_attributes"))
        return user

    @staticmethod
    def _custom(user: User) -> dict[str, Json]:
        custom = user["custom_attributes"]
        assert isinstance(custom, dict)
        return custom


def _takes(name: str, value: Json) -> bool:
    if name in TEXTS:
        return value is None or isinstance(value, str)
    if name not in NUMBERS or isinstance(value, bool):
        return False
    return value is None or (isinstance(value, int) and value in WORDS.get(name, (value,)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
