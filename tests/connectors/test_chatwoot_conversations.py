"""Chatwoot in conversation: what is asked for and what the answer means, side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.chatwoot.contacts import ContactTarget
from connectors.chatwoot.settings import Settings
from connectors.chatwoot.source import ChatwootSource
from connectors.chatwoot.users import UserTarget
from connectors.contract import (
    Account,
    Call,
    ConnectorError,
    Definition,
    Failed,
    Flow,
    Found,
    Halted,
    Json,
    Listed,
    NoAccount,
    Refused,
    Request,
    Written,
)
from tests.connectors.conversation import answer, request_of, respond
from worker.core.intake import Receipt, entries

CANARY = "t0ken-canary-4711"
USER_ENTRY: dict[str, Any] = {"base_url": "https://chat.example/", "credentials": {"access_token": "platform-s3cret"}}
AGENTS: dict[str, Any] = {
    **USER_ENTRY, "account_id": 3, "credentials": {"access_token": "platform-s3cret", "agents_token": "agents-s3cret"},
}  # fmt: skip
CONTACT_ENTRY: dict[str, Any] = {**USER_ENTRY, "kind": "contact", "account_id": 3, "credentials": {"access_token": "user-s3cret"}}

USER: dict[str, Json] = {
    "access_token": CANARY, "pubsub_token": CANARY, "hmac_identifier": CANARY, "message_signature": CANARY, "uid": CANARY,
    "ui_settings": {"x": CANARY}, "avatar_url": f"https://chat.example/{CANARY}", "accounts": [{"id": 3, "name": CANARY}],
    "id": 7, "email": "ana@example.com", "name": "Ana", "display_name": None, "available_name": "Ana", "confirmed": True,
    "provider": "email", "role": "agent", "account_id": 3, "custom_attributes": {"unit": "R&D", "level": 4},
}  # fmt: skip
CONTACT: dict[str, Json] = {
    "id": 9, "email": "bo@example.com", "name": "Bo", "phone_number": None, "identifier": "E-9", "blocked": False,
    "additional_attributes": {"city": "Bonn"}, "custom_attributes": {"plan": "gold"}, "availability_status": "online",
    "thumbnail": f"https://chat.example/{CANARY}", "last_activity_at": 1752030000, "created_at": 1720000000,
    "contact_inboxes": [{"source_id": CANARY, "inbox": {"id": 1}}],
}  # fmt: skip


def users(entry: Mapping[str, Any] = USER_ENTRY) -> UserTarget:
    return UserTarget(Settings.model_validate(entry))


def contacts(**options: str) -> ContactTarget:
    return ContactTarget(Settings.model_validate({**CONTACT_ENTRY, "options": options}))


def line(request: Request) -> str:
    return f"{request.method} {request.url.raw_path.decode()}"


def body(request: Request) -> Any:
    return json.loads(request.content)


def one(calls: object) -> Call:
    assert isinstance(calls, list)
    (call,) = calls
    assert isinstance(call, Call)
    return call


def error_of(flow: Flow[object], code: int, told: Json = None, text: str = "") -> ConnectorError:
    """What the flow makes of an answer to its first request.  Nothing of it stands in the error."""
    request_of(flow)
    with pytest.raises(ConnectorError) as caught:
        answer(flow, respond(code, told, {"x-request-id": "r-1"}, text))
    assert caught.value.status == code
    assert caught.value.request_id == "r-1"
    assert CANARY not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    return caught.value


# ---------------------------------------------------------------- credentials


@pytest.mark.parametrize("base", ["https://chat.example/", "https://Chat.Example:443", "https://b\u00fccher.example/chat"])
def test_every_request_is_signed_with_the_token_of_its_api(base: str) -> None:
    """The platform app's token for users, a user's for the list of agents, however base_url spells the host; its header has
    dashes, which proxies let through."""
    target = users({**AGENTS, "base_url": base})
    for flow, token in ((target.read("7"), "platform-s3cret"), (target.directory(), "agents-s3cret")):
        request = request_of(flow)
        target.authentication.sign(request, None)
        assert request.headers["Api-Access-Token"] == token
    assert target.authentication.obtain() is None
    assert "s3cret" not in repr(vars(target)) + repr(vars(target.authentication))


# ---------------------------------------------------------------- users


def test_a_user_is_read_without_his_tokens() -> None:
    """The answer has everything that lets one be this user; none of it is kept."""
    flow = users().read("7")
    assert line(request_of(flow)) == "GET /platform/api/v1/users/7"
    read = answer(flow, respond(200, USER))
    assert read == Account(
        {
            "id": 7, "email": "ana@example.com", "name": "Ana", "display_name": None, "available_name": "Ana", "confirmed": True,
            "provider": "email", "role": "agent", "custom_attributes": {"unit": "R&D", "level": 4},
        }
    )  # fmt: skip
    assert CANARY not in repr(read)


def test_an_answer_about_another_account_is_no_answer() -> None:
    """Whoever ignores what was asked for is not believed: not by a read, and not by a write, which may have landed."""
    of_users: list[Flow[object]] = [users().read("8"), one(users().write("8", {"name": "x"})).flow]
    calls = contacts().write("8", {"name": "x", "custom_attributes.plan": None})
    of_contacts: list[Flow[object]] = [contacts().read("8"), *(call.flow for call in calls)]
    for flow in of_users:
        assert isinstance(error_of(flow, 200, USER), Failed)
    for flow in of_contacts:
        assert isinstance(error_of(flow, 200, {"payload": CONTACT}), Failed)


def test_attributes_of_a_user_go_together() -> None:
    """One PATCH; the answer shows what is there now, of this call only, and no token."""
    changes: dict[str, Json] = {
        "custom_attributes.unit": "R&D",
        'custom_attributes["cost center"]': ["7"],
        "email": "a@b.example",
    }
    call = one(users().write("7", changes))
    request = request_of(call.flow)
    assert line(request) == "PATCH /platform/api/v1/users/7"
    assert body(request) == {"custom_attributes": {"unit": "R&D", "cost center": ["7"]}, "email": "a@b.example"}
    assert call.attributes == tuple(changes)
    written = answer(call.flow, respond(200, USER, {"x-request-id": "r-1"}))
    shows: dict[str, Json] = {
        "custom_attributes.unit": "R&D", 'custom_attributes["cost center"]': None, "email": "ana@example.com",
    }  # fmt: skip
    assert written == Written(shows, 200, "r-1")


def test_a_user_without_custom_attributes_shows_none() -> None:
    """The key is absent then: nothing is concluded from it."""
    call = one(users().write("7", {"custom_attributes.unit": "x"}))
    request_of(call.flow)
    empty = {name: value for name, value in USER.items() if name != "custom_attributes"}
    assert answer(call.flow, respond(200, empty)) == Written()


@pytest.mark.parametrize(
    "name",
    ["password", "id", "role", "access_token", "custom_attributes", "custom_attributes.", "custom_attributes.a.b",
     "additional_attributes.city", 'custom_attributes["', "display_name.x"],
)  # fmt: skip
def test_what_is_no_attribute_of_a_user_is_blamed(name: str) -> None:
    """Passwords, roles and parts of objects are not written."""
    with pytest.raises(Refused) as caught:
        users().write("7", {name: "x"})
    assert caught.value.attribute == name


def test_nothing_of_a_user_can_be_cleared() -> None:
    """The hash is merged: a key can be overwritten, and never goes.  The capability says so, and a clear is not sent."""
    assert not users().capabilities.clears
    with pytest.raises(Refused, match="cannot remove") as caught:
        users().write("7", {"custom_attributes.unit": None})
    assert caught.value.attribute == "custom_attributes.unit"


@pytest.mark.parametrize(
    ("code", "told", "text", "kind", "attribute"),
    [
        (401, {"error": "Invalid access_token"}, "", Halted, None),
        (401, {"error": "Non permissible resource"}, "", Refused, None),
        (401, {"error": CANARY}, "", Halted, None),
        (401, None, CANARY, Halted, None),
        (404, None, f"<html>{CANARY}", NoAccount, None),
        (404, {"status": 404, "error": "Not Found"}, "", NoAccount, None),
        (404, None, "", NoAccount, None),
        (422, {"message": f"Email {CANARY}", "attributes": ["email"]}, "", Refused, "email"),
        (422, {"message": f"Name {CANARY}", "attributes": ["name"]}, "", Refused, None),
        (422, {"message": CANARY, "attributes": CANARY}, "", Refused, None),
        (422, {"error": CANARY}, "", Refused, None),
        (429, None, "Retry later\n", ConnectorError, None),
        (500, None, CANARY, Failed, None),
        (200, {"id": CANARY}, "", Failed, None),
        (200, {"id": 7, "custom_attributes": [CANARY]}, "", Failed, None),
    ],
)
def test_what_an_update_of_a_user_answers(
    code: int, told: Json, text: str, kind: type[ConnectorError], attribute: str | None
) -> None:
    """401 has two meanings, and only one is about the credential; a 404 is one whatever its body."""
    error = error_of(one(users().write("7", {"email": "x", "custom_attributes.unit": "y"})).flow, code, told, text)
    assert isinstance(error, kind)
    assert getattr(error, "attribute", None) == attribute


def test_a_field_that_is_not_ours_is_not_blamed_on_ours() -> None:
    """A save checks the whole record."""
    refused: Json = {"message": "Phone number has already been taken", "attributes": ["phone_number"]}
    error = error_of(one(contacts().write("9", {"custom_attributes.plan": "x"})).flow, 422, refused)
    assert str(error) == "another field of the account is invalid at Chatwoot: mend it there"
    assert isinstance(error, Refused)
    assert error.attribute is None


@pytest.mark.parametrize(
    ("changes", "named", "blamed"),
    [
        (["custom_attributes.plan"], ["custom_attributes"], "custom_attributes.plan"),
        (["custom_attributes.plan", "name"], ["custom_attributes"], "custom_attributes.plan"),
        (["custom_attributes.plan", "custom_attributes.unit"], ["custom_attributes"], None),
        (["custom_attributes.plan", "custom_attributes.unit", "email"], ["email", "custom_attributes"], "email"),
    ],
)
def test_a_hash_that_is_refused_is_ours(changes: list[str], named: Json, blamed: str | None) -> None:
    """Of one key it is known which; of several each goes alone.  Nobody is sent to mend it at Chatwoot."""
    for write in (contacts().write, users().write):
        error = error_of(one(write("9", dict.fromkeys(changes, "x"))).flow, 422, {"message": CANARY, "attributes": named})
        assert isinstance(error, Refused)
        assert (str(error), error.attribute) == ("an attribute or its value is refused", blamed)


@pytest.mark.parametrize(
    ("code", "told", "text"), [(404, None, "404 page not found\n"), (404, {"message": CANARY}, ""), (410, None, "")]
)
def test_a_contact_is_only_gone_in_chatwoots_own_words(code: int, told: Json, text: str) -> None:
    """Any other 404 is a proxy's, or of a wrong address: the target pauses, and no link ends."""
    target = contacts()
    for flow in (
        target.read("9"),
        one(target.write("9", {"name": "x"})).flow,
        one(target.write("9", {"custom_attributes.a": None})).flow,
    ):
        error = error_of(flow, code, told, text)
        assert isinstance(error, Halted)
        assert "base_url" in str(error)
    assert isinstance(error_of(target.read("9"), 404, {"error": "Resource could not be found"}), NoAccount)


