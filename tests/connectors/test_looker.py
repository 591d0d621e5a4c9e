"""Looker's target in conversation: what is asked for and what the answer means, side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError

from connectors.contract import (
    Account,
    ConnectorError,
    Deferred,
    Definition,
    Failed,
    Flow,
    Found,
    Halted,
    Json,
    NoAccount,
    Refused,
    Request,
    Response,
    Token,
    TokenRefused,
    Unanswered,
    Written,
)
from connectors.looker.settings import Settings
from connectors.looker.target import LookerTarget
from tests.connectors.conversation import answer, request_of, respond

T = TypeVar("T")

ENTRY: dict[str, Any] = {
    "base_url": "https://acme.looker.example",
    "credentials": {"client_id": "id-1", "client_secret": "s3cret"},
}
CANARY = "t0ken-canary"
"""Stands in answers for what must go no further."""

NOT_FOUND = respond(404, {"message": "Not found", "documentation_url": "http://docs.looker.com/"})
DENIED = respond(403, {"message": "Permission Denied", "documentation_url": "https://docs.looker.com/"})
NIL = respond(
    422,
    {
        "message": "Validation Failed",
        "errors": [
            {
                "field": "value",
                "code": "invalid",
                "message": "String value cannot be nil",
                "documentation_url": "https://docs.looker.com/",
            }
        ],
        "documentation_url": "https://docs.looker.com/",
    },
)

ATTRIBUTES = "GET /api/4.0/user_attributes?fields=id%2Cname%2Ctype%2Cis_system%2Cvalue_is_hidden%2Ccan"
USER = "GET /api/4.0/users/7?fields=id%2Cemail%2Cfirst_name%2Clast_name%2Clocale"
IS_THERE = "GET /api/4.0/users/7?fields=id"
THERE = respond(200, {"id": "7"})
VALUES = (
    "GET /api/4.0/users/7/attribute_values?fields=name%2Cvalue%2Csource%2Cvalue_is_hidden%2Cuser_attribute_id&include_unset=true"
)
ONE_VALUE = VALUES + "&user_attribute_ids=21"


def attribute(number: str, name: str, kind: str = "string", *, can: bool | None = True, **more: Json) -> dict[str, Json]:
    may: dict[str, Json] = {} if can is None else {"can": {"set_value": can}}
    return {"id": number, "name": name, "type": kind, "is_system": False, "value_is_hidden": False, **may, **more}


def listed(*attributes: Json) -> Response:
    return respond(200, [*attributes])


NUMBER = attribute("21", "employee_number")
BADGE = attribute("22", "badge", "yesno")
SECRET = attribute("23", "pin", value_is_hidden=True)


def target(**options: Any) -> LookerTarget:
    return LookerTarget(Settings.model_validate({**ENTRY, "options": options}))


def line(request: Request) -> str:
    return f"{request.method} {request.url.raw_path.decode()}"


def talk(flow: Flow[T], *exchanges: tuple[str, Response]) -> T:
    """What a flow makes of these answers to these requests, and of no others; raises what it raises."""
    asked = [said for said, _ in exchanges]
    sent = []
    try:
        request = next(flow)
        for _, response in exchanges:
            sent.append(_said(request))
            request = flow.send(response)
        sent.append(_said(request))
    except StopIteration as end:
        assert sent == asked
        result: T = end.value
        return result
    except ConnectorError:
        assert sent == asked
        raise
    raise AssertionError(f"one more request: {sent[-1]}")


def _said(request: Request) -> str:
    body = request.content.decode()
    return line(request) + (f" {body}" if body else "")


def write(to: LookerTarget, name: str, value: Json, account: str = "7") -> Flow[Written]:
    (call,) = to.write(account, {name: value})
    assert call.attributes == (name,)
    return call.flow


def refused(flow: Flow[Any], *exchanges: tuple[str, Response]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        talk(flow, *exchanges)
    assert "010442" not in str(caught.value)
    assert CANARY not in str(caught.value)
    return caught.value


# ---------------------------------------------------------------- credentials


def test_a_token_is_asked_for_in_a_form() -> None:
    """Not in the query, where logs keep it; the answer says how long the token lives."""
    flow = target().authentication.obtain()
    assert flow is not None
    request = request_of(flow)
    assert line(request) == "POST /api/4.0/login"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.content.decode()) == {"client_id": ["id-1"], "client_secret": ["s3cret"]}
    granted = {"access_token": CANARY, "token_type": "Bearer", "expires_in": 900, "refresh_token": None}
    token = answer(flow, respond(200, granted))
    assert token == Token(CANARY, 900.0)
    assert CANARY not in repr(token)


@pytest.mark.parametrize(
    ("response", "kind", "says"),
    [
        (NOT_FOUND, TokenRefused, "the API key is refused"),
        (respond(400, {"message": "Bad Request", "documentation_url": "x"}), TokenRefused, "the API key is refused"),
        (respond(404, text="<h1>nginx</h1>"), Halted, "is base_url right"),
        (respond(404, []), Halted, "is base_url right"),
        (respond(403, {"message": "no"}), Halted, "not allowed"),
        (respond(429, headers={"Retry-After": "7"}), Deferred, "throttled"),
        (respond(500), Failed, "server error"),
        (respond(502), Unanswered, "bad gateway"),
        (respond(200, {"access_token": CANARY}), Failed, "unreadable"),
        (respond(200, {"access_token": CANARY, "expires_in": 0}), Failed, "unreadable"),
        (respond(200, {"access_token": "", "expires_in": 3600}), Failed, "unreadable"),
        (respond(200, [CANARY]), Failed, "unreadable"),
    ],
)
def test_a_token_that_is_not_given(response: Response, kind: type[ConnectorError], says: str) -> None:
    """Looker answers 404 to a wrong key; another server's 404 is a wrong address.  Neither shows key or token."""
    flow = target().authentication.obtain()
    assert flow is not None
    request_of(flow)
    with pytest.raises(ConnectorError, match=says) as caught:
        answer(flow, response)
    assert type(caught.value) is kind
    assert "s3cret" not in str(caught.value)
    assert CANARY not in str(caught.value)


