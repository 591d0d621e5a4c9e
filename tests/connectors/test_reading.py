"""The shared reading of responses: status, wait, JSON, addresses, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from connectors.contract import Deferred, Failed, Halted, NoAccount, Refused, Unanswered
from connectors.reading import BaseUrl, error, expect, json_of, microseconds, request_id, retry_after, token_of, url
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


# ---------------------------------------------------------------- addresses

HOSTILE = [
    "../..", "..%2f", "%2e%2e", "a/b", "a\\b", "a?b=c", "a#b", "a&b=c", "a;b", "@evil.example", "//evil.example", ":80", "{id}",
    "${jndi:ldap://x}", "{{7*7}}", "<script>", "' OR 1=1 --", "é", "中文", "👩‍👩‍👧", "\u202e", "a b", "+", "%", "%%", "%zz",
    "....//", ".%00.", "~root", "C:\\", "file:///etc/passwd", "-", "*", "null", "NaN", "0x7f000001",
]  # fmt: skip
"""In the spirit of the Big List of Naughty Strings and of lists of file inclusions."""


@given(segment=st.text(max_size=40), value=st.text(max_size=40))
@example(segment="..", value="x")
@example(segment="%2e%2e", value="%26a=b")
def test_nothing_leaves_its_place_in_an_address(segment: str, value: str) -> None:
    """Whatever is put into a segment or a query value, the address that is really asked for has the same prefix, the same number
    of segments and parameters, and gives back exactly what was put in."""

    def build() -> str:
        return url("https://h.example/api", "users", segment, "x", query=[("q", value), ("r", "1")])

    if segment in ("", ".", "..") or not _plain(segment) or not _plain(value):
        with pytest.raises(Refused, match=r"^it cannot stand in an address$"):
            build()
        return
    address = build()
    asked = httpx.Request("GET", address).url
    path, _, query = asked.raw_path.decode().partition("?")
    assert path.startswith("/api/users/")
    assert path.count("/") == 4
    assert path.endswith("/x")
    assert httpx.URL(address).path == f"/api/users/{segment}/x"
    assert query.count("&") == 1
    assert asked.params.get_list("q") == [value]
    assert (asked.host, asked.fragment) == ("h.example", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_strings_stay_one_segment(text: str) -> None:
    """Strings that have broken others are one escaped segment here."""
    path = httpx.Request("GET", url("https://h.example", "users", text)).url.raw_path.decode()
    assert path.count("/") == 2
    assert not {".", ".."} & set(path.split("/"))


@pytest.mark.parametrize("text", ["", ".", "..", "a\0", "a\r\nX: y", "\x7f", "\x85", "x" * 256, "é" * 128, "\ud800"])
def test_what_cannot_be_a_segment_is_refused(text: str) -> None:
    """Empty, dots, control characters, no text, longer than 255 bytes."""
    with pytest.raises(Refused):
        url("https://h.example", text)


def _plain(text: str) -> bool:
    encodable = not any("\ud800" <= c <= "\udfff" for c in text)
    return encodable and not any(c < " " or "\x7f" <= c <= "\x9f" for c in text) and len(text.encode()) <= 255


class Entry(BaseModel):
    base_url: BaseUrl


@pytest.mark.parametrize(
    "text", ["https://acme.example", "https://acme.example/api/", "http://127.0.0.1:9000", "https://[::1]:8443/x"]
)
def test_a_base_url(text: str) -> None:
    """A scheme, a host, perhaps a path; the slash at the end goes."""
    assert Entry(base_url=text).base_url == text.rstrip("/")


@pytest.mark.parametrize(
    "text",
    ["", "acme.example", "ftp://acme.example", "https://", "https:///x", "https://a.example/?q=1", "https://a.example/#x",
     "https://a.example/../b", "https://a b.example", "https://{x}.example", "https://a.example:99999", "https://a.example:0",
     "https://[::1", "https://user:s3cret@a.example", "https://a.example\n"],
)  # fmt: skip
def test_no_base_url(text: str) -> None:
    """Anything else is refused, without repeating what may be a secret."""
    with pytest.raises(ValidationError) as caught:
        Entry(base_url=text)
    assert "s3cret" not in caught.value.errors()[0]["msg"]


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-20T10:00:00.123456Z", 1795168800123456),
        ("2026-11-20T10:00:00.1234569Z", 1795168800123456),
        ("2026-11-20t10:00:00.5z", 1795168800500000),
        ("2026-11-20 12:00:00+02:00", 1795168800000000),
        ("2026-11-20T04:30:00-05:30", 1795168800000000),
        ("2016-12-31T23:59:60Z", 1483228800000000),
        (1795168800, 1795168800000000),
        (1795168800.123456, 1795168800123456),
        (1795168800123, 1795168800123000),
        (1795168800123.4567, 1795168800123456),
        (0, 0),
        (99_999_999_999, 99_999_999_999_000_000),
        (100_000_000_000, 100_000_000_000_000),
    ],
)
def test_times(value: object, micros: int) -> None:
    """RFC 3339 with any offset, seconds and milliseconds; what is finer than a microsecond is cut off."""
    assert microseconds(value) == micros  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    ["", "soon", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00", "2026-11-20", "2026-11-20T10:00:00", "2026-02-30T00:00:00Z",
     "2026-11-20T24:00:00Z", "2026-11-20T10:00:61Z", "2026-11-20T10:00:00.Z", "2026-11-20T10:00:00+24:00", "٢٠٢٦-11-20T10:00:00Z",
     "1795168800", -1, True, None, [], {}, float("nan"), float("inf"), 10**14, 10**400, "9999-12-31T23:59:60-23:59"],
)  # fmt: skip
def test_no_times(value: object) -> None:
    """What is no time, is ambiguous, or lies before 1970."""
    with pytest.raises(ValueError, match="no time since 1970"):
        microseconds(value)  # type: ignore[arg-type]


@given(
    moment=st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1)),  # noqa: DTZ001 - in every zone, below
    minutes=st.integers(-23 * 60, 23 * 60),
)
def test_a_time_is_the_same_in_every_zone(moment: datetime, minutes: int) -> None:
    """Python's own rendering of any moment in any zone is read as that moment."""
    there = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    expected = (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert microseconds(there.isoformat()) == expected


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
