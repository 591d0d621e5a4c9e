"""OneLogin's target in conversation: what is asked for and what the answer means, side by side."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from connectors.contract import (
    Account,
    Call,
    ConnectorError,
    Definition,
    Failed,
    Found,
    Halted,
    Json,
    NoAccount,
    Refused,
    Request,
    Token,
    TokenRefused,
    Unanswered,
    Written,
)
from connectors.onelogin import OneLogin
from connectors.onelogin.settings import Settings
from connectors.onelogin.source import OneLoginSource
from connectors.onelogin.target import OneLoginTarget
from tests.connectors.conversation import answer, request_of, respond

ENTRY = {"base_url": "https://acme.onelogin.example", "credentials": {"client_id": "id-1", "client_secret": "s3cret"}}


@pytest.fixture
def target() -> OneLoginTarget:
    return OneLoginTarget(Settings.model_validate(ENTRY))


def line(request: Request) -> str:
    return f"{request.method} {request.url.raw_path.decode()}"


def status(code: int, kind: str, message: Json) -> dict[str, Json]:
    return {"status": {"code": code, "error": code >= 400, "message": message, "type": kind}}


SUCCESS = status(200, "success", "Success")


def one(target: OneLoginTarget, changes: Mapping[str, Json]) -> Call:
    (call,) = target.write("101", changes)
    return call


# ---------------------------------------------------------------- credentials


def test_a_token_is_asked_for_with_client_credentials(target: OneLoginTarget) -> None:
    """v2 token endpoint, HTTP Basic; the answer is flat and says how long the token lives."""
    flow = target.authentication.obtain()
    assert flow is not None
    request = request_of(flow)
    assert line(request) == "POST /auth/oauth2/v2/token"
    assert json.loads(request.content) == {"grant_type": "client_credentials"}
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"id-1:s3cret"
    token = answer(flow, respond(200, {"access_token": "t0ken", "expires_in": 36000, "token_type": "bearer", "account_id": 5}))
    assert token == Token("t0ken", 36000.0)
    assert "t0ken" not in repr(token)


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (401, {"message": "Authentication Failure", "name": "Unauthorized", "statusCode": 401}, TokenRefused),
        (400, {"message": "grant_type is not valid", "name": "BadRequestError", "statusCode": 400}, TokenRefused),
        (404, {"message": "not found"}, Halted),
        (500, {"message": "Internal Server Error"}, Failed),
        (502, {}, Unanswered),
        (200, {"status": {"error": False}, "data": [{"access_token": "t0ken"}]}, Failed),
        (200, {"access_token": "", "expires_in": 36000}, Failed),
        (200, {"access_token": "t0ken", "expires_in": 0}, Failed),
    ],
)
def test_a_token_that_is_not_given(target: OneLoginTarget, code: int, body: Json, kind: type[ConnectorError]) -> None:
    """A refused pair is told apart from a system that cannot answer; none of it shows the secret."""
    flow = target.authentication.obtain()
    assert flow is not None
    request_of(flow)
    with pytest.raises(kind) as caught:
        answer(flow, respond(code, body))
    assert "s3cret" not in str(caught.value)
    assert "t0ken" not in str(caught.value)


def test_requests_are_signed_with_bearer(target: OneLoginTarget) -> None:
    """The scheme that the vendor's own SDK sends."""
    request = Request("GET", "https://acme.onelogin.example/api/2/users/1")
    target.authentication.sign(request, Token("t0ken"))
    assert request.headers["authorization"] == "Bearer t0ken"


# ---------------------------------------------------------------- find and read


def test_find_asks_for_the_id_and_the_key(target: OneLoginTarget) -> None:
    """Lists lack custom attributes, so nothing else is asked for, and what is shown at the key is answered for comparison."""
    flow = target.find("external_id", "E-1&x")
    assert line(request_of(flow)) == "GET /api/2/users?external_id=E-1%26x&fields=id%2Cexternal_id&limit=50"
    assert answer(flow, respond(200, [{"id": 7, "external_id": "E-1&x"}, {"id": 8}])) == [Found("7", "E-1&x"), Found("8", None)]


