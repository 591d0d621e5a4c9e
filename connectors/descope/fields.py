"""The attributes of a Descope user: their names, what is sent for them, and what is kept of a user that is read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from connectors.contract import Json, Refused

TEXTS = frozenset({"email", "familyName", "givenName", "middleName", "name", "phone", "picture"})
"""Standard attributes that a PATCH sets, as text.  Status, roles, tenants and login ids are not: those are a user's rights."""
BOOLEANS = frozenset({"verifiedEmail", "verifiedPhone"})

SHOWN = (
    *sorted(TEXTS | BOOLEANS), "createdTime", "customAttributes", "editable", "externalIds", "loginIds", "modifiedTime",
    "roleNames", "ssoAppIds", "status", "test", "userId", "userTenants",
)  # fmt: skip
"""What is kept of a user.  Whatever else an answer has beside it (a token, a hash) is nobody's attribute."""

_CUSTOM = re.compile(r'customAttributes(?:\.([\w$@-]+)|\[("(?:[^"\\]|\\.)+")\])')


def custom_name(attribute: str) -> str | None:
    """The machine name of a custom attribute (`customAttributes.department`, `customAttributes["cost center"]`); None if it is a
    standard one."""
    found = _CUSTOM.fullmatch(attribute)
    if found is None:
        return None
    try:
        return found[1] or str(json.loads(found[2]))
    except ValueError:
        return None


def spelled(name: str) -> str:
    """The attribute of a machine name: the reverse of `custom_name`."""
    plain = f"customAttributes.{name}"
    return plain if custom_name(plain) == name else f"customAttributes[{json.dumps(name, ensure_ascii=False)}]"


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
    name = custom_name(attribute)
    if name is None:
        return user.get(attribute, False if attribute in BOOLEANS else None)
    custom = user.get("customAttributes")
    return custom.get(name) if isinstance(custom, dict) else None
