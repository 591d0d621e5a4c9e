"""The users of a Descope project, its custom attributes, and what may be set."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.contract import Json
from connectors.descope.sandbox.answers import Refusal
from connectors.descope.sandbox.unconfirmed import Unconfirmed

TEXTS = ("email", "phone", "name", "givenName", "middleName", "familyName", "picture", "status")
FLAGS = ("verifiedEmail", "verifiedPhone", "test")
LISTS = ("roleNames", "ssoAppIds")
STATUSES = ("enabled", "disabled", "invited", "expired")
CUSTOM = "customAttributes."

User = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Declared:
    """A custom attribute as it is declared in the console.

    type     1 text, 2 number, 3 boolean, 4 single select, 5 multi select, 6 date, 7 month and day
    options  of a select
    """

    type: int = 1
    options: tuple[str, ...] = ()

    def takes(self, value: Json) -> bool:
        match self.type:
            case 1 | 7:
                return isinstance(value, str)
            case 2 | 6:
                return isinstance(value, int | float) and not isinstance(value, bool)
            case 3:
                return isinstance(value, bool)
            case 4:
                return value in self.options
            case _:
                return isinstance(value, list) and all(one in self.options for one in value)


class Directory:
    """users by `userId`; a user is what `GET /v1/mgmt/user` shows, with what is empty."""

    def __init__(self, users: Iterable[Mapping[str, Json]], declared: Mapping[str, Declared], unconfirmed: Unconfirmed) -> None:
        self.declared, self._open = declared, unconfirmed
        self._first = {str(user["userId"]): _whole(user) for user in users}
        self.users: dict[str, User] = {}
        self.reset()

    def reset(self) -> None:
        self.users = copy.deepcopy(self._first)

    # ---------------------------------------------------------------- finding

    def by_login_id(self, login_id: Json) -> User | None:
        return next((user for user in self.users.values() if login_id in _list(user["loginIds"])), None)

    def by_either(self, given: Json) -> User | None:
        """By a login id or by the user id, as the calls that change a user take them."""
        return self.by_login_id(given) or (self.users.get(given) if isinstance(given, str) else None)

    def matching(self, asked: Mapping[str, Json]) -> list[User]:
        """What a search finds, all pages.  A filter that is empty filters nothing; test users only if they are asked for.  Raises
        Refusal."""
        custom = asked.get("customAttributes") or {}
        if not isinstance(custom, dict):
            raise Refusal(400, "E011004", "customAttributes: an object")
        found = []
        for user in self.users.values():
            held = self._custom(user)
            fits = (
                not user["test"] or asked.get("withTestUser") or asked.get("testUsersOnly"),
                user["test"] or not asked.get("testUsersOnly"),
                not asked.get("userIds") or user["userId"] in _list(asked["userIds"]),
                not asked.get("emails") or user["email"] in _list(asked["emails"]),
                not asked.get("phones") or user["phone"] in _list(asked["phones"]),
                not asked.get("statuses") or user["status"] in _list(asked["statuses"]),
                not asked.get("loginIds") or any(one in _list(asked["loginIds"]) for one in _list(user["loginIds"])),
                all(held.get(name) in (value if isinstance(value, list) else [value]) for name, value in custom.items()),
                str(asked.get("text") or "").lower() in " ".join([str(user["name"]), str(user["email"])]).lower(),
            )
            if all(fits):
                found.append(user)
        return found

    # ---------------------------------------------------------------- setting

    def set_custom(self, user: User, name: str, value: Json) -> dict[str, Json]:
        """One custom attribute.  Answers what changed, by attribute.  Raises Refusal."""
        return self._set(user, {}, {name: value}, keep=True)

    def patch(self, user: User, body: Mapping[str, Json]) -> dict[str, Json]:
        """What PATCH does: the fields that are given, all or none; null is as if it were not given.  Answers what changed, by
        attribute.  Raises Refusal."""
        given = {name: value for name, value in body.items() if value is not None}
        custom = given.pop("customAttributes", {})
        if not isinstance(custom, dict):
            raise Refusal(400, "E011004", "customAttributes: an object")
        named = {"name": given[self._open.display_name]} if self._open.display_name in given else {}
        fields = {**{name: value for name, value in given.items() if name in TEXTS + FLAGS + LISTS and name != "name"}, **named}
        for name, value in fields.items():
            if not _fits(name, value):
                raise Refusal(400, "E011004", f"{name} is not valid")
        return self._set(user, fields, custom, keep=self._open.patch == "merges" or "customAttributes" not in body)

    def edit(self, user: User, changes: Mapping[str, Json]) -> dict[str, Json]:
        """A person in the console.  Raises KeyError."""
        for name, value in changes.items():
            plain = name.removeprefix(CUSTOM)
            if name in TEXTS + FLAGS + LISTS:
                user[name] = value
            elif plain != name and plain in self.declared:
                self._put(user, plain, value)
            else:
                raise KeyError(name)
        return dict(changes)

    def shown(self, user: User) -> Json:
        """As an answer shows a user: what is empty is left out."""
        return {name: value for name, value in user.items() if value}

    def _set(self, user: User, fields: Mapping[str, Json], custom: Mapping[str, Json], *, keep: bool) -> dict[str, Json]:
        for name, value in custom.items():
            self._check(name, value)
        before = copy.deepcopy(user)
        if not keep:
            user["customAttributes"] = {}
        user.update(fields)
        changed = dict(fields)
        for name, value in custom.items():
            if name in self.declared:
                self._put(user, name, value)
                changed[CUSTOM + name] = value
        user["modifiedTime"] = int(time.time())
        held, now = self._custom(before), self._custom(user)
        if not self._open.same:
            changed = {
                name: value
                for name, value in changed.items()
                if (held.get(name.removeprefix(CUSTOM)) if name.startswith(CUSTOM) else before[name]) != value
            }
        gone: dict[str, Json] = dict.fromkeys(CUSTOM + name for name in held if name not in now and name not in custom)
        return {**changed, **gone}

    def _check(self, name: str, value: Json) -> None:
        if name not in self.declared:
            if self._open.undeclared == "refuses":
                raise Refusal(400, "E011003", f"there is no custom attribute {name}")
            if self._open.undeclared == "missing":
                raise Refusal(404, "E112199", f"there is no custom attribute {name}")
        elif value is None:
            if self._open.null == "refuses":
                raise Refusal(400, "E011003", f"{name}: a value is needed")
        elif not self.declared[name].takes(value):
            raise Refusal(400, "E011003", f"{name}: the value is not of its type")

    def _put(self, user: User, name: str, value: Json) -> None:
        custom = self._custom(user)
        if value is None and self._open.null != "stores":
            custom.pop(name, None)
        else:
            custom[name] = value

    @staticmethod
    def _custom(user: User) -> dict[str, Json]:
        custom = user["customAttributes"]
        assert isinstance(custom, dict)
        return custom


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else []


def _fits(name: str, value: Json) -> bool:
    if name in FLAGS:
        return isinstance(value, bool)
    if name in LISTS:
        return isinstance(value, list)
    return isinstance(value, str) and (name != "status" or value in STATUSES)


def _whole(given: Mapping[str, Json]) -> User:
    user: User = {
        "userId": None, "loginIds": [], **dict.fromkeys(TEXTS, ""), **dict.fromkeys(FLAGS, False),
        **dict.fromkeys(LISTS, None), "userTenants": [], "externalIds": [], "customAttributes": {}, "createdTime": 1_700_000_000,
        "modifiedTime": 1_700_000_000, "TOTP": False, "SAML": False, "OAuth": {}, "webauthn": False, "password": False,
        "editable": True,
    }  # fmt: skip
    return {**user, "status": "enabled", **copy.deepcopy(dict(given))}
