"""Descope's target in conversation: what is asked for and what the answer means, side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import connectors
from connectors.contract import (
    Account,
    Call,
    ConnectorError,
    Deferred,
    Definition,
    Failed,
    Found,
    Halted,
    Json,
    NoAccount,
    Refused,
    Request,
    Unanswered,
    Wire,
    Written,
)
from connectors.descope import Descope
from connectors.descope.settings import Settings
from connectors.descope.target import DescopeTarget
from tests.connectors.conversation import answer, request_of, respond
from worker.config import load

ENTRY: dict[str, Any] = {"credentials": {"project_id": "P2abc", "management_key": "s3cret"}}
TOKEN = "t0ken-canary-4711"
USER: dict[str, Json] = {
    "userId": "U1",
    "loginIds": ["Ana", "ana@example.com"],
    "email": "ana@example.com",
    "givenName": "Ana",
    "verifiedEmail": True,
    "customAttributes": {"department": "Sales", "floor": 3},
}


def target_with(**options: object) -> DescopeTarget:
    return DescopeTarget(Settings.model_validate({**ENTRY, "options": options}))


@pytest.fixture
def target() -> DescopeTarget:
    return target_with()


def line(request: Request) -> str:
    return f"{request.method} {request.url.raw_path.decode()}"


def body(request: Request) -> Json:
    sent: Json = json.loads(request.content)
    return sent


def one(target: DescopeTarget, changes: Mapping[str, Json]) -> Call:
    (call,) = target.write("U1", changes)
    return call


def error(code: str) -> dict[str, Json]:
    return {"errorCode": code, "errorDescription": f"of {TOKEN}", "errorMessage": f"about {TOKEN}"}


# ---------------------------------------------------------------- credentials and the host


def test_requests_are_signed_with_the_project_and_its_key(target: DescopeTarget) -> None:
    """One bearer token of both; there is nothing to ask for."""
    assert target.authentication.obtain() is None
    request = Request("GET", "https://api.descope.com/v1/mgmt/user")
    target.authentication.sign(request, None)
    assert request.headers["authorization"] == "Bearer P2abc:s3cret"
    assert "x-descope-license" not in request.headers


def test_the_tier_of_the_license_is_told_where_it_is_given() -> None:
    """It selects the rate limit, as in the official SDKs."""
    request = Request("GET", "https://api.descope.com/v1/mgmt/user")
    target_with(license="tier3").authentication.sign(request, None)
    assert request.headers["x-descope-license"] == "tier3"


@pytest.mark.parametrize(
    ("project", "given", "host"),
    [
        ("P" + "2" * 26, None, "https://api.descope.com"),
        ("P" + "2" * 30, None, "https://api.descope.com"),
        ("Peuc1" + "2" * 27, None, "https://api.euc1.descope.com"),
        ("Peuc1" + "2" * 27, "https://auth.example.com/", "https://auth.example.com"),
    ],
)
def test_the_host_follows_from_the_project_id(project: str, given: str | None, host: str) -> None:
    """A project id of 32 characters names its region; a host that is given wins."""
    entry = {"credentials": {"project_id": project, "management_key": "s3cret"}, **({"base_url": given} if given else {})}
    settings = Settings.model_validate(entry)
    assert settings.base_url == host
    assert str(request_of(DescopeTarget(settings).read("U1")).url) == f"{host}/v1/mgmt/user?userId=U1"


# ---------------------------------------------------------------- find and read


def test_a_user_is_found_by_login_id(target: DescopeTarget) -> None:
    """One request; the login id is answered in its own spelling, for the mapping to compare."""
    flow = target.find("login_id", "ana@x")
    assert line(request_of(flow)) == "GET /v1/mgmt/user?loginId=ana%40x"
    assert answer(flow, respond(200, {"user": USER})) == [Found("U1", None)]
    flow = target.find("login_id", "ANA")
    request_of(flow)
    assert answer(flow, respond(200, {"user": USER})) == [Found("U1", "Ana")]


def test_a_user_is_found_by_user_id(target: DescopeTarget) -> None:
    """What is held is the id of the answer, whatever was asked for."""
    flow = target.find("user_id", "U7")
    assert line(request_of(flow)) == "GET /v1/mgmt/user?userId=U7"
    assert answer(flow, respond(200, {"user": USER})) == [Found("U1", "U1")]


@pytest.mark.parametrize("code", [400, 404, 500])
def test_a_user_that_is_not_there_is_not_found(target: DescopeTarget, code: int) -> None:
    """The code says it; which status goes with it is not documented."""
    flow = target.find("login_id", "nobody")
    request_of(flow)
    assert answer(flow, respond(code, error("E112102"))) == ()


def test_several_users_may_have_one_address(target: DescopeTarget) -> None:
    """All are answered with what they hold: the worker compares, and says that it is ambiguous."""
    flow = target.find("email", "ana@example.com")
    request = request_of(flow)
    assert line(request) == "POST /v2/mgmt/user/search"
    assert body(request) == {"emails": ["ana@example.com"], "limit": 100, "page": 0}
    users: list[Json] = [USER, {"userId": "U2", "email": "ana@example.com"}, {"userId": "U3"}]
    found = answer(flow, respond(200, {"users": users, "total": 3}))
    assert found == [Found("U1", "ana@example.com"), Found("U2", "ana@example.com"), Found("U3", None)]


@pytest.mark.parametrize("nobody", [{}, {"total": 0}, {"users": [], "total": 0}])
def test_what_is_empty_is_left_out_of_an_answer(target: DescopeTarget, nobody: Json) -> None:
    """A search that finds none may say nothing at all."""
    flow = target.find("email", "ana@example.com")
    request_of(flow)
    assert answer(flow, respond(200, nobody)) == []


def test_a_search_may_find_nobody_in_so_many_words(target: DescopeTarget) -> None:
    """The code of an unknown user is no wrong address, whatever it answers."""
    flow = target.find("email", "ana@example.com")
    request_of(flow)
    assert answer(flow, respond(404, error("E112102"))) == []


@pytest.mark.parametrize("elsewhere", [{"message": "welcome"}, {"users": {}}, {"users": [7]}, {"users": [{"userId": ""}]}])
def test_an_answer_of_another_shape_finds_nobody_and_says_so(target: DescopeTarget, elsewhere: Json) -> None:
    """Nothing is concluded from what is no search."""
    flow = target.find("email", "ana@example.com")
    request_of(flow)
    with pytest.raises(Failed):
        answer(flow, respond(200, elsewhere))


@pytest.mark.parametrize("key", ["email", "login_id"])
def test_a_search_at_a_wrong_address_is_no_empty_search(target: DescopeTarget, key: str) -> None:
    """A 404 without a code of Descope's is somebody else's."""
    flow = target.find(key, "ana@example.com")
    request_of(flow)
    with pytest.raises(Halted, match="base_url"):
        answer(flow, respond(404, text="<h1>404</h1>"))


def test_read_answers_the_user_and_no_token(target: DescopeTarget) -> None:
    """Names of attributes are paths into the user's JSON; what is no attribute does not leave the connector."""
    flow = target.read("U1")
    assert line(request_of(flow)) == "GET /v1/mgmt/user?userId=U1"
    leaky: Json = {"user": {**USER, "sessionJwt": TOKEN, "password": {"hash": TOKEN}}, "refreshJwt": TOKEN}
    account = answer(flow, respond(200, leaky))
    assert account == Account({**USER, "verifiedPhone": False})
    assert TOKEN not in repr(account)