@pytest.mark.parametrize("account", ["101x", "0101", "x", "-1", "1e3", "\uff11", "9" * 19, "7\n"])
def test_an_id_that_rails_would_read_as_another_is_not_sent(account: str) -> None:
    """`101x` and `0101` would be user 101."""
    for flow in (users().read(account), contacts().read(account), one(users().write(account, {"name": "x"})).flow):
        with pytest.raises(NoAccount):
            next(flow)


def test_agents_are_listed_by_e_mail() -> None:
    """One answer, no pages; an id and an e-mail address of each are kept.  One without an address hides nobody else."""
    flow = users(AGENTS).directory()
    assert line(request_of(flow)) == "GET /api/v1/accounts/3/agents"
    agents: Json = [
        {"id": 7, "email": "ana@example.com", "name": CANARY},
        {"id": 8, "email": "bo@example.com"},
        {"id": 9, "email": None},
    ]
    assert answer(flow, respond(200, agents)) == [
        Listed("7", {"email": "ana@example.com"}),
        Listed("8", {"email": "bo@example.com"}),
        Listed("9", {}),
    ]


@pytest.mark.parametrize(
    ("code", "told", "why"),
    [
        (401, {"error": "Invalid Access Token"}, "not that of a user"),
        (401, {"error": "You are not authorized to access this account"}, "account_id"),
        (401, {"error": "You are not authorized to do this action"}, "role"),
        (401, {"error": "Account is suspended"}, "suspended"),
        (401, {"error": "Access to this endpoint is not authorized for bots"}, "a user's is needed"),
        (401, {"errors": ["You need to sign in or sign up before continuing."]}, "proxy"),
        (404, {"error": "Resource could not be found"}, "account_id right"),
    ],
)
def test_a_list_that_is_refused_says_what_to_mend(code: int, told: Json, why: str) -> None:
    """Each text of the Application API is another thing to do; all of them stop the target."""
    for flow in (users(AGENTS).directory(), contacts().find("email", "a@b.example"), contacts().definitions()):
        error = error_of(flow, code, told)
        assert isinstance(error, Halted)
        assert why in str(error)


