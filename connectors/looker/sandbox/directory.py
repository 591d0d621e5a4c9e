"""The users of a Looker instance."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping

from connectors.contract import Json
from connectors.looker.sandbox.attributes import UserAttribute

User = dict[str, Json]

WRITABLE = ("first_name", "last_name", "locale", "home_folder_id", "is_disabled", "models_dir_validated", "ui_state")
PUBLIC = ("can", "id", "first_name", "last_name", "display_name", "avatar_url")
"""What everybody is shown of a user."""
CREDENTIALS = {
    "email": "email",
    "google": "google_user_id",
    "saml": "saml_user_id",
    "oidc": "oidc_user_id",
    "ldap": "ldap_id",
    "embed": "external_user_id",
    "api3": "client_id",
    "looker_openid": "email",
}
"""The types of credentials, and the field that a look-up by credential compares."""
_PLURAL = frozenset({"embed", "api3"})


class Directory:
    """users by id; a user is what an admin is shown of it, with `groups`, the names of its groups."""

    def __init__(self, users: Iterable[Mapping[str, Json]]) -> None:
        self._first = {str(user["id"]): _whole(user) for user in users}
        self.users: dict[str, User] = {}
        self.reset()

    def reset(self) -> None:
        self.users = copy.deepcopy(self._first)

    def search(self, filters: Mapping[str, str]) -> list[User]:
        """The users that fit all filters, by id."""
        found = [user for user in self.users.values() if all(_fits(user.get(name), text) for name, text in filters.items())]
        return sorted(found, key=lambda user: int(str(user["id"])))

    def with_credential(self, kind: str, value: str) -> User | None:
        return next((user for user in self.users.values() if value in _ids(user, kind)), None)

    def shown(self, user: User, *, full: bool) -> User:
        shown: User = {**user, "display_name": f"{user['first_name']} {user['last_name']}"}
        del shown["groups"]
        return shown if full else {name: value for name, value in shown.items() if name in PUBLIC}


def attributes_of(user: User, attributes: Iterable[UserAttribute]) -> User:
    """A user as the controls show it: its fields, and its own values by name."""
    own = {attribute.name: attribute.own[str(user["id"])] for attribute in attributes if str(user["id"]) in attribute.own}
    return {**{name: user[name] for name in ("id", "email", "first_name", "last_name", "locale")}, **own}


def _fits(held: Json, text: str) -> bool:
    """SQL LIKE in any case: `%` is anything, `_` any one character, a backslash takes the next one as it is."""
    if text.upper() in ("IS NULL", "NOT NULL"):
        return (held is None) is (text.upper() == "IS NULL")
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    pattern = "".join({"%": ".*", "_": "."}.get(part) or re.escape(part[-1]) for part in parts)
    return held is not None and re.fullmatch(pattern, str(held), re.IGNORECASE | re.DOTALL) is not None


def _ids(user: User, kind: str) -> list[Json]:
    held = user[f"credentials_{kind}"]
    credentials = held if isinstance(held, list) else [held]
    return [credential[CREDENTIALS[kind]] for credential in credentials if isinstance(credential, dict)]


def _whole(given: Mapping[str, Json]) -> User:
    """Whoever has an e-mail address and no other credential signs in with it and a password."""
    user: User = {
        "can": {"show": True},
        "avatar_url": "https://gravatar.example/avatar",
        **dict.fromkeys(("email", "first_name", "last_name", "locale", "home_folder_id", "personal_folder_id", "ui_state")),
        "is_disabled": False,
        "groups": [],
        **{f"credentials_{kind}": [] if kind in _PLURAL else None for kind in CREDENTIALS},
        "sessions": [],
        "url": f"https://looker.example/api/4.0/users/{given['id']}",
        **given,
        "id": str(given["id"]),
    }
    if user["email"] and not any(user[f"credentials_{kind}"] for kind in CREDENTIALS):
        user["credentials_email"] = {
            "email": user["email"],
            "type": "email",
            "is_disabled": False,
            "password_reset_url": f"https://looker.example/password/reset/{given['id']}-one-time-token",
            "account_setup_url": f"https://looker.example/account/setup/{given['id']}-one-time-token",
        }
    return user
