"""How addresses are made."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from connectors.address import BaseUrl, url
from connectors.contract import Refused

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
