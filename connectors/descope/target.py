"""Descope as a target: finds, reads and writes the users of one project, with a management key.

An account is a user's `userId`.  Calls that write name it as `loginId`, which takes either id (official Go SDK,
`loginIDOrUserID`); a login id can be changed, so it is only searched by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from connectors.address import escaped, url
from connectors.contract import (
    Account,
    Authentication,
    Budget,
    Call,
    Capabilities,
    Definition,
    Flow,
    Found,
    Json,
    NoAccount,
    Refused,
    Request,
    Response,
    Wire,
    Written,
)
from connectors.descope.answers import USER_NOT_FOUND, error_code, judged, judged_elsewhere, refused
from connectors.descope.authentication import ManagementKey
from connectors.descope.fields import BOOLEANS, CUSTOM, TEXTS, held, kept, standard
from connectors.descope.settings import Settings
from connectors.keyed import attribute_of, key_of
from connectors.reading import json_of, marks, unreadable

CAPABILITIES = Capabilities(
    finds=frozenset({"email", "login_id", "user_id"}),
    many=True,
    wire=Wire.JSON,
    wires=dict.fromkeys(TEXTS, Wire.TEXT),
    budget=Budget(180, 60.0),  # the documents name 500 and, elsewhere, 200 a minute for a project
    late_window=60.0,  # UNCONFIRMED: no limit is documented
)
PAGE = 100
"""Users of one search; Descope's own default."""
TYPES = {1: "text", 2: "number", 3: "boolean", 4: "single select", 5: "multi select", 6: "date", 7: "month and day"}

User = Mapping[str, Json]


class DescopeTarget:
    """One project."""

    def __init__(self, settings: Settings) -> None:
        self._base, self._options = settings.base_url, settings.options
        self.capabilities = replace(CAPABILITIES, clears=settings.options.null == "clears")
        self.authentication: Authentication = ManagementKey(settings)

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        """A login id is a user's alone; an e-mail address may be several users', and all of them are answered."""
        if key not in CAPABILITIES.finds:
            raise Refused("Descope cannot be searched by this key")
        if not value or "*" in value:  # whether `*` matches anything is not documented
            return ()
        if key == "email":
            return (yield from self._having(value))
        name = "loginId" if key == "login_id" else "userId"
        response = yield Request("GET", self._url("v1", "user", query=[(name, value)]))
        if response.status_code != 200:
            known = judged(response)
            if isinstance(known, NoAccount):
                return ()
            raise known
        user = _user(response)
        return [Found(_id(user, response), _login_id(user, value) if key == "login_id" else user["userId"])]

    def read(self, account: str) -> Flow[Account]:
        """The user as `GET /v1/mgmt/user` shows it: the names of attributes are paths into that."""
        response = yield Request("GET", self._url("v1", "user", query=[("userId", _sound(account))]))
        return Account(kept(_same(response, account)))

    def write(self, account: str, changes: Mapping[str, Json], before: Account | None = None) -> Sequence[Call]:
        """One call for all standard attributes, and one each or one for all custom attributes (`options.custom_attributes`)."""
        custom = {attribute: name for attribute in changes if (name := key_of(CUSTOM, attribute)) is not None}
        fields = {attribute: standard(attribute, value) for attribute, value in changes.items() if attribute not in custom}
        for attribute in custom:
            if changes[attribute] is None and not self.capabilities.clears:
                raise Refused("options.null says that Descope refuses null: it cannot be cleared", attribute)
        calls = []
        if self._options.custom_attributes == "patch-merge" and custom:
            values = {name: changes[attribute] for attribute, name in custom.items()}
            calls.append(self._call(account, changes, custom, {CUSTOM: values}))
        else:
            for attribute, name in custom.items():
                body: dict[str, Json] = {"attributeKey": name, "attributeValue": changes[attribute]}
                calls.append(self._call(account, changes, (attribute,), body, "POST", ("update", "customAttribute")))
        if fields:
            body = {self._options.display_name if name == "name" else name: value for name, value in fields.items()}
            calls.append(self._call(account, changes, fields, body))
        return calls

    def definitions(self) -> Flow[Sequence[Definition]]:
        """The standard attributes that can be written, and the custom attributes of this project."""
        response = yield Request("GET", self._url("v1", "user", "customattributes"))
        known = [Definition(name, type="boolean" if name in BOOLEANS else "text") for name in sorted(BOOLEANS | TEXTS)]
        for entry in _listed(response, "data"):
            name = entry.get("name")
            if not isinstance(name, str):
                raise unreadable(response)
            known.append(Definition(attribute_of(CUSTOM, name), type=_type(entry.get("type"))))
        return known

    def _having(self, email: str) -> Flow[Sequence[Found]]:
        """One page: more users with one address than stand there are as ambiguous as two.  Test users are not among them."""
        body = {"emails": [_sound(email)], "limit": PAGE, "page": 0}
        response = yield Request("POST", self._url("v2", "user", "search"), json=body)
        if response.status_code != 200 and error_code(response) == USER_NOT_FOUND:
            return []
        return [Found(_id(user, response), user.get("email")) for user in _listed(response, "users")]

    def _call(
        self,
        account: str,
        changes: Mapping[str, Json],
        names: Iterable[str],
        body: Mapping[str, Json],
        method: str = "PATCH",
        path: Sequence[str] = ("patch",),
    ) -> Call:
        sent = {name: changes[name] for name in names}
        return Call(tuple(sent), self._written(account, sent, method, self._url("v1", "user", *path), body))

    def _written(
        self, account: str, sent: Mapping[str, Json], method: str, address: str, body: Mapping[str, Json]
    ) -> Flow[Written]:
        """The answer shows the whole user.  What it lacks is looked for once more: an attribute that was taken and is not kept is
        refused, and then it is known which.  Raises ConnectorError."""
        response = yield Request(method, address, json={"loginId": _sound(account), **body})
        names = tuple(sent)
        if _unclear(response, names):
            yield from self.read(account)  # raises NoAccount: then it was the user
            raise refused(response, names)
        user = _same(response, account, names)
        if any(_lost(user, name, value) for name, value in sent.items()):
            user = (yield from self.read(account)).attributes
            for name, value in sent.items():
                if _lost(user, name, value):
                    raise Refused("taken, but not kept: is the attribute declared in Descope?", name, **marks(response))
        return Written({name: held(user, name) for name in sent}, **marks(response))

    def _url(self, version: str, *rest: str, query: Iterable[tuple[str, str]] = ()) -> str:
        return url(self._base, version, "mgmt", *rest, query=query)


