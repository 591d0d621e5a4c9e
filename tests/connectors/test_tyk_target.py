"""Tyk's target in conversation: what is asked for and what the answer means, side by side."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest
from pydantic import ValidationError

from connectors.contract import (
    ConnectorError,
    Deferred,
    Definition,
    Failed,
    Flow,
    Halted,
    Json,
    Listed,
    Locked,
    NoAccount,
    Refused,
    Request,
    Response,
    Unanswered,
    Written,
)
from connectors.tyk import Tyk
from connectors.tyk.settings import Settings
from connectors.tyk.target import TykTarget
from tests.connectors.conversation import respond
from worker.config.language import Language

T = TypeVar("T")
Said = tuple[str, Response]

ENTRY: dict[str, Any] = {"base_url": "https://portal.example:3001/portal-api", "credentials": {"token": "eyJ0.s3cret"}}
PAGE = "?page=1&per_page=100"
NOT_FOUND: Json = {"errors": ["not found"]}


@pytest.fixture
def target() -> TykTarget:
    return TykTarget(Settings.model_validate(ENTRY))


def by_definition() -> TykTarget:
    return TykTarget(Settings.model_validate({**ENTRY, "options": {"id_source": "definition"}}))


def converse(flow: Flow[T], *said: Said) -> T:
    """Each request is the one beside its answer: `METHOD path`, and the body if it has one; then the flow ends."""
    response: Response | None = None
    left = list(said)
    while True:
        try:
            request = next(flow) if response is None else flow.send(response)
        except StopIteration as end:
            assert not left, f"not asked: {left[0][0]}"
            result: T = end.value
            return result
        assert left, f"one more request: {line(request)}"
        expected, response = left.pop(0)
        assert line(request) == expected


def raises(flow: Flow[T], *said: Said) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        converse(flow, *said)
    return caught.value


def line(request: Request) -> str:
    path = request.url.raw_path.decode().removeprefix("/portal-api")
    return f"{request.method} {path} {request.content.decode()}".rstrip()


def ok(body: Json) -> Response:
    return respond(200, body)


def null() -> Response:
    return respond(200, text="null")


def value(row: int, identifier: str, text: str, *, once: bool = False) -> dict[str, Json]:
    """As the reference shows it: `Type` and `Behaviour` are labels here."""
    attribute: Json = {
        "Name": "Label", "Identifier": identifier, "Type": "Boolean", "Behaviour": "Edit and view", "AddToKeyMetadata": True,
        "Required": True, "ShowOnSignUp": True, "WriteOnceReadMany": once,
    }  # fmt: skip
    return {"Value": text, "ID": row, "CustomAttribute": attribute}


def defined(number: int, identifier: str, **more: Json) -> dict[str, Json]:
    """As the reference shows it: `Type` and `Behaviour` are numbers here."""
    return {
        "ID": number,
        "Name": "Label",
        "Identifier": identifier,
        "Type": 1,
        "Behaviour": 3,
        "WriteOnceReadMany": False,
        **more,
    }


def definitions(*rows: Json) -> tuple[Said, Said]:
    return (
        ("GET /extended_attributes" + PAGE, ok([{"ID": 6, "ModelName": "Other"}, {"ID": 7, "ModelName": "User"}])),
        ("GET /extended_attributes/7/custom-attributes" + PAGE, ok([*rows])),
    )


def values(*rows: Json) -> Said:
    return "GET /users/29/custom-attributes" + PAGE, ok([*rows])


def write(target: TykTarget, name: str, wanted: Json) -> Flow[Written]:
    (call,) = target.write("29", {name: wanted})
    assert call.attributes == (name,)
    return call.flow


TEAM = value(31, "team", "blue")


def proved(target: TykTarget) -> TykTarget:
    """After its first write: the ids of value and definition differ, and the value's is the one that counts."""
    converse(
        write(target, "team", "red"),
        values(TEAM),
        ("GET /users/29/custom-attributes/31", ok(TEAM)),
        *definitions(defined(5, "team")),
        ('PUT /users/29/custom-attributes/31 {"Value":"red"}', ok(value(31, "team", "red"))),
    )
    return target


