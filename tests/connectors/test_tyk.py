"""A Tyk portal in the contract suites: every way in which one may answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from connectors.contract import Directory, Halted, Json, Locked, NoAccount, Refused, Said
from connectors.tyk import Tyk
from connectors.tyk.sandbox import Sandbox
from tests.connectors import source_suite
from tests.connectors.source_suite import SourceSuite
from tests.connectors.stands import SECRET, Stand, target_of
from tests.connectors.target_suite import CANARY, DirectorySuite, raised
from worker.config.language import Language

ENTRY: dict[str, Any] = {"base_url": "https://portal.example/portal-api", "credentials": {"token": SECRET}, "source": {}}
USERS: list[dict[str, Any]] = [
    {"ID": 1, "Email": "ana@example.com", "First": "Ana", "JWTToken": "j-" + SECRET, "Teams": [{"ID": 4, "Name": "Team 4"}]},
    {"ID": 2, "Email": "o'brien+x&y@example.com", "First": "Bo", "JWTToken": "j-" + CANARY},
    {"ID": 3, "Email": "twin@example.com", "First": "Cy", "OrganisationID": 5, "custom_attributes": {"badge": "B-3"}},
    {"ID": 4, "Email": "twin@example.com", "First": "Cy"},
    *({"ID": number, "Email": f"u{number}@example.com", "First": "U"} for number in range(5, 46)),
]
DEFINITIONS: list[dict[str, Json]] = [
    {"Identifier": "cost-center"},
    {"Identifier": "team"},
    {"Identifier": "badge", "WriteOnceReadMany": True},
    {"Identifier": "plan", "Type": 2, "DropdownValues": "Free,Paid"},
    {"Identifier": "zip", "ValidationRegExp": "^[0-9]{5}$"},
    {"Identifier": "seal", "WriteOnceReadMany": True, "ValidationRegExp": "^S-"},
    {"Identifier": "terms", "Type": 3},
    {"Identifier": "seats", "Type": 4},
]


def tyk(
    names: tuple[str, str] = ("cost-center", "team"),
    options: Mapping[str, str] | None = None,
    account: str = "1",
    **modes: Any,
) -> Stand:
    return Stand(
        target_of(Tyk(), {**ENTRY, "options": options or {}}),
        Sandbox(USERS, DEFINITIONS, token=SECRET, **modes),
        searches={"email": ("ana@example.com", "1")},
        shared=("email", "twin@example.com"),
        names=names,
        account=account,
        absent="999",
        unknown="shoe-size",
        blames=True,
        writes="PUT",
    )


MODES: Mapping[str, Callable[..., Stand]] = {
    "by the value's id": tyk,
    "by the definition's id": partial(tyk, options={"id_source": "definition"}, path_id="definition"),
    "defined after the user was made": partial(tyk, account="30", late=["cost-center", "team"]),
    "the same, and listed without an id": partial(tyk, account="30", late=["cost-center", "team"], lists_unmade=True),
    "the same, by the definition's id": partial(
        tyk, late=["cost-center"], lists_unmade=True, options={"id_source": "definition"}, path_id="definition"
    ),
    "cleared by empty text, as text/plain": partial(tyk, options={"clear": "empty"}, makes_rows=False, most=20, text_plain=True),
    "what is deleted stays, empty": partial(tyk, deletes_rows=False, makes_rows=False, most=22, lists_absent=False),
    "an empty list is null, and pages are small": partial(tyk, account="3", empty_is_null=True, most=15),
    "standard fields, the whole is replaced": partial(tyk, ("Last", "team")),
    "standard fields, the rest stays": partial(tyk, ("Last", "team"), replaces=False),
}


class TestTarget(DirectorySuite):
    """In every mode."""

    @pytest.fixture(params=MODES)
    def stand(self, request: pytest.FixtureRequest) -> Stand:
        return MODES[request.param]()


def registered(**message: Json) -> dict[str, Json]:
    """The sample of the vendor's page."""
    return {
        "Event": "UserRegistered",
        "Message": {
            "ID": 29, "Email": "developer@user.com", "First": "FirstName", "Last": "Lastname", "OrgID": 1, "Provider": "password",
            "Status": "active", "CreatedAt": "2024-04-22T16:38:54.068565+02:00", "ByUser": 1,
            "CustomAttributes": [{"Identifier": "company-name", "Value": "ACME"}],
            **message,
        },
        "Timestamp": "2024-04-22T16:38:54.082037+02:00",
    }  # fmt: skip


