"""Address templates: a value can never leave its place."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Refused
from connectors.http.template import parse

BASE = "https://h.example/api"


@pytest.mark.parametrize(
    ("template", "value", "address"),
    [
        ("/users/{id}", "a/b ?#é", "/users/a%2Fb%20%3F%23%C3%A9"),
        ("/users/{id}/attributes", "..x", "/users/..x/attributes"),
        ("/users/{id}/", "7", "/users/7/"),
        ("/users(id='{id}')", "a b", "/users(id='a%20b')"),
        ("/users/{id}.json", "u-1", "/users/u-1.json"),
        ("/users?email={id}&limit=2", "a+b&c@x.example", "/users?email=a%2Bb%26c%40x.example&limit=2"),
        ('/users?search=profile.email eq "{id}"', "o'x@y.example", "/users?search=profile.email%20eq%20%22o%27x%40y.example%22"),
        ("/users?search=profile.email%20eq%20%22{id}%22", "a b", "/users?search=profile.email%20eq%20%22a%20b%22"),
        ("/users?$filter=mail eq '{id}'", "a b", "/users?%24filter=mail%20eq%20%27a%20b%27"),
        ("/search?q=email:{id}", "a.b+c@x.example", "/search?q=email%3Aa.b%2Bc%40x.example"),
    ],
)  # fmt: skip
def test_a_template_is_filled(template: str, value: str, address: str) -> None:
    """Literal parts are encoded as written, values whole."""
    assert parse(template, "id").fill(BASE, id=value) == BASE + address


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("/users/{id}", ""), ("/users/{id}", "."), ("/users/{id}", ".."), ("/users/{id}", "a\0"),
        ("/users/{id}", "x" * 256), ("/users/{id}.json", "a/b"), ("/users/{id}.json", ""),
        ('/users?q=email eq "{id}"', 'x" or id pr or "'), ('/users?q=email eq "{id}"', "x\\"),
        ("/users?q=email eq '{id}'", "x' or '1"), ("/users?q=email eq '{id}'", "x'"), ("/search?q=email:{id}", "x OR y"),
        ("/search?q=email:{id}", "x)"), ("/search?q=email:{id}", 'x"'), ("/search?q=a {id}", "é"),
        ("/search?q=email:{id}", "x\n"),
    ],
)  # fmt: skip
def test_what_could_leave_its_place_is_refused(template: str, value: str) -> None:
    """A value that has what its place could be left with is not sent."""
    with pytest.raises(Refused) as caught:
        parse(template, "id").fill(BASE, id=value)
    assert not value or value not in str(caught.value)


@given(value=st.text(max_size=30))
@pytest.mark.parametrize(
    "template",
    ["/u/{id}/x", "/u(id='{id}')/x", "/u/{id}.json", "/u?a=1&email={id}&b=2", '/u?q=mail eq "{id}"&b=2', "/u?q=mail:{id}&b=2"],
)  # fmt: skip
def test_the_shape_of_an_address_is_its_templates(template: str, value: str) -> None:
    """Whatever the value, the address has as many segments and parameters as its template, and the value is in it whole."""
    try:
        address = parse(template, "id").fill(BASE, id=value)
    except Refused:
        return
    asked = httpx.Request("GET", address).url
    path, _, query = asked.raw_path.decode().partition("?")
    shape_path, _, shape_query = template.partition("?")
    assert path.startswith("/api/")
    assert path.count("/") == shape_path.count("/") + 1
    assert (query.count("&"), query.count("=")) == (shape_query.count("&"), shape_query.count("="))
    assert not {".", ".."} & set(path.split("/"))
    if "?" in template:
        names = [pair.split("=")[0] for pair in shape_query.split("&")]
        filled = [pair.partition("=")[2].replace("{id}", value) for pair in shape_query.split("&")]
        assert asked.params.multi_items() == list(zip(names, filled, strict=True))
    else:
        assert asked.path == "/api" + template.replace("{id}", value)


@pytest.mark.parametrize(
    "template",
    ["", "users/{id}", "//evil.example/{id}", "https://evil.example/{id}", "/users", "/users/{id}/{id}", "/users/{value}",
     "/users/{id}{id}", "/users/../{id}", "/users/%2e%2e/{id}", "/users/./{id}", "/users//{id}", "/users/{id}#x", "/users/{id}\n",
     "/users/{", "/users/{id}}", "/users/{id}?x={id}", "/users/{}/{id}", "/users/{ID}/{id}"],
)  # fmt: skip
def test_what_is_no_template_is_refused_at_load(template: str) -> None:
    """An address stands below base_url, and has each of its placeholders once."""
    with pytest.raises(ValueError):
        parse(template, "id")


def test_two_placeholders() -> None:
    """A template may need two."""
    template = parse("/users/{id}/attributes/{attribute}", "id", "attribute")
    assert template.fill(BASE, id="u/1", attribute="a.b") == f"{BASE}/users/u%2F1/attributes/a.b"
    with pytest.raises(ValueError, match="attribute"):
        parse("/users/{id}", "id", "attribute")