def test_a_search_at_a_wrong_address_is_no_empty_search(target: OneLoginTarget) -> None:
    """A 404 of a list says that base_url is wrong, not that nobody was found."""
    flow = target.find("email", "ana@example.com")
    request_of(flow)
    with pytest.raises(Halted, match="base_url"):
        answer(flow, respond(404, {"message": "not found", "name": "NotFoundError", "statusCode": 404}))


def test_read_answers_the_user_as_it_is_shown(target: OneLoginTarget) -> None:
    """Names of attributes are paths into the user's own JSON."""
    flow = target.read("101")
    assert line(request_of(flow)) == "GET /api/2/users/101"
    user: dict[str, Json] = {"id": 101, "department": "Sales", "custom_attributes": {"employee_number": None, "food": "chicken"}}
    assert answer(flow, respond(200, user)).attributes == user


# ---------------------------------------------------------------- write


def test_custom_attributes_go_together(target: OneLoginTarget) -> None:
    """One v1 call carries all of them by short name; a clear is empty text; the answer shows no value."""
    changes: dict[str, Json] = {
        "custom_attributes.employee_number": "010442",
        'custom_attributes["cost center"]': "7",
        "custom_attributes.food": None,
    }
    call = one(target, changes)
    request = request_of(call.flow)
    assert line(request) == "PUT /api/1/users/101/set_custom_attributes"
    assert json.loads(request.content) == {"custom_attributes": {"employee_number": "010442", "cost center": "7", "food": ""}}
    assert call.attributes == tuple(changes)
    assert answer(call.flow, respond(200, SUCCESS)) == Written()


def test_standard_fields_go_together(target: OneLoginTarget) -> None:
    """One v2 call; a clear is null; ids go as numbers; the answer shows what is there now, of this call only."""
    call = one(target, {"department": "Sales", "title": None, "group_id": "42"})
    request = request_of(call.flow)
    assert line(request) == "PUT /api/2/users/101"
    assert json.loads(request.content) == {"department": "Sales", "title": None, "group_id": 42}
    written = answer(call.flow, respond(200, {"id": 101, "department": "Sales", "title": None, "group_id": 42, "email": "a@b.c"}))
    assert written == Written({"department": "Sales", "title": None, "group_id": 42})


def test_an_answer_with_only_the_id_shows_nothing(target: OneLoginTarget) -> None:
    """v2 sometimes answers no more than the id."""
    call = one(target, {"department": "Sales"})
    request_of(call.flow)
    assert answer(call.flow, respond(200, {"id": 101})) == Written()


def test_the_two_kinds_are_two_calls(target: OneLoginTarget) -> None:
    """Each of its own outcome: a refused custom attribute does not sink a department."""
    calls = target.write("101", {"department": "Sales", "custom_attributes.food": "x"})
    assert [call.attributes for call in calls] == [("custom_attributes.food",), ("department",)]


@pytest.mark.parametrize(
    "name", ["password", "role_ids", "id", "state.x", "custom_attributes", "custom_attributes.", 'custom_attributes["']
)
def test_what_is_no_attribute_is_blamed_before_anything_is_sent(target: OneLoginTarget, name: str) -> None:
    """Unknown and forbidden names are the mapping's fault."""
    with pytest.raises(Refused) as caught:
        target.write("101", {name: "x"})
    assert caught.value.attribute == name


@pytest.mark.parametrize("value", ["", "four", "4.2", True, [4]])
def test_an_id_field_takes_integers(target: OneLoginTarget, value: Json) -> None:
    """What is no integer is refused, and not repeated."""
    with pytest.raises(Refused) as caught:
        target.write("101", {"group_id": value})
    assert (caught.value.attribute, str(caught.value)) == ("group_id", "an integer is needed")


# ---------------------------------------------------------------- write, all through v2


@pytest.fixture
def together() -> OneLoginTarget:
    return OneLoginTarget(Settings.model_validate({**ENTRY, "options": {"custom_attributes": "v2"}}))


def held(custom: Json) -> Account:
    return Account({"id": 101, "department": "Sales", "custom_attributes": custom})