class TestSource(SourceSuite):
    """One event a webhook."""

    @pytest.fixture
    def stand(self) -> source_suite.Stand:
        connector = Tyk()
        source = connector.source(connector.settings.model_validate_json(json.dumps(ENTRY)), Language())
        assert source is not None
        event = registered()
        said: dict[str, Json] = {
            "company-name": "ACME", "Email": "developer@user.com", "First": "FirstName", "Last": "Lastname",
            "Provider": "password", "OrganisationID": 1,
        }  # fmt: skip
        return source_suite.Stand(
            source,
            body=registered(JWTToken="j-4711"),
            says=[
                Said(
                    {"id": "29", "email": "developer@user.com"}, said,
                    id="914aabd33809e68569146acd8c829854fb3e9626f5c31797bd2a4cf85d697e0b", time=1713796734082037,
                )
            ],
            unusable=[
                CANARY,
                {"Event": [CANARY]},
                {**event, "Message": CANARY},
                {**event, "Timestamp": CANARY},
                {**event, "Timestamp": None, "x": CANARY},
                registered(ID=CANARY),
                registered(ID=True, Email=CANARY),
                registered(Email=[CANARY]),
                registered(CustomAttributes=CANARY),
                registered(CustomAttributes=[CANARY]),
                registered(CustomAttributes=[{"Identifier": [CANARY], "Value": "x"}]),
            ],
            nothing=[None, [], [event], CANARY, {"event": CANARY}, {"Event": [CANARY]}],
            secrets=["j-4711"],
        )  # fmt: skip


# ---------------------------------------------------------------- what only this portal has


async def test_a_write_once_value_is_set_once() -> None:
    """Empty it is written with one PUT; the same value again and another one are no call at all, in either order of reading."""
    stand = tyk()
    await stand.write({"badge": "B-1"})
    sent = len(stand.requests())
    assert await stand.write({"badge": "B-1"}) == {"badge": "B-1"}
    assert type(await raised(stand.write({"badge": "B-2"}))) is Locked
    assert type(await raised(stand.write({"badge": None}))) is Locked
    assert {method for method, _ in stand.requests()[sent:]} == {"GET"}
    assert stand.applied() == [("1", "badge", "B-1")]


@pytest.mark.parametrize("mode", ["value", "definition"])
async def test_a_portal_that_takes_it_at_creation_only(mode: str) -> None:
    """One PUT, refused; the second look finds it still empty: locked, and nothing was written."""
    stand = tyk(options={"id_source": mode}, path_id=mode, worm_allows_first_put=False)
    error = await raised(stand.write({"badge": "B-1"}))
    assert isinstance(error, Locked)
    assert (error.attribute, error.status) == ("badge", 422)
    assert [method for method, _ in stand.requests()].count("PUT") == 1
    assert stand.applied() == []


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [("plan", "Gold", "dropdown"), ("zip", "1234", "regular expression"), ("terms", "yes", "boolean"),
     ("seats", "many", "number"), ("seal", "X-1", "regular expression"), ("shoe-size", "44", "no such attribute")],
)  # fmt: skip
async def test_a_refused_value_is_told_apart(name: str, value: str, reason: str) -> None:
    """By what its definition asks for, not by the portal's words; each is refused for good, and blamed."""
    stand = tyk()
    error = await raised(stand.write({name: value}))
    assert isinstance(error, Refused)
    assert error.attribute == name
    assert reason in error.reason
    assert value not in error.reason
    assert stand.applied() == []


@pytest.mark.parametrize(("ours", "theirs"), [("value", "definition"), ("definition", "value")])
async def test_a_wrong_switch_writes_nothing(ours: str, theirs: str) -> None:
    """With the other reading of the path's id every write would reach another attribute, or none: the target pauses instead."""
    for account in ("1", "2", "30"):
        stand = tyk(options={"id_source": ours}, account=account, path_id=theirs)
        for name in ("cost-center", "team"):
            error = await raised(stand.write({name: CANARY}))
            assert type(error) is Halted
            assert "options.id_source" in error.reason
        assert stand.applied() == []


@pytest.mark.parametrize(("ours", "theirs", "names"), [("value", "definition", ["team"]),
                                                       ("definition", "value", ["team", "cost-center"])])  # fmt: skip
