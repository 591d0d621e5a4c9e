"""The user attributes of a Looker instance: their names, ids and types, as it listed them last.

A name is a user attribute's own for as long as it exists; its id is another one once it is deleted and made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.address import url
from connectors.contract import Flow, Json, Refused, Request, Response
from connectors.looker.answers import judged_elsewhere
from connectors.reading import Marks, json_of, marks, unreadable

FIELDS = "id,name,type,is_system,value_is_hidden,can"


@dataclass(frozen=True, slots=True)
class UserAttribute:
    """settable: Looker lets its value be set for a user.  hidden: nobody is shown its values."""

    id: str
    name: str
    type: str
    settable: bool
    hidden: bool


class UserAttributes:
    """What is remembered in memory may be stale: nothing is refused for it before Looker was asked again."""

    def __init__(self, base: str) -> None:
        self._url = url(base, "user_attributes", query=[("fields", FIELDS)])
        self._known: Mapping[str, UserAttribute] = {}

    def ask(self) -> Flow[Mapping[str, UserAttribute]]:
        """All of them, by name."""
        response = yield Request("GET", self._url)
        if response.status_code != 200:
            raise judged_elsewhere(response)
        listed = json_of(response)
        if not isinstance(listed, list):
            raise unreadable(response)
        attributes = [_user_attribute(entry, response) for entry in listed]
        self._known = {attribute.name: attribute for attribute in attributes}
        return self._known

    def named(self, name: str) -> Flow[UserAttribute]:
        """One that can be set.  Raises Refused, which blames it."""
        known = self._known.get(name)
        if known is None or not known.settable:
            known = yield from self.again(name)
        return known

    def again(self, name: str, after: Response | None = None) -> Flow[UserAttribute]:
        """The same, asked for anew.  after: the answer that made us ask, for the record."""
        known = (yield from self.ask()).get(name)
        told = Marks(status=0, request_id="") if after is None else marks(after)
        if known is None:
            raise Refused("Looker has no such user attribute, or does not show it to the API key", name, **told)
        if not known.settable:
            raise Refused("Looker does not let this user attribute be set for a user", name, **told)
        return known

    def types(self, names: frozenset[str]) -> Flow[Mapping[str, str]]:
        """Their types.  Asks only if one of the names is not remembered."""
        known = self._known if names <= self._known.keys() else (yield from self.ask())
        return {name: known[name].type for name in names if name in known}


def _user_attribute(entry: Json, response: Response) -> UserAttribute:
    if not isinstance(entry, dict) or not isinstance(name := entry.get("name"), str):
        raise unreadable(response)
    if not isinstance(number := entry.get("id"), str | int):
        raise unreadable(response)
    can = entry.get("can")
    may_set = can.get("set_value") if isinstance(can, dict) else None
    return UserAttribute(
        id=str(number),
        name=name,
        type=str(entry.get("type") or "string"),
        settable=may_set if isinstance(may_set, bool) else entry.get("is_system") is not True,
        hidden=entry.get("value_is_hidden") is True,
    )
