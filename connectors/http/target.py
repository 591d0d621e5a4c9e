"""A JSON API as a target, as its entry describes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.contract import (
    ABSENT,
    Absent,
    Account,
    Authentication,
    Call,
    Capabilities,
    Compiler,
    Definition,
    Failed,
    Flow,
    Found,
    Json,
    Refused,
    Request,
    Response,
    Written,
)
from connectors.http.authentication import StaticHeader
from connectors.http.settings import Delete, Settings, Write
from connectors.http.template import Template, parse
from connectors.reading import expect, json_of, marks, unreadable

At = Callable[[Json], Json | Absent]
_FILTER = re.compile(r'\[(?!")')
_WILDCARDS = re.compile(r"[*%]")


@dataclass(frozen=True, slots=True)
class _Search:
    get: Template
    each: At
    holds: At


class HttpTarget:
    """Accounts of one JSON API."""

    def __init__(self, settings: Settings, compiler: Compiler) -> None:
        """Raises ValueError for what is no path."""
        account, write = settings.account, settings.target.write if settings.target is not None else None
        self.authentication: Authentication = StaticHeader(settings.auth)
        self.capabilities = Capabilities(
            finds=frozenset(account.find),
            readable=account.read is not None,
            many=write.many if write is not None else True,
            whole=write.whole if write is not None else False,
        )
        self._base = settings.base_url or ""
        self._id = compiler.path(account.id)
        self._searches = {
            key: _Search(parse(find.get, "value"), compiler.path(find.each), compiler.path(find.holds))
            for key, find in account.find.items()
        }
        self._read = None if account.read is None else (parse(account.read.get, "id"), compiler.path(account.read.attributes))
        self._writes = None if write is None else _Writes(write, self._base, compiler)

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        """Nothing is found for a value that cannot stand in the address, or that could be read as a pattern; nor where the
        answer is 404."""
        search = self._searches.get(key)
        if search is None:
            raise Refused("this system cannot be searched by this key")
        if not value or _WILDCARDS.search(value):
            return ()
        try:
            address = search.get.fill(self._base, value=value)
        except Refused:
            return ()
        response = yield Request("GET", address, headers={"Accept": "application/json"})
        if response.status_code in (404, 410):
            return ()
        accounts = search.each(json_of(expect(response, 200)))
        if not isinstance(accounts, list):
            raise unreadable(response)
        return [Found(self._id_of(account, response), _plain(search.holds(account))) for account in accounts]

    def read(self, account: str) -> Flow[Account]:
        if self._read is None:
            raise Refused("this system shows no accounts")
        get, at = self._read
        response = yield Request("GET", get.fill(self._base, id=account), headers={"Accept": "application/json"})
        attributes = at(json_of(expect(response, 200)))
        if not isinstance(attributes, dict):
            raise unreadable(response)
        return Account(attributes)

    def write(self, account: str, changes: Mapping[str, Json], before: Account | None = None) -> Sequence[Call]:
        if self._writes is None:
            raise Refused("this system is not written: its entry has no `target.write`", next(iter(changes), None))
        return self._writes.calls(account, changes, before)

    def definitions(self) -> Flow[Sequence[Definition]]:
        """A JSON API keeps no list that we know of."""
        yield from ()
        return ()

    def _id_of(self, account: Json, response: Response) -> str:
        found = self._id(account)
        if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
            raise unreadable(response)
        return str(found)


class _Writes:
    """How attributes are sent."""

    def __init__(self, write: Write, base: str, compiler: Compiler) -> None:
        self._write, self._base, self._compiler = write, base, compiler
        self._method, self._address = write.call
        self._clear = parse(write.clear.delete, "id", "attribute") if isinstance(write.clear, Delete) else None
        self._body = compiler.path(write.body)
        self._paths: dict[str, At] = {}

    def calls(self, account: str, changes: Mapping[str, Json], before: Account | None) -> Sequence[Call]:
        """Raises Refused, which blames the attribute, for a name that is no path that can be sent."""
        for name in changes:
            self._path(name)
        if self._write.whole:
            if before is None:
                raise Refused("the whole account is sent, and it was not read")
            return [self._sent(account, changes, before.attributes)]
        deleted = [name for name, value in changes.items() if value is None] if self._clear is not None else []
        sent = {name: value for name, value in changes.items() if name not in deleted}
        groups = [sent] if self._write.many and sent else [{name: value} for name, value in sent.items()]
        return [
            *(self._sent(account, group, {}) for group in groups),
            *(Call((name,), self._deleted(self._clear, account, name)) for name in deleted if self._clear is not None),
        ]

    def _sent(self, account: str, changes: Mapping[str, Json], whole: Mapping[str, Json]) -> Call:
        doc = dict(whole)
        for name, value in changes.items():
            empty = "" if self._write.clear == "" else None
            doc = self._compiler.nest(doc, name, empty if value is None else value)
        body = self._compiler.nest({}, self._write.body, doc) if self._write.body else doc
        return Call(tuple(changes), self._flow(account, tuple(changes), body))

    def _flow(self, account: str, names: Sequence[str], body: dict[str, Json]) -> Flow[Written]:
        address = self._address.fill(self._base, id=account)
        response = yield Request(self._method, address, json=body, headers={"Accept": "application/json"})
        return Written(self._shown(_done(response), names), **marks(response))

    def _shown(self, response: Response, names: Sequence[str]) -> dict[str, Json]:
        """What the answer, if it has the account in it, shows of the attributes that were sent."""
        try:
            answered = self._body(json_of(response)) if response.content else ABSENT
        except Failed:
            return {}  # "OK" as plain text is an answer, too
        if not isinstance(answered, dict):
            return {}
        seen = {name: self._path(name)(answered) for name in names}
        return {name: value for name, value in seen.items() if not isinstance(value, Absent)}

    def _deleted(self, clear: Template, account: str, name: str) -> Flow[Written]:
        response = yield Request("DELETE", clear.fill(self._base, id=account, attribute=name))
        _done(response)
        return Written({name: None}, **marks(response))

    def _path(self, name: str) -> At:
        """Raises Refused."""
        if name not in self._paths:
            try:
                if not name or _FILTER.match(name):
                    raise Refused("the name is no path to an attribute", name)
                if _FILTER.search(name) and not self._write.whole:
                    raise Refused("one element of a list can only be written with the whole account (`whole: true`)", name)
                self._compiler.nest({}, name, None)
                self._paths[name] = self._compiler.path(name)
            except ValueError:
                raise Refused("the name is no path to an attribute", name) from None
        return self._paths[name]


def _done(response: Response) -> Response:
    """Raises Failed for a page where an API's answer should be: a proxy or a login page spoke, and who knows what was done."""
    expect(response)
    if "html" in response.headers.get("content-type", "").lower() or response.content.lstrip()[:1] == b"<":
        raise unreadable(response)
    return response


def _plain(value: Json | Absent) -> Json:
    return None if isinstance(value, Absent) else value