async def test_a_wrong_switch_makes_no_value(ours: str, theirs: str, names: list[str]) -> None:
    """A user may have no value of the attribute that the portal means by the id: a PUT would make it, with another's value."""
    for name in names:
        stand = tyk(options={"id_source": ours}, path_id=theirs, late=["cost-center"])
        error = await raised(stand.write({name: CANARY}))
        assert type(error) is Halted
        assert "options.id_source" in error.reason
        assert stand.applied() == []
        assert "PUT" not in {method for method, _ in stand.requests()}


async def test_a_user_without_the_value_where_the_portal_makes_none() -> None:
    """The definition's id is tried once; then the attribute is unavailable to this user, which an operator is told."""
    stand = tyk(late=["team"], account="30", makes_rows=False)
    error = await raised(stand.write({"team": "red"}))
    assert isinstance(error, Refused)
    assert error.reason.startswith("attribute unavailable")
    assert [method for method, _ in stand.requests()].count("PUT") == 1


async def test_a_definitions_id_never_meets_another_value() -> None:
    """A user's own row may have the id of the definition that is looked for: it is not overwritten."""
    stand = tyk(late=["badge"])  # badge is definition 3, and the third row of user 1 is a zip code
    error = await raised(stand.write({"badge": "12345"}))
    assert isinstance(error, Refused)
    assert error.reason.startswith("attribute unavailable")
    assert stand.applied() == []


async def test_calls_of_one_write_look_once() -> None:
    """Ten attributes are one look at the user's values and ten PUTs; after a read there is no look at all."""
    stand = tyk()
    await stand.write({"team": "warm", "plan": "Free"})
    for before, looks in ((None, 1), (await stand.talk(stand.target.read("1")), 0)):
        sent = len(stand.requests())
        for call in stand.target.write("1", {"team": f"t{looks}", "cost-center": f"c{looks}"}, before):
            await stand.talk(call.flow)
        assert [method for method, _ in stand.requests()[sent:]] == ["GET"] * looks + ["PUT"] * 2


async def test_the_token_of_a_user_is_kept_nowhere() -> None:
    """The portal shows a user's own API token with the user; it is in nothing that leaves the connector."""
    stand = tyk()
    account = await stand.talk(stand.target.read("2"))
    shows = await stand.write({"Last": "Example", "team": "red"})
    assert isinstance(stand.target, Directory)
    said = [account, shows, await stand.talk(stand.target.directory()), await stand.talk(stand.target.definitions())]
    assert "JWTToken" not in repr(said)
    assert CANARY not in repr(said)
    assert all(b"JWTToken" not in request.content and b"j-" not in request.content for request in stand.talk.sent)


@pytest.mark.parametrize("replaces", [True, False])
async def test_standard_fields_keep_the_rest_of_the_user(replaces: bool) -> None:
    """What is not changed is sent back as it was, teams by their ids, whether or not the portal asks for it."""
    stand = tyk(replaces=replaces)
    before = stand.sandbox.accounts()["1"]
    await stand.write({"Last": "Example", "First": "Anna"})
    after = stand.sandbox.accounts()["1"]
    assert {name for name in after if name != "Teams" and after[name] != before[name]} == {"First", "Last"}
    assert [team["ID"] for team in after["Teams"]] == [4]
    body = json.loads(next(request for request in stand.talk.sent if request.method == "PUT").content)
    assert body.keys() == {
        "Active", "Email", "First", "Last", "OrganisationID", "Role", "Provider", "Teams", "ResetPassword",
    }  # fmt: skip


async def test_what_decides_over_access_is_not_written() -> None:
    """Roles, organisations and the like are no attributes to be kept in step; needed fields are not cleared."""
    stand = tyk()
    for name in ("Active", "Role", "Provider", "OrganisationID"):
        with pytest.raises(Refused) as caught:
            stand.target.write("1", {name: "x"})
        assert caught.value.attribute == name
    for name in ("Email", "First"):
        assert isinstance(await raised(stand.write({name: None})), Refused)
    assert stand.requests() == []


async def test_an_address_that_another_user_has_is_refused() -> None:
    """A 422 of a user who is there is about the value."""
    stand = tyk()
    error = await raised(stand.write({"Email": "twin@example.com"}))
    assert isinstance(error, Refused)
    assert (error.attribute, error.status) == ("Email", 422)


async def test_an_account_that_went_between_two_requests_is_told() -> None:
    """The 422 of a PUT does not say that the user is gone; a look does."""
    stand = tyk()
    (call,) = stand.target.write("1", {"team": "red"}, await stand.talk(stand.target.read("1")))
    del stand.sandbox.portal.users[1]
    stand.sandbox.portal.rows.clear()
    assert type(await raised(stand.talk(call.flow))) is NoAccount