def test_a_flag_that_is_false_is_read_as_false(target: DescopeTarget) -> None:
    """Descope leaves it out.  As nothing it would be news to everybody after each write of false."""
    bare: Json = {"user": {"userId": "U1"}}
    call = one(target, {"verifiedEmail": False})
    request_of(call.flow)
    written = answer(call.flow, respond(200, bare))
    flow = target.read("U1")
    request_of(flow)
    assert answer(flow, respond(200, bare)).attributes == {"userId": "U1", **written.shows, "verifiedPhone": False}


@pytest.mark.parametrize(
    "shown", [{}, {"user": None}, {"user": []}, {"user": {"email": "x"}}, {"user": {**USER, "userId": "U2"}}]
)
def test_an_answer_about_another_user_is_no_answer(target: DescopeTarget, shown: Json) -> None:
    """Whoever ignores what was asked for is not believed."""
    flow = target.read("U1")
    request_of(flow)
    with pytest.raises(Failed):
        answer(flow, respond(200, shown))


# ---------------------------------------------------------------- write


def test_custom_attributes_go_one_by_one(target: DescopeTarget) -> None:
    """Each of its own call and outcome, under its machine name, with any JSON; a clear is null; the answer is the whole user."""
    changes: dict[str, Json] = {
        "customAttributes.department": "Sales",
        'customAttributes["cost center"]': ["a", "b"],
        "customAttributes.floor": None,
    }
    calls = target.write("U1", changes)
    assert [call.attributes for call in calls] == [(name,) for name in changes]
    requests = [request_of(call.flow) for call in calls]
    assert {line(request) for request in requests} == {"POST /v1/mgmt/user/update/customAttribute"}
    assert [body(request) for request in requests] == [
        {"loginId": "U1", "attributeKey": "department", "attributeValue": "Sales"},
        {"loginId": "U1", "attributeKey": "cost center", "attributeValue": ["a", "b"]},
        {"loginId": "U1", "attributeKey": "floor", "attributeValue": None},
    ]
    held: Json = {"user": {**USER, "customAttributes": {"department": "SALES", "cost center": ["a", "b"]}}, "sessionJwt": TOKEN}
    shown = [answer(call.flow, respond(200, held, {"cf-ray": "r-1"})) for call in calls]
    assert shown == [
        Written({"customAttributes.department": "SALES"}, 200, "r-1"),
        Written({'customAttributes["cost center"]': ["a", "b"]}, 200, "r-1"),
        Written({"customAttributes.floor": None}, 200, "r-1"),
    ]
    assert TOKEN not in repr(shown)


