"""How the value of one custom attribute is written, and why the portal refused it.

Two things are not documented.  What the last segment of the address is: the id of the user's own value or that of the definition;
`options.id_source` says it, and before the first write of a process it is proved by a GET, because with the wrong one a
value would land in another attribute.  And what a refusal means: a 422 says in words for people that the user, the attribute or
the value is wrong, or that the value is locked; which of them it is, is found out by looking.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NoReturn, TypeGuard

from connectors.contract import Deferred, Flow, Halted, Locked, Refused, Request, Response, Written
from connectors.reading import error, json_of, marks, unreadable
from connectors.tyk.answers import REFUSALS, SENT
from connectors.tyk.definitions import Defined, Definitions
from connectors.tyk.settings import Options
from connectors.tyk.users import address, user
from connectors.tyk.values import Value, alike, value_of, values

MIXED = "the portal means another attribute by this id: change options.id_source"
CHANGED = "the id of the attribute has changed"
LOCKED = "the portal keeps its first value"
UNKNOWN = "the portal has no such attribute"
UNAVAILABLE = "attribute unavailable: this user has no value for it, and the portal makes none"


class Look:
    """The values of one user, shared by the calls of one write: known from the read before it, or read by the first call that
    needs them."""

    def __init__(self, known: Mapping[str, Value] | None) -> None:
        self._known = known

    def values(self, custom: CustomAttributes, account: str) -> Flow[Mapping[str, Value]]:
        """Raises NoAccount."""
        if self._known is None:
            self._known = yield from custom.held(account)
        return self._known


class CustomAttributes:
    """The custom attributes of one portal's users."""

    def __init__(self, base: str, definitions: Definitions, options: Options) -> None:
        self._base = base
        self._definitions = definitions
        self._id_source: Literal["value", "definition"] = options.id_source
        self._deletes = options.clear == "delete"
        self._proved = False

    def held(self, account: str, *, there: bool = False) -> Flow[Mapping[str, Value]]:
        """The values of a user.  Whether the list of an absent user is empty or an error is not documented, so where it is
        not known to be `there` the user itself is asked for.  Raises NoAccount."""
        address(self._base, account)
        try:
            held = yield from values(self._base, account)
        except (Halted, Refused) as failed:
            if failed.status not in REFUSALS:
                raise
            yield from user(self._base, account)
            raise
        if not held and not there:
            yield from user(self._base, account)
        return held

    def write(self, account: str, name: str, wanted: str, look: Look) -> Flow[Written]:
        """wanted: "" clears.  A value that is there already, or that the portal keeps, needs no call."""
        row = (yield from look.values(self, account)).get(name)
        if alike(_text(row), wanted):
            return Written({name: _text(row)})
        if row is not None and row.once and row.text:
            raise Locked(LOCKED, name)
        place = yield from self._place(account, name, row)
        deleted = not wanted and self._deletes
        if deleted:
            if (yield from self._defined(name)).once:  # what is deleted there may never come back
                raise Locked(LOCKED, name)
            response = yield Request("DELETE", address(self._base, account, *_SEGMENT, place), headers=SENT)
        else:
            body = {"Value": wanted}
            response = yield Request("PUT", address(self._base, account, *_SEGMENT, place), json=body, headers=SENT)
        if response.status_code in REFUSALS:
            return (yield from self._refused(response, account, name, wanted, place))
        if response.status_code != 200:
            raise error(response)
        if deleted:
            return _deleted(response, name)
        shown = value_of(response)
        if shown.identifier != name:
            self._proved = False  # a newer portal may read the id otherwise: nothing more is written until it is proved again
            raise Halted(MIXED, **marks(response))
        return Written({name: shown.text}, **marks(response))

    def _place(self, account: str, name: str, row: Value | None) -> Flow[str]:
        """The last segment of the address.  Raises Refused, Halted, and Deferred where what we know of the id is out of date."""
        place = row.row if self._by_row(row) else (yield from self._defined(name)).id
        if row is None:
            # The definition's id, once; but not where something else stands under it.
            shown = yield from self._shown(account, place)
            if shown is not None and shown.identifier != name:
                if self._id_source == "value":
                    raise Refused(UNAVAILABLE, name)
                yield from self._mixed(account, name, place)
        elif not self._proved:
            yield from self._prove(account, row, place)
        return place

    def _by_row(self, row: Value | None) -> TypeGuard[Value]:
        """Whether the address ends with the id of the user's own value."""
        return row is not None and self._id_source == "value"

    def _prove(self, account: str, row: Value, place: str) -> Flow[None]:
        """Look whether the attribute that is meant stands under the id.  Where nothing does, nothing may be written: read the
        other way, the id is that of an attribute for which this user has no value, and a write would make one."""
        shown = yield from self._shown(account, place)
        if shown is None or shown.identifier != row.identifier:
            yield from self._mixed(account, row.identifier, place)
        defined = yield from self._definitions.of(row.identifier)
        self._proved = defined is not None and defined.id != row.row  # equal ids prove nothing

    def _mixed(self, account: str, name: str, place: str) -> Flow[NoReturn]:
        """Something else, or nothing, stands under the id.  Raises Halted, because the option is wrong; Deferred, if the id has
        changed since it was looked up."""
        row = (yield from self.held(account)).get(name)
        defined = (yield from self._definitions.all()).get(name)
        now = row.row if self._by_row(row) else defined.id if defined is not None else ""
        raise Halted(MIXED) if now == place else Deferred(CHANGED, 0.0)

    def _shown(self, account: str, place: str) -> Flow[Value | None]:
        """What stands under this id; None if nothing does."""
        response = yield Request("GET", address(self._base, account, *_SEGMENT, place), headers=SENT)
        if response.status_code in REFUSALS:
            return None
        if response.status_code != 200:
            raise error(response)
        return value_of(response)

    def _defined(self, name: str) -> Flow[Defined]:
        defined = yield from self._definitions.of(name)
        if defined is None:
            raise Refused(UNKNOWN, name)
        return defined

    def _refused(self, response: Response, account: str, name: str, wanted: str, place: str) -> Flow[Written]:
        """Why a write was refused, by looking: at the user, the value, the definition."""
        told = marks(response)
        row = (yield from self.held(account)).get(name)
        if alike(_text(row), wanted):  # an earlier call of ours has landed
            return Written({name: _text(row)}, **told)
        if row is not None and row.once and row.text:
            raise Locked(LOCKED, name, **told)
        defined = (yield from self._definitions.all()).get(name)
        if defined is None:
            raise Refused(UNKNOWN, name, **told)
        if place != (row.row if self._by_row(row) else defined.id):
            raise Deferred(CHANGED, 0.0, **told)
        if objection := defined.objection(wanted) if wanted else "":
            raise Refused(objection, name, **told)
        if row is None:
            raise Refused(UNAVAILABLE, name, **told)
        if row.once or defined.once:
            if defined.checked:  # who knows which of the two it was: a person looks, and no later value is lost in the seal
                raise Refused("it is locked from the user's creation on, or its regular expression says no", name, **told)
            raise Locked("the portal takes its value at the user's creation only", name, **told)
        raise Refused("its regular expression says no" if defined.checked else "the value is refused", name, **told)


_SEGMENT = ("custom-attributes",)


def _text(row: Value | None) -> str:
    return "" if row is None else row.text


def _deleted(response: Response, name: str) -> Written:
    """`{"status": "ok"}`."""
    match json_of(response):
        case {"status": "ok"}:
            return Written({name: None}, **marks(response))
        case _:
            raise unreadable(response)
