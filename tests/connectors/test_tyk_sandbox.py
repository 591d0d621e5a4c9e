"""Tyk's sandbox against the vendor's documents: status codes and bodies are those of its reference."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from connectors.sandbox import Webhook
from connectors.tyk.sandbox import Sandbox

USERS: list[dict[str, Any]] = [
    {"ID": 1, "Email": "ana@example.com", "First": "Ana", "custom_attributes": {"team": "blue", "badge": "B-1"}},
    {"ID": 2, "Email": "bo@example.com", "First": "Bo", "Active": False},
]
DEFINITIONS: list[dict[str, Any]] = [
    {"Identifier": "team"},
    {"Identifier": "badge", "WriteOnceReadMany": True},
    {"Identifier": "plan", "Type": 2, "DropdownValues": "Free,Paid"},
]


@asynccontextmanager
async def portal(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    base = "https://portal.example/portal-api"
    headers = {"authorization": "sandbox-token"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url=base, headers=headers) as client:
        yield client


@pytest.fixture
def hooks() -> list[tuple[Mapping[str, str], Any]]:
    return []


@pytest.fixture
def sandbox(hooks: list[tuple[Mapping[str, str], Any]]) -> Sandbox:
    async def post(_: str, headers: Mapping[str, str], body: bytes) -> int:
        hooks.append((headers, json.loads(body)))
        return 200

    return Sandbox(USERS, DEFINITIONS, post=post)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with portal(sandbox) as client:
        yield client


@pytest.mark.parametrize("given", ["Bearer sandbox-token", "sandbox-tokens", ""])
async def test_only_the_raw_token_is_taken(client: httpx.AsyncClient, given: str) -> None:
    """A scheme before it makes it another token."""
    assert (await client.get("/users/1", headers={"authorization": given})).status_code == 401
    assert (await client.get("/users/1")).status_code == 200


async def test_a_user_is_shown_with_its_token(client: httpx.AsyncClient) -> None:
    """As the portal does; the list has the plain fields only."""
    shown = (await client.get("/users/1")).json()
    assert {"JWTToken", "APITokenCreatedAt", "Teams", "Organisation", "ID", "Email"} <= shown.keys()
    listed = (await client.get("/users")).json()
    assert listed[0].keys() == {"ID", "Active", "Email", "First", "Last", "OrganisationID", "Role", "Provider"}
    assert (await client.get("/users/9")).status_code == 404
    assert (await client.get("/users/x")).json() == {"errors": ["not found"]}


async def test_types_are_labels_in_a_value_and_numbers_in_a_definition(client: httpx.AsyncClient) -> None:
    """The two faces of one attribute."""
    values = (await client.get("/users/1/custom-attributes")).json()
    plan = next(value for value in values if value["CustomAttribute"]["Identifier"] == "plan")
    assert (plan["Value"], plan["CustomAttribute"]["Type"], plan["CustomAttribute"]["Behaviour"]) == (
        "",
        "Dropdown",
        "Edit and view",
    )
    (model,) = (await client.get("/extended_attributes")).json()
    known = (await client.get(f"/extended_attributes/{model['ID']}/custom-attributes")).json()
    assert [(each["ID"], each["Identifier"], each["Type"]) for each in known] == [(1, "team", 1), (2, "badge", 1), (3, "plan", 2)]
    assert (await client.get("/extended_attributes/8/custom-attributes")).status_code == 404


async def test_no_value_has_the_id_of_its_definition(client: httpx.AsyncClient) -> None:
    """Who takes the one for the other writes into another attribute, and is found out."""
    known = {each["Identifier"]: each["ID"] for each in (await client.get("/extended_attributes/7/custom-attributes")).json()}
    for user in (1, 2):
        for value in (await client.get(f"/users/{user}/custom-attributes")).json():
            assert value["ID"] != known[value["CustomAttribute"]["Identifier"]]


async def row(client: httpx.AsyncClient, identifier: str, user: int = 1) -> str:
    values = (await client.get(f"/users/{user}/custom-attributes")).json()
    number = next(value["ID"] for value in values if value["CustomAttribute"]["Identifier"] == identifier)
    return f"/users/{user}/custom-attributes/{number}"


async def test_a_value_is_put_read_and_deleted(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """200 and the element; DELETE answers a status, and 404 the second time."""
    path = await row(client, "team")
    put = await client.put(path, json={"Value": "red"})
    assert (put.status_code, put.json()["Value"], put.json()["CustomAttribute"]["Identifier"]) == (200, "red", "team")
    assert (await client.get(path)).json() == put.json()
    assert (await client.delete(path)).json() == {"status": "ok"}
    assert (await client.delete(path)).status_code == 404
    assert [(entry["attribute"], entry["value"]) for entry in sandbox.log.applied] == [("team", "red"), ("team", None)]


async def test_every_refusal_of_a_put_is_a_422(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Unknown user, unknown attribute, locked, no choice, no text, no JSON: one status, and words for people."""
    team, badge, plan = [await row(client, name) for name in ("team", "badge", "plan")]
    other = await row(client, "team", 2)
    answers = [
        await client.put("/users/9/custom-attributes/1", json={"Value": "x"}),
        await client.put("/users/1/custom-attributes/99", json={"Value": "x"}),
        await client.put(other.replace("/users/2/", "/users/1/"), json={"Value": "x"}),
        await client.put(badge, json={"Value": "B-1"}),
        await client.put(badge, json={"Value": "B-2"}),
        await client.put(plan, json={"Value": "Gold"}),
        await client.put(team, json={"Value": 7}),
        await client.put(team, json={}),
        await client.put(team, content=b"{"),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert all(list(answer.json()) == ["errors"] for answer in answers)
    assert not sandbox.log.applied


async def test_a_path_may_mean_the_definition() -> None:
    """The other reading: then a value's own id leads elsewhere or nowhere."""
    async with portal(Sandbox(USERS, DEFINITIONS, path_id="definition")) as client:
        assert (await client.put("/users/1/custom-attributes/1", json={"Value": "red"})).json()["Value"] == "red"
        shown = (await client.get("/users/1/custom-attributes/3")).json()["CustomAttribute"]["Identifier"]
        assert shown == "plan"


@pytest.mark.parametrize(("first", "status"), [(True, 200), (False, 422)])
async def test_an_empty_write_once_value(first: bool, status: int) -> None:
    """Set once, or at the user's creation only."""
    async with portal(Sandbox(USERS, DEFINITIONS, worm_allows_first_put=first)) as client:
        path = await row(client, "badge", 2)
        assert (await client.put(path, json={"Value": "B-2"})).status_code == status
        assert (await client.put(path, json={"Value": "B-3"})).status_code == 422


@pytest.mark.parametrize(("makes", "status"), [(True, 200), (False, 422)])
async def test_a_user_may_have_no_row(makes: bool, status: int) -> None:
    """For an attribute that was defined later."""
    async with portal(Sandbox(USERS, [*DEFINITIONS, {"Identifier": "late"}], late=["late"], makes_rows=makes)) as client:
        assert "late" not in str((await client.get("/users/1/custom-attributes")).json())
        assert (await client.put("/users/1/custom-attributes/4", json={"Value": "x"})).status_code == status


async def test_a_value_may_be_listed_before_it_is_made() -> None:
    """Empty, and without an id."""
    async with portal(Sandbox(USERS, [*DEFINITIONS, {"Identifier": "late"}], late=["late"], lists_unmade=True)) as client:
        last = (await client.get("/users/1/custom-attributes")).json()[-1]
        assert (last["ID"], last["Value"], last["CustomAttribute"]["Identifier"]) == (0, "", "late")
        assert (await client.get("/users/1/custom-attributes/0")).status_code == 404


@pytest.mark.parametrize(("replaces", "last"), [(True, ""), (False, "Example")])
async def test_a_put_of_a_user_may_empty_what_it_leaves_out(replaces: bool, last: str) -> None:
    """Both readings; a body without what is needed is 422."""
    users = [{**USERS[0], "Last": "Example", "Teams": [{"ID": 4, "Name": "Team 4", "Default": False}]}, USERS[1]]
    async with portal(Sandbox(users, replaces=replaces)) as client:
        changed = (await client.put("/users/1", json={"Email": "ana@example.com", "First": "Anna"})).json()
        assert (changed["First"], changed["Last"], len(changed["Teams"] or ())) == ("Anna", last, 0 if replaces else 1)
        assert (await client.put("/users/1", json={"Email": "", "First": "A"})).status_code == 422
        assert (await client.put("/users/1", json={"Email": "bo@example.com", "First": "A"})).status_code == 422
        assert (await client.put("/users/9", json={"Email": "x@example.com", "First": "A"})).status_code == 422


@pytest.mark.parametrize(
    ("query", "ids"),
    [("", range(1, 21)), ("?page=2", range(21, 41)), ("?page=3&per_page=20", range(41, 46)), ("?page=4", []),
     ("?per_page=100", range(1, 31)), ("?per_page=10&page=2&limit=3", [11, 12, 13])],
)  # fmt: skip
async def test_lists_come_in_pages(query: str, ids: list[int]) -> None:
    """From 1, twenty unless asked for more, `limit` cuts the page and moves no offset; no header leads on."""
    users: list[dict[str, Any]] = [{"ID": number, "Email": f"u{number}@example.com", "First": "U"} for number in range(1, 46)]
    async with portal(Sandbox(users, most=30)) as client:
        answer = await client.get("/users" + query)
        assert [user["ID"] for user in answer.json()] == [*ids]
        assert "link" not in answer.headers


@pytest.mark.parametrize(("lists", "status"), [(True, 200), (False, 404)])
async def test_the_values_of_nobody(lists: bool, status: int) -> None:
    """An empty list, or 404."""
    async with portal(Sandbox(USERS, lists_absent=lists)) as client:
        assert (await client.get("/users/9/custom-attributes")).status_code == status


@pytest.mark.parametrize(("null", "empty"), [(True, None), (False, [])])
async def test_an_empty_list_may_be_null(null: bool, empty: Any) -> None:
    """The teams of a user who is in none always are, in the answer that Tyk recorded; of lists it is not known."""
    async with portal(Sandbox(USERS, empty_is_null=null)) as client:
        assert (await client.get("/users/1")).json()["Teams"] is None
        for path in ("/users?page=2", "/users/1/custom-attributes", "/extended_attributes/7/custom-attributes"):
            assert (await client.get(path)).json() == empty


async def test_json_may_come_as_text() -> None:
    """As it did before 1.17."""
    async with portal(Sandbox(USERS, text_plain=True)) as client:
        answer = await client.get("/users/1")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.json()["ID"] == 1


async def test_new_and_activated_users_are_told(
    client: httpx.AsyncClient, sandbox: Sandbox, hooks: list[tuple[Mapping[str, str], Any]]
) -> None:
    """Signed up, made by API, activated in the console and by API, under the header that was entered; a change is told nobody."""
    sandbox.webhook = Webhook("https://lockstep.example/hooks/tyk", "wh00k")
    sandbox.register({"Email": "cy@example.com", "First": "Cy", "custom_attributes": {"team": "red"}})
    await client.post("/users", json={"Email": "di@example.com", "First": "Di", "Active": False})
    sandbox.edit("2", {"Active": True})
    await client.put("/users/4", json={"Email": "di@example.com", "First": "Di", "Active": True})
    sandbox.edit("2", {"team": "green"})
    await asyncio.wait_for(sandbox.sender.idle(), 5)
    assert [(body["Event"], body["Message"]["ID"]) for _, body in hooks] == [
        ("UserRegistered", 3), ("UserRegistered", 4), ("UserAccountActivated", 2), ("UserAccountActivated", 4),
    ]  # fmt: skip
    assert hooks[0][1].keys() == {"Event", "Message", "Timestamp"}
    assert hooks[0][1]["Message"]["CustomAttributes"] == [{"Identifier": "team", "Value": "red"}]
    assert {headers["Authorization"] for headers, _ in hooks} == {"wh00k"}


async def test_controls_change_and_take_back(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A person edits; the token ends; all is as at the start again."""
    sandbox.edit("1", {"team": "green", "Last": "Example"})
    with pytest.raises(KeyError):
        sandbox.edit("1", {"shoe-size": "44"})
    assert sandbox.accounts()["1"]["custom_attributes"]["team"] == "green"  # type: ignore[index,call-overload]
    sandbox.expire()
    assert (await client.get("/users/1")).status_code == 401
    sandbox.reset()
    assert (await client.get("/users/1")).json()["Last"] == ""
    assert "JWTToken" not in str(sandbox.accounts())