def test_standard_attributes_go_together(target: DescopeTarget) -> None:
    """One PATCH; a clear is empty text; what an answer leaves out is empty, or false."""
    call = one(target, {"givenName": "Ana", "phone": None, "name": "Ana B", "verifiedEmail": False})
    request = request_of(call.flow)
    assert line(request) == "PATCH /v1/mgmt/user/patch"
    sent = {"loginId": "U1", "givenName": "Ana", "phone": "", "displayName": "Ana B", "verifiedEmail": False}
    assert body(request) == sent
    written = answer(call.flow, respond(200, {"user": {"userId": "U1", "givenName": "Ana", "name": "Ana B"}}))
    assert written.shows == {"givenName": "Ana", "phone": None, "name": "Ana B", "verifiedEmail": False}


def test_the_display_name_has_two_keys() -> None:
    """The official SDKs differ."""
    call = one(target_with(display_name="name"), {"name": "Ana B"})
    assert body(request_of(call.flow)) == {"loginId": "U1", "name": "Ana B"}


def test_custom_attributes_go_together_where_a_patch_merges() -> None:
    """One PATCH for all of them, and one for the standard attributes: a refusal of one kind does not sink the other."""
    target = target_with(custom_attributes="patch-merge")
    calls = target.write("U1", {"customAttributes.a": 1, "givenName": "Ana", "customAttributes.b": None})
    assert [call.attributes for call in calls] == [("customAttributes.a", "customAttributes.b"), ("givenName",)]
    assert [body(request_of(call.flow)) for call in calls] == [
        {"loginId": "U1", "customAttributes": {"a": 1, "b": None}},
        {"loginId": "U1", "givenName": "Ana"},
    ]
    written = answer(calls[0].flow, respond(200, {"user": {"userId": "U1", "customAttributes": {"a": 1, "b": None}}}))
    assert written.shows == {"customAttributes.a": 1, "customAttributes.b": None}


def test_where_null_is_refused_nothing_is_cleared() -> None:
    """The capability says it at load; a call would be refused before anything is sent."""
    target = target_with(null="refused")
    assert (target.capabilities.clears, target_with().capabilities.clears) == (False, True)
    with pytest.raises(Refused, match=r"options\.null") as caught:
        target.write("U1", {"customAttributes.a": 1, "customAttributes.b": None})
    assert caught.value.attribute == "customAttributes.b"


