"""The contacts of one Chatwoot account as a target, through the Application API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.address import url
from connectors.chatwoot.answers import judged_contact, judged_elsewhere, known_id
from connectors.chatwoot.authentication import AccessTokens
from connectors.chatwoot.fields import ADDITIONAL, CONTACT, CUSTOM
from connectors.chatwoot.finding import FINDS, by_filter, by_search
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
    Refused,
    Request,
    Response,
    Wire,
    Written,
)
from connectors.keyed import attribute_of
from connectors.reading import json_of, marks, unreadable

TEXTS = CONTACT.fields - {"blocked"}
SHOWN = ("city", "company_name", "country", "country_code", "description")
"""The additional attributes that the dashboard shows.  Others are stored, too, and nobody sees them."""
EMPTY: Mapping[str, Json] = {"name": "", "email": None, "phone_number": None, "identifier": None}
"""What clears a field.  Not "" for the others: two contacts of an account may not have the same identifier, not even that."""


class ContactTarget:
    """The contacts of one account."""

    capabilities = Capabilities(
        finds=FINDS, many=True, wires=dict.fromkeys(TEXTS, Wire.TEXT), budget=BUDGET, late_window=LATE_WINDOW
    )

    def __init__(self, settings: Settings) -> None:
        assert settings.account_id is not None, "the settings see to it"
        self.authentication: Authentication = AccessTokens(settings)
        self._account = url(settings.base_url, "api", "v1", "accounts", str(settings.account_id))
        self._contacts = url(self._account, "contacts")
        self._finding = by_search if settings.options.find_with == "search" else by_filter

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        """E-mail addresses are kept in lower case; telephone numbers begin with `+` (E.164)."""
        if key not in FINDS:
            raise Refused("contacts cannot be searched by this key")
        return (yield from self._finding(self._contacts, key, value))

    def read(self, account: str) -> Flow[Account]:
        """What can be written of a contact, and its id."""
        response = yield Request("GET", self._address(account))
        if response.status_code != 200:
            raise judged_contact(response)
        return Account(CONTACT.kept(_contact(response, account)))

    def write(self, account: str, changes: Mapping[str, Json], before: Account | None = None) -> Sequence[Call]:
        """One call for what is set, and one for the custom attributes that are removed."""
        removed: dict[str, str] = {}
        sent: dict[str, Json] = {}
        for attribute, value in changes.items():
            parent, key = CONTACT.place(attribute)
            if attribute == "blocked" and not isinstance(value, bool):
                raise Refused("true or false is needed", attribute)
            if value is None and parent == CUSTOM:
                removed[attribute] = key
            else:
                sent[attribute] = EMPTY.get(attribute, value) if value in (None, "") else value
        calls = [Call(tuple(sent), self._patch(account, sent))] if sent else []
        return [*calls, Call(tuple(removed), self._remove(account, removed))] if removed else calls

    def definitions(self) -> Flow[Sequence[Definition]]:
        """The fields, and the custom attributes that the account defines for contacts.  A key without a definition is stored,
        too, and nobody sees it in the dashboard."""
        query = [("attribute_model", "contact_attribute")]
        response = yield Request("GET", url(self._account, "custom_attribute_definitions", query=query))
        if response.status_code != 200:
            raise judged_elsewhere(response)
        listed = json_of(response)
        if not isinstance(listed, list):
            raise unreadable(response)
        known = [Definition(name, type="text" if name in TEXTS else "boolean") for name in sorted(CONTACT.fields)]
        known += [Definition(attribute_of(ADDITIONAL, name), type="text") for name in SHOWN]
        for entry in listed:
            match entry:
                case {"attribute_model": "conversation_attribute"}:
                    pass  # asked for or not, these are not ours
                case {"id": number, "attribute_key": str(key), "attribute_display_type": str(kind)}:
                    known.append(Definition(attribute_of(CUSTOM, key), str(number), "boolean" if kind == "checkbox" else kind))
                case _:
                    raise unreadable(response)
        return known

    def _patch(self, account: str, sent: Mapping[str, Json]) -> Flow[Written]:
        response = yield Request("PATCH", self._address(account), json=CONTACT.document(sent))
        return _written(response, account, sent)

    def _remove(self, account: str, removed: Mapping[str, str]) -> Flow[Written]:
        """removed: attribute -> key."""
        address = self._address(account, "destroy_custom_attributes")
        response = yield Request("POST", address, json={CUSTOM: [*removed.values()]})
        return _written(response, account, removed)

    def _address(self, account: str, *rest: str) -> str:
        return url(self._contacts, known_id(account), *rest)


def _written(response: Response, account: str, sent: Iterable[str]) -> Written:
    """sent: the attributes of the call.  Raises ConnectorError."""
    if response.status_code != 200:
        raise judged_contact(response, CONTACT.blamed(sent))
    return Written(CONTACT.seen(_contact(response, account), sent), **marks(response))


def _contact(response: Response, account: str) -> dict[str, Json]:
    """The contact of an answer about this account.  A hash may be null: of a contact that is older than the column's default, and
    was never saved since.  Raises Failed."""
    body = json_of(response)
    contact = body.get("payload") if isinstance(body, dict) else None
    if not isinstance(contact, dict) or str(contact.get("id")) != account:
        raise unreadable(response)
    if not all(isinstance(contact.get(parent), dict | None) for parent in CONTACT.hashes):
        raise unreadable(response)
    return contact