# ---------------------------------------------------------------- credentials, lists, reads


def test_the_token_stands_alone(target: TykTarget) -> None:
    """No scheme before it; and an entry that has one is refused before the portal does it."""
    request = Request("GET", "https://portal.example")
    target.authentication.sign(request, None)
    assert request.headers["authorization"] == "eyJ0.s3cret"
    with pytest.raises(ValidationError, match="without `Bearer`") as caught:
        Settings.model_validate({**ENTRY, "credentials": {"token": "Bearer eyJ0.s3cret"}})
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Settings.model_validate(ENTRY))


def users(first: int, last: int) -> list[Json]:
    return [{"ID": number, "Email": f"u{number}@example.com", "First": "U", "JWTToken": "j"} for number in range(first, last + 1)]


def test_a_directory_is_read_to_its_last_page(target: TykTarget) -> None:
    """There is no total: the page that is shorter than the one before is the last; nothing but id and address is kept."""
    listed = converse(
        target.directory(),
        ("GET /users?page=1&per_page=100", ok(users(1, 100))),
        ("GET /users?page=2&per_page=100", ok(users(101, 200))),
        ("GET /users?page=3&per_page=100", ok([{"ID": 201, "First": "no address"}])),
    )
    assert [entry.id for entry in listed] == [str(number) for number in range(1, 202)]
    assert listed[0] == Listed("1", {"email": "u1@example.com"})
    assert listed[-1] == Listed("201", {})


@pytest.mark.parametrize(
    "sizes",
    [[19, 0], [10, 10, 3], [1, 0], [20, 0], [20, 19], [25, 25, 24], [50, 50, 0], [100, 1], [0]],
    ids=lambda sizes: "-".join(map(str, sizes)),
)
def test_a_portal_may_give_less_than_we_ask_for(target: TykTarget, sizes: list[int]) -> None:
    """A page of its own size is not taken for the last one, however small its pages are: nobody behind it is overlooked."""
    said, start = [], 1
    for number, size in enumerate(sizes, 1):
        said.append((f"GET /users?page={number}&per_page=100", ok(users(start, start + size - 1))))
        start += size
    assert len(converse(target.directory(), *said)) == sum(sizes)


def test_an_empty_list_may_be_null(target: TykTarget) -> None:
    """As in `Teams` of the answer that Tyk recorded: after the last page, and where a user has no values.  A portal without users
    is none: somebody must be there who asks."""
    two: list[Said] = [("GET /users?page=1&per_page=100", ok(users(1, 2))), ("GET /users?page=2&per_page=100", null())]
    assert len(converse(target.directory(), *two)) == 2
    assert "team" not in converse(target.read("29"), ("GET /users/29", ok(USER)), (values()[0], null())).attributes
    assert type(raises(target.directory(), ("GET /users" + PAGE, null()))) is Failed


def test_a_page_that_comes_again_ends_the_list(target: TykTarget) -> None:
    """Something on the way that drops the query must not keep us here for ever."""
    said = [(f"GET /users?page={number}&per_page=100", ok(users(1, 20))) for number in (1, 2)]
    assert len(converse(target.directory(), *said)) == 20


def test_a_list_at_a_wrong_address_is_no_empty_list(target: TykTarget) -> None:
    """A 404 says that base_url is wrong."""
    error = raises(target.directory(), ("GET /users" + PAGE, respond(404, NOT_FOUND)))
    assert isinstance(error, Halted)
    assert "base_url" in error.reason


USER: dict[str, Json] = {
    "ID": 29, "Active": True, "Email": "ana@example.com", "First": "Ana", "Last": "", "OrganisationID": 1,
    "Role": "consumer-team-member", "Provider": "password", "JWTToken": "eyJ0.other", "APITokenCreatedAt": "2023-06-23",
    "Organisation": "Default", "ResetPassword": False, "Teams": [{"ID": 4, "Name": "All users", "Default": True}],
    "CreatedAt": "2024-04-22 16:38", "UpdatedAt": "2024-04-22 16:38",
}  # fmt: skip