def test_wire_types() -> None:
    """Standard attributes are text; custom ones are what they are declared as."""
    able = target_with().capabilities
    assert (able.wires["phone"], able.wires.get("verifiedEmail", able.wire), able.wire) == (Wire.TEXT, Wire.JSON, Wire.JSON)


@pytest.mark.parametrize(
    "name",
    ["status", "roleNames", "loginIds", "userTenants", "userId", "displayName", "customAttributes", "customAttributes.",
     "customAttributes.a.b", 'customAttributes["', 'customAttributes["\\x"]'],
)  # fmt: skip
def test_what_is_no_attribute_is_blamed_before_anything_is_sent(target: DescopeTarget, name: str) -> None:
    """Unknown names, and those that are a user's rights, are the mapping's fault."""
    with pytest.raises(Refused) as caught:
        target.write("U1", {"customAttributes.a": "x", name: "x"})
    assert caught.value.attribute == name


@pytest.mark.parametrize("value", [None, "true", 1, []])
def test_a_flag_takes_true_or_false(target: DescopeTarget, value: Json) -> None:
    """What is neither is refused, and not repeated."""
    with pytest.raises(Refused) as caught:
        target.write("U1", {"verifiedPhone": value})
    assert (caught.value.attribute, str(caught.value)) == ("verifiedPhone", "true or false is needed")


# ---------------------------------------------------------------- what was taken, and is not kept


def not_kept(call: Call, then: Mapping[str, Json]) -> Written:
    """An answer without the value that was sent; the user is read once more."""
    request_of(call.flow)
    bare: Json = {"user": {"userId": "U1"}}
    again = call.flow.send(respond(200, bare))
    assert line(again) == "GET /v1/mgmt/user?userId=U1"
    return answer(call.flow, respond(200, {"user": {"userId": "U1", **then}}))


def test_an_undeclared_attribute_that_is_dropped_is_refused() -> None:
    """Neither the answer nor a read shows it: it cannot have landed, and it is known which."""
    call = one(target_with(custom_attributes="patch-merge"), {"customAttributes.a": "x", "customAttributes.b": "y"})
    with pytest.raises(Refused, match="declared") as caught:
        not_kept(call, {"customAttributes": {"a": "x"}})
    assert caught.value.attribute == "customAttributes.b"


def test_an_answer_that_lags_behind_is_not_believed(target: DescopeTarget) -> None:
    """The read shows it: it is written, with what the read shows."""
    written = not_kept(one(target, {"customAttributes.a": "x"}), {"customAttributes": {"a": "X"}})
    assert written.shows == {"customAttributes.a": "X"}


@pytest.mark.parametrize("value", [0, False])
def test_zero_and_false_are_something(target: DescopeTarget, value: Json) -> None:
    """An undeclared attribute that is dropped is refused whatever it was to hold."""
    with pytest.raises(Refused, match="declared"):
        not_kept(one(target, {"customAttributes.a": value}), {})
    call = one(target, {"customAttributes.a": value})
    request_of(call.flow)
    shown: Json = {"user": {"userId": "U1", "customAttributes": {"a": value}}}
    assert answer(call.flow, respond(200, shown)).shows == {"customAttributes.a": value}


@pytest.mark.parametrize("name", ["Ana B", None])
def test_a_display_name_under_the_wrong_key_is_refused(target: DescopeTarget, name: Json) -> None:
    """The user had a name, and it is still that one: neither the answer nor a read shows what was sent, or that it is gone."""
    call = one(target, {"givenName": "Ana", "name": name})
    request_of(call.flow)
    shown: Json = {"user": {"userId": "U1", "givenName": "Ana", "name": "Ana"}}
    assert line(call.flow.send(respond(200, shown))) == "GET /v1/mgmt/user?userId=U1"
    with pytest.raises(Refused) as caught:
        answer(call.flow, respond(200, shown))
    assert caught.value.attribute == "name"


