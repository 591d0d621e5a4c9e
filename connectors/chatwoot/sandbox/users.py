"""The users of an installation, and what the Platform API and the list of agents show of them."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterable, Mapping

from connectors.chatwoot.sandbox.answers import invalid, refused
from connectors.contract import Json
from connectors.sandbox import number_of, object_of

User = dict[str, Json]
SCALARS = ("name", "display_name", "email")


class Users:
    """users             each with its `id`, `email` and what is not empty
    permissible       those that the platform app has created or was granted
    makes_passwords   a user who is created without a password gets one made up; what the validations of the mirrored version
                      do not do.  UNCONFIRMED for others
    """

    def __init__(self, users: Iterable[Mapping[str, Json]], permissible: Iterable[int] | None, *, makes_passwords: bool) -> None:
        self._first = {number_of(user): _whole(user) for user in users}
        self._granted = frozenset(self._first if permissible is None else permissible)
        self._makes_passwords = makes_passwords
        self.users: dict[int, User] = {}
        self.permissible: set[int] = set()
        self.reset()

    def reset(self) -> None:
        self.users = copy.deepcopy(self._first)
        self.permissible = set(self._granted)

    def create(self, given: Mapping[str, Json]) -> User:
        """The user with this e-mail address, or a new one; the platform app may touch this user from then on, and the address
        counts as confirmed.  Raises Answered."""
        email = str(given.get("email") or "").lower()
        user = next((known for known in self.users.values() if known["email"] == email), None)
        if user is None:
            wrong = {} if _address(email) else {"email": "is not an email"}
            if not given.get("password") and not self._makes_passwords:
                wrong = {**wrong, "password": "can't be blank"}
            if wrong:
                raise invalid(wrong)
            user = _whole({"id": max(self.users, default=0) + 1, "email": email})
            self.update(user, {name: value for name, value in given.items() if name != "email"})
            self.users[number_of(user)] = user
        user["confirmed"] = True
        self.permissible.add(number_of(user))
        return user

    def update(self, user: User, given: Mapping[str, Json]) -> dict[str, Json]:
        """What PATCH does: custom attributes are merged by key, what is not known is dropped.  Answers what was set, by name.
        Raises Answered."""
        changes: dict[str, Json] = {name: given[name] for name in SCALARS if not isinstance(given.get(name, []), list | dict)}
        if "email" in changes:
            changes["email"] = email = str(changes["email"] or "").lower()
            if not _address(email):
                raise invalid({"email": "can't be blank" if not email else "is not an email"})
            if any(other["email"] == email and other is not user for other in self.users.values()):
                raise invalid({"email": "has already been taken"})
        if changes.get("name", "") is None:
            raise refused(500, "null value in column name")
        merged = given.get("custom_attributes")
        user.update(changes)
        if not isinstance(merged, dict):
            return changes
        user["custom_attributes"] = {**object_of(user, "custom_attributes"), **merged}
        return {**changes, **{f"custom_attributes.{key}": value for key, value in merged.items()}}


def shown(user: User, account: int) -> User:
    """As the Platform API shows a user: with tokens, and without `custom_attributes` where there are none."""
    secret = hashlib.sha256(f"token of {user['id']}".encode()).hexdigest()
    view: User = {
        "access_token": f"at-{secret[:20]}",
        "account_id": account,
        "available_name": user["display_name"] or user["name"],
        "avatar_url": "",
        "confirmed": user["confirmed"],
        "display_name": user["display_name"],
        "message_signature": None,
        "email": user["email"],
        "hmac_identifier": f"hm-{secret[20:40]}",
        "id": user["id"],
        "name": user["name"],
        "provider": "email",
        "pubsub_token": f"ps-{secret[40:]}",
        "custom_attributes": user["custom_attributes"],
        "role": "agent",
        "ui_settings": {},
        "uid": user["email"],
        "accounts": [{"id": account, "name": "Acme", "active_at": None, "role": "agent"}],
    }
    if not user["custom_attributes"]:
        del view["custom_attributes"]
    return view


def listed(user: User, account: int) -> User:
    """As the list of agents shows a user."""
    names = ("available_name", "confirmed", "custom_attributes", "email", "id", "name", "role")
    view = {name: value for name, value in shown(user, account).items() if name in names}
    return {**view, "account_id": account, "availability_status": "offline", "auto_offline": True, "thumbnail": ""}


def _whole(given: Mapping[str, Json]) -> User:
    return {
        "name": "Somebody",
        "display_name": None,
        "confirmed": True,
        **given,
        "custom_attributes": copy.deepcopy(object_of(given, "custom_attributes")),
    }


def _address(text: str) -> bool:
    return re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None