# ---------------------------------------------------------------- what stands in an answer


def _same(response: Response, account: str, sent: tuple[str, ...] = ()) -> User:
    """The user of an answer about this account.  Raises ConnectorError."""
    if response.status_code != 200:
        raise judged(response, sent)
    user = _user(response)
    if _id(user, response) != account:
        raise unreadable(response)
    return user


def _unclear(response: Response, sent: tuple[str, ...]) -> bool:
    """Something is not there, the user or an attribute: the code that tells of an undeclared one is not documented."""
    if response.status_code == 200 or error_code(response) == USER_NOT_FOUND:
        return False
    return isinstance(judged(response, sent), NoAccount)


def _user(response: Response) -> User:
    match json_of(response):
        case {"user": dict(user)}:
            return user
        case _:
            raise unreadable(response)


def _listed(response: Response, name: str) -> Sequence[Mapping[str, Json]]:
    """The objects of an answer that is a list; what is empty is left out of it.  Raises ConnectorError."""
    if response.status_code != 200:
        raise judged_elsewhere(response)
    body = json_of(response)
    if not isinstance(body, dict):
        raise unreadable(response)
    entries = body.get(name, [] if body.keys() <= {"total"} else None)
    if not isinstance(entries, list):
        raise unreadable(response)
    found = [entry for entry in entries if isinstance(entry, dict)]
    if len(found) != len(entries):
        raise unreadable(response)
    return found


def _id(user: User, response: Response) -> str:
    match user.get("userId"):
        case str(text) if text:
            return text
        case _:
            raise unreadable(response)


def _login_id(user: User, value: str) -> Json:
    """The one of a user's login ids that was searched for, in its own spelling; None if it has no such."""
    ids = user.get("loginIds")
    alike = [one for one in ids if isinstance(one, str) and one.casefold() == value.casefold()] if isinstance(ids, list) else []
    return value if value in alike else alike[0] if alike else None


NOTHING: Sequence[Json] = (None, "", [], {})


def _lost(user: User, attribute: str, sent: Json) -> bool:
    """Something was sent, and nothing is shown; 0 and false are something.  A name is also lost if another one is shown: a name
    that is sent under the wrong key changes nothing."""
    shown = held(user, attribute)
    if attribute == "name":
        return str(shown or "").split() != str(sent or "").split()
    return sent not in NOTHING and shown in NOTHING


def _sound(text: str) -> str:
    """The text as it is.  Raises Refused for what can be no id and no address: empty, too long, or with control characters."""
    if not text:
        raise Refused("it cannot stand in an address")
    escaped(text)
    return text


def _type(given: Json) -> str:
    """Of a definition.  A number; the official Python SDK writes it as text."""
    if isinstance(given, str) and given.isdecimal():
        given = int(given)
    return TYPES.get(given, "") if isinstance(given, int) and not isinstance(given, bool) else ""