def test_blanks_in_a_display_name_may_be_tidied(target: DescopeTarget) -> None:
    """That is no other name."""
    call = one(target, {"name": " Ana  B"})
    request_of(call.flow)
    assert answer(call.flow, respond(200, {"user": {"userId": "U1", "name": "Ana B"}})).shows == {"name": "Ana B"}


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_what_is_nothing_need_not_be_shown(target: DescopeTarget, value: Json) -> None:
    """What is empty may be left out of an answer: no second look."""
    call = one(target, {"customAttributes.a": value})
    request_of(call.flow)
    assert answer(call.flow, respond(200, {"user": {"userId": "U1"}})).shows == {"customAttributes.a": None}


# ---------------------------------------------------------------- what an error means

HTML = "<html>of the network before Descope</html>"


@pytest.mark.parametrize(
    ("code", "said", "kind", "blamed"),
    [
        (404, error("E112102"), NoAccount, False),
        (400, error("E112102"), NoAccount, False),
        (500, error("E112102"), NoAccount, False),
        (429, error("E130429"), Deferred, False),
        (400, error("E130429"), Deferred, False),
        (429, HTML, Deferred, False),
        (400, error("E011001"), Refused, True),
        (400, error("E011002"), Refused, True),
        (400, error("E011003"), Refused, True),
        (404, error("E011004"), Refused, True),
        (400, error("E999999"), Refused, True),
        (409, error("E062107"), Refused, True),
        (400, HTML, Refused, True),
        (404, HTML, Halted, False),
        (404, {"message": TOKEN}, Halted, False),
        (410, HTML, Halted, False),
        (401, error("E011003"), Halted, False),
        (401, HTML, Halted, False),
        (403, error("E011001"), Halted, False),
        (403, HTML, Halted, False),
        (405, HTML, Halted, False),
        (500, error("E011003"), Failed, False),
        (500, HTML, Failed, False),
        (503, HTML, Failed, False),
        (502, HTML, Unanswered, False),
        (504, HTML, Unanswered, False),
        (520, HTML, Unanswered, False),
        (521, HTML, Failed, False),
        (522, HTML, Unanswered, False),
        (523, HTML, Failed, False),
        (524, HTML, Unanswered, False),
        (525, HTML, Failed, False),
        (530, HTML, Failed, False),
        (599, HTML, Failed, False),
        (200, HTML, Failed, False),
        (202, {"user": USER}, Unanswered, False),
        (400, {"errorCode": 7}, Refused, True),
        (400, [], Refused, True),
    ],
)
def test_what_an_answer_means(target: DescopeTarget, code: int, said: Any, kind: type[ConnectorError], blamed: bool) -> None:
    """The code before the status; a call of one attribute blames it; no word of Descope's stands in ours."""
    call = one(target, {"customAttributes.department": "v4lue"})
    request_of(call.flow)
    response = respond(code, text=said) if isinstance(said, str) else respond(code, said)
    response.headers["cf-ray"] = "r-1"
    with pytest.raises(ConnectorError) as caught:
        answer(call.flow, response)
    found = caught.value
    assert type(found) is kind
    assert getattr(found, "attribute", None) == ("customAttributes.department" if blamed else None)
    assert (found.status, found.request_id) == (code, "r-1")
    assert not [word for word in (TOKEN, "v4lue", "network before Descope", "s3cret") if word in f"{found} {found!r}"]


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_told_by_looking(target: DescopeTarget, status: int) -> None:
    """With a code that nobody has documented it may be the user or the attribute.  A link ends only if it is the user."""

    def refused() -> Call:
        call = one(target, {"customAttributes.shoe": "v4lue"})
        request_of(call.flow)
        assert line(call.flow.send(respond(status, error("E999999")))) == "GET /v1/mgmt/user?userId=U1"
        return call

    with pytest.raises(Refused) as caught:
        answer(refused().flow, respond(200, {"user": USER}))
    assert (caught.value.attribute, caught.value.status) == ("customAttributes.shoe", status)
    for code, said in ((404, error("E999999")), (400, error("E112102"))):
        with pytest.raises(NoAccount):
            answer(refused().flow, respond(code, said))


