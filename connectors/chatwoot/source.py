"""Chatwoot as a source: the webhooks of an account about its contacts.  No webhook tells of a change of a user."""

from __future__ import annotations

import json
from collections.abc import Mapping

from connectors.chatwoot.fields import CONTACT
from connectors.chatwoot.settings import Settings, SourceSettings
from connectors.contract import Carries, Element, Json, NotEvents, Said, Sole, Unusable
from connectors.moment import microseconds

CREATED, UPDATED = "contact_created", "contact_updated"
SEARCH_KEYS = ("email", "phone_number", "identifier")
CHANGES = "changed_attributes"

Pairs = Mapping[str, Json]
"""What has changed: name -> {"previous_value", "current_value"}."""


class ChatwootSource:
    """The contacts of one account."""

    def __init__(self, settings: Settings) -> None:
        source = settings.source or SourceSettings()
        self.acknowledge = source.acknowledge
        self.carries: Carries = source.carries
        self._account = settings.account_id

    def split(self, body: Json) -> Sole:
        """One event.  Of one of a contact, the contact and what changed are kept; of any other only its name."""
        if not isinstance(body, dict) or not isinstance(body.get("event"), str):
            raise NotEvents("an object expected, with the name of the event under `event`")
        if body["event"] not in (CREATED, UPDATED):
            return Sole(({"event": body["event"]},))
        kept = {name: value for name, value in body.items() if name == "event" or name in _KEPT}
        account = body.get("account")
        if isinstance(account, dict):
            kept["account"] = {"id": account.get("id")}
        changes = body.get(CHANGES)
        if CHANGES in body:
            kept[CHANGES] = [_known(change) for change in changes] if isinstance(changes, list) else changes
        return Sole((kept,))

    def read(self, element: Element) -> Said:
        if not isinstance(element, dict) or not isinstance(element.get("event"), str):
            raise Unusable("the event is no object with a name under `event`")
        event = element["event"]
        if event not in (CREATED, UPDATED):
            return Said({}, carries=self.carries, ignored="not an event of a contact")
        match element:
            case {"account": {"id": int(account)}, "id": int(contact)} if contact > 0:
                pass
            case _:
                raise Unusable("account.id or id is no number")
        if account != self._account:
            return Said({}, carries=self.carries, ignored="not an event of the account `account_id`")
        keys = {name: value for name in SEARCH_KEYS if isinstance(value := element.get(name), str) and value}
        subject: dict[str, Json] = {"id": str(contact), **keys}
        try:
            pairs = _pairs(element.get(CHANGES)) if event == UPDATED else {}
            said = _changed(pairs) if event == UPDATED else _held(element)
            time = _time(pairs.get("updated_at"))
        except Unusable:
            if self.carries != "hint":
                raise
            return Said(subject, carries=self.carries)  # what has changed cannot be read, but the contact can
        if event == UPDATED and not said:
            return Said({}, carries=self.carries, ignored="no attribute of the contact has changed")
        return Said(subject, said if self.carries == "changes" else {}, time=time, carries=self.carries)


_KEPT = CONTACT.fields | {"id", *CONTACT.hashes}


def _known(change: Json) -> Json:
    """Of a change what is kept.  Most of the others are of no consequence: each message moves `last_activity_at`."""
    if not isinstance(change, dict):
        return change
    return {name: pair for name, pair in change.items() if name in _KEPT or name == "updated_at"}


def _pairs(changes: Json) -> Pairs:
    """The list of objects with one name each, as one object.  Raises Unusable."""
    pairs: dict[str, Json] = {}
    for change in changes if isinstance(changes, list) else [None]:
        if not isinstance(change, dict):
            raise Unusable("changed_attributes is no list of objects")
        pairs.update(change)
    return pairs


def _changed(pairs: Pairs) -> dict[str, Json]:
    """What changed, and to what: a field, or a key of a hash, of which the event shows all before and all after.  A key that is
    gone was cleared.  Raises Unusable."""
    said: dict[str, Json] = {}
    for name, pair in pairs.items():
        if name in CONTACT.fields:
            if not isinstance(pair, dict) or "current_value" not in pair:
                raise Unusable(f"changed_attributes.{name} has no current_value")
            said[name] = pair["current_value"]
        elif name in CONTACT.hashes:
            match pair:
                case {"previous_value": dict() | None as before, "current_value": dict() | None as after}:
                    if difference := _difference(before or {}, after or {}):
                        said[name] = difference
                case _:
                    raise Unusable(f"changed_attributes.{name} has no previous_value or no current_value")
    return said


def _difference(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Json]:
    return {key: after.get(key) for key in {**before, **after} if _text(before, key) != _text(after, key)}


def _text(values: Mapping[str, Json], key: str) -> str:
    """For comparing: 1 and true are two values in JSON, and one in Python.  Absent and null are told apart, too."""
    return json.dumps(values[key], sort_keys=True) if key in values else ""


def _held(contact: Mapping[str, Json]) -> dict[str, Json]:
    """What a new contact has.  What it lacks is not said: that would clear what nobody took away.  Raises Unusable."""
    said: dict[str, Json] = {name: contact[name] for name in sorted(CONTACT.fields) if contact.get(name) not in (None, "")}
    for name in CONTACT.hashes:
        inside = contact.get(name)
        if not isinstance(inside, dict | None):
            raise Unusable("custom_attributes or additional_attributes is no object")
        held: dict[str, Json] = {key: value for key, value in (inside or {}).items() if value is not None}
        if held:
            said[name] = held
    return said


def _time(pair: Json) -> int | None:
    """When the contact was saved.  A new contact's event does not tell.  Raises Unusable."""
    if pair is None:
        return None
    try:
        return microseconds(pair.get("current_value") if isinstance(pair, dict) else None)
    except ValueError:
        raise Unusable("changed_attributes.updated_at cannot be read") from None