def test_requests_are_signed_with_bearer() -> None:
    """As Looker's own SDK signs them."""
    request = Request("GET", "https://acme.looker.example/api/4.0/user")
    target().authentication.sign(request, Token("t"))
    assert request.headers["authorization"] == "Bearer t"


# ---------------------------------------------------------------- find


def searched(pattern: str, offset: int = 0) -> str:
    query = f"email={pattern}&fields=id%2Cemail&sorts=id&limit=100&offset={offset}"
    return f"GET /api/4.0/users/search?{query}"


def users(*emails: Json, start: int = 1) -> Response:
    return respond(200, [{"id": str(n), "email": email} for n, email in enumerate(emails, start)])


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("ana_b@example.com", "ana_b%40example.com"),
        ("ana%b@example.com", "ana_b%40example.com"),
        ("ana\\b@example.com", "ana_b%40example.com"),
    ],
)
def test_what_merely_matches_is_not_found(value: str, pattern: str) -> None:
    """`_` stands for any character there, so `%` and the backslash go as `_` too, and of what comes back only what was meant is
    answered, as it is spelled there."""
    answered = users("anaXb@example.com", value.upper(), "ana_b@example.co", None)
    assert talk(target().find("email", value), (searched(pattern), answered)) == [Found("2", value.upper())]


def test_a_pattern_is_read_to_its_end() -> None:
    """Where `_` matches more addresses than a page holds, the one that is meant may be on the next."""
    crowd = users(*[f"a{n % 10}b@example.com" for n in range(100)])
    flow = target().find("email", "a_b@example.com")
    both = ((searched("a_b%40example.com"), crowd), (searched("a_b%40example.com", 100), users("a_b@example.com", start=101)))
    assert talk(flow, *both) == [Found("101", "a_b@example.com")]


def test_a_search_ends() -> None:
    """A server that gives the same full page for ever is not asked for ever."""
    crowd = users(*["axb@example.com"] * 100)
    pages = [(searched("a_b%40example.com", 100 * n), crowd) for n in range(20)]
    assert isinstance(refused(target().find("email", "a_b@example.com"), *pages), Refused)


def test_a_plain_address_is_one_page() -> None:
    """Without a wildcard everything on it is the address, unless the filter was passed over: no reason to read on."""
    crowd = users(*["someone@example.com"] * 100)
    assert talk(target().find("email", "ana@example.com"), (searched("ana%40example.com"), crowd)) == []


@pytest.mark.parametrize("value", ["IS NULL", "not null", " IS NULL ", "", "  "])
def test_a_question_is_not_an_address(value: str) -> None:
    """`IS NULL` would find everyone without an address."""
    assert talk(target().find("email", value)) == ()


