"""Chatwoot's users as a target, through the Platform API: custom attributes, merged by key, and three fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.address import url
from connectors.chatwoot.answers import invalid_fields, judged, judged_elsewhere, known_id
from connectors.chatwoot.authentication import AccessTokens, agents_url
from connectors.chatwoot.fields import CUSTOM, USER
from connectors.chatwoot.finding import searchable
from connectors.chatwoot.limits import BUDGET, LATE_WINDOW
from connectors.chatwoot.settings import Settings
from connectors.contract import (
    Account,
    Authentication,
    Call,
    Capabilities,
    Definition,
    Flow,
    Found,
    Json,
    Listed,
    Refused,
    Request,
    Response,
    Wire,
    Written,
)
from connectors.reading import json_of, marks, unreadable


class UserTarget:
    """The users of one installation that a platform app may touch."""

    def __init__(self, settings: Settings) -> None:
        email = frozenset({"email"})
        self.capabilities = Capabilities(
            finds=email if settings.options.find_by_creating else frozenset(),
            lists=email if settings.credentials.agents_token is not None else frozenset(),
            many=True,
            clears=False,  # the stored hash is merged: a key can be overwritten, and never goes
            wires=dict.fromkeys(USER.fields, Wire.TEXT),
            budget=BUDGET,
            late_window=LATE_WINDOW,
        )
        self.authentication: Authentication = AccessTokens(settings)
        self._base = settings.base_url
        self._agents = agents_url(settings)

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        """Asks to create a user with this e-mail and nothing else.  A user who is there is answered, and confirmed; of one who
        is not there Chatwoot refuses to make an account without a password, which we never send."""
        if key not in self.capabilities.finds:
            raise Refused("users cannot be searched by this key")
        if not searchable(value) or value.rstrip(".").endswith(".invalid"):  # an address that nobody can have (RFC 6761)
            return ()
        response = yield Request("POST", url(self._base, "platform", "api", "v1", "users"), json={"email": value})
        if response.status_code == 422 and "password" in invalid_fields(response):
            return ()
        if response.status_code != 200:
            raise judged_elsewhere(response)
        user = _user(response)
        return [Found(str(user["id"]), user.get("email"))]

    def directory(self) -> Flow[Sequence[Listed]]:
        """The agents of the account, in one answer.  Raises Refused where the entry has no `agents_token`."""
        if not self.capabilities.lists:
            raise Refused("users are listed only with `account_id` and `agents_token`")
        response = yield Request("GET", self._agents)
        if response.status_code != 200:
            raise judged_elsewhere(response)
        agents = json_of(response)
        if not isinstance(agents, list):
            raise unreadable(response)
        listed = []
        for agent in agents:
            match agent:
                case {"id": int(number), "email": str(email)}:
                    listed.append(Listed(str(number), {"email": email}))
                case {"id": int(number), "email": None}:
                    listed.append(Listed(str(number), {}))  # the column may be empty, and the others are to be found all the same
                case _:
                    raise unreadable(response)
        return listed

    def read(self, account: str) -> Flow[Account]:
        """The user without tokens.  `custom_attributes` is absent where there are none."""
        response = yield Request("GET", self._address(account))
        if response.status_code != 200:
            raise judged(response)
        return Account(USER.kept(_user(response, account)))

    def write(self, account: str, changes: Mapping[str, Json], before: Account | None = None) -> Sequence[Call]:
        """One call.  A key of a custom attribute is replaced whole, an object in it, too."""
        for attribute, value in changes.items():
            USER.place(attribute)
            if value is None:
                raise Refused("Chatwoot cannot remove an attribute of a user", attribute)
        return [Call(tuple(changes), self._patch(account, changes))] if changes else []

    def definitions(self) -> Flow[Sequence[Definition]]:
        """Chatwoot keeps no list for users: any key may be written."""
        yield from ()
        return ()

    def _patch(self, account: str, changes: Mapping[str, Json]) -> Flow[Written]:
        response = yield Request("PATCH", self._address(account), json=USER.document(changes))
        if response.status_code != 200:
            raise judged(response, USER.blamed(changes))
        return Written(USER.seen(_user(response, account), changes), **marks(response))

    def _address(self, account: str) -> str:
        return url(self._base, "platform", "api", "v1", "users", known_id(account))


def _user(response: Response, account: str | None = None) -> dict[str, Json]:
    """The user of an answer, with an id.  account: whom it has to be about.  Raises Failed."""
    user = json_of(response)
    if not isinstance(user, dict) or not isinstance(user.get("id"), int) or not isinstance(user.get(CUSTOM, {}), dict):
        raise unreadable(response)
    if account is not None and str(user["id"]) != account:
        raise unreadable(response)
    return user
