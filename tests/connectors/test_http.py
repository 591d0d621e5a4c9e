"""The generic connector in conversation: what an entry describes, what is sent, what the answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract import (
    Account,
    Call,
    Failed,
    Found,
    Json,
    NoAccount,
    Refused,
    Request,
    Response,
    Unanswered,
    Written,
)
from connectors.http import Http
from connectors.http.settings import Settings
from connectors.http.target import HttpTarget
from tests.connectors.conversation import answer, request_of, respond
from worker.config.language import Language

BASE: dict[str, Any] = {
    "base_url": "https://acme.okta.example",
    "auth": {"header": "Authorization", "prefix": "SSWS ", "value": "s3cret"},
    "account": {
        "id": "id",
        "find": {"email": {"get": '/api/v1/users?search=profile.email eq "{value}"', "each": "", "holds": "profile.email"}},
        "read": {"get": "/api/v1/users/{id}", "attributes": "profile"},
    },
}


def made(write: Mapping[str, Any], base: Mapping[str, Any] = BASE) -> HttpTarget:
    target = Http().target(Settings.model_validate({**base, "target": {"write": write}}), Language())
    assert target is not None
    return target


@pytest.fixture
def okta() -> HttpTarget:
    return made({"post": "/api/v1/users/{id}", "body": "profile", "many": True, "clear": None})


def line(request: Request) -> str:
    return f"{request.method} {request.url.raw_path.decode()}"


def sent(call: Call) -> tuple[str, Json]:
    request = request_of(call.flow)
    return line(request), json.loads(request.content) if request.content else None


# ---------------------------------------------------------------- find and read


def test_a_search_is_sent_as_described(okta: HttpTarget) -> None:
    """The value stands in its quotes; accounts, id and key are read where the entry says."""
    flow = okta.find("email", "o'x+1@y.example")
    assert line(request_of(flow)) == "GET /api/v1/users?search=profile.email%20eq%20%22o%27x%2B1%40y.example%22"
    users = [{"id": "00u1", "profile": {"email": "o'x+1@y.example"}}, {"id": 7, "profile": {}}]
    assert answer(flow, respond(200, users)) == [Found("00u1", "o'x+1@y.example"), Found("7", None)]


@pytest.mark.parametrize("value", ['x" or id pr or "', "x\\", "", "a*", "100%", "x\n"])
def test_what_cannot_be_searched_for_finds_nothing(okta: HttpTarget, value: str) -> None:
    """A value that could leave its quotes, or be a pattern, is not sent."""
    with pytest.raises(StopIteration) as caught:
        next(okta.find("email", value))
    assert caught.value.value == ()


def test_a_search_that_answers_404_found_nothing(okta: HttpTarget) -> None:
    """Some systems answer a search for one account like a read of it."""
    flow = okta.find("email", "ana@example.com")
    request_of(flow)
    assert answer(flow, respond(404)) == ()


@pytest.mark.parametrize("account", [{}, {"id": None}, {"id": True}, {"id": ""}, {"id": 1.5}, {"id": ["00u1"]}, "00u1", None])
def test_what_was_found_has_an_id(okta: HttpTarget, account: Json) -> None:
    """An id is text or an integer; an account without one is an answer of another shape."""
    flow = okta.find("email", "ana@example.com")
    request_of(flow)
    with pytest.raises(Failed):
        answer(flow, respond(200, [account]))


def test_a_read_answers_the_attributes_where_they_stand(okta: HttpTarget) -> None:
    """Names of attributes are paths below `attributes`."""
    flow = okta.read("00u/1")
    assert line(request_of(flow)) == "GET /api/v1/users/00u%2F1"
    assert answer(flow, respond(200, {"id": "00u1", "profile": {"department": "Sales"}})) == Account({"department": "Sales"})


def test_the_secret_goes_into_its_header(okta: HttpTarget) -> None:
    """Prefix and value, whole; without `auth` nothing is added."""
    request = Request("GET", "https://acme.okta.example/")
    okta.authentication.sign(request, None)
    assert request.headers["authorization"] == "SSWS s3cret"
    assert okta.authentication.obtain() is None
    bare = made({"put": "/u/{id}"}, {"base_url": "https://h.example"})
    request = Request("GET", "https://h.example/")
    bare.authentication.sign(request, None)
    assert "authorization" not in request.headers


# ---------------------------------------------------------------- write


def test_many_attributes_are_one_body(okta: HttpTarget) -> None:
    """Values keep their JSON types and stand at their paths below `body`; null clears."""
    changes: dict[str, Json] = {
        "department": "Sales",
        "name.familyName": "Li",
        "unit": 7,
        "tags": ["a"],
        '["a.b"].c': True,
        "title": None,
    }
    (call,) = okta.write("00u1", changes)
    assert call.attributes == tuple(changes)
    body = {"department": "Sales", "name": {"familyName": "Li"}, "unit": 7, "tags": ["a"], "a.b": {"c": True}, "title": None}
    assert sent(call) == ("POST /api/v1/users/00u1", {"profile": body})


def test_what_the_answer_shows_is_of_this_call_only(okta: HttpTarget) -> None:
    """Where the answer has the account in it, it shows what is there now; what it does not have is not claimed."""
    (call,) = okta.write("00u1", {"department": "Sales", "title": None, "absent": "x"})
    sent(call)
    profile = {"department": "SALES", "title": None, "email": "ana@example.com"}
    assert answer(call.flow, respond(200, {"id": "00u1", "profile": profile})) == Written({"department": "SALES", "title": None})


@pytest.mark.parametrize(
    "response",
    [respond(204), respond(200, text="OK"), respond(200, []), respond(201, {"profile": None}), respond(200, {"profile": [1]})],
)
def test_an_answer_without_the_account_shows_nothing(okta: HttpTarget, response: Response) -> None:
    """An empty or a foreign answer is a success that shows nothing."""
    (call,) = okta.write("00u1", {"department": "Sales"})
    sent(call)
    assert answer(call.flow, response) == Written(status=response.status_code)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (respond(202), Unanswered),
        (respond(404), NoAccount),
        (respond(200, text="<!doctype html><title>Log in</title>"), Failed),
        (respond(200, text="hello", headers={"content-type": "text/html"}), Failed),
    ],
)
def test_an_answer_that_is_no_success(okta: HttpTarget, response: Response, kind: type) -> None:
    """Taken is not done; a page is not an API; a missing account is a stale link."""
    (call,) = okta.write("00u1", {"department": "Sales"})
    sent(call)
    with pytest.raises(kind):
        answer(call.flow, response)


def test_one_attribute_a_call() -> None:
    """`many: false`: each attribute is a call of its own; without `body` it is the whole body."""
    calls = made({"patch": "/u/{id}", "many": False}).write("1", {"a": "x", "b": None})
    assert [call.attributes for call in calls] == [("a",), ("b",)]
    assert [sent(call) for call in calls] == [("PATCH /u/1", {"a": "x"}), ("PATCH /u/1", {"b": None})]


def test_a_clear_is_what_the_entry_says() -> None:
    """null, empty text, or a DELETE of its own, whose success shows nothing left."""
    changes: dict[str, Json] = {"a": None, "b": "x"}
    (call,) = made({"patch": "/u/{id}", "clear": ""}).write("1", changes)
    assert sent(call) == ("PATCH /u/1", {"a": "", "b": "x"})
    deleting = made({"patch": "/u/{id}", "clear": {"delete": "/u/{id}/a/{attribute}"}})
    first, second = deleting.write("1", {"b": "x", "a.b": None})
    assert (first.attributes, sent(first)) == (("b",), ("PATCH /u/1", {"b": "x"}))
    assert (second.attributes, sent(second)) == (("a.b",), ("DELETE /u/1/a/a.b", None))
    assert answer(second.flow, respond(204)) == Written({"a.b": None}, status=204)
    (only,) = deleting.write("1", {"a": None})
    assert only.attributes == ("a",)


def test_a_whole_object_keeps_its_siblings() -> None:
    """`whole: true`: what was read is sent again with the changes in it, an element of a list among them."""
    target = made({"put": "/u/{id}", "body": "profile", "whole": True})
    emails: list[Json] = [{"type": "home", "value": "h@x.example"}, {"type": "work", "value": "w@x.example"}]
    before = Account({"name": {"first": "Ana", "last": "Li"}, "emails": emails})
    (call,) = target.write("1", {"name.last": "Lo", 'emails[type eq "work"].value': "n@x.example"}, before)
    changed = [{"type": "home", "value": "h@x.example"}, {"type": "work", "value": "n@x.example"}]
    assert sent(call) == ("PUT /u/1", {"profile": {"name": {"first": "Ana", "last": "Lo"}, "emails": changed}})
    assert before.attributes["name"] == {"first": "Ana", "last": "Li"}
    with pytest.raises(Refused, match="not read"):
        target.write("1", {"name.last": "Lo"})


def test_an_element_of_a_list_needs_the_whole(okta: HttpTarget) -> None:
    """Sent alone it would replace the list."""
    with pytest.raises(Refused) as caught:
        okta.write("1", {'emails[type eq "work"].value': "n@x.example"})
    assert caught.value.attribute == 'emails[type eq "work"].value'


# ---------------------------------------------------------------- what an entry makes


def test_what_an_entry_can_do_is_read_off_it(okta: HttpTarget) -> None:
    """Capabilities follow from the entry: keys, read, many, whole."""
    able = okta.capabilities
    assert (able.finds, able.readable, able.many, able.whole, able.clears) == (frozenset({"email"}), True, True, False, True)
    bare = made({"put": "/u/{id}", "many": False}, {"base_url": "https://h.example"}).capabilities
    assert (bare.finds, bare.readable, bare.many) == (frozenset(), False, False)
    assert made({"put": "/u/{id}", "whole": True}).capabilities.whole


def test_an_entry_without_target_is_none() -> None:
    """A source that tells values is no target; one that sends hints is looked at, and never written."""
    telling = Settings.model_validate({"source": {}})
    assert Http().target(telling, Language()) is None
    assert Http().source(telling, Language()) is not None
    hinting = Settings.model_validate({**BASE, "source": {"carries": "hint"}})
    target = Http().target(hinting, Language())
    assert target is not None
    assert target.capabilities.readable
    with pytest.raises(Refused):
        target.write("1", {"a": "x"})
    assert Http().source(Settings.model_validate({**BASE, "target": {"write": {"put": "/u/{id}"}}}), Language()) is None


@pytest.mark.parametrize(
    "entry",
    [
        {"target": {"write": {"put": "/u/{id}"}}},
        {**BASE, "target": {}},
        {**BASE, "target": {"write": {}}},
        {**BASE, "target": {"write": {"put": "/u/{id}", "patch": "/u/{id}"}}},
        {**BASE, "target": {"write": {"put": "/u"}}},
        {**BASE, "target": {"write": {"put": "/u/{id}", "clear": "nothing"}}},
        {**BASE, "target": {"write": {"put": "/u/{id}", "clear": {"delete": "/u/{id}"}}}},
        {**BASE, "target": {"write": {"put": "/u/{id}", "whole": True, "many": False}}},
        {**BASE, "target": {"write": {"put": "/u/{id}", "whole": True, "clear": {"delete": "/u/{id}/{attribute}"}}}},
        {"base_url": "https://h.example", "target": {"write": {"put": "/u/{id}", "whole": True}}},
        {**BASE, "target": {"write": {"put": "/u/{id}", "wholly": True}}},
        {**BASE, "account": {"find": {"id": {"get": "/u/{value}", "holds": "id"}}}},
        {**BASE, "account": {"find": {"email": {"get": "/u?e={id}", "holds": "email"}}}},
        {**BASE, "account": {"read": {"get": "/u"}}},
        {**BASE, "auth": {"header": "X Y", "value": "s3cret"}},
        {"base_url": "https://h.example", "source": {"carries": "hint"}},
        {"source": {"carries": "changes", "event": {"subject": {"id": "id"}, "attributes": "a", "carries": "snapshot"}}},
        {"source": {"event": {"subject": {"id": "id"}}}},
        {"source": {"event": {"subject": {"email": "email"}, "attributes": "a"}}},
        {"source": {"acknowledge": 500}},
    ],
)
def test_a_wrong_entry_is_refused(entry: dict[str, Any]) -> None:
    """What does not fit together is found when the file is read, and the secret is not shown."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(entry)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        {**BASE, "account": {**BASE["account"], "id": "a..b"}, "target": {"write": {"put": "/u/{id}"}}},
        {**BASE, "target": {"write": {"put": "/u/{id}", "body": "a["}}},
        {"source": {"each": "a["}},
        {"source": {"event": {"subject": {"id": "x["}, "attributes": "a"}}},
        {"source": {"event": {"subject": {"id": "x"}, "attributes": "a", "keep": "event."}}},
    ],
)
def test_a_text_that_is_no_path_is_refused_at_load(entry: dict[str, Any]) -> None:
    """Paths and conditions are compiled once, before any event comes."""
    settings = Settings.model_validate(entry)
    with pytest.raises(ValueError):
        _ = Http().target(settings, Language()), Http().source(settings, Language())