def test_read_shows_fields_and_custom_attributes_side_by_side(target: TykTarget) -> None:
    """By identifier; nothing of the user is kept that is not on the list of what may be."""
    account = converse(target.read("29"), ("GET /users/29", ok(USER)), values(TEAM, value(32, "badge", "B-1", once=True)))
    assert account.attributes == {
        "Active": True, "Email": "ana@example.com", "First": "Ana", "Last": "", "OrganisationID": 1,
        "Role": "consumer-team-member", "Provider": "password", "team": "blue", "badge": "B-1",
    }  # fmt: skip
    assert "eyJ0" not in repr(account)


def test_an_identifier_that_is_a_fields_name_is_the_field(target: TykTarget) -> None:
    """One name means one thing."""
    account = converse(target.read("29"), ("GET /users/29", ok(USER)), values(value(33, "First", "shadow")))
    assert account.attributes["First"] == "Ana"


def test_more_values_than_a_page_holds(target: TykTarget) -> None:
    """The values of a user come in pages, too."""
    rows: list[Json] = [value(number, f"a{number}", "x") for number in range(1, 102)]
    account = converse(
        target.read("29"),
        ("GET /users/29", ok(USER)),
        values(*rows[:100]),
        ("GET /users/29/custom-attributes?page=2&per_page=100", ok(rows[100:])),
    )
    assert account.attributes["a101"] == "x"


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [(404, NOT_FOUND, NoAccount), (404, None, Halted), (401, {"status": "error", "errors": ["x"]}, Halted), (403, None, Halted),
     (500, None, Failed), (502, None, Unanswered), (200, {"message": "hello"}, Failed), (200, [], Failed), (429, None, Deferred)],
)  # fmt: skip
def test_what_a_read_answers(target: TykTarget, code: int, body: Json, kind: type[ConnectorError]) -> None:
    """An absent user is told in JSON; another 404 is that of some other server, and parts no account from its subject."""
    error = raises(target.read("29"), ("GET /users/29", respond(code, body)))
    assert type(error) is kind


# ---------------------------------------------------------------- custom attributes


def test_the_first_write_proves_what_the_id_means(target: TykTarget) -> None:
    """Look, ask under the id, write; from then on look and write."""
    shown = converse(
        write(proved(target), "team", "green"),
        values(TEAM),
        ('PUT /users/29/custom-attributes/31 {"Value":"green"}', ok(value(31, "team", "green"))),
    )
    assert shown == Written({"team": "green"}, 200)


def test_by_the_definitions_id() -> None:
    """The definition is asked for once."""
    target = by_definition()
    for wanted, first in (("red", True), ("green", False)):
        converse(
            write(target, "team", wanted),
            values(TEAM),
            *(definitions(defined(5, "team")) if first else ()),
            *((("GET /users/29/custom-attributes/5", ok(TEAM)),) if first else ()),
            (f'PUT /users/29/custom-attributes/5 {{"Value":"{wanted}"}}', ok(value(31, "team", wanted))),
        )


def test_equal_ids_prove_nothing(target: TykTarget) -> None:
    """Where value and definition have one id, the next write asks again."""
    same = value(5, "team", "blue")
    for extra in (definitions(defined(5, "team")), ()):
        converse(
            write(target, "team", "red"),
            values(same),
            ("GET /users/29/custom-attributes/5", ok(same)),
            *extra,
            ('PUT /users/29/custom-attributes/5 {"Value":"red"}', ok(value(5, "team", "red"))),
        )


UNDER = "GET /users/29/custom-attributes/31"


@pytest.mark.parametrize("under", [ok(value(77, "badge", "B-1")), respond(404, NOT_FOUND)])
def test_what_is_not_under_the_id_is_not_written_there(target: TykTarget, under: Response) -> None:
    """Another attribute, or nothing, though the user has the value: with the other reading of the id a PUT would overwrite the
    one, or make the other."""
    error = raises(write(target, "team", "red"), values(TEAM), (UNDER, under), values(TEAM), *definitions(defined(5, "team")))
    assert isinstance(error, Halted)
    assert "options.id_source" in error.reason