def test_a_key_that_sees_no_addresses_finds_nobody_falsely() -> None:
    """Without the role Admin Looker passes the filter over and shows names: that is no empty search."""
    flow = target().find("email", "ana@example.com")
    error = refused(flow, (searched("ana%40example.com"), respond(200, [{"id": "1"}, {"id": "2"}])))
    assert (type(error), "Admin" in str(error)) == (Halted, True)


def test_a_search_that_is_not_there_is_no_empty_search() -> None:
    """A 404 of a list is a missing permission."""
    assert isinstance(refused(target().find("email", "a@b.c"), (searched("a%40b.c"), NOT_FOUND)), Halted)


def by_credential(kind: str, value: str) -> str:
    return f"GET /api/4.0/users/credential/{kind}/{value}?fields=id%2Ccredentials_{kind}"


@pytest.mark.parametrize(
    ("kind", "shown", "holds"),
    [
        ("saml", {"credentials_saml": {"saml_user_id": "E 1"}}, "E 1"),
        ("oidc", {"credentials_oidc": {"oidc_user_id": "E 1"}}, "E 1"),
        ("google", {"credentials_google": {"google_user_id": "E 1"}}, "E 1"),
        ("ldap", {"credentials_ldap": {"ldap_dn": "cn=x", "ldap_id": "E 1"}}, "E 1"),
        ("embed", {"credentials_embed": [{"external_user_id": "E 0"}, {"external_user_id": "E 1"}]}, "E 1"),
        ("saml", {"credentials_saml": {"saml_user_id": "e 1"}}, "e 1"),
        ("saml", {"credentials_saml": None}, None),
        ("saml", {}, None),
    ],
)
def test_a_credential_is_looked_up_exactly(kind: str, shown: dict[str, Json], holds: Json) -> None:
    """One user, with what its credential holds, to be compared."""
    response = respond(200, {"id": 7, **shown})
    assert talk(target().find(kind, "E 1"), (by_credential(kind, "E%201"), response)) == (Found("7", holds),)


def test_a_credential_that_nobody_has() -> None:
    """404 is the documented answer."""
    assert talk(target().find("saml", "E-1"), (by_credential("saml", "E-1"), NOT_FOUND)) == ()


def test_look_ups_may_be_denied_as_a_whole() -> None:
    """Looker (Google Cloud core) may deny them: no search by this key can work."""
    error = refused(target().find("embed", "E-1"), (by_credential("embed", "E-1"), DENIED))
    assert (type(error), "find by email" in str(error)) == (Halted, True)


# ---------------------------------------------------------------- read


def record(name: str, value: Json, source: Json, *, hidden: bool = False) -> dict[str, Json]:
    return {"name": name, "value": value, "source": source, "value_is_hidden": hidden, "user_attribute_id": "9"}


def test_only_the_users_own_values_are_values() -> None:
    """A group's and the default are nothing, what is hidden or of an unknown source cannot be read, and no source makes no value;
    what else the user shows (sessions, credentials) goes no further."""
    user = {"id": "7", "email": "ana@example.com", "first_name": "Ana", "last_name": None, "locale": "en",
            "sessions": [CANARY], "credentials_api3": [{"client_id": CANARY}]}  # fmt: skip
    records = [
        record("employee_number", "010442", "User"),
        record("cost_center", "7", "Group: Sales"),
        record("building", "B", "Default"),
        record("floor", None, "No Value"),
        record("desk", "", None),
        record("team", "red", "Sales"),
        record("pet", "dog", None),
        record("pin", None, "User", hidden=True),
        record("puk", None, "Default", hidden=True),
        record("locale", "de", "User"),
        record("id", "7", "User"),
    ]
    account = talk(target().read("7"), (USER, respond(200, user)), (VALUES, respond(200, records)))
    assert account == Account(
        {"email": "ana@example.com", "first_name": "Ana", "last_name": None, "locale": "en", "employee_number": "010442",
         "id": "7"},
        frozenset({"team", "pet", "pin", "puk"}),
    )  # fmt: skip
    assert CANARY not in repr(account)


def test_the_words_of_source_are_an_option() -> None:
    """Which they are is not documented; case does not matter, a beginning is enough for what is inherited."""
    records = [record("a", "1", "custom"), record("b", "2", "TEAM red"), record("c", "3", "User")]
    to = target(own_source="Custom", inherited_sources=["Team"])
    account = talk(to.read("7"), (USER, respond(200, {"id": "7"})), (VALUES, respond(200, records)))
    assert (account.attributes, "c" in account.hidden) == ({"a": "1"}, True)