@pytest.mark.parametrize("agent", [{"id": 7}, {"email": "a@b.example"}, {"id": "7", "email": None}, {"id": 7, "email": [CANARY]}])
def test_a_list_of_another_shape_is_none(agent: Json) -> None:
    """Nothing is concluded from what is no agent."""
    assert isinstance(error_of(users(AGENTS).directory(), 200, [{"id": 8, "email": "bo@example.com"}, agent]), Failed)


def test_users_are_only_found_as_the_entry_says() -> None:
    """Without agents and without leave to ask, a user is known by his id alone."""
    for entry, finds, lists in (
        (USER_ENTRY, frozenset[str](), frozenset[str]()),
        (AGENTS, frozenset[str](), frozenset({"email"})),
        ({**USER_ENTRY, "options": {"find_by_creating": True}}, frozenset({"email"}), frozenset[str]()),
    ):
        able = users(entry).capabilities
        assert (able.finds, able.lists) == (finds, lists)
    with pytest.raises(Refused):
        next(users().directory())
    with pytest.raises(Refused):
        next(users().find("email", "ana@example.com"))


def test_a_user_is_asked_for_without_what_it_takes_to_make_one() -> None:
    """No name and no password: whoever is there is answered, whoever is not is refused for want of a password."""
    target = users({**USER_ENTRY, "options": {"find_by_creating": True}})
    flow = target.find("email", "ana@example.com")
    request = request_of(flow)
    assert (line(request), body(request)) == ("POST /platform/api/v1/users", {"email": "ana@example.com"})
    found = answer(flow, respond(200, USER))
    assert found == [Found("7", "ana@example.com")]
    flow = target.find("email", "nobody@example.com")
    request_of(flow)
    assert answer(flow, respond(422, {"message": "Password can't be blank", "attributes": ["password"]})) == ()
    assert isinstance(error_of(target.find("email", "x"), 422, {"message": CANARY, "attributes": ["email"]}), Refused)


