"""The events that OneLogin tells of its users: by webhook, thin, in batches, under a static header; and in a list.

Source of the list: the pages Get Events, Event Resource and Types, Using Query Parameters (v1).  In which order an unsorted list
comes is not said: the newest first, here.
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from itertools import count

from connectors.contract import Json

UPDATED = 14
"""UNCONFIRMED."""
TYPES: tuple[dict[str, Json], ...] = (
    {"id": 5, "name": "USER_LOGGED_INTO_ONELOGIN", "description": "a user logged in"},
    {"id": 13, "name": "USER_CREATED", "description": "a user was created"},
    {"id": UPDATED, "name": "USER_UPDATED", "description": "a user was updated"},
)
PAGE = 50
SEARCHED = frozenset({"client_id", "created_at", "directory_id", "event_type_id", "id", "resolution", "user_id"})
PAGING = frozenset({"since", "until", "limit", "sort", "fields", "after_cursor", "before_cursor"})

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

Event = dict[str, Json]


class QueryError(Exception):
    """A query that the list does not take."""


class Events:
    """All that happened, oldest first, as the list shows it."""

    def __init__(self) -> None:
        self._listed: list[Event] = []
        self._ids = count(7_000_001)

    def happened(self, kind: int, user: Mapping[str, Json], *, actor: str | None, credential: str | None) -> Json:
        """actor: the person who did it; credential: the API credential that did it.  Answers what a webhook tells."""
        now = time.time()
        told: Event = {
            "event_type_id": kind,
            "account_id": 555555,
            "user_id": user["id"],
            "user_name": f"{user['firstname']} {user['lastname']}",
            "actor_user_id": None if actor is None else 1,
            "actor_user_name": actor,
            "actor_system": "" if actor else "API",
            "custom_message": None,
            "notes": None,
            "ipaddr": "192.0.2.7",
        }
        seconds = time.gmtime(now)
        created = time.strftime("%Y-%m-%dT%H:%M:%S.", seconds) + f"{int(now * 1000) % 1000:03d}Z"
        self._listed.append({"id": next(self._ids), "created_at": created, "client_id": credential, **told})
        return {
            "create": {"_id": uuid.uuid4().hex},
            "uuid": str(uuid.uuid4()),
            "event_timestamp": time.strftime("%Y-%m-%d %H:%M:%S UTC", seconds),
            **told,
            "api_credential_name": credential,
            "user_field_id": None,
            "user_field_name": None,
        }

    def listed(self, query: Mapping[str, str]) -> tuple[list[Event], str | None, str | None]:
        """A page, and where the one before and the one after it begin.  Raises QueryError."""
        if other := query.keys() - SEARCHED - PAGING:
            raise QueryError(f"query parameter(s) not allowed: {', '.join(sorted(other))}")
        events = [event for event in self._listed if _fits(event, query)]
        # A plus that is not escaped is a space.
        if not re.fullmatch(r"[-+ ]?id", sort := query.get("sort", "-id")):
            raise QueryError("sort")
        if sort.startswith("-"):
            events.reverse()
        limit = min(int(query["limit"]), PAGE) if re.fullmatch(r"[1-9]\d{0,5}", query.get("limit", "")) else PAGE
        places = [event["id"] for event in events]
        start = 0
        if "after_cursor" in query:
            start = _place(query["after_cursor"], places) + 1
        elif "before_cursor" in query:
            start = max(0, _place(query["before_cursor"], places) - limit)
        shown = events[start : start + limit]
        names = {"id", *re.split(r",\s*", query["fields"])} if query.get("fields") else None
        return (
            [{name: value for name, value in event.items() if names is None or name in names} for event in shown],
            _cursor(places[start]) if start and shown else None,
            _cursor(places[start + limit - 1]) if start + limit < len(events) else None,
        )

    def forget(self) -> None:
        """As if nothing had happened; no id comes again."""
        self._listed.clear()


def batch(events: Sequence[Json], secret: str) -> tuple[Mapping[str, str], bytes]:
    """The format JSON Array.  There is no signature: the header that was entered in the console is all."""
    return {"Content-Type": "application/json", "Authorization": secret}, json.dumps([*events]).encode()


def _fits(event: Event, query: Mapping[str, str]) -> bool:
    """Created after `since` and before `until`, and as searched for; several types at once, with commas."""
    for name in ("since", "until"):
        if name in query and not _TIME.fullmatch(query[name]):
            raise QueryError(name)
    created = str(event["created_at"])
    if not query.get("since", "") < created < query.get("until", "9"):
        return False
    return all(str(event.get(name)) in query[name].split(",") for name in SEARCHED & query.keys())


def _cursor(place: Json) -> str:
    return base64.b64encode(str(place).encode()).decode()


def _place(cursor: str, places: Sequence[Json]) -> int:
    try:
        return places.index(int(base64.b64decode(cursor, validate=True)))
    except ValueError:
        raise QueryError("cursor") from None