def test_what_the_key_may_not_see_is_hidden() -> None:
    """To others than admins Looker shows a name and no details: an e-mail address that is not shown is not none."""
    user = respond(200, {"id": "7", "first_name": "Ana", "last_name": "B"})
    account = talk(target().read("7"), (USER, user), (VALUES, respond(200, [])))
    assert account == Account({"first_name": "Ana", "last_name": "B"}, frozenset({"email", "locale"}))


def test_a_user_that_is_not_there() -> None:
    """404 of the user itself."""
    assert isinstance(refused(target().read("7"), (USER, NOT_FOUND)), NoAccount)


def test_values_that_are_not_shown_are_a_missing_permission() -> None:
    """The user is there, so a 404 of its values says that the key may not see them."""
    error = refused(target().read("7"), (USER, THERE), (VALUES, NOT_FOUND), (IS_THERE, THERE))
    assert (type(error), "Admin" in str(error)) == (Halted, True)


def test_a_user_may_go_between_two_requests() -> None:
    """The user was there, and its values are not: before that pauses the target the user is asked for again."""
    assert isinstance(refused(target().read("7"), (USER, THERE), (VALUES, NOT_FOUND), (IS_THERE, NOT_FOUND)), NoAccount)


@pytest.mark.parametrize("page", [respond(404, text="<h1>down for maintenance</h1>"), respond(404, {"error": "no route"})])
def test_another_servers_404_says_nothing_of_a_user(page: Response) -> None:
    """A proxy on the way answers so to everything: nobody is gone for it, and nobody is not to be found."""
    flows: list[tuple[Flow[Any], list[tuple[str, Response]]]] = [
        (target().read("7"), [(USER, page)]),
        (target().find("saml", "E-1"), [(by_credential("saml", "E-1"), page)]),
        (write(known(), "employee_number", "010442"), [(SET, page), (IS_THERE, page)]),
        (write(target(), "locale", "xx"), [(LOCALE, page), (IS_THERE, page)]),
    ]
    for flow, exchanges in flows:
        error = refused(flow, *exchanges)
        assert (type(error), "base_url" in error.reason) == (Halted, True)


@pytest.mark.parametrize("account", ["search", "me", "7a", "", "\u0667", "7" * 20])
def test_what_is_no_id_is_never_asked_for(account: str) -> None:
    """Ids are digits; `/users/search` is another thing."""
    assert isinstance(refused(target().read(account)), NoAccount)
    assert isinstance(refused(write(target(), "email", "x", account)), NoAccount)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("yesno", {"badge": "true", "other": "x"}), ("string", {"badge": "Yes", "other": "x"})],
)
def test_yes_is_true_where_the_type_says_so(kind: str, shown: dict[str, Json]) -> None:
    """A text that happens to be `Yes` stays what it is; the types are asked for once."""
    to = target()
    records = respond(200, [record("badge", "Yes", "User"), record("other", "x", "User")])
    user = (USER, respond(200, {"id": "7"}))
    assert talk(to.read("7"), user, (VALUES, records), (ATTRIBUTES, listed(attribute("22", "badge", kind)))).attributes == shown
    assert talk(to.read("7"), user, (VALUES, records)).attributes == shown


def test_without_words_nothing_is_translated() -> None:
    """`yesno: null`: values pass as they are, both ways, and nothing is asked for."""
    to = target(yesno=None)
    records = respond(200, [record("badge", "yes", "User")])
    assert talk(to.read("7"), (USER, respond(200, {"id": "7"})), (VALUES, records)).attributes == {"badge": "yes"}
    put = ('PATCH /api/4.0/users/7/attribute_values/22 {"value":"true"}', respond(200, {"value": "true"}))
    assert talk(write(to, "badge", "true"), (ATTRIBUTES, listed(BADGE)), put).shows == {"badge": "true"}


# ---------------------------------------------------------------- write: user attributes

SET = 'PATCH /api/4.0/users/7/attribute_values/21 {"value":"010442"}'
SET_AGAIN = 'PATCH /api/4.0/users/7/attribute_values/91 {"value":"010442"}'
UNSET = "DELETE /api/4.0/users/7/attribute_values/21"
MOVED = attribute("91", "employee_number")


def known(**options: Any) -> LookerTarget:
    """A target that has asked for the user attributes."""
    to = target(**options)
    talk(to.definitions(), (ATTRIBUTES, listed(NUMBER, BADGE, SECRET)))
    return to


