"""Looker as a target: finds, reads and writes users.

User attributes are set one a call, by id; names and locale through the user, the e-mail address through its e-mail credential.
Only a value that was set for the user counts as one: what it inherits from a group or a default is *nothing* here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from connectors.address import url
from connectors.contract import (
    Account,
    Authentication,
    Call,
    Capabilities,
    Definition,
    Flow,
    Found,
    Json,
    Refused,
    Request,
    Wire,
)
from connectors.looker.answers import judged
from connectors.looker.attributes import UserAttribute, UserAttributes
from connectors.looker.authentication import ApiKey
from connectors.looker.finding import FINDS, by_credential, by_email
from connectors.looker.settings import Settings
from connectors.looker.user import address, values
from connectors.looker.values import YESNO, may_be_yesno, read, shown
from connectors.looker.writes import EMAIL, PROFILE, Writes
from connectors.reading import json_of, unreadable

FIELDS = PROFILE | {EMAIL}
"""What a user itself shows.  A user attribute of the same name stands behind it."""

CAPABILITIES = Capabilities(
    finds=FINDS,
    wire=Wire.TEXT,  # every value of a user attribute is a string, whatever its type
    late_window=120.0,  # UNCONFIRMED: no limit is documented; Looker's own SDKs wait as long for an answer
)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


class LookerTarget:
    """One Looker instance."""

    capabilities = CAPABILITIES

    def __init__(self, settings: Settings) -> None:
        self._base = url(settings.base_url, "api", "4.0")
        self._words = settings.options.yesno
        self._options = settings.options
        self._attributes = UserAttributes(self._base)
        self._writes = Writes(self._base, self._attributes, settings.options)
        self.authentication: Authentication = ApiKey(settings)

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        if key == EMAIL:
            return (yield from by_email(self._base, value))
        if key in FINDS:
            return (yield from by_credential(self._base, key, value))
        raise Refused("Looker cannot be searched by this key")

    def read(self, account: str) -> Flow[Account]:
        """Names, locale and e-mail address as the user shows them, and beside them the user attributes, by name.  What Looker
        does not show to this API key is hidden, which is not nothing."""
        response = yield Request("GET", address(self._base, account, query=[("fields", ",".join(["id", *sorted(FIELDS)]))]))
        if response.status_code != 200:
            raise judged(response)
        user = json_of(response)
        if not isinstance(user, dict) or "id" not in user:
            raise unreadable(response)
        records = yield from values(self._base, account)
        own, unknown = read([(name, record) for name, record in records.items() if name not in FIELDS], self._options)
        fields = {name: user[name] for name in FIELDS if name in user}
        return Account({**(yield from self._as_mapped(own)), **fields}, unknown | (FIELDS - fields.keys()))

    def write(self, account: str, changes: Mapping[str, Json], before: Account | None = None) -> Sequence[Call]:
        """One call an attribute."""
        for name in changes:
            if not _NAME.fullmatch(name):
                raise Refused("a user attribute is named by lowercase letters, digits and underscores", name)
        return [Call((name,), self._writes.flow(account, name, value)) for name, value in changes.items()]

    def definitions(self) -> Flow[Sequence[Definition]]:
        """The fields of a user that can be written, and the user attributes that this API key may set for a user."""
        listed = yield from self._attributes.ask()
        return [Definition(name, type="string") for name in sorted(FIELDS)] + [
            Definition(attribute.name, attribute.id, self._type(attribute), hidden=attribute.hidden)
            for attribute in listed.values()
            if attribute.settable and attribute.name not in FIELDS
        ]

    def _type(self, attribute: UserAttribute) -> str:
        """As mappings know its values."""
        return "boolean" if attribute.type == YESNO and self._words is not None else attribute.type

    def _as_mapped(self, own: Mapping[str, Json]) -> Flow[dict[str, Json]]:
        """Values as mappings know them.  The types are needed, and asked for, only where one is spelled like yes or no."""
        doubtful = frozenset(name for name, value in own.items() if may_be_yesno(value, self._words))
        types = (yield from self._attributes.types(doubtful)) if doubtful else {}
        return {name: shown(value, types.get(name, ""), self._words) for name, value in own.items()}
