"""How a contact is found by a key: with the filter, which compares whole values, or with the search, which compares parts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.address import escaped, url
from connectors.chatwoot.answers import judged_elsewhere
from connectors.contract import Flow, Found, Json, Refused, Request, Response
from connectors.reading import json_of, unreadable

FINDS = frozenset({"email", "phone_number", "identifier"})

PAGE = 15
"""Contacts of one page (RESULTS_PER_PAGE)."""
PAGES = 20
"""Pages of one search: it may be asked 100 times a minute (RATE_LIMIT_CONTACT_SEARCH), for the whole account."""


def by_filter(contacts: str, key: str, value: str) -> Flow[Sequence[Found]]:
    """Compares without regard to case.  contacts: the address of the account's contacts."""
    wanted = value
    if key == "phone_number":
        if not value.startswith("+"):
            return ()  # none is stored without it
        wanted = value.removeprefix("+")  # the filter puts it before whatever it is given
    if not searchable(wanted):
        return ()
    condition = {"attribute_key": key, "filter_operator": "equal_to", "values": [wanted], "query_operator": None}
    response = yield Request("POST", url(contacts, "filter"), json={"payload": [condition]})
    return [Found(str(contact["id"]), contact.get(key)) for contact in _listed(response)]


def by_search(contacts: str, key: str, value: str) -> Flow[Sequence[Found]]:
    """Looks for the value anywhere in the name, the company, the e-mail address, the number and the identifier.  Page after page
    is read, and only contacts are answered whose key is the value, in whatever case.  Raises Refused if there are too many."""
    if not searchable(value):
        return ()
    literal = re.sub(r"([\\%_])", r"\\\1", value)  # what LIKE reads as a pattern stands for itself after `\`
    found: list[Found] = []
    for page in range(1, PAGES + 1):
        query = [("q", literal), ("page", str(page)), ("include_contact_inboxes", "false")]
        response = yield Request("GET", url(contacts, "search", query=query))
        listed = _listed(response)
        found += [Found(str(c["id"]), c.get(key)) for c in listed if str(c.get(key) or "").casefold() == value.casefold()]
        if len(listed) < PAGE or len(found) > 1:
            return found
    raise Refused("too many contacts contain this value: take `find_with: filter`")


def _listed(response: Response) -> list[dict[str, Json]]:
    """Raises ConnectorError."""
    if response.status_code != 200:
        raise judged_elsewhere(response)
    body = json_of(response)
    contacts = body.get("payload") if isinstance(body, dict) else None
    known = [c for c in contacts if isinstance(c, dict) and isinstance(c.get("id"), int)] if isinstance(contacts, list) else []
    if not isinstance(contacts, list) or len(known) < len(contacts):
        raise unreadable(response)
    return known


def searchable(value: str) -> bool:
    """Whether a value can be a key.  Not blank: what Chatwoot answers to that is UNCONFIRMED.  Not what no address could hold."""
    try:
        return bool(value.strip()) and bool(escaped(value))
    except Refused:
        return False