def test_all_custom_attributes_are_sent_where_siblings_may_not_survive(together: OneLoginTarget) -> None:
    """One v2 call with the standard fields: what was read and holds something, with the changes in it; null unsets."""
    assert together.capabilities.whole
    changes: dict[str, Json] = {
        "custom_attributes.food": "egg",
        "department": "Research",
        'custom_attributes["cost center"]': None,
    }
    (call,) = together.write("101", changes, held({"food": "chicken", "cost center": "7", "shoe": "44", "skype": None}))
    request = request_of(call.flow)
    assert line(request) == "PUT /api/2/users/101"
    sent = {"food": "egg", "cost center": None, "shoe": "44"}
    assert json.loads(request.content) == {"department": "Research", "custom_attributes": sent}
    assert call.attributes == tuple(changes)
    shown = {"id": 101, "department": "Research", "custom_attributes": {"food": "egg", "cost center": None, "shoe": "44"}}
    assert answer(call.flow, respond(200, shown)) == Written(changes)


def test_custom_attributes_stay_out_of_a_call_that_changes_none(together: OneLoginTarget) -> None:
    """What is not sent cannot be undone: a change of a standard field carries no custom attribute."""
    (call,) = together.write("101", {"department": "Research"}, held({"food": "chicken"}))
    assert json.loads(request_of(call.flow).content) == {"department": "Research"}


@pytest.mark.parametrize("custom", [None, {}])
def test_a_user_without_custom_attributes_gets_the_first(together: OneLoginTarget, custom: Json) -> None:
    """Where a read shows that there are none, nothing can be lost."""
    (call,) = together.write("101", {"custom_attributes.food": "egg"}, held(custom))
    assert json.loads(request_of(call.flow).content) == {"custom_attributes": {"food": "egg"}}


def test_what_was_not_read_is_not_written_over(together: OneLoginTarget) -> None:
    """Without a read there is no call."""
    with pytest.raises(Refused, match="not read"):
        together.write("101", {"custom_attributes.food": "egg"})


@pytest.mark.parametrize("user", [{"id": 101}, {"id": 101, "custom_attributes": ["food"]}])
def test_a_read_that_shows_no_custom_attributes_is_none(together: OneLoginTarget, target: OneLoginTarget, user: Json) -> None:
    """They would be lost with the next write; where siblings survive the same answer is a read."""
    flows = [each.read("101") for each in (together, target)]
    for flow in flows:
        request_of(flow)
    with pytest.raises(Failed):
        answer(flows[0], respond(200, user))
    assert answer(flows[1], respond(200, user)).attributes == user


def test_what_is_taken_and_not_kept_is_refused(together: OneLoginTarget) -> None:
    """An answer that shows the custom attributes, and one of ours not among them, blames it; one that is unset may be absent."""
    changes: dict[str, Json] = {"custom_attributes.food": "egg", "custom_attributes.skype": None, "custom_attributes.shoe": "44"}
    (call,) = together.write("101", changes, held({"food": "chicken"}))
    request_of(call.flow)
    with pytest.raises(Refused, match="not kept") as caught:
        answer(call.flow, respond(200, {"id": 101, "custom_attributes": {"food": "egg"}}))
    assert caught.value.attribute == "custom_attributes.shoe"


@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("shoe", "custom_attributes.shoe"),
        ("custom_attributes.shoe", "custom_attributes.shoe"),
        ("phone", "phone"),
        ("custom_attributes.department", "custom_attributes.department"),
        ("department", None),
        ("skype", None),
        (7, None),
    ],
)
def test_a_field_that_is_named_is_blamed(together: OneLoginTarget, field: Json, attribute: str | None) -> None:
    """By either spelling; not where a standard field and a custom attribute have the same name, and not what was only sent
    along."""
    names = ("custom_attributes.shoe", "custom_attributes.department", "department", "phone")
    (call,) = together.write("101", dict.fromkeys(names, "x"), held({"skype": "ana.s"}))
    request_of(call.flow)
    with pytest.raises(Refused) as caught:
        answer(call.flow, respond(422, {"message": "x", "name": "UnprocessableEntityFieldError", "field": field}))
    assert caught.value.attribute == attribute