def test_a_name_becomes_an_id_once() -> None:
    """The list is asked for before the first write, and remembered; the answer shows what is there now."""
    to = target()
    done = respond(200, {"value": "010442", "value_is_hidden": False, "source": "whatever"}, {"x-request-id": "r-1"})
    expected = Written({"employee_number": "010442"}, 200, "r-1")
    assert talk(write(to, "employee_number", "010442"), (ATTRIBUTES, listed(NUMBER)), (SET, done)) == expected
    assert talk(write(to, "employee_number", "010442"), (SET, done)) == expected


def test_a_new_name_is_asked_for_again() -> None:
    """What is remembered may be stale: a name that is not in it may have been made since."""
    done = respond(200, {"value": "x"})
    new = attribute("30", "floor")
    put = ('PATCH /api/4.0/users/7/attribute_values/30 {"value":"x"}', done)
    assert talk(write(known(), "floor", "x"), (ATTRIBUTES, listed(NUMBER, new)), put).shows == {"floor": "x"}


@pytest.mark.parametrize(
    "entry",
    [
        attribute("21", "other"),
        attribute("21", "employee_number", can=False),
        attribute("21", "employee_number", can=None, is_system=True),
    ],
)
def test_what_cannot_be_set_is_refused_without_a_call(entry: Json) -> None:
    """No such name, `can.set_value` false, or Looker's own: the mapping's fault, and blamed."""
    error = refused(write(target(), "employee_number", "010442"), (ATTRIBUTES, listed(entry)))
    assert (type(error), getattr(error, "attribute", "")) == (Refused, "employee_number")


def test_a_lock_is_looked_at_again() -> None:
    """`can.set_value` may have been opened since it was remembered; of a system attribute it is what counts."""
    to = target()
    talk(to.definitions(), (ATTRIBUTES, listed(attribute("21", "employee_number", can=False))))
    opened = attribute("21", "employee_number", can=True, is_system=True)
    done = respond(200, {"value": "010442"})
    assert talk(write(to, "employee_number", "010442"), (ATTRIBUTES, listed(opened)), (SET, done)).status == 200


def test_a_hidden_value_is_not_shown() -> None:
    """What the answer leaves out is not what the user holds: nothing is concluded from it."""
    put = 'PATCH /api/4.0/users/7/attribute_values/23 {"value":"010442"}'
    for body in ({"value": None, "value_is_hidden": True}, {"value": ""}, {"value": None}):
        assert talk(write(known(), "pin", "010442"), (put, respond(200, body))) == Written({}, 200)


@pytest.mark.parametrize(("value", "word"), [("true", "yes"), ("False", "no")])
def test_a_yesno_value_is_spelled_as_looker_does(value: str, word: str) -> None:
    """And read back as true or false."""
    put = f'PATCH /api/4.0/users/7/attribute_values/22 {{"value":"{word}"}}'
    assert talk(write(known(), "badge", value), (put, respond(200, {"value": word}))).shows == {"badge": value.lower()}


def test_the_words_of_yesno_are_an_option() -> None:
    """Which they are is not documented."""
    put = 'PATCH /api/4.0/users/7/attribute_values/22 {"value":"Ja"}'
    to = known(yesno={"yes": "Ja", "no": "Nein"})
    assert talk(write(to, "badge", "true"), (put, respond(200, {"value": "Ja"}))).shows == {"badge": "true"}


@pytest.mark.parametrize("value", ["yes", "1", "perhaps"])
def test_a_yesno_attribute_takes_true_and_false(value: str) -> None:
    """`yes` would be read back as true, and never be at rest.  Before it is refused for its type, the type is asked for."""
    error = refused(write(known(), "badge", value), (ATTRIBUTES, listed(BADGE)))
    assert (type(error), getattr(error, "attribute", "")) == (Refused, "badge")
    text = attribute("22", "badge")
    put = f'PATCH /api/4.0/users/7/attribute_values/22 {{"value":"{value}"}}'
    written = talk(write(known(), "badge", value), (ATTRIBUTES, listed(text)), (put, respond(200, {"value": value})))
    assert written.shows == {"badge": value}


def test_a_type_may_have_changed_since_it_was_remembered() -> None:
    """What Looker refuses may have been spelled for a type of before: it is asked, and what it takes now goes, once."""
    puts = [f'PATCH /api/4.0/users/7/attribute_values/21 {{"value":"{word}"}}' for word in ("true", "yes")]
    changed = (ATTRIBUTES, listed(attribute("21", "employee_number", "yesno")))
    done = respond(200, {"value": "yes"})
    flow = write(known(), "employee_number", "true")
    assert talk(flow, (puts[0], NIL), changed, (puts[1], done)).shows == {"employee_number": "true"}
    error = refused(write(known(), "employee_number", "true"), (puts[0], NIL), changed, (puts[1], NIL))
    assert (type(error), error.status) == (Refused, 422)