@pytest.mark.parametrize(
    ("now", "kind"),
    [([values(value(99, "team", "blue"))], Deferred), ([values(value(32, "badge", ""))], Deferred),
     ([values(), ("GET /users/29", respond(404, NOT_FOUND))], NoAccount)],
)  # fmt: skip
def test_an_id_may_have_changed_since_it_was_looked_up(target: TykTarget, now: list[Said], kind: type[ConnectorError]) -> None:
    """The value was made again, or is gone, or the user is: that is no wrong option, and the target goes on."""
    known = () if kind is NoAccount else definitions(defined(5, "team"))
    error = raises(write(target, "team", "red"), values(TEAM), (UNDER, respond(404, NOT_FOUND)), *now, *known)
    assert type(error) is kind


def test_a_definition_may_have_been_made_again() -> None:
    """What is remembered of its id is asked for again before the option is blamed."""
    target = by_definition()
    converse(target.definitions(), *definitions(defined(5, "team")))
    said = values(TEAM), ("GET /users/29/custom-attributes/5", respond(404, NOT_FOUND)), values(TEAM)
    assert type(raises(write(target, "team", "red"), *said, *definitions(defined(8, "team")))) is Deferred


def test_what_an_answer_proves_wrong_is_proved_again(target: TykTarget) -> None:
    """A portal that was brought to another release meanwhile: one value at most, then nothing is written under such an id."""
    error = raises(
        write(proved(target), "team", "red"),
        values(TEAM),
        ('PUT /users/29/custom-attributes/31 {"Value":"red"}', ok(value(77, "badge", "red"))),
    )
    assert isinstance(error, Halted)
    again = raises(
        write(target, "team", "red"), values(TEAM), (UNDER, ok(value(77, "badge", "red"))), values(TEAM),
        *definitions(defined(5, "team")),
    )  # fmt: skip
    assert isinstance(again, Halted)


def test_what_is_there_needs_no_call_at_all(target: TykTarget) -> None:
    """After a read, a flow that has nothing to send ends before its first request; so does one that meets a lock."""
    badge = value(32, "badge", "B-1", once=True)
    before = converse(target.read("29"), ("GET /users/29", ok(USER)), values(TEAM, badge, value(35, "terms", "True", once=True)))
    same, other, cleared, truth = target.write("29", {"badge": "B-1", "team": "blue", "nothing": None, "terms": "true"}, before)
    assert converse(same.flow) == Written({"badge": "B-1"})
    assert converse(other.flow) == Written({"team": "blue"})
    assert converse(cleared.flow) == Written({"nothing": ""})
    assert converse(truth.flow) == Written({"terms": "True"})
    for wanted in ("B-2", None):
        (call,) = target.write("29", {"badge": wanted}, before)
        error = raises(call.flow)
        assert isinstance(error, Locked)
        assert error.attribute == "badge"


def test_an_empty_write_once_value_is_put_once_and_looked_at(target: TykTarget) -> None:
    """422, and it is still empty: the portal takes it at the user's creation only."""
    empty = value(32, "badge", "", once=True)
    error = raises(
        write(proved(target), "badge", "B-1"),
        values(empty),
        ('PUT /users/29/custom-attributes/32 {"Value":"B-1"}', respond(422, {"errors": ["B-1 is no good"]})),
        values(empty),
        *definitions(defined(9, "badge", WriteOnceReadMany=True)),
    )
    assert (type(error), error.status) == (Locked, 422)


@pytest.mark.parametrize(("there", "kind"), [("B-1", None), ("B-2", Locked)])
def test_a_refusal_may_come_after_the_value(target: TykTarget, there: str, kind: type[ConnectorError] | None) -> None:
    """An earlier call of ours has landed meanwhile: it is there.  Another's value is: locked."""
    said = (
        values(value(32, "badge", "", once=True)),
        ('PUT /users/29/custom-attributes/32 {"Value":"B-1"}', respond(422, {"errors": ["x"]})),
        values(value(32, "badge", there, once=True)),
    )
    flow = write(proved(target), "badge", "B-1")
    if kind is None:
        assert converse(flow, *said).shows == {"badge": "B-1"}
    else:
        assert type(raises(flow, *said)) is kind