# ---------------------------------------------------------------- contacts


@pytest.mark.parametrize(
    ("key", "value", "sent"),
    [
        ("email", "Bo@Example.com", "Bo@Example.com"),
        ("identifier", "E_9%", "E_9%"),
        ("phone_number", "+4915112345678", "4915112345678"),
    ],
)
def test_the_filter_compares_a_whole_value(key: str, value: str, sent: str) -> None:
    """It is asked for equality, without the `+` that it puts before numbers; what a contact holds there is answered."""
    flow = contacts().find(key, value)
    request = request_of(flow)
    assert line(request) == "POST /api/v1/accounts/3/contacts/filter"
    condition = {"attribute_key": key, "filter_operator": "equal_to", "values": [sent], "query_operator": None}
    assert body(request) == {"payload": [condition]}
    found = answer(flow, respond(200, {"meta": {"count": 1}, "payload": [CONTACT]}))
    assert found == [Found("9", CONTACT[key])]


@pytest.mark.parametrize(
    ("key", "value"), [("phone_number", "015112345678"), ("email", ""), ("email", " "), ("identifier", "\t")]
)
def test_what_no_contact_can_have_is_not_searched_for(key: str, value: str) -> None:
    """A number that is not E.164; a blank, whose answer nobody documents."""
    for target in (contacts(), contacts(find_with="search")) if key != "phone_number" else (contacts(),):
        flow = target.find(key, value)
        with pytest.raises(StopIteration) as end:
            next(flow)
        assert end.value.value == ()