def test_a_404_of_a_user_that_is_gone() -> None:
    """The user is asked for before anything is said of it."""
    error = refused(write(known(), "employee_number", "010442"), (SET, NOT_FOUND), (IS_THERE, NOT_FOUND))
    assert isinstance(error, NoAccount)


def test_a_404_of_a_user_attribute_that_was_made_again() -> None:
    """Its name is the same, its id is not: the value goes there."""
    done = respond(200, {"value": "010442"})
    to = known()
    flow = write(to, "employee_number", "010442")
    written = talk(flow, (SET, NOT_FOUND), (IS_THERE, THERE), (ATTRIBUTES, listed(MOVED)), (SET_AGAIN, done))
    assert written.shows == {"employee_number": "010442"}
    assert talk(write(to, "employee_number", "010442"), (SET_AGAIN, done)).status == 200


def test_a_404_of_a_user_attribute_that_is_gone() -> None:
    """It was there when it was remembered."""
    flow = write(known(), "employee_number", "010442")
    error = refused(flow, (SET, NOT_FOUND), (IS_THERE, THERE), (ATTRIBUTES, listed(BADGE)))
    assert (type(error), getattr(error, "attribute", ""), error.status) == (Refused, "employee_number", 404)


@pytest.mark.parametrize("value", ["010442", None])
def test_a_404_of_what_is_there_is_a_missing_permission(value: Json) -> None:
    """User and user attribute are there, and the id is the one that was used: the key may not do this."""
    request = SET if value else UNSET
    held = respond(200, [record("employee_number", "9", "User")])
    looked = [] if value else [(ONE_VALUE, held)]
    flow = write(known(), "employee_number", value)
    error = refused(flow, (request, NOT_FOUND), (IS_THERE, THERE), (ATTRIBUTES, listed(NUMBER)), *looked)
    assert (type(error), error.status) == (Halted, 404)


@pytest.mark.parametrize("value", ["010442", None])
@pytest.mark.parametrize(("response", "kind", "blamed"), [(DENIED, Halted, None), (NIL, Refused, "employee_number")])
def test_a_refusal_is_the_locks_or_the_keys_or_the_values(
    response: Response, kind: type[ConnectorError], blamed: str | None, value: Json
) -> None:
    """Whether this user attribute may be set is asked, whatever the status; if it may, the key may not (403), or it does not take
    the value."""
    request = SET if value else UNSET
    error = refused(write(known(), "employee_number", value), (request, response), (ATTRIBUTES, listed(NUMBER)))
    assert (type(error), getattr(error, "attribute", None), error.status) == (kind, blamed, response.status_code)
    locked = (ATTRIBUTES, listed(attribute("21", "employee_number", can=False)))
    error = refused(write(known(), "employee_number", value), (request, response), locked)
    assert (type(error), getattr(error, "attribute", None), error.status) == (Refused, "employee_number", response.status_code)
    assert "does not let" in error.reason


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (respond(400, {"message": "Bad Request", "documentation_url": "x"}), Refused),
        (respond(401, {"message": "Requires authentication.", "documentation_url": "x"}), TokenRefused),
        (NIL, Refused),
        (respond(429, {"message": "Too Many Requests", "documentation_url": "x"}), Deferred),
        (respond(202), Unanswered),
        (respond(500, {"message": "An error has occurred."}), Failed),
        (respond(503), Failed),
        (respond(504), Unanswered),
        (respond(200, ["010442"]), Failed),
        (respond(200, text="<html>010442</html>"), Failed),
    ],
)
def test_what_a_write_answers(response: Response, kind: type[ConnectorError]) -> None:
    """Each documented answer and what it means; a refusal is this attribute's, because the call carried no other."""
    asked = [(ATTRIBUTES, listed(NUMBER))] if kind is Refused else []
    error = refused(write(known(), "employee_number", "010442"), (SET, response), *asked)
    assert (type(error), error.status) == (kind, response.status_code)
    if isinstance(error, Refused):
        assert error.attribute == "employee_number"


def test_a_clear_is_a_delete() -> None:
    """PATCH with null is a 422; after a DELETE the user inherits again."""
    assert talk(write(known(), "employee_number", None), (UNSET, respond(204))) == Written({}, 204)