def refused(*after: Said, wanted: str = "red", code: int = 422) -> tuple[Said, ...]:
    put = (f'PUT /users/29/custom-attributes/31 {{"Value":"{wanted}"}}', respond(code, {"errors": [f"{wanted} s3cret"]}))
    return values(TEAM), put, *after


@pytest.mark.parametrize("code", [400, 404, 422])
@pytest.mark.parametrize(
    ("after", "kind", "reason"),
    [
        ([values(), ("GET /users/29", respond(404, NOT_FOUND))], NoAccount, "not there"),
        ([("GET /users/29/custom-attributes" + PAGE, respond(404, NOT_FOUND)), ("GET /users/29", respond(404, NOT_FOUND))],
         NoAccount, "not there"),
        ([values(TEAM), *definitions(defined(9, "badge"))], Refused, "no such attribute"),
        ([values(TEAM), *definitions(defined(5, "team", Type=2, DropdownValues="blue, green"))], Refused, "dropdown"),
        ([values(TEAM), *definitions(defined(5, "team", Type=3))], Refused, "boolean"),
        ([values(TEAM), *definitions(defined(5, "team", Type=4))], Refused, "number"),
        ([values(TEAM), *definitions(defined(5, "team", ValidationRegExp="^b"))], Refused, "regular expression"),
        ([values(TEAM), *definitions(defined(5, "team"))], Refused, "the value is refused"),
        ([values(TEAM), *definitions(defined(5, "team", WriteOnceReadMany=True))], Locked, "creation"),
        ([values(value(99, "team", "blue")), *definitions(defined(5, "team"))], Deferred, "changed"),
        ([values(value(32, "x", "")), *definitions(defined(31, "team"))], Refused, "attribute unavailable"),
        ([("GET /users/29/custom-attributes" + PAGE, respond(500))], Failed, "server error"),
        ([("GET /users/29/custom-attributes" + PAGE, respond(429))], Deferred, "throttled"),
    ],
)  # fmt: skip
def test_what_a_refusal_means_is_found_by_looking(
    target: TykTarget, code: int, after: list[Said], kind: type[ConnectorError], reason: str
) -> None:
    """Unknown user, unknown attribute, locked, invalid: told apart by what is there, never by a text."""
    error = raises(write(proved(target), "team", "red"), *refused(*after, code=code))
    assert type(error) is kind
    assert reason in error.reason
    assert "s3cret" not in str(error)
    assert "red" not in error.reason.split()


@pytest.mark.parametrize(
    ("code", "kind"),
    [(401, Halted), (403, Halted), (408, Deferred), (409, Refused), (413, Refused), (429, Deferred), (500, Failed),
     (502, Unanswered), (504, Unanswered), (202, Unanswered), (302, Halted)],
)  # fmt: skip
def test_other_statuses_are_what_they_are(target: TykTarget, code: int, kind: type[ConnectorError]) -> None:
    """Nothing is asked after an error that says enough."""
    assert type(raises(write(proved(target), "team", "red"), *refused(code=code))) is kind


def test_a_value_that_the_user_has_none_of(target: TykTarget) -> None:
    """An attribute that was defined after the user: its definition's id, once."""
    converse(
        write(target, "team", "red"),
        values(value(32, "badge", "")),
        *definitions(defined(5, "team")),
        ("GET /users/29/custom-attributes/5", respond(404, NOT_FOUND)),
        ('PUT /users/29/custom-attributes/5 {"Value":"red"}', ok(value(88, "team", "red"))),
    )