def test_the_names_that_exist_say_nothing_about_a_standard_field(together: OneLoginTarget) -> None:
    """v1's list of valid short names, should v2 answer it, too."""
    changes: dict[str, Json] = {"department": "Sales", "custom_attributes.shoe": "44"}
    (call,) = together.write("101", changes, held({}))
    request_of(call.flow)
    with pytest.raises(Refused) as caught:
        answer(call.flow, respond(400, {"message": VALID, "name": "BadRequestError"}))
    assert caught.value.attribute == "custom_attributes.shoe"


@pytest.mark.parametrize("custom_attributes", ["v1", "v2"])
@pytest.mark.parametrize(("mappings", "query"), [(None, ""), ("sync", "?mappings=sync"), ("disabled", "?mappings=disabled")])
def test_an_update_says_when_user_mappings_run(mappings: str | None, query: str, custom_attributes: str) -> None:
    """As the option says; without it OneLogin's own default holds.  Reads and v1 know no such thing."""
    options = {"mappings": mappings, "custom_attributes": custom_attributes}
    target = OneLoginTarget(Settings.model_validate({**ENTRY, "options": options}))
    assert line(request_of(target.read("101"))) == "GET /api/2/users/101"
    calls = target.write("101", {"department": "Sales", "custom_attributes.food": "egg"}, held({}))
    update = f"PUT /api/2/users/101{query}"
    v1 = ["PUT /api/1/users/101/set_custom_attributes"] if custom_attributes == "v1" else []
    assert [line(request_of(call.flow)) for call in calls] == [*v1, update]


# ---------------------------------------------------------------- refusals

CUSTOM: dict[str, Json] = {
    "custom_attributes.AWS_Role": "Administrator",
    "custom_attributes.shoe": "44",
    "custom_attributes.skype": "x",
}
VALID = "input custom_attributes is not valid. Valid custom_attributes -> \n                    [AWS_Role skype messenger ]"


@pytest.mark.parametrize(
    ("code", "body", "kind", "attribute"),
    [
        (400, status(400, "bad request", VALID), Refused, "custom_attributes.shoe"),
        (400, status(400, "bad request", VALID.replace("messenger", "shoe")), Refused, None),
        (400, status(400, "bad request", "custom_attributes is empty"), Refused, None),
        (400, status(400, "bad request", "Input JSON is not valid"), Refused, None),
        (400, status(400, "bad request", "Authorization Information is incorrect"), Halted, None),
        (400, status(400, "bad request", {"attribute": "id", "description": "ID is incorrect"}), NoAccount, None),
        (401, status(401, "Unauthorized", "Authentication Failure"), TokenRefused, None),
        (401, status(401, "Unauthorized", "Insufficient Permission"), Halted, None),
        (403, status(403, "forbidden", "user is not authorized to access this User"), Refused, None),
        (403, status(403, "forbidden", "something else"), Halted, None),
        (404, status(404, "not found", "User for id 88888888 was not found"), NoAccount, None),
        (200, status(400, "bad request", "?"), Failed, None),
    ],
)
def test_what_set_custom_attributes_answers(
    target: OneLoginTarget, code: int, body: Json, kind: type[ConnectorError], attribute: str | None
) -> None:
    """Every error body of the vendor's page, and what it means; no value and no word of it stands in ours."""
    call = one(target, CUSTOM)
    request_of(call.flow)
    with pytest.raises(ConnectorError) as caught:
        answer(call.flow, respond(code, body, {"x-request-id": "r-1"}))
    error = caught.value
    assert type(error) is kind
    assert getattr(error, "attribute", None) == attribute
    assert (error.status, error.request_id) == (code, "r-1")
    assert "Administrator" not in str(error)
    assert "88888888" not in str(error)


