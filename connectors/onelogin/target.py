"""OneLogin as a target: finds, reads and writes users.

Custom attributes go through v1 set_custom_attributes, which overwrites the keys that are sent and no others; whether v2 keeps
custom attributes that a call leaves out is UNCONFIRMED.  Standard fields go through v2.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

from connectors.contract import (
    Account,
    Authentication,
    Budget,
    Call,
    Capabilities,
    Definition,
    Failed,
    Flow,
    Found,
    Json,
    Refused,
    Request,
    Token,
    TokenRefused,
    Wire,
    Written,
)
from connectors.onelogin.answers import judged, judged_elsewhere
from connectors.onelogin.fields import INTEGERS, TEXTS, shortname, standard
from connectors.onelogin.settings import Settings
from connectors.reading import json_of, marks, unreadable, url

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


class Credential:
    """Client credentials (RFC 6749 section 4.4), exchanged for a token of ten hours.  The v2 endpoint answers the same token
    until it ends, so several processes may ask."""

    def __init__(self, settings: Settings) -> None:
        self._url = url(settings.base_url, "auth", "oauth2", "v2", "token")
        pair = f"{settings.credentials.client_id}:{settings.credentials.client_secret.get_secret_value()}"
        self._basic = "Basic " + b64encode(pair.encode()).decode()

    def obtain(self) -> Flow[Token]:
        """Raises TokenRefused where the pair is refused."""
        request = Request("POST", self._url, json={"grant_type": "client_credentials"}, headers={"Authorization": self._basic})
        response = yield request
        match response.status_code:
            case 200:
                pass
            case 400 | 401:
                raise TokenRefused("the API credential is refused", status=response.status_code)
            case 500:
                # So it answers, too, once the administrator who made the API credential is deleted.
                raise Failed("no token; if this lasts: is the owner of the API credential still there?", status=500)
            case _:
                raise judged_elsewhere(response)
        match json_of(response):
            case {"access_token": str(secret), "expires_in": int() | float() as lifetime} if secret and lifetime > 0:
                return Token(secret, float(lifetime))
            case _:
                raise unreadable(response)

    def sign(self, request: Request, token: Token | None) -> None:
        assert token is not None, "OneLogin has no static credential"
        request.headers["Authorization"] = f"Bearer {token.secret}"


class OneLoginTarget:
    """One OneLogin account."""

    capabilities = CAPABILITIES

    def __init__(self, settings: Settings) -> None:
        self._base = settings.base_url
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
        return Account(user)

    def write(
        self,
        account: str,
        changes: Mapping[str, Json],
        before: Account | None = None,  # noqa: ARG002 - siblings survive
    ) -> Sequence[Call]:
        """One call for all custom attributes, one for all standard fields."""
        custom = {attribute: name for attribute in changes if (name := shortname(attribute)) is not None}
        fields = {attribute: standard(attribute, value) for attribute, value in changes.items() if attribute not in custom}
        calls = []
        if custom:
            calls.append(Call(tuple(custom), self._set_custom_attributes(account, {custom[a]: a for a in custom}, changes)))
        if fields:
            calls.append(Call(tuple(fields), self._update(account, fields)))
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
                    known.append(Definition(f"custom_attributes.{name}", str(number), "text"))
                case _:
                    raise unreadable(response)
        return known

    def _set_custom_attributes(self, account: str, names: Mapping[str, str], changes: Mapping[str, Json]) -> Flow[Written]:
        """names: name at OneLogin -> attribute.  The answer is a status and shows no value."""
        values = {name: "" if changes[attribute] is None else changes[attribute] for name, attribute in names.items()}
        address = self._user("1", account, "set_custom_attributes")
        response = yield Request("PUT", address, json={"custom_attributes": values})
        if response.status_code != 200:
            raise judged(response, names)
        match json_of(response):
            case {"status": {"error": False}}:
                return Written(**marks(response))
            case _:
                raise unreadable(response)

    def _update(self, account: str, fields: Mapping[str, Json]) -> Flow[Written]:
        response = yield Request("PUT", self._user("2", account), json=dict(fields))
        if response.status_code != 200:
            raise judged(response, {name: name for name in fields})
        user = json_of(response)
        if not isinstance(user, dict):
            raise unreadable(response)
        return Written({name: user[name] for name in fields if name in user}, **marks(response))

    def _user(self, version: str, account: str, *rest: str) -> str:
        return url(self._base, "api", version, "users", account, *rest)