def test_the_search_is_compared_here() -> None:
    """It looks for parts, in more than the key: of each page only those are taken that hold the value, in whatever case, and
    pages are read until one is not full."""
    flow = contacts(find_with="search").find("identifier", "E_9")
    address = "/api/v1/accounts/3/contacts/search?q=E%5C_9&page={}&include_contact_inboxes=false"
    assert line(request_of(flow)) == "GET " + address.format(1)
    page = [{**CONTACT, "id": n, "identifier": f"E_9{n}"} for n in range(1, 15)]
    second = flow.send(respond(200, {"meta": {}, "payload": [*page, {**CONTACT, "id": 30, "identifier": "e_9"}]}))
    assert line(second) == "GET " + address.format(2)
    found = answer(flow, respond(200, {"meta": {}, "payload": [{**CONTACT, "id": 31, "identifier": None, "name": "E_9"}]}))
    assert found == [Found("30", "e_9")]


def test_a_search_ends() -> None:
    """What is part of hundreds of contacts is not searched page after page for ever."""
    flow = contacts(find_with="search").find("identifier", "7")
    full: Json = {"payload": [{**CONTACT, "id": n, "identifier": f"7{n}"} for n in range(1, 16)]}
    next(flow)
    for _ in range(19):
        flow.send(respond(200, full))
    with pytest.raises(Refused, match="find_with: filter"):
        flow.send(respond(200, full))


def test_a_search_ends_once_there_are_two() -> None:
    """More than two are no more ambiguous."""
    flow = contacts(find_with="search").find("identifier", "E-9")
    next(flow)
    full: Json = {"payload": [{**CONTACT, "id": n} for n in range(1, 16)]}
    assert len(answer(flow, respond(200, full))) == 15


def test_a_contact_is_read_without_its_inboxes() -> None:
    """A source_id lets one speak as the contact; times move with every message."""
    flow = contacts().read("9")
    assert line(request_of(flow)) == "GET /api/v1/accounts/3/contacts/9"
    read = answer(flow, respond(200, {"payload": CONTACT}))
    assert set(read.attributes) == {
        "id", "email", "name", "phone_number", "identifier", "blocked", "additional_attributes", "custom_attributes",
    }  # fmt: skip
    assert CANARY not in repr(read)


def test_a_contact_of_old_has_no_hashes() -> None:
    """The column had no default once: null is as good as empty, and the contact is read like any other."""
    flow = contacts().read("9")
    request_of(flow)
    read = answer(flow, respond(200, {"payload": {**CONTACT, "additional_attributes": None, "custom_attributes": None}}))
    assert (read.attributes["email"], read.attributes["custom_attributes"]) == ("bo@example.com", None)


