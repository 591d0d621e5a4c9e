"""The attributes of a Descope user: their names, what is sent for them, and what is kept of a user that is read."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Json, Refused
from connectors.keyed import key_of

TEXTS = frozenset({"email", "familyName", "givenName", "middleName", "name", "phone", "picture"})
"""Standard attributes that a PATCH sets, as text.  Status, roles, tenants and login ids are not: those are a user's rights."""
BOOLEANS = frozenset({"verifiedEmail", "verifiedPhone"})

SHOWN = (
    *sorted(TEXTS | BOOLEANS), "createdTime", "customAttributes", "editable", "externalIds", "loginIds", "modifiedTime",
    "roleNames", "ssoAppIds", "status", "test", "userId", "userTenants",
)  # fmt: skip
"""What is kept of a user.  Whatever else an answer has beside it (a token, a hash) is nobody's attribute."""

CUSTOM = "customAttributes"
"""The object whose keys are the machine names of the custom attributes."""


def standard(attribute: str, value: Json) -> Json:
    """What a PATCH is sent for a standard attribute.  Empty text removes one; null would be as if it were not there.  Raises
    Refused, which blames the attribute."""
    if attribute in TEXTS:
        return "" if value is None else value
    if attribute not in BOOLEANS:
        raise Refused("Descope has no such attribute, or it is not written", attribute)
    if isinstance(value, bool):
        return value
    raise Refused("true or false is needed", attribute)


def kept(user: Mapping[str, Json]) -> dict[str, Json]:
    """Descope leaves out what is empty, and a boolean that is false.  False is a value, and is kept: what is written is what is
    read."""
    return {**dict.fromkeys(sorted(BOOLEANS), False), **{name: user[name] for name in SHOWN if name in user}}


def held(user: Mapping[str, Json], attribute: str) -> Json:
    """What a user shows of one attribute; of a boolean that is left out, false."""
    name = key_of(CUSTOM, attribute)
    if name is None:
        return user.get(attribute, False if attribute in BOOLEANS else None)
    custom = user.get(CUSTOM)
    return custom.get(name) if isinstance(custom, dict) else None
