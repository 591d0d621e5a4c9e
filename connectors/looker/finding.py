"""How a user of Looker is found: by e-mail address, which Looker matches as a pattern, or exactly by a credential."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.address import url
from connectors.contract import Flow, Found, Halted, Json, Refused, Request
from connectors.looker.answers import judged_elsewhere, of_looker
from connectors.reading import json_of, marks, unreadable

CREDENTIALS = {
    "saml": "saml_user_id",
    "oidc": "oidc_user_id",
    "google": "google_user_id",
    "ldap": "ldap_id",
    "embed": "external_user_id",
}
"""The type of a credential, which is our key, and its field that `GET /users/credential/{type}/{id}` compares."""
FINDS = frozenset({"email", *CREDENTIALS})

PAGE, PAGES = 100, 20
_SPECIAL = frozenset({"is null", "not null"})
"""Not values but questions, to Looker's searches."""


def by_email(base: str, value: str) -> Flow[Sequence[Found]]:
    """Looker compares with SQL LIKE, in any case.  `%` and the backslash go as `_`, which stands for any one character, and `_`
    goes as it is: so no more than addresses of the same length match, and of those only what was meant is answered.  (`*` is in
    no address, and what is a wildcard elsewhere is not sent.)"""
    if not value.strip() or "*" in value or value.strip().casefold() in _SPECIAL:
        return ()
    pattern = re.sub(r"[%\\]", "_", value)
    found: list[Found] = []
    for page in range(PAGES):
        query = [("email", pattern), ("fields", "id,email"), ("sorts", "id"), ("limit", str(PAGE)), ("offset", str(page * PAGE))]
        response = yield Request("GET", url(base, "users", "search", query=query))
        if response.status_code != 200:
            raise judged_elsewhere(response)
        users = json_of(response)
        if not isinstance(users, list):
            raise unreadable(response)
        for user in users:
            if not isinstance(user, dict) or not isinstance(user.get("id"), str | int):
                raise unreadable(response)
            if "email" not in user:
                raise Halted("Looker shows no e-mail addresses to the API key: its user needs the role Admin", **marks(response))
            email = user["email"]
            if isinstance(email, str) and email.casefold() == value.casefold():
                found.append(Found(str(user["id"]), email))
        if len(users) < PAGE or "_" not in pattern or len(found) > 1:
            return found
    raise Refused("too many addresses are like it: Looker reads its _ as any character")


def by_credential(base: str, kind: str, value: str) -> Flow[Sequence[Found]]:
    """At most one.  Looker (Google Cloud core) may deny these look-ups."""
    if not value.strip():
        return ()
    field = f"credentials_{kind}"
    response = yield Request("GET", url(base, "users", "credential", kind, value, query=[("fields", f"id,{field}")]))
    if response.status_code == 404 and of_looker(response):
        return ()
    if response.status_code == 403:
        raise Halted("Looker denies look-ups by credential: find by email instead, or give the API key's user the role Admin",
                     **marks(response))  # fmt: skip
    if response.status_code != 200:
        raise judged_elsewhere(response)
    user = json_of(response)
    if not isinstance(user, dict) or not isinstance(user.get("id"), str | int):
        raise unreadable(response)
    held = _held(user.get(field), CREDENTIALS[kind])
    return (Found(str(user["id"]), value if value in held else next(iter(held), None)),)


def _held(credentials: Json, name: str) -> list[Json]:
    """A user has one credential of a type, or (embed) a list of them."""
    listed = credentials if isinstance(credentials, list) else [credentials]
    return [credential[name] for credential in listed if isinstance(credential, dict) and name in credential]
