"""A Tyk portal as a source: its webhooks about new and activated users, which carry the custom attributes that they have.

There is no event for a change of a user; what changes later is not told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from connectors.contract import Carries, Element, Json, NotEvents, Said, Unusable
from connectors.moment import microseconds
from connectors.tyk.settings import Settings

SPOKEN = frozenset({"UserRegistered", "UserAccountActivated"})
"""The events that are read.  All others (`AccessRequest...`, `Organisation...`, which the documents also spell with a z,
`CredentialRegistered` and so on) are recorded as `ignored`."""
KEPT = ("ID", "Email", "First", "Last", "OrgID", "Provider", "Status", "CustomAttributes")
"""What is kept of such an event's `Message`.  Of another event only the id is: a credential may stand in it."""
FIELDS = {"Email": "Email", "First": "First", "Last": "Last", "Provider": "Provider", "OrgID": "OrganisationID"}
"""Field of `Message` -> the name that a read of the account shows it under."""


class TykSource:
    """One event a webhook, with what is known of the user: what it does not name is not told."""

    carries: Carries = "changes"

    def __init__(self, settings: Settings) -> None:
        self.acknowledge = settings.source.acknowledge if settings.source is not None else 200

    def split(self, body: Json) -> Sequence[Element]:
        if not isinstance(body, dict) or not isinstance(body.get("Event"), str):
            raise NotEvents("an object with `Event` expected: the webhook of a Tyk portal")
        return [_reduced(body)]

    def read(self, element: Element) -> Said:
        if not isinstance(element, dict) or not isinstance(element.get("Event"), str):
            raise Unusable("Event is missing")
        name, user = _name(element), element.get("Message")
        if element["Event"] not in SPOKEN:
            return Said({}, id=name, ignored="not an event about a user's attributes")
        if not isinstance(user, dict):
            raise Unusable("Message is missing")
        return Said(_subject(user), _attributes(user), name, _time(element.get("Timestamp")))


def _reduced(body: dict[str, Json]) -> Json:
    message, kept = body.get("Message"), _only(body, ("Event", "Timestamp"))
    if isinstance(message, dict):
        about = _only(message, KEPT if body["Event"] in SPOKEN else ("ID",))
        if isinstance(listed := about.get("CustomAttributes"), list):
            about["CustomAttributes"] = [
                _only(each, ("Identifier", "Value")) if isinstance(each, dict) else each for each in listed
            ]
        kept["Message"] = about
    return kept


def _only(document: dict[str, Json], names: Sequence[str]) -> dict[str, Json]:
    return {name: document[name] for name in names if name in document}


def _name(element: dict[str, Json]) -> str:
    """The portal gives an event no id, and sends it again if it was not taken: (Event, Message.ID, Timestamp) is its name."""
    message = element.get("Message")
    about = message.get("ID") if isinstance(message, dict) else None
    told = json.dumps([element.get("Event"), about, element.get("Timestamp")])
    return hashlib.sha256(told.encode()).hexdigest()


def _subject(user: dict[str, Json]) -> dict[str, Json]:
    match user.get("ID"), user.get("Email"):
        case bool(), _:
            raise Unusable("Message.ID is no integer")
        case int(number), str(email) if email:
            return {"id": str(number), "email": email}
        case int(number), None | "":
            return {"id": str(number)}
        case _:
            raise Unusable("Message.ID is no integer, or Message.Email is no text")


def _attributes(user: dict[str, Json]) -> dict[str, Json]:
    """As a read of the account shows them: custom attributes by identifier, beside the standard fields."""
    listed = user.get("CustomAttributes")
    if listed is not None and not isinstance(listed, list):
        raise Unusable("Message.CustomAttributes is no list")
    said: dict[str, Json] = {}
    for each in listed or ():
        match each:
            case {"Identifier": str(identifier), "Value": value}:
                said[identifier] = value
            case _:
                raise Unusable("an element of Message.CustomAttributes is no Identifier and Value")
    return said | {name: user[field] for field, name in FIELDS.items() if field in user}


def _time(stamp: Json) -> int:
    try:
        return microseconds(stamp)
    except ValueError:
        raise Unusable("Timestamp cannot be read") from None
