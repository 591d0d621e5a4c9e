"""The attributes of a OneLogin user: their names, which of the two calls writes them, and what the wire takes."""

from __future__ import annotations

import re

from connectors.contract import Json, Refused

INTEGERS = frozenset({"directory_id", "group_id", "state", "status", "trusted_idp_id"})
"""Standard fields that v2 takes as JSON numbers (official Python SDK, models/user.py)."""
TEXTS = frozenset({
    "comment", "company", "department", "distinguished_name", "email", "external_id", "firstname", "lastname", "manager_ad_id",
    "manager_user_id", "member_of", "phone", "preferred_locale_code", "samaccountname", "title", "username", "userprincipalname",
})  # fmt: skip
"""Standard fields that v2 takes as text.  Passwords and roles are not: no source should reach them."""

CUSTOM = "custom_attributes"
"""The object whose keys are the short names of the custom attributes."""
CUSTOM_FIELD = "custom_attributes."
"""Begins the name of a custom attribute in an error answer; the short name follows, whatever it is made of."""


def standard(attribute: str, value: Json) -> Json:
    """A standard field's value as v2 takes it; null clears.  Raises Refused, which blames the attribute."""
    if attribute in TEXTS:
        return value
    if attribute not in INTEGERS:
        raise Refused("OneLogin has no such attribute, or it is not written", attribute)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    raise Refused("an integer is needed", attribute)
