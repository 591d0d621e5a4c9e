"""The calls that write one attribute of a Looker user."""

from __future__ import annotations

from collections.abc import Callable

from connectors.contract import Flow, Halted, Json, Refused, Request, Response, Written
from connectors.looker.answers import judged
from connectors.looker.attributes import UserAttribute, UserAttributes
from connectors.looker.settings import Options
from connectors.looker.user import address, there, values
from connectors.looker.values import Origin, hidden, origin, shown, spelled
from connectors.reading import json_of, marks, unreadable

EMAIL = "email"
PROFILE = frozenset({"first_name", "last_name", "locale"})
"""Fields of a user that are written with the user."""
DOUBTFUL = frozenset({400, 403, 404, 422})
"""Answers that may come of what we remember of a user attribute: it was made again, locked, or given another type."""


class Writes:
    """A 404 is also what a caller without permission gets, so each flow asks what is missing before it says so."""

    def __init__(self, base: str, attributes: UserAttributes, options: Options) -> None:
        self._base, self._attributes, self._options = base, attributes, options

    def flow(self, account: str, name: str, value: Json) -> Flow[Written]:
        """The one that writes this attribute; None clears.  So does empty text, which is nothing where it is read: as a value of
        the user's own it would hide a group's value and the default."""
        value = None if value == "" else value
        if name == EMAIL:
            return self._email(account, value)
        if name in PROFILE:
            return self._field(account, name, value)
        return self._clear(account, name) if value is None else self._set(account, name, value)

    # ---------------------------------------------------------------- user attributes

    def _set(self, account: str, name: str, value: Json) -> Flow[Written]:
        """What was set for a user is the user's own, whatever the answer calls its source."""

        def patch(attribute: UserAttribute) -> Request:
            sent = spelled(value, attribute, self._options.yesno)
            return Request("PATCH", self._value_of(account, attribute), json={"value": sent})

        response, attribute = yield from self._sent(account, name, patch)
        if response.status_code == 404:
            raise _not_permitted(response)
        if response.status_code != 200:
            raise judged(response, name)
        record = json_of(response)
        if not isinstance(record, dict):
            raise unreadable(response)
        held = record.get("value")
        if hidden(record) or attribute.hidden or not isinstance(held, str):
            return Written(**marks(response))
        return Written({name: shown(held, attribute.type, self._options.yesno)}, **marks(response))

    def _clear(self, account: str, name: str) -> Flow[Written]:
        """A PATCH with null is a 422.  UNCONFIRMED: that a DELETE of what is not set is a 404; then nothing is there, which is
        what was wanted."""

        def delete(attribute: UserAttribute) -> Request:
            return Request("DELETE", self._value_of(account, attribute))

        response, attribute = yield from self._sent(account, name, delete)
        if response.status_code == 404:
            record = (yield from values(self._base, account, [attribute.id])).get(name, {})
            if origin(record, self._options) is Origin.OWN and (hidden(record) or record.get("value") not in (None, "")):
                raise _not_permitted(response)
        elif response.status_code not in (200, 204):
            raise judged(response, name)
        return Written(**marks(response))

    def _sent(self, account: str, name: str, make: Callable[[UserAttribute], Request]) -> Flow[tuple[Response, UserAttribute]]:
        """The answer, and the user attribute that it is about.  What is remembered of it may be stale: before it is refused, by
        us or by Looker, its id and type are asked for, and if they have changed the request is made once more.  A 404 that is
        left is about neither the user nor the user attribute.  Raises NoAccount, and Refused where there is no such user
        attribute, where it may not be set, and where it does not take the value."""
        attribute = yield from self._attributes.named(name)
        try:
            request = make(attribute)
        except Refused:
            attribute = yield from self._attributes.again(name)
            request = make(attribute)
        response = yield request
        if response.status_code in DOUBTFUL:
            if response.status_code == 404:
                yield from there(self._base, account)
            now = yield from self._attributes.again(name, response)
            if (now.id, now.type) != (attribute.id, attribute.type):
                attribute, response = now, (yield make(now))
        return response, attribute

    def _value_of(self, account: str, attribute: UserAttribute) -> str:
        return address(self._base, account, "attribute_values", attribute.id)

    # ---------------------------------------------------------------- the user

    def _field(self, account: str, name: str, value: Json) -> Flow[Written]:
        body = {name: self._options.profile_clear if value is None else value}
        response = yield Request("PATCH", address(self._base, account, query=[("fields", f"id,{name}")]), json=body)
        if response.status_code == 404:
            yield from there(self._base, account)
            raise _not_permitted(response)
        if response.status_code != 200:
            raise judged(response, name)
        return _shows(response, name)

    def _email(self, account: str, value: Json) -> Flow[Written]:
        """Through the e-mail credential: `email` of a user itself is read-only.  Only the address is asked for and kept: the
        credential also shows the links with which a password is set."""
        if value is None:
            raise Refused("Looker does not clear an e-mail address", EMAIL)
        at = address(self._base, account, "credentials_email", query=[("fields", EMAIL)])
        response = yield Request("PATCH", at, json={EMAIL: value})
        if response.status_code == 404:
            yield from there(self._base, account)
            raise Refused("the user has no e-mail credential: the address comes from where the user signs in", EMAIL,
                          **marks(response))  # fmt: skip
        if response.status_code == 403:
            raise Refused("Looker denies changes of e-mail credentials (Google Cloud core does)", EMAIL, **marks(response))
        if response.status_code != 200:
            raise judged(response, EMAIL)
        return _shows(response, EMAIL)


def _shows(response: Response, name: str) -> Written:
    answered = json_of(response)
    if not isinstance(answered, dict):
        raise unreadable(response)
    return Written({name: answered[name]} if name in answered else {}, **marks(response))


def _not_permitted(response: Response) -> Halted:
    return Halted("Looker answers 404 for what is there: the API key's user needs the role Admin", **marks(response))