@pytest.mark.parametrize(
    ("code", "body", "kind", "attribute"),
    [
        (401, {"message": "Unauthorized", "name": "UnauthorizedError", "statusCode": 401}, TokenRefused, None),
        (404, {"message": "The resource with the given id could not be found", "name": "NotFoundError"}, NoAccount, None),
        (422, {"message": "x", "name": "UnprocessableEntityFieldError", "statusCode": 422, "field": "phone"}, Refused, "phone"),
        (422, {"message": "x", "name": "UnprocessableEntityFieldError", "statusCode": 422, "field": "other"}, Refused, None),
        (400, {"message": "bad", "name": "BadRequestError", "statusCode": 400}, Refused, None),
        (403, {"message": "user is not authorized to access this User", "name": "ForbiddenError"}, Refused, None),
        (403, None, Halted, None),
        (422, [], Refused, None),
    ],
)  # fmt: skip
def test_what_an_update_answers(
    target: OneLoginTarget, code: int, body: Json, kind: type[ConnectorError], attribute: str | None
) -> None:
    """The flat errors of v2, and what they mean."""
    call = one(target, {"department": "Sales", "phone": "+49"})
    request_of(call.flow)
    with pytest.raises(ConnectorError) as caught:
        answer(call.flow, respond(code, body))
    assert type(caught.value) is kind
    assert getattr(caught.value, "attribute", None) == attribute


def test_definitions_have_the_names_under_which_one_writes(target: OneLoginTarget) -> None:
    """The standard fields, and each custom attribute with its id."""
    flow = target.definitions()
    assert line(request_of(flow)) == "GET /api/2/users/custom_attributes"
    listed = answer(flow, respond(200, [{"id": 12, "name": "Employee number", "shortname": "employee_number", "position": 1}]))
    assert Definition("custom_attributes.employee_number", "12", "text") in listed
    assert Definition("group_id", type="integer") in listed
    assert not {"password", "role_ids", "id"} & {definition.name for definition in listed}


@pytest.mark.parametrize("shortname", ["cost center", "unit.number"])
def test_a_definition_with_an_odd_name_is_the_attribute_that_writes_it(target: OneLoginTarget, shortname: str) -> None:
    """What the list calls an attribute, a mapping may write: the value arrives under that very short name."""
    flow = target.definitions()
    request_of(flow)
    listed = answer(flow, respond(200, [{"id": 12, "name": "Odd", "shortname": shortname, "position": 1}]))
    (odd,) = (each for each in listed if each.id == "12")
    assert json.loads(request_of(one(target, {odd.name: "7"}).flow).content) == {"custom_attributes": {shortname: "7"}}


# ---------------------------------------------------------------- settings


def test_event_types_are_the_accounts_own() -> None:
    """Which events say that a user changed is an option, because the ids are not documented."""
    settings = Settings.model_validate({**ENTRY, "options": {"event_types": [13, 99]}, "source": {"acknowledge": 204}})
    source = OneLoginSource(settings)
    assert source.acknowledge == 204
    assert [bool(source.read({"event_type_id": kind, "user_id": 1}).ignored) for kind in (13, 14, 99)] == [False, True, False]


@pytest.mark.parametrize(
    "entry",
    [{}, {**ENTRY, "base_url": "acme"}, {**ENTRY, "credentials": {"client_id": "", "client_secret": "s3cret"}},
     {**ENTRY, "options": {"event_types": []}}, {**ENTRY, "options": {"custom_attributes": "v3"}},
     {**ENTRY, "options": {"mappings": "later"}}, {**ENTRY, "options": {"event_type": [14]}}, {**ENTRY, "account": {}},
     {**ENTRY, "source": {"acknowledge": 302}}],
)  # fmt: skip
def test_a_wrong_entry_is_refused(entry: dict[str, object]) -> None:
    """Nothing is guessed and nothing unknown is passed over; the secret is not shown."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(entry)
    assert "s3cret" not in str(caught.value)


def test_the_secret_is_not_printed() -> None:
    """Settings can be logged."""
    assert "s3cret" not in repr(Settings.model_validate(ENTRY))


def test_the_rate_headers_are_those_that_it_sends() -> None:
    """Reset is seconds that are left: taken for a time it would never be over."""
    assert OneLogin().budget_headers == {
        "remaining": "X-RateLimit-Remaining",
        "reset": "X-RateLimit-Reset",
        "reset_is": "seconds",
    }
