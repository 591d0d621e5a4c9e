"""OneLogin as a target: finds, reads and writes users.

Standard fields go through v2, custom attributes through v1 set_custom_attributes, which overwrites the keys that are sent and no
others.  Whether v2 keeps custom attributes that a call leaves out is UNCONFIRMED: where they go through it
(`options.custom_attributes: v2`), the user is read first and all of them are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from connectors.address import url
from connectors.contract import (
    ABSENT,
    Account,
    Authentication,
    Budget,
    Call,
    Capabilities,
    Definition,
    Flow,
    Found,
    Json,
    Refused,
    Request,
    Wire,
    Written,
)
from connectors.keyed import attribute_of, key_of
from connectors.onelogin.answers import judged, judged_elsewhere
from connectors.onelogin.authentication import Credential
from connectors.onelogin.fields import CUSTOM, CUSTOM_FIELD, INTEGERS, TEXTS, standard
from connectors.onelogin.settings import Settings
from connectors.reading import json_of, marks, unreadable

FINDS = frozenset({"email", "external_id", "username"})
PAGE = "50"
"""Users of one search: the smaller of the two limits that OneLogin's documents name."""

CAPABILITIES = Capabilities(
    finds=FINDS,
    many=True,
    wire=Wire.TEXT,  # definitions have no types, and the documents show text
    budget=Budget(5000, 3600.0),  # an hour, for the whole account
    late_window=60.0,  # UNCONFIRMED: no limit is documented
)


class OneLoginTarget:
    """One OneLogin account."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.base_url
        self._query = [("mappings", settings.options.mappings)] if settings.options.mappings is not None else []
        self._together = settings.options.custom_attributes == "v2"
        self.capabilities = replace(CAPABILITIES, whole=self._together)
        self.authentication: Authentication = Credential(settings)

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        """Only the id and the key are asked for: lists lack custom attributes anyway."""
        if key not in FINDS:
            raise Refused("OneLogin cannot be searched by this key")
        if not value or "*" in value:  # `*` matches anything, here
            return ()
        query = [(key, value), ("fields", f"id,{key}"), ("limit", PAGE)]
        response = yield Request("GET", url(self._base, "api", "2", "users", query=query))
        if response.status_code != 200:
            raise judged_elsewhere(response)
        users = json_of(response)
        if not isinstance(users, list):
            raise unreadable(response)
        found = []
        for user in users:
            if not isinstance(user, dict) or not isinstance(user.get("id"), int):
                raise unreadable(response)
            found.append(Found(str(user["id"]), user.get(key)))
        return found

    def read(self, account: str) -> Flow[Account]:
        """The user as `GET /api/2/users/{id}` shows it: the names of attributes are paths into that."""
        response = yield Request("GET", self._user("2", account))
        if response.status_code != 200:
            raise judged(response)
        user = json_of(response)
        if not isinstance(user, dict) or "id" not in user:
            raise unreadable(response)
        if self._together and not isinstance(user.get("custom_attributes", ABSENT), dict | None):
            raise unreadable(response)  # what is not shown would be lost with the next write
        return Account(user)

    def write(self, account: str, changes: Mapping[str, Json], before: Account | None = None) -> Sequence[Call]:
        """v1: one call for all custom attributes, one for all standard fields.  v2: one for all."""
        custom = {attribute: name for attribute in changes if (name := key_of(CUSTOM, attribute)) is not None}
        fields = {attribute: standard(attribute, value) for attribute, value in changes.items() if attribute not in custom}
        if self._together:
            body = {**fields, "custom_attributes": _merged(before, changes, custom)} if custom else fields
            return [Call(tuple(changes), self._update(account, changes, custom, body))]
        calls = []
        if custom:
            calls.append(Call(tuple(custom), self._set_custom_attributes(account, changes, custom)))
        if fields:
            calls.append(Call(tuple(fields), self._update(account, fields, {}, fields)))
        return calls

    def definitions(self) -> Flow[Sequence[Definition]]:
        """The standard fields that can be written, and the custom attributes of this account."""
        response = yield Request("GET", url(self._base, "api", "2", "users", "custom_attributes"))
        if response.status_code != 200:
            raise judged_elsewhere(response)
        listed = json_of(response)
        if not isinstance(listed, list):
            raise unreadable(response)
        known = [Definition(name, type="integer" if name in INTEGERS else "text") for name in sorted(INTEGERS | TEXTS)]
        for entry in listed:
            match entry:
                case {"id": number, "shortname": str(name)}:
                    known.append(Definition(attribute_of(CUSTOM, name), str(number), "text"))
                case _:
                    raise unreadable(response)
        return known

    def _set_custom_attributes(self, account: str, changes: Mapping[str, Json], custom: Mapping[str, str]) -> Flow[Written]:
        """custom: attribute -> short name, of those that are sent.  The answer is a status and shows no value."""
        values = {name: "" if changes[attribute] is None else changes[attribute] for attribute, name in custom.items()}
        address = self._user("1", account, "set_custom_attributes")
        response = yield Request("PUT", address, json={"custom_attributes": values})
        if response.status_code != 200:
            raise judged(response, _by_field(custom, custom))
        match json_of(response):
            case {"status": {"error": False}}:
                return Written(**marks(response))
            case _:
                raise unreadable(response)

    def _update(
        self, account: str, changes: Mapping[str, Json], custom: Mapping[str, str], body: Mapping[str, Json]
    ) -> Flow[Written]:
        """changes: those that the body carries; custom: attribute -> short name.  The answer shows the user, or no more than the
        id."""
        response = yield Request("PUT", self._user("2", account, query=self._query), json=dict(body))
        if response.status_code != 200:
            raise judged(response, _by_field(changes, custom))
        user = json_of(response)
        if not isinstance(user, dict):
            raise unreadable(response)
        shown: dict[str, Json] = {}
        for attribute, value in changes.items():
            place, name = (user.get("custom_attributes"), custom[attribute]) if attribute in custom else (user, attribute)
            if isinstance(place, dict) and name in place:
                shown[attribute] = place[name]
            elif isinstance(place, dict) and attribute in custom and value is not None:
                raise Refused("taken, but not kept: is it defined in OneLogin?", attribute, **marks(response))
        return Written(shown, **marks(response))

    def _user(self, version: str, account: str, *rest: str, query: Sequence[tuple[str, str]] = ()) -> str:
        return url(self._base, "api", version, "users", account, *rest, query=query)


def _merged(before: Account | None, changes: Mapping[str, Json], custom: Mapping[str, str]) -> dict[str, Json]:
    """All custom attributes as they are to be: what was read, with the changes in it; null unsets.  Raises Refused."""
    if before is None:
        raise Refused("all custom attributes are sent, and they were not read")
    held = before.attributes.get("custom_attributes")
    # What holds nothing is left out: nobody who fills it meanwhile is undone, if v2 keeps what is left out.
    kept = {name: value for name, value in held.items() if value is not None} if isinstance(held, dict) else {}
    return {**kept, **{name: changes[attribute] for attribute, name in custom.items()}}


def _by_field(names: Iterable[str], custom: Mapping[str, str]) -> dict[str, str]:
    """What an error answer calls it -> attribute."""
    return {CUSTOM_FIELD + custom[attribute] if attribute in custom else attribute: attribute for attribute in names}