def test_empty_text_clears() -> None:
    """It is read as nothing, so it is written as nothing: an own value of empty text would hide the group's."""
    badge, name = UNSET.replace("/21", "/22"), 'PATCH /api/4.0/users/7?fields=id%2Cfirst_name {"first_name":null}'
    assert talk(write(known(), "employee_number", ""), (UNSET, respond(204))) == Written({}, 204)
    assert talk(write(known(), "badge", ""), (badge, respond(204))) == Written({}, 204)
    assert talk(write(target(), "first_name", ""), (name, respond(200, {"first_name": None}))).shows == {"first_name": None}
    assert isinstance(refused(write(target(), "email", "")), Refused)


@pytest.mark.parametrize(
    "left",
    [
        [record("employee_number", "a group's", "Group: Sales")],
        [record("employee_number", None, "No Value")],
        [record("employee_number", "", "User")],
        [record("employee_number", None, "Default", hidden=True)],
        [],
    ],
)
def test_nothing_to_clear_is_cleared(left: list[Json]) -> None:
    """If a DELETE of what is not set is a 404: the user is there, nothing is set for it, and that is what was wanted."""
    flow = write(known(), "employee_number", None)
    looked = ((IS_THERE, THERE), (ATTRIBUTES, listed(NUMBER)), (ONE_VALUE, respond(200, left)))
    assert talk(flow, (UNSET, NOT_FOUND), *looked) == Written({}, 404)


def test_a_hidden_value_that_is_still_there_is_not_cleared() -> None:
    """It is not shown, but whose it is."""
    flow = write(known(), "employee_number", None)
    left = respond(200, [record("employee_number", None, "User", hidden=True)])
    looked = ((IS_THERE, THERE), (ATTRIBUTES, listed(NUMBER)), (ONE_VALUE, left))
    assert isinstance(refused(flow, (UNSET, NOT_FOUND), *looked), Halted)


def test_a_clear_follows_a_user_attribute_too() -> None:
    """It was made again under another id."""
    again = "DELETE /api/4.0/users/7/attribute_values/91"
    flow = write(known(), "employee_number", None)
    looked = ((IS_THERE, THERE), (ATTRIBUTES, listed(MOVED)), (again, respond(204)))
    assert talk(flow, (UNSET, NOT_FOUND), *looked).status == 204


@pytest.mark.parametrize("name", ["", "a.b", "a b", "a/b", "..", '["a"]', "é"])
def test_what_is_no_name_is_blamed_before_anything_is_sent(name: str) -> None:
    """Names have lowercase letters, digits and underscores."""
    with pytest.raises(Refused) as caught:
        target().write("7", {name: "x"})
    assert caught.value.attribute == name


# ---------------------------------------------------------------- write: the user


@pytest.mark.parametrize(
    ("options", "value", "body"), [({}, "Ana", '"Ana"'), ({}, None, "null"), ({"profile_clear": ""}, None, '""')]
)
def test_a_name_is_written_with_the_user(options: Mapping[str, Any], value: Json, body: str) -> None:
    """Only this field is sent and asked for; what clears it is an option."""
    put = f'PATCH /api/4.0/users/7?fields=id%2Cfirst_name {{"first_name":{body}}}'
    done = respond(200, {"id": "7", "first_name": value, "sessions": [CANARY]})
    assert talk(write(target(**options), "first_name", value), (put, done)) == Written({"first_name": value}, 200)


LOCALE = 'PATCH /api/4.0/users/7?fields=id%2Clocale {"locale":"xx"}'


@pytest.mark.parametrize(
    ("exchanges", "kind", "blamed"),
    [
        ([(LOCALE, NOT_FOUND), (IS_THERE, NOT_FOUND)], NoAccount, None),
        ([(LOCALE, NOT_FOUND), (IS_THERE, THERE)], Halted, None),
        ([(LOCALE, DENIED)], Halted, None),
        ([(LOCALE, NIL)], Refused, "locale"),
        ([(LOCALE, respond(200, []))], Failed, None),
    ],
)
def test_what_a_change_of_the_user_answers(
    exchanges: list[tuple[str, Response]], kind: type[ConnectorError], blamed: str | None
) -> None:
    """A 404 is the user's only if the user is not there."""
    error = refused(write(target(), "locale", "xx"), *exchanges)
    assert (type(error), getattr(error, "attribute", None)) == (kind, blamed)


EMAIL = 'PATCH /api/4.0/users/7/credentials_email?fields=email {"email":"new@example.com"}'