def test_what_stands_under_the_definitions_id_is_not_overwritten(target: TykTarget) -> None:
    """If it is the user's own value of another attribute, which may have the same number; nothing is put there."""
    badge = value(5, "badge", "B-1")
    said = values(badge), *definitions(defined(5, "team")), ("GET /users/29/custom-attributes/5", ok(badge))
    error = raises(write(target, "team", "red"), *said)
    assert type(error) is Refused
    assert error.reason.startswith("attribute unavailable")
    # But where the id is said to be the definition's, it cannot be another's: the option is wrong.
    error = raises(write(by_definition(), "team", "red"), *said, values(badge), *definitions(defined(5, "team")))
    assert type(error) is Halted


@pytest.mark.parametrize("source", ["value", "definition"])
def test_a_value_that_is_listed_without_an_id_is_none_yet(source: str) -> None:
    """0 is no address: the definition's id is tried, as for a user who has no value."""
    target = TykTarget(Settings.model_validate({**ENTRY, "options": {"id_source": source}}))
    converse(
        write(target, "team", "red"),
        values(value(32, "badge", ""), value(0, "team", "")),
        *definitions(defined(5, "team")),
        ("GET /users/29/custom-attributes/5", respond(404, NOT_FOUND)),
        ('PUT /users/29/custom-attributes/5 {"Value":"red"}', ok(value(88, "team", "red"))),
    )


@pytest.mark.parametrize("source", ["value", "definition"])
def test_a_value_that_is_shown_but_not_listed_is_written(source: str) -> None:
    """By the definition's id a portal may show an empty value that it has not made yet."""
    target = TykTarget(Settings.model_validate({**ENTRY, "options": {"id_source": source}}))
    converse(
        write(target, "team", "red"),
        values(value(32, "badge", "")),
        *definitions(defined(5, "team")),
        ("GET /users/29/custom-attributes/5", ok(value(0, "team", ""))),
        ('PUT /users/29/custom-attributes/5 {"Value":"red"}', ok(value(88, "team", "red"))),
    )


def test_a_definition_that_is_not_remembered_is_asked_for(target: TykTarget) -> None:
    """What is remembered may be stale: before an attribute is called unknown, the portal is asked again."""
    converse(target.definitions(), *definitions(defined(9, "badge")))
    others = value(32, "badge", "")
    error = raises(write(target, "team", "red"), values(others), *definitions(defined(9, "badge")))
    assert (type(error), error.reason) == (Refused, "the portal has no such attribute")
    converse(
        write(target, "team", "red"),
        values(others),
        *definitions(defined(5, "team")),
        ("GET /users/29/custom-attributes/5", respond(404, NOT_FOUND)),
        ('PUT /users/29/custom-attributes/5 {"Value":"red"}', ok(value(88, "team", "red"))),
    )


def test_a_clear_deletes(target: TykTarget) -> None:
    """DELETE by the same id, and a status as its answer."""
    shown = converse(
        write(proved(target), "team", None),
        values(TEAM),
        ("DELETE /users/29/custom-attributes/31", ok({"status": "ok"})),
    )
    assert shown == Written({"team": None}, 200)


def test_a_clear_that_finds_nothing_any_more_is_done(target: TykTarget) -> None:
    """404 of a DELETE, and a look that shows nothing."""
    converse(
        write(proved(target), "team", None),
        values(TEAM),
        ("DELETE /users/29/custom-attributes/31", respond(404, NOT_FOUND)),
        values(value(32, "badge", "")),
    )


def test_a_clear_may_be_empty_text() -> None:
    """Where a deleted value cannot be set again."""
    target = proved(TykTarget(Settings.model_validate({**ENTRY, "options": {"clear": "empty"}})))
    converse(
        write(target, "team", None),
        values(TEAM),
        ('PUT /users/29/custom-attributes/31 {"Value":""}', ok(value(31, "team", ""))),
    )


def test_a_write_once_value_is_never_deleted(target: TykTarget) -> None:
    """Also where only the definition says that it is one."""
    converse(target.definitions(), *definitions(defined(5, "team", WriteOnceReadMany=True)))
    error = raises(write(target, "team", None), values(TEAM), ("GET /users/29/custom-attributes/31", ok(TEAM)))
    assert type(error) is Locked


