"""Where a user of Looker is, whether it is there, and what its user attributes hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from connectors.address import url
from connectors.contract import Flow, Halted, NoAccount, Request
from connectors.looker.answers import judged
from connectors.looker.values import Record
from connectors.reading import json_of, marks, unreadable

_ID = re.compile(r"[0-9]{1,19}")
_FIELDS = ("fields", "name,value,source,value_is_hidden,user_attribute_id")


def address(base: str, account: str, *rest: str, query: Iterable[tuple[str, str]] = ()) -> str:
    """Below `/users/{id}`.  Raises NoAccount for what cannot be the id of a user: ids are strings of digits, and
    `/users/search` is another thing."""
    if not _ID.fullmatch(account):
        raise NoAccount("a user's id is a number")
    return url(base, "users", account, *rest, query=query)


def there(base: str, account: str) -> Flow[None]:
    """Asked after a 404, which can be of the user or of what is below it.  Raises NoAccount."""
    response = yield Request("GET", address(base, account, query=[("fields", "id")]))
    if response.status_code != 200:
        raise judged(response)
    if not isinstance(user := json_of(response), dict) or "id" not in user:
        raise unreadable(response)


def values(base: str, account: str, ids: Iterable[str] = ()) -> Flow[Mapping[str, Record]]:
    """The values of a user, by the name of the user attribute; also those without a value, because the record is what says that
    it is hidden.  ids: of these only.  Raises NoAccount for a user that is not there any more."""
    query = [_FIELDS, ("include_unset", "true"), *(("user_attribute_ids", number) for number in ids)]
    response = yield Request("GET", address(base, account, "attribute_values", query=query))
    if response.status_code == 404:
        yield from there(base, account)
        raise Halted("Looker shows the user and not its values: the API key's user needs the role Admin", **marks(response))
    if response.status_code != 200:
        raise judged(response)
    records = json_of(response)
    if not isinstance(records, list):
        raise unreadable(response)
    found: dict[str, Record] = {}
    for record in records:
        if not isinstance(record, dict) or not isinstance(name := record.get("name"), str):
            raise unreadable(response)
        found[name] = record
    return found
