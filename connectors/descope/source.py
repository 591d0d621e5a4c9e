"""Descope as a source: its Audit Webhook ("Audit Streaming"), which sends audit events, one or many in a body.

The envelope is UNCONFIRMED: a list, up to a hundred, or a single event.  An event has no id of its own; what it says of a user is
made into one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence

from connectors.contract import Carries, Element, Json, NotEvents, Said, Unusable
from connectors.descope.settings import Settings
from connectors.moment import microseconds

KEPT = ("action", "actorId", "occurred", "projectId")
"""What is kept of an event beside its id and its user.  The rest is addresses, devices and places, which nobody needs."""
DELETIONS = frozenset({"userdeleted", "usersdeleted"})
"""Actions, as `_plain` has them, after which there is no such user."""
MODIFICATIONS = frozenset({"usermodified", "usersmodified"})
"""Likewise, actions that are to say what has changed."""
CUSTOM = "custom_attribute_"
"""Begins the name of a custom attribute in `data.Change`."""


class DescopeSource:
    """An audit event is a hint, unless its values are trusted (`options.trust_values`)."""

    def __init__(self, settings: Settings) -> None:
        self.acknowledge = settings.source.acknowledge if settings.source is not None else 200
        self.carries: Carries = "changes" if settings.options.trust_values else "hint"
        self._project = settings.credentials.project_id
        self._actions = frozenset(_plain(action) for action in settings.options.actions)

    def split(self, body: Json) -> Sequence[Element]:
        """An event of several users (`UsersModified`) becomes one for each."""
        if isinstance(body, dict) and "action" in body:
            body = [body]
        if not isinstance(body, list):
            raise NotEvents("a list of audit events expected, or one with `action`")
        return [element for event in body for element in self._elements(event)]

    def read(self, element: Element) -> Said:
        if not isinstance(element, dict):
            raise Unusable("the event is no object")
        name = element.get("id", "")
        if not isinstance(name, str):
            raise Unusable("id is no text")
        action = element.get("action")
        if not isinstance(action, str):
            raise Unusable("action is no text")
        if _plain(action) not in self._actions:
            return Said({}, id=name, carries=self.carries, ignored="its action is not in options.actions")
        if element.get("projectId") not in (None, "", self._project):
            return Said({}, id=name, carries=self.carries, ignored="it is of another project")
        user = element.get("userId")
        if not isinstance(user, str) or not user:
            raise Unusable("no userId")
        subject: dict[str, Json] = {"id": user}
        time = _time(element.get("occurred"), needed=self.carries != "hint")
        if (deleted := _plain(action) in DELETIONS) or self.carries == "hint":
            return Said(subject, id=name, time=time, carries=self.carries, deleted=deleted)
        if isinstance(login_id := element.get("loginId"), str):
            subject["login_id"] = login_id
        values = element.get("customAttributes")
        if not isinstance(values, dict):
            raise Unusable("the event does not say which values are new")
        return Said(subject, {"customAttributes": values} if values else {}, name, time, carries=self.carries)

    def _elements(self, event: Json) -> Iterator[Element]:
        if not isinstance(event, dict):
            yield event
            return
        data = event.get("data")
        inside = data if isinstance(data, dict) else {}
        element: dict[str, Json] = {name: event[name] for name in KEPT if name in event}
        if self.carries == "changes":
            element["customAttributes"] = _values(inside.get("Change"), event.get("action"))
        users = _users(event, inside)
        if self.carries == "changes" and len(users) == 1:
            element["loginId"] = _first(event.get("loginIds"), event.get("externalIds"))
        for user in users:
            yield {**element, "userId": user, "id": _id(event, user)}


def _users(event: dict[str, Json], inside: dict[str, Json]) -> Sequence[Json]:
    """Whom an event is about.  Where it says so is UNCONFIRMED for an event of several users."""
    nested = inside.get("user")
    named = [event.get("userId"), inside.get("userId"), nested.get("userId") if isinstance(nested, dict) else None]
    if found := [one for one in named if one not in (None, "")]:
        return found[:1]
    for several in (event.get("userIds"), inside.get("userIds")):
        if isinstance(several, list) and several:
            return several
    return [None]


def _values(change: Json, action: Json) -> Json:
    """The new values of custom attributes, by machine name.  None where a modification has them in another form: it is parked."""
    if not isinstance(change, dict):
        return None if isinstance(action, str) and _plain(action) in MODIFICATIONS else {}
    return {name.removeprefix(CUSTOM): value for name, value in change.items() if name.startswith(CUSTOM) and name != CUSTOM}


def _first(*lists: Json) -> Json:
    return next((one for texts in lists if isinstance(texts, list) for one in texts if isinstance(one, str) and one), None)


def _id(event: dict[str, Json], user: Json) -> str:
    """The same event again has the same id.  Without a time it has none: the same value again may be another change."""
    if event.get("occurred") is None:
        return ""
    said = [event.get("projectId"), user, event.get("action"), event.get("occurred"), event.get("data")]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(action: str) -> str:
    """`User Modified` and `UserModified` are one: both spellings have been seen."""
    return action.replace(" ", "").casefold()


def _time(occurred: Json, *, needed: bool) -> int | None:
    """Milliseconds since 1970, as a number or as text; also RFC 3339.  Raises Unusable, if it is needed: a look does without."""
    if occurred is None:
        return None
    try:
        number = isinstance(occurred, str) and re.fullmatch(r"[0-9]{1,16}", occurred)
        return microseconds(int(str(occurred)) if number else occurred)
    except ValueError:
        if needed:
            raise Unusable("occurred cannot be read") from None
        return None