@pytest.mark.parametrize("body", [{"status": "error", "errors": ["x"]}, {}, []])
def test_a_delete_that_does_not_say_ok_is_not_known_to_be_done(target: TykTarget, body: Json) -> None:
    """Only `{"status": "ok"}` is."""
    said = values(TEAM), ("DELETE /users/29/custom-attributes/31", ok(body))
    assert type(raises(write(proved(target), "team", None), *said)) is Failed


@pytest.mark.parametrize("body", [{}, [], {"Value": "red"}, {"Value": 7, "ID": 31, "CustomAttribute": {"Identifier": "team"}}])
def test_an_answer_of_another_shape_is_read_back(target: TykTarget, body: Json) -> None:
    """It is over, and what it did is not known."""
    said = values(TEAM), ('PUT /users/29/custom-attributes/31 {"Value":"red"}', ok(body))
    assert type(raises(write(proved(target), "team", "red"), *said)) is Failed


# ---------------------------------------------------------------- standard fields

WHOLE = (
    '{"Active":true,"Email":"ana@example.com","First":"Ana","Last":"Example","OrganisationID":1,"Role":"consumer-team-member",'
    '"Provider":"password","ResetPassword":false,"Teams":["4"]}'
)


def test_a_field_goes_with_the_whole_user(target: TykTarget) -> None:
    """Read, changed, written; without the user's token, and teams by their ids."""
    shown = converse(
        write(target, "Last", "Example"),
        ("GET /users/29", ok(USER)),
        ("PUT /users/29 " + WHOLE, ok({**USER, "Last": "Example"})),
    )
    assert shown == Written({"Last": "Example"}, 200)


@pytest.mark.parametrize(
    ("after", "kind"),
    [(respond(200, USER), Refused), (respond(404, NOT_FOUND), NoAccount), (respond(200, {**USER, "Last": "Example"}), None)],
)
def test_a_refused_user_is_looked_at(target: TykTarget, after: Response, kind: type[ConnectorError] | None) -> None:
    """422 is also what an absent user answers, and what a repeated write may."""
    said = ("GET /users/29", ok(USER)), ("PUT /users/29 " + WHOLE, respond(422, NOT_FOUND)), ("GET /users/29", after)
    flow = write(target, "Last", "Example")
    if kind is None:
        assert converse(flow, *said).shows == {"Last": "Example"}
    else:
        assert type(raises(flow, *said)) is kind


# ---------------------------------------------------------------- definitions and settings


def test_definitions_say_what_the_portal_locks(target: TykTarget) -> None:
    """The fields that can be written, and each custom attribute with its id and type."""
    listed = converse(
        target.definitions(),
        *definitions(defined(5, "team"), defined(9, "badge", WriteOnceReadMany=True), defined(11, "plan", Type=2)),
    )
    assert [*listed] == [
        Definition("Email", type="text"), Definition("First", type="text"), Definition("Last", type="text"),
        Definition("team", "5", "text"), Definition("badge", "9", "text", locks=True), Definition("plan", "11", "dropdown"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "entry",
    [{}, {**ENTRY, "base_url": "portal"}, {**ENTRY, "credentials": {}}, {**ENTRY, "options": {"id_source": "row"}},
     {**ENTRY, "options": {"worm": True}}, {**ENTRY, "account": {}}, {**ENTRY, "source": {"acknowledge": 302}}],
)  # fmt: skip
def test_a_wrong_entry_is_refused(entry: dict[str, object]) -> None:
    """Nothing is guessed and nothing unknown is passed over; the secret is not shown."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(entry)
    assert "s3cret" not in str(caught.value)


def test_it_is_a_source_where_its_entry_says_so() -> None:
    """Without `source` the portal's users are only written."""
    assert Tyk().source(Settings.model_validate(ENTRY), Language()) is None
    source = Tyk().source(Settings.model_validate({**ENTRY, "source": {"acknowledge": 204}}), Language())
    assert source is not None
    assert source.acknowledge == 204
