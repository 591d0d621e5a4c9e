"""OneLogin's list of events, by hand: each answer that its documents describe, and those that they leave open."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import ConnectorError, Deferred, Failed, Halted, Page, Refused, Said, TokenRefused, Unusable
from connectors.onelogin.settings import Settings
from connectors.onelogin.source import OneLoginSource
from tests.connectors.conversation import answer, request_of, respond

ENTRY = {
    "base_url": "https://acme.onelogin.example",
    "credentials": {"client_id": "id-1", "client_secret": "s3cret"},
    "options": {"event_types": [14, 13]},
    "source": {},
}
SOURCE = OneLoginSource(Settings.model_validate(ENTRY))
TEN = 1795168800000000
"""2026-11-20T10:00:00Z."""
MINUTE = 60_000_000


def event(number: int, created: Any = "2026-11-20T10:00:00.000Z", **more: Any) -> dict[str, Any]:
    return {"id": number, "created_at": created, "event_type_id": 14, "user_id": 101, **more}


def page(cursor: str, *events: Any, after: str | None = None, status: int = 200, body: Any = None) -> Page:
    """What the feed makes of one answer."""
    flow = SOURCE.feed(cursor)
    request_of(flow)
    pagination = {"before_cursor": None, "after_cursor": after, "previous_link": None, "next_link": None}
    told = {"status": {"error": False, "code": 200, "type": "success", "message": "Success"}, "pagination": pagination}
    return answer(flow, respond(status, body or {**told, "data": [*events]}))


def asked(cursor: str) -> dict[str, str]:
    request = request_of(SOURCE.feed(cursor))
    assert (request.method, request.url.path) == ("GET", "/api/1/events")
    return dict(request.url.params)


def test_it_begins_after_the_newest_event() -> None:
    """One event is asked for, and not told; where there is none everything is to come."""
    assert asked("") == {"event_type_id": "13,14", "sort": "-id", "limit": "1"}
    assert page("", event(7)) == Page((), str(TEN))
    assert page("") == Page((), "0")


def test_a_list_is_asked_for_from_a_time_on_and_from_a_place_on() -> None:
    """All types in one list; the place is given beside the time."""
    assert asked(str(TEN + 990_000)) == {"event_type_id": "13,14", "since": "2026-11-20T10:00:00.990Z"}
    assert asked(f"{TEN} 0 MjAx NS0w") == {
        "event_type_id": "13,14",
        "since": "2026-11-20T10:00:00.000Z",
        "after_cursor": "MjAx NS0w",
    }
    assert asked("0")["since"] == "1970-01-01T00:00:00.000Z"


def test_the_next_list_begins_five_minutes_before_the_newest_event() -> None:
    """For those that are listed late; never before the one that was read, so that history stays history."""
    assert page(str(TEN), event(8, "2026-11-20T10:20:00.000Z")).cursor == str(TEN + 15 * MINUTE)
    assert page(str(TEN), event(8, "2026-11-20T10:02:00.000Z")).cursor == str(TEN)
    assert page(str(TEN)) == Page([], str(TEN))


@pytest.mark.parametrize("times", [("10:20", "10:30"), ("10:30", "10:20")])
def test_the_order_of_a_list_does_not_matter(times: tuple[str, str]) -> None:
    """Oldest first or newest first, the newest of all pages counts."""
    first = page(str(TEN), event(8, f"2026-11-20T{times[0]}:00.000Z"), after="b")
    assert first.more
    assert not page(first.cursor, event(9, f"2026-11-20T{times[1]}:00.000Z")).more
    assert page(first.cursor, event(9, f"2026-11-20T{times[1]}:00.000Z")).cursor == str(TEN + 25 * MINUTE)


def test_a_place_that_is_not_known_any_more_begins_the_list_again() -> None:
    """Nothing is lost by it, and it is no hurry: the page is empty."""
    refused = {"status": {"error": True, "code": 400, "type": "bad request", "message": "cursor"}}
    assert page(f"{TEN} {TEN} b", status=400, body=refused) == Page((), str(TEN), more=True)
    with pytest.raises(Refused):
        page(str(TEN), status=400, body=refused)


def test_a_place_that_leads_to_itself_is_the_end() -> None:
    """A list must not go round."""
    assert not page(f"{TEN} {TEN} b", event(8), after="b").more


V1 = {"error": True, "code": 401, "type": "Unauthorized"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"status": {**V1, "message": "Authentication Failure"}}, TokenRefused),
        (401, {"status": {**V1, "message": "Insufficient Permission"}}, Halted),
        (404, {}, Halted),
        (429, {"message": "Rate limit exceeded", "name": "TooManyRequests", "statusCode": 429}, Deferred),
        (500, {"x": 1}, Failed),
        (200, {"status": {}}, Failed),
        (200, {"data": {}, "pagination": {"after_cursor": None}}, Failed),
        (200, {"data": [], "pagination": {"after_cursor": 7}}, Failed),
    ],
)
def test_errors_say_what_is_next(status: int, body: Any, error: type[ConnectorError]) -> None:
    """As with every other call; an answer of another shape is no empty list."""
    for cursor in ("", str(TEN), f"{TEN} {TEN} b"):
        with pytest.raises(error):
            page(cursor, status=status, body=body)


def test_a_listed_event_is_told_under_an_id_of_its_own() -> None:
    """It may be the event of a webhook, whose uuid it does not say; the time is closer."""
    (element,) = page(str(TEN), event(8, "2026-11-20T10:00:00.990Z", uuid="u-1", user_name="Ana", ipaddr="192.0.2.7")).elements
    assert SOURCE.read(element) == Said({"id": "101"}, id="poll-8", time=TEN + 990_000, carries="hint")
    assert isinstance(element, dict)
    assert {*element} == {"id", "created_at", "event_type_id", "user_id"}


@pytest.mark.parametrize("damaged", [7, None, event(8, "yesterday"), {"id": 8}, event(8, 10**40)])
def test_a_listed_event_that_cannot_be_used_stands_in_nobodys_way(damaged: Any) -> None:
    """It is told as it is, and the cursor goes on by the others."""
    found = page(str(TEN), damaged, event(9, "2026-11-20T10:20:00.000Z"))
    assert (len(found.elements), found.cursor) == (2, str(TEN + 15 * MINUTE))
    try:
        assert SOURCE.read(found.elements[0]).ignored
    except Unusable as error:
        assert "yesterday" not in str(error)  # noqa: PT017 - one of two ways in which it is not used
