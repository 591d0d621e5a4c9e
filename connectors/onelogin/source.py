"""OneLogin as a source: its event webhooks ("Event Broadcaster"), which come in batches and say only whom to look at, and its
list of events, which says the same to those who ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import Authentication, Carries, Element, Flow, Json, NotEvents, Page, Said, Unusable
from connectors.moment import microseconds
from connectors.onelogin import feed
from connectors.onelogin.authentication import Credential
from connectors.onelogin.settings import Settings

KEPT = (
    "uuid", "event_timestamp", "event_type_id", "account_id", "user_id", "actor_user_id", "api_credential_name", "user_field_id",
    "user_field_name", "object_id",
)  # fmt: skip
"""What is kept of an event.  The rest is names, addresses and free text, which nobody needs for a look."""


class OneLoginSource:
    """An event names a user and no value: each is a hint.  It can be polled (`Feed`)."""

    carries: Carries = "hint"

    def __init__(self, settings: Settings) -> None:
        self.acknowledge = settings.source.acknowledge if settings.source is not None else 200
        self.authentication: Authentication = Credential(settings)
        self._base = settings.base_url
        self._event_types = settings.options.event_types

    def feed(self, cursor: str) -> Flow[Page]:
        return feed.page(self._base, self._event_types, cursor)

    def split(self, body: Json) -> Sequence[Element]:
        """The format JSON Array.  (SIEM, which is NDJSON, is no JSON document and does not come this far.)"""
        if not isinstance(body, list):
            raise NotEvents("a list of events expected: choose the format `JSON Array` for the webhook")
        return [_reduced(event) for event in body]

    def read(self, element: Element) -> Said:
        if not isinstance(element, dict):
            raise Unusable("the event is no object")
        ident = _ident(element)
        event_type = element.get("event_type_id")
        if not isinstance(event_type, int) or event_type not in self._event_types:
            return Said({}, id=ident, carries=self.carries, ignored="its event_type_id is not in options.event_types")
        match element.get("user_id"):
            case bool() | None | float() | list() | dict() | "":
                raise Unusable("no user_id")
            case user_id:
                return Said({"id": str(user_id)}, id=ident, time=_time(element), carries=self.carries)


def _reduced(event: Json) -> Json:
    return {name: event[name] for name in KEPT if name in event} if isinstance(event, dict) else event


def _ident(event: Mapping[str, Json]) -> str:
    """A webhook names its event by `uuid`, the list by `id`; whether the two can be told to be one is UNCONFIRMED.  Raises
    Unusable."""
    match event:
        case {"uuid": str(uuid)}:
            return uuid
        case {"uuid": None} | {"id": None}:
            return ""
        case {"uuid": _}:
            raise Unusable("uuid is no text")
        case {"id": int() as number} if not isinstance(number, bool):
            return f"poll-{number}"
        case {"id": _}:
            raise Unusable("id is no integer")
        case _:
            return ""


def _time(event: Mapping[str, Json]) -> int | None:
    """Of `2017-12-05 19:13:06 UTC` (a webhook) or `2017-12-05T19:13:06.123Z` (the list) the microseconds.  Raises Unusable."""
    stamp = event.get("event_timestamp", event.get("created_at"))
    if stamp is None:
        return None
    try:
        return microseconds(stamp.removesuffix(" UTC") + "Z" if isinstance(stamp, str) and stamp.endswith(" UTC") else stamp)
    except ValueError:
        raise Unusable("event_timestamp or created_at cannot be read") from None
