"""The shared reading of responses: status, wait, JSON, token."""

from __future__ import annotations

import httpx
import pytest

from connectors.contract import Deferred, Failed, Halted, NoAccount, Refused, Unanswered
from connectors.reading import error, expect, json_of, request_id, retry_after, token_of
from tests.connectors.conversation import respond


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ((408, 425, 429), Deferred),
        ((500, 501, 503, 505, 507, 508, 520, 599), Failed),
        ((502, 504), Unanswered),
        ((202, 206, 207), Unanswered),
        ((404, 410), NoAccount),
        ((301, 302, 303, 304, 307, 308), Halted),
        ((401, 402, 403, 405, 407), Halted),
        ((400, 406, 409, 411, 412, 413, 414, 415, 422, 423, 428, 451), Refused),
    ],
)
def test_a_status_has_one_class(statuses: tuple[int, ...], kind: type) -> None:
    """Each status means one next step; the error keeps the status and has a reason."""
    for status in statuses:
        raised = error(respond(status))
        assert type(raised) is kind
        assert (raised.status, bool(raised.reason)) == (status, True)


def test_only_429_is_throttling() -> None:
    """A throttled credential is another thing than a system that is not ready."""
    throttled = {status: getattr(error(respond(status)), "throttled", None) for status in (408, 425, 429)}
    assert throttled == {408: False, 425: False, 429: True}


def test_expect_lets_through_what_is_expected() -> None:
    """The codes that are named pass, and no others; without names 200, 201 and 204."""
    for status in (200, 201, 204):
        assert expect(respond(status)).status_code == status
    assert expect(respond(202), 202).status_code == 202
    with pytest.raises(Unanswered):
        expect(respond(204), 200)


@pytest.mark.parametrize(
    ("header", "date", "wait"),
    [
        ("120", None, 120.0),
        (" 0 ", None, 0.0),
        ("1.5", None, 1.5),
        ("864000", None, 864000.0),
        ("Fri, 20 Nov 2026 10:02:00 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", 120.0),
        ("Fri, 20 Nov 2026 09:00:00 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", 0.0),
        ("Fri, 20 Nov 2026 10:02:00 GMT", None, None),
        ("Fri, 20 Nov 2026 10:02:00 GMT", "soon", None),
        ("soon", "Fri, 20 Nov 2026 10:00:00 GMT", None),
        ("-1", None, None),
        ("1e9", None, None),
        ("٣", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_retry_after(header: str | None, date: str | None, wait: float | None) -> None:
    """Seconds, or a date against the answer's own Date; what is unreadable says nothing."""
    given = {"retry-after": header, "date": date}
    headers = [(name.encode(), value.encode()) for name, value in given.items() if value is not None]
    assert retry_after(httpx.Response(503, headers=headers)) == wait


def test_json_of() -> None:
    """JSON is read; what is none, or too much of it, is Failed and keeps status and request id."""
    assert json_of(respond(200, {"a": [1, None]})) == {"a": [1, None]}
    for text in ("", "<html>", "{", "NaN", "[" * 100_000, '"' + "x" * (1 << 20) + '"', "1" * 5000, "[1e999]"):
        with pytest.raises(Failed) as caught:
            json_of(respond(200, text=text, headers={"X-Request-Id": "r-1"}))
        assert (caught.value.status, caught.value.request_id) == (200, "r-1")
    with pytest.raises(Failed):
        json_of(httpx.Response(200, content=b"\xff\xfe\x00"))


def test_half_of_a_pair_hides_nobody() -> None:
    """A text that was cut in the middle of a surrogate pair, as JSON can say and UTF-8 cannot, is read with U+FFFD in that
    place, in names and values and at any depth; whole pairs stay what they are."""
    cut = b'{"users": [{"n\\udc00": "Ana \\uD83D"}, {"n": "Ben \\ud83d\\ude00 \\\\ud83d", "x": [1, null, "\\u0041"]}]}'
    read = json_of(httpx.Response(200, content=cut))
    assert read == {"users": [{"n\ufffd": "Ana \ufffd"}, {"n": "Ben \U0001f600 \\ud83d", "x": [1, None, "A"]}]}


def test_request_id_is_fit_for_a_log() -> None:
    """An id that could not stand in a log line is none."""
    assert request_id(respond(500, headers={"x-request-id": "abc-1.2:3"})) == "abc-1.2:3"
    assert request_id(respond(500, headers={"cf-ray": "8f"})) == "8f"
    for odd in ("a b", "x" * 129, "ana@example.com;", "\x1b[31m"):
        assert request_id(httpx.Response(500, headers=[(b"x-request-id", odd.encode())])) == ""


@pytest.mark.parametrize("lifetime", [3600, 3600.5])
def test_a_token_has_the_lifetime_that_is_told(lifetime: float) -> None:
    """RFC 6749 section 5.1; a lifetime is a number of seconds, whole or not."""
    token = token_of(httpx.Response(200, json={"access_token": "t", "token_type": "bearer", "expires_in": lifetime}))
    assert (token.secret, token.lifetime) == ("t", lifetime)


NO_TOKENS: list[object] = [
    [],
    {},
    {"access_token": "t"},
    {"access_token": "", "expires_in": 1},
    {"access_token": "t", "expires_in": 0},
    {"access_token": "t", "expires_in": "1h"},
    {"access_token": 7, "expires_in": 1},
]


@pytest.mark.parametrize("answer", NO_TOKENS)
def test_what_is_no_token(answer: object) -> None:
    """Failed, and what was answered is in no text."""
    with pytest.raises(Failed, match="unreadable answer"):
        token_of(httpx.Response(200, json=answer))