def test_empty_text_clears_a_field() -> None:
    """As null does: two contacts of an account may not have the same identifier, not even an empty one.  In a custom attribute it
    is a value like any other."""
    cleared: dict[str, Json] = dict.fromkeys(("name", "email", "phone_number", "identifier", "custom_attributes.plan"), "")
    sent = body(request_of(one(contacts().write("9", cleared)).flow))
    assert sent == {"name": "", "email": None, "phone_number": None, "identifier": None, "custom_attributes": {"plan": ""}}


def test_what_is_set_and_what_is_removed_are_two_calls() -> None:
    """PATCH merges, so a key goes only through destroy_custom_attributes.  A field is cleared with null, or empty text."""
    changes: dict[str, Json] = {
        "custom_attributes.plan": None, "custom_attributes.unit": 7, "additional_attributes.city": None, "name": None,
        "email": None, "phone_number": "+49151", "blocked": True, 'custom_attributes["old key"]': None,
    }  # fmt: skip
    patch, remove = contacts().write("9", changes)
    request = request_of(patch.flow)
    assert line(request) == "PATCH /api/v1/accounts/3/contacts/9"
    assert body(request) == {
        "custom_attributes": {"unit": 7}, "additional_attributes": {"city": None}, "name": "", "email": None,
        "phone_number": "+49151", "blocked": True,
    }  # fmt: skip
    request = request_of(remove.flow)
    assert line(request) == "POST /api/v1/accounts/3/contacts/9/destroy_custom_attributes"
    assert body(request) == {"custom_attributes": ["plan", "old key"]}
    assert remove.attributes == ("custom_attributes.plan", 'custom_attributes["old key"]')
    removed = answer(remove.flow, respond(200, {"payload": {**CONTACT, "custom_attributes": {"plan": "gold"}}}))
    assert removed.shows == {"custom_attributes.plan": "gold", 'custom_attributes["old key"]': None}


@pytest.mark.parametrize("value", [None, "true", 1])
def test_blocked_is_true_or_false(value: Json) -> None:
    """Anything else would be an error of the database, which tells nobody what it was."""
    with pytest.raises(Refused) as caught:
        contacts().write("9", {"blocked": value})
    assert (caught.value.attribute, str(caught.value)) == ("blocked", "true or false is needed")


@pytest.mark.parametrize(
    ("code", "told", "kind", "attribute"),
    [
        (401, {"error": "Invalid Access Token"}, Halted, None),
        (404, {"error": "Resource could not be found"}, NoAccount, None),
        (422, {"message": CANARY, "attributes": ["identifier", "email"]}, Refused, "email"),
        (422, {"error": CANARY}, Refused, None),
        (200, {"payload": {"id": 9, "custom_attributes": CANARY}}, Failed, None),
        (200, CONTACT, Failed, None),
    ],
)  # fmt: skip
def test_what_an_update_of_a_contact_answers(code: int, told: Json, kind: type[ConnectorError], attribute: str | None) -> None:
    """The record's errors name the field; of several that of ours is blamed."""
    error = error_of(one(contacts().write("9", {"email": "x", "name": "y"})).flow, code, told)
    assert type(error) is kind
    assert getattr(error, "attribute", None) == attribute


def test_definitions_have_the_names_under_which_one_writes() -> None:
    """The fields, and each custom attribute that the account defines for contacts; those of conversations are not ours."""
    flow = contacts().definitions()
    assert line(request_of(flow)) == "GET /api/v1/accounts/3/custom_attribute_definitions?attribute_model=contact_attribute"
    entry: dict[str, Json] = {"id": 12, "attribute_key": "cost center", "attribute_display_type": "list"}
    other: dict[str, Json] = {**entry, "attribute_key": "status", "attribute_model": "conversation_attribute"}
    listed = answer(flow, respond(200, [{**entry, "attribute_model": "contact_attribute"}, other]))
    assert Definition('custom_attributes["cost center"]', "12", "list") in listed
    assert {"email", "blocked"} < {definition.name for definition in listed}
    assert not [definition for definition in listed if "status" in definition.name]


# ---------------------------------------------------------------- the source


