"""OneLogin's list of events, `GET /api/1/events`: what its webhooks tell, for whoever missed one.

Source: the pages Get Events, Event Resource and Types, Using Query Parameters (v1).  They do not say how long after its
`created_at` an event is listed, for how long an `after_cursor` leads on, or in which order a list comes that is not sorted; none
of it is relied on.

A cursor is `SINCE`, the time from which the next list begins, and within a list `SINCE NEWEST AFTER`: the newest event of the
pages before, and where OneLogin says that the next page begins.  Times are OneLogin's own, in microseconds since 1970: no clock
of ours is in it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from connectors.address import url
from connectors.contract import Element, Flow, Json, Page, Refused, Request
from connectors.moment import microseconds
from connectors.onelogin.answers import judged_elsewhere
from connectors.reading import json_of, unreadable

LATE = 5 * 60 * 1_000_000
"""Microseconds for which an event may be listed late: every list begins so long before the newest event of the one before.
UNCONFIRMED."""
KEPT = ("id", "created_at", "event_type_id", "account_id", "user_id", "actor_user_id", "actor_system")
"""What is kept of a listed event.  The rest is names, addresses and free text, which nobody needs for a look."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def page(base: str, event_types: Collection[int], cursor: str) -> Flow[Page]:
    """One page of the events of these types, in any order.  "" begins after the newest that is listed now."""
    kinds = ("event_type_id", ",".join(map(str, sorted(event_types))))
    if not cursor:
        events, _ = yield from _listed(base, [kinds, ("sort", "-id"), ("limit", "1")])
        return Page((), str(max(map(_created, events), default=0)))
    since, newest, after = _read(cursor)
    query = [kinds, ("since", _spelled(since)), *([("after_cursor", after)] if after else [])]
    try:
        events, following = yield from _listed(base, query)
    except Refused:
        if not after:
            raise
        return Page((), str(since), more=True)  # the place is not known any more: the list begins again
    newest = max(newest, *map(_created, events), since)
    elements: list[Element] = [_reduced(event) for event in events]
    if following and following != after:
        return Page(elements, f"{since} {newest} {following}", more=True)
    return Page(elements, str(max(since, newest - LATE)))


def _listed(base: str, query: list[tuple[str, str]]) -> Flow[tuple[list[Json], str]]:
    """The events of one answer, and its `after_cursor`; "" at the end."""
    response = yield Request("GET", url(base, "api", "1", "events", query=query))
    if response.status_code != 200:
        raise judged_elsewhere(response)
    match json_of(response):
        case {"data": list(events), "pagination": {"after_cursor": str() | None as after}}:
            return events, after or ""
        case _:
            raise unreadable(response)


def _read(cursor: str) -> tuple[int, int, str]:
    since, _, rest = cursor.partition(" ")
    newest, _, after = rest.partition(" ")
    return int(since), int(newest or 0), after


def _created(event: Json) -> int:
    """Microseconds; 0 for an event that does not say it: it is told as it is, and found unusable."""
    try:
        return microseconds(event.get("created_at")) if isinstance(event, dict) else 0
    except ValueError:
        return 0


def _spelled(micros: int) -> str:
    """As `2016-01-21T09:20:15.990Z`."""
    return (_EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{micros // 1000 % 1000:03d}Z"


def _reduced(event: Json) -> Json:
    return {name: event[name] for name in KEPT if name in event} if isinstance(event, dict) else event