def test_an_address_goes_through_its_credential() -> None:
    """`email` of a user is read-only.  The one-time links beside it go no further."""
    done = {"email": "new@example.com", "password_reset_url": f"https://x/{CANARY}", "account_setup_url": CANARY}
    written = talk(write(target(), "email", "new@example.com"), (EMAIL, respond(200, done)))
    assert written == Written({"email": "new@example.com"}, 200)
    assert CANARY not in repr(written)


@pytest.mark.parametrize(
    ("exchanges", "kind", "blamed"),
    [
        ([(EMAIL, NOT_FOUND), (IS_THERE, NOT_FOUND)], NoAccount, None),
        ([(EMAIL, NOT_FOUND), (IS_THERE, THERE)], Refused, "email"),
        ([(EMAIL, DENIED)], Refused, "email"),
        ([(EMAIL, NIL)], Refused, "email"),
        ([(EMAIL, respond(401))], TokenRefused, None),
    ],
)
def test_what_a_change_of_the_address_answers(
    exchanges: list[tuple[str, Response]], kind: type[ConnectorError], blamed: str | None
) -> None:
    """Without an e-mail credential, and where such changes are denied (Google Cloud core), only this attribute is refused."""
    error = refused(write(target(), "email", "new@example.com"), *exchanges)
    assert (type(error), getattr(error, "attribute", None)) == (kind, blamed)


def test_an_address_is_not_cleared() -> None:
    """Nothing is sent."""
    error = refused(write(target(), "email", None))
    assert (type(error), getattr(error, "attribute", None)) == (Refused, "email")


def test_each_attribute_is_a_call() -> None:
    """Each of its own outcome."""
    calls = target().write("7", {"email": "x", "locale": "y", "cost_center": None})
    assert [call.attributes for call in calls] == [("email",), ("locale",), ("cost_center",)]
    for call in calls:
        call.flow.close()


def test_definitions_say_what_can_be_set_and_seen() -> None:
    """The fields of the user stand before user attributes of the same name; what nobody may set is none that can be written.  A
    yesno attribute is true or false to a mapping."""
    locked = attribute("1", "full_name", can=False, is_system=True)
    known = talk(target().definitions(), (ATTRIBUTES, listed(locked, attribute("2", "locale"), BADGE, SECRET)))
    assert known == [
        *(Definition(name, type="string") for name in ("email", "first_name", "last_name", "locale")),
        Definition("badge", "22", "boolean"),
        Definition("pin", "23", "string", hidden=True),
    ]


@pytest.mark.parametrize(
    ("response", "kind"),
    [(NOT_FOUND, Halted), (DENIED, Halted), (respond(200, {}), Failed), (respond(200, [7]), Failed),
     (respond(200, [{"id": "1"}]), Failed), (respond(200, [{"name": "x", "id": None}]), Failed)],
)  # fmt: skip
def test_a_list_that_is_not_given(response: Response, kind: type[ConnectorError]) -> None:
    """Nothing is concluded from it: no attribute is unknown because nobody could be asked."""
    assert type(refused(target().definitions(), (ATTRIBUTES, response))) is kind
    assert type(refused(write(target(), "employee_number", "010442"), (ATTRIBUTES, response))) is kind


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "https://acme.looker.example/api/4.0"},
        {"base_url": "acme"},
        {"credentials": {"client_id": "", "client_secret": "s3cret"}},
        {"credentials": {"client_id": "id-1"}},
        {"options": {"own_source": ""}},
        {"options": {"own_source": "Default value"}},
        {"options": {"inherited_sources": []}},
        {"options": {"yesno": {"yes": "x", "no": "X"}}},
        {"options": {"yes": "x"}},
        {"options": {"profile_clear": "-"}},
        {"source": {}},
    ],
)
def test_a_wrong_entry_is_refused(changes: Mapping[str, Any]) -> None:
    """Nothing is guessed and nothing unknown is passed over; the secret is not shown."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({**ENTRY, **changes})
    assert "s3cret" not in str(caught.value)


def test_the_port_of_the_api_is_a_part_of_base_url() -> None:
    """Older instances answer on their own port."""
    settings = Settings.model_validate({**ENTRY, "base_url": "https://looker.acme.example:19999/"})
    assert request_of(LookerTarget(settings).definitions()).url.netloc == b"looker.acme.example:19999"


def test_the_secret_is_not_printed() -> None:
    """Settings can be logged."""
    assert "s3cret" not in json.dumps(repr(Settings.model_validate(ENTRY)))