@pytest.mark.parametrize(("header", "wait"), [({"Retry-After": "60"}, 60.0), ({}, None)])
@pytest.mark.parametrize(("status", "code"), [(429, "E130429"), (400, "E130429"), (429, "E999999")])
def test_a_throttled_key_waits(target: DescopeTarget, status: int, code: str, header: dict[str, str], wait: float | None) -> None:
    """By the code or by the status; as long as it is told."""
    flow = target.read("U1")
    request_of(flow)
    with pytest.raises(Deferred) as caught:
        answer(flow, respond(status, error(code), header))
    assert (caught.value.throttled, caught.value.wait) == (True, wait)


def test_a_refused_call_of_several_blames_none() -> None:
    """Descope does not say which: the worker tries each alone."""
    call = one(target_with(custom_attributes="patch-merge"), {"customAttributes.a": 1, "customAttributes.b": 2})
    request_of(call.flow)
    with pytest.raises(Refused) as caught:
        answer(call.flow, respond(400, error("E011003")))
    assert caught.value.attribute is None


# ---------------------------------------------------------------- definitions


def test_definitions_have_the_names_under_which_one_writes(target: DescopeTarget) -> None:
    """The standard attributes, and each custom one with its type, a number or a text."""
    flow = target.definitions()
    assert line(request_of(flow)) == "GET /v1/mgmt/user/customattributes"
    data: Json = [{"name": "department", "type": 1}, {"name": "cost center", "type": "5"}, {"name": "new", "type": 99}]
    listed = answer(flow, respond(200, {"data": data, "total": "3"}))
    assert listed[-3:] == [
        Definition("customAttributes.department", type="text"),
        Definition('customAttributes["cost center"]', type="multi select"),
        Definition("customAttributes.new"),
    ]
    assert {"givenName", "name", "verifiedEmail"} <= {definition.name for definition in listed}
    for definition in listed[-3:]:
        assert one(target, {definition.name: "x"}).attributes == (definition.name,)


def test_a_project_without_custom_attributes(target: DescopeTarget) -> None:
    """It has the standard ones."""
    flow = target.definitions()
    request_of(flow)
    assert [definition.name for definition in answer(flow, respond(200, {"total": "0"}))] == [
        "email", "familyName", "givenName", "middleName", "name", "phone", "picture", "verifiedEmail", "verifiedPhone",
    ]  # fmt: skip


@pytest.mark.parametrize("said", [[], {"message": "x"}, {"data": 7}, {"data": [7]}, {"data": [{"name": None}]}])
def test_definitions_of_another_shape_are_none(target: DescopeTarget, said: Json) -> None:
    """Nothing is concluded from them."""
    flow = target.definitions()
    request_of(flow)
    with pytest.raises(Failed):
        answer(flow, respond(200, said))


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "entry",
    [{}, {"credentials": {"project_id": "P2abc"}}, {"credentials": {"project_id": "a.b", "management_key": "s3cret"}},
     {**ENTRY, "base_url": "acme"}, {**ENTRY, "options": {"null": "stored"}}, {**ENTRY, "options": {"actions": []}},
     {**ENTRY, "options": {"custom_attributes": "patch"}}, {**ENTRY, "account": {}}, {**ENTRY, "source": {"acknowledge": 302}}],
)  # fmt: skip
def test_a_wrong_entry_is_refused(entry: dict[str, object]) -> None:
    """Nothing is guessed and nothing unknown is passed over; the key is not shown."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(entry)
    assert "s3cret" not in str(caught.value)


def test_the_key_is_not_printed() -> None:
    """Settings can be logged."""
    assert "s3cret" not in repr(Settings.model_validate(ENTRY))


def test_the_entry_of_the_readme_loads(tmp_path: Path) -> None:
    """Under its own name, with secrets from where it says."""
    readme = (Path(connectors.__path__[0]) / "descope" / "README.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    for name in ("descope", "descope_hook"):
        (tmp_path / name).write_text("s3cret\n")
    (tmp_path / "systems.yaml").write_text(block.replace("/run/secrets", str(tmp_path)))
    system = load(tmp_path, {"DESCOPE_PROJECT_ID": "Peuc1" + "2" * 27}, {"descope": Descope()}).systems["descope"]
    assert system.base_url == "https://api.euc1.descope.com"
    assert (system.source is not None, system.acknowledge, system.looks) == (True, 200, True)