def event(*changes: Json, **more: Json) -> dict[str, Json]:
    return {"event": "contact_updated", "account": {"id": 3}, "id": 9, "changed_attributes": [*changes], **more}


def source(**keys: str) -> ChatwootSource:
    return ChatwootSource(Settings.model_validate({**CONTACT_ENTRY, "source": keys}))


def pair(before: Json, after: Json) -> dict[str, Json]:
    return {"previous_value": before, "current_value": after}


@pytest.mark.parametrize("carries", ["changes", "hint"])
@pytest.mark.parametrize("name", ["contact_updated", "conversation_created"])
def test_an_event_has_the_id_of_its_delivery(carries: str, name: str) -> None:
    """Though only a part of the body is kept; the same said again in another delivery is another event."""
    body = event({"name": pair("a", "b")}, email="a@example.com", sender={"access_token": CANARY}) | {"event": name}
    came = [entries(body, source(carries=carries), Receipt("chatwoot", id_, 1)) for id_ in ("d-1", "d-2")]
    assert [[entry.id for entry in each] for each in came] == [["d-1"], ["d-2"]]


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [{"last_activity_at": pair(None, "2026-11-20T10:00:00Z")}, {"updated_at": pair(None, "2026-11-20T10:00:00Z")}],
        [{"custom_attributes": pair({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})}],
        [{"location": pair("", "Bonn")}, {"contact_type": pair("visitor", "lead")}],
    ],
)
@pytest.mark.parametrize("carries", ["changes", "hint"])
def test_noise_is_ignored(changes: list[Json], carries: str) -> None:
    """An event in which no attribute changed asks for nothing, not even a look: every message makes one."""
    (element,) = source(carries=carries).split(event(*changes, last_activity_at=CANARY))
    assert source(carries=carries).read(element).ignored == "no attribute of the contact has changed"
    assert "last_activity_at" not in json.dumps(element)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"a": None}, {"a": None}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}, "d": ""}, {"d": ""}),
        ({"a": "x", "b": "y"}, {"b": "z"}, {"a": None, "b": "z"}),
        (None, {"a": 0}, {"a": 0}),
        ({"a": 0}, None, {"a": None}),
    ],
)
def test_a_hash_is_said_by_its_difference(before: Json, after: Json, said: Json) -> None:
    """The event has the whole hash, twice; only the keys that differ changed, and one that is gone was cleared."""
    element = event({"custom_attributes": pair(before, after)})
    assert source().read(element).attributes == {"custom_attributes": said}


def test_another_account_is_not_ours() -> None:
    """A webhook of another account says nothing of our contacts."""
    element = event({"name": pair("a", "b")}, account={"id": 4})
    assert source().read(element).ignored == "not an event of the account `account_id`"


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {**USER_ENTRY, "account_id": 3},
        {**AGENTS, "account_id": None},
        {**AGENTS, "options": {"find_by_creating": True}},
        {**USER_ENTRY, "source": {}},
        {**USER_ENTRY, "options": {"find_with": "search"}},
        {**CONTACT_ENTRY, "account_id": None},
        {**CONTACT_ENTRY, "account_id": 0},
        {**CONTACT_ENTRY, "options": {"find_by_creating": True}},
        {**CONTACT_ENTRY, "options": {"find_with": "guess"}},
        {**CONTACT_ENTRY, "credentials": AGENTS["credentials"]},
        {**CONTACT_ENTRY, "kind": "agent"},
        {**CONTACT_ENTRY, "source": {"carries": "snapshot"}},
        {**CONTACT_ENTRY, "source": {"acknowledge": 302}},
        {**CONTACT_ENTRY, "base_url": "chat.example"},
        {**CONTACT_ENTRY, "token": "x"},
    ],
)
def test_a_wrong_entry_is_refused(entry: dict[str, object]) -> None:
    """What does not go together is said when it is loaded; no secret is shown."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(entry)
    assert "s3cret" not in str(caught.value)


def test_the_secrets_are_not_printed() -> None:
    """Settings can be logged."""
    assert "s3cret" not in repr(Settings.model_validate(AGENTS))
