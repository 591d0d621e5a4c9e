"""Descope's sandbox against the vendor's documents and SDKs: the shapes here are theirs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from connectors.contract import Json
from connectors.descope.sandbox import Declared, Sandbox, Unconfirmed
from connectors.sandbox import Webhook

USERS: list[dict[str, Json]] = [
    {
        "userId": "U1",
        "loginIds": ["ana", "ana@x"],
        "email": "a@x",
        "name": "Ana",
        "customAttributes": {"team": "red", "floor": 3},
    },
    {"userId": "U2", "loginIds": ["bo"], "email": "a@x", "status": "disabled"},
    {"userId": "U3", "loginIds": ["cy"], "email": "c@x", "test": True},
]
DECLARED = {
    "team": Declared(4, ("red", "blue")), "floor": Declared(2), "remote": Declared(3), "tags": Declared(5, ("a", "b")),
    "nick": Declared(), "born": Declared(7),
}  # fmt: skip


@asynccontextmanager
async def talking(sandbox: Sandbox, key: str = "k") -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sandbox)
    headers = {"authorization": f"Bearer P2sandbox:{key}"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.descope.com", headers=headers) as client:
        yield client


def made(**open_: Any) -> Sandbox:
    return Sandbox(USERS, DECLARED, key="k", unconfirmed=Unconfirmed(**open_))


async def custom(client: httpx.AsyncClient, name: str, value: Json, user: str = "U1") -> httpx.Response:
    sent = {"loginId": user, "attributeKey": name, "attributeValue": value}
    return await client.post("/v1/mgmt/user/update/customAttribute", json=sent)


async def patch(client: httpx.AsyncClient, **fields: Json) -> httpx.Response:
    return await client.patch("/v1/mgmt/user/patch", json={"loginId": "U1", **fields})


async def held(client: httpx.AsyncClient) -> dict[str, Json]:
    user: dict[str, Json] = (await client.get("/v1/mgmt/user", params={"userId": "U1"})).json()["user"]
    return user


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json().keys() <= {"errorCode", "errorDescription", "errorMessage"}
    return answer.status_code, answer.json().get("errorCode", "")


async def test_a_user_is_loaded_by_either_id() -> None:
    """`loginId` in the query is a login id only; in a call that changes it may be the user id, too."""
    async with talking(made()) as client:
        for params in ({"loginId": "ana"}, {"loginId": "ana@x"}, {"userId": "U1"}):
            assert (await client.get("/v1/mgmt/user", params=params)).json()["user"]["userId"] == "U1"
        for params in ({"loginId": "U1"}, {"userId": "ana"}, {"userId": ""}):
            assert code(await client.get("/v1/mgmt/user", params=params)) == (404, "E112102")
        assert code(await client.get("/v1/mgmt/user")) == (400, "E011002")
        for user in ("ana", "U1"):
            assert (await custom(client, "nick", user, user)).json()["user"]["customAttributes"]["nick"] == user
        assert code(await custom(client, "nick", "x", "nobody")) == (404, "E112102")


async def test_what_is_empty_is_left_out() -> None:
    """As JSON that is made from messages does it."""
    async with talking(made()) as client:
        user = await held(client)
        assert {"phone", "verifiedEmail", "roleNames", "OAuth"} & user.keys() == set()
        assert (user["name"], user["status"], user["editable"]) == ("Ana", "enabled", True)
        assert (await client.post("/v2/mgmt/user/search", json={"emails": ["nobody"]})).json() == {}


async def test_every_declared_type_takes_its_own() -> None:
    """Any JSON goes over the wire; a value of another type changes nothing."""
    good: dict[str, Json] = {"team": "blue", "floor": 4.5, "remote": False, "tags": ["a", "b"], "nick": "x", "born": "02-29"}
    bad: dict[str, Json] = {"team": "green", "floor": "4", "remote": "no", "tags": ["c"], "nick": 7, "born": 229}
    sandbox = made()
    async with talking(sandbox) as client:
        for name, value in bad.items():
            assert code(await custom(client, name, value)) == (400, "E011003")
        assert [*sandbox.log.applied] == []
        for name, value in good.items():
            assert (await custom(client, name, value)).json()["user"]["customAttributes"][name] == value
        assert (await held(client))["customAttributes"] == good


@pytest.mark.parametrize(("null", "left"), [("removes", {"floor": 3}), ("stores", {"team": None, "floor": 3})])
async def test_null_clears(null: str, left: dict[str, Json]) -> None:
    """It removes the attribute, or is stored: by both calls."""
    for merged in (False, True):
        async with talking(made(null=null)) as client:
            answer = await (patch(client, customAttributes={"team": None}) if merged else custom(client, "team", None))
            assert answer.json()["user"]["customAttributes"] == left


async def test_null_is_refused() -> None:
    """And nothing changes."""
    async with talking(made(null="refuses")) as client:
        assert code(await custom(client, "team", None)) == (400, "E011003")
        assert code(await patch(client, givenName="x", customAttributes={"team": None})) == (400, "E011003")
        assert "givenName" not in await held(client)


@pytest.mark.parametrize(("mode", "left"), [("merges", {"team": "red", "floor": 4}), ("replaces", {"floor": 4})])
async def test_a_patch_of_custom_attributes(mode: str, left: dict[str, Json]) -> None:
    """It keeps those that it does not name, or not; a PATCH without any leaves them alone."""
    async with talking(made(patch=mode)) as client:
        assert (await patch(client, givenName="Ana")).json()["user"]["customAttributes"] == {"team": "red", "floor": 3}
        assert (await patch(client, customAttributes={"floor": 4})).json()["user"]["customAttributes"] == left


async def test_an_undeclared_attribute() -> None:
    """It is refused, all or nothing, as either kind of error; or taken and not kept."""
    async with talking(made()) as client:
        assert code(await patch(client, givenName="x", customAttributes={"shoe": 1, "floor": 4})) == (400, "E011003")
        assert (await held(client))["customAttributes"] == {"team": "red", "floor": 3}
    async with talking(made(undeclared="missing")) as client:
        assert code(await custom(client, "shoe", 1)) == (404, "E112199")
        assert (await held(client))["customAttributes"] == {"team": "red", "floor": 3}
    async with talking(made(undeclared="drops")) as client:
        answer = await patch(client, customAttributes={"shoe": 1, "floor": 4})
        assert answer.json()["user"]["customAttributes"] == {"team": "red", "floor": 4}


@pytest.mark.parametrize(("key", "other"), [("displayName", "name"), ("name", "displayName")])
async def test_the_key_of_the_display_name(key: str, other: str) -> None:
    """The other one is passed over; null is as if it were not given, empty text removes."""
    async with talking(made(display_name=key)) as client:
        assert (await patch(client, **{other: "no"})).json()["user"]["name"] == "Ana"
        assert (await patch(client, **{key: "Ana B", "email": None})).json()["user"]["name"] == "Ana B"
        user = (await patch(client, **{key: ""})).json()["user"]
        assert ("name" in user, user["email"]) == (False, "a@x")


@pytest.mark.parametrize("fields", [{"email": 7}, {"verifiedEmail": "yes"}, {"status": "gone"}, {"customAttributes": []}])
async def test_a_field_of_another_type_is_refused(fields: dict[str, Json]) -> None:
    """All or nothing."""
    async with talking(made()) as client:
        assert code(await patch(client, givenName="x", **fields)) == (400, "E011004")
        assert "givenName" not in await held(client)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"emails": ["a@x"]}, ["U1", "U2"]), ({"emails": ["A@X"]}, []), ({"loginIds": ["bo", "ana"]}, ["U1", "U2"]),
        ({"userIds": ["U2", "U9"]}, ["U2"]), ({"statuses": ["disabled"]}, ["U2"]), ({"text": "an"}, ["U1"]),
        ({"customAttributes": {"team": ["red", "blue"]}}, ["U1"]), ({}, ["U1", "U2"]),
        ({"withTestUser": True}, ["U1", "U2", "U3"]),
        ({"testUsersOnly": True}, ["U3"]), ({"emails": ["c@x"]}, []), ({"limit": 1, "page": 1}, ["U2"]),
        ({"limit": 0, "page": 0}, ["U1", "U2"]),
    ],
)  # fmt: skip
async def test_search(asked: dict[str, Json], found: list[str]) -> None:
    """Filters go together; an address may be several users'; test users only if they are asked for; pages count from 0."""
    async with talking(made()) as client:
        answer = (await client.post("/v2/mgmt/user/search", json=asked)).json()
        assert [user["userId"] for user in answer.get("users", [])] == found
        assert answer.get("total", 0) >= len(found)


async def test_definitions_and_license() -> None:
    """Types are numbers, the total is a text."""
    async with talking(made()) as client:
        told = (await client.get("/v1/mgmt/user/customattributes")).json()
        assert (told["total"], told["data"][0]["name"], told["data"][0]["type"]) == ("6", "team", 4)
        assert [option["value"] for option in told["data"][0]["options"]] == ["red", "blue"]
        assert (await client.get("/v1/mgmt/license")).json() == {"rateLimitTier": "tier1"}


async def test_a_key_that_is_not_accepted() -> None:
    """Another one, none, and ours when it has expired."""
    sandbox = made()
    async with talking(sandbox, "other") as client:
        assert code(await client.get("/v1/mgmt/user", params={"userId": "U1"})) == (401, "")
    async with talking(sandbox) as client:
        sandbox.expire()
        assert code(await custom(client, "nick", "x")) == (401, "")
        sandbox.reset()
        assert (await custom(client, "nick", "x")).status_code == 200


async def test_above_the_rate_limit() -> None:
    """429 with its own code, and how long to wait."""
    async with talking(Sandbox(USERS, key="k", calls=1)) as client:
        await held(client)
        answer = await client.get("/v1/mgmt/user", params={"userId": "U1"})
        assert code(answer) == (429, "E130429")
        assert 0 < int(answer.headers["retry-after"]) <= 60


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"attributeKey": "nick"}', b'{"loginId": "U1"}'])
async def test_a_body_that_cannot_be_taken(content: bytes) -> None:
    """A bad request, or one with something missing."""
    async with talking(made()) as client:
        answer = await client.post("/v1/mgmt/user/update/customAttribute", content=content)
        assert code(answer) in ((400, "E011001"), (400, "E011002"))


@pytest.mark.parametrize("same", [True, False])
async def test_changes_are_audited_with_their_new_values(same: bool) -> None:
    """Ours and a person's alike, told apart by the actor; whether the same value again is an event is a switch."""
    hooks: list[Any] = []

    async def post(_: str, __: Mapping[str, str], body: bytes) -> int:
        hooks.append(json.loads(body))
        return 200

    sandbox = Sandbox(USERS, DECLARED, key="k", unconfirmed=Unconfirmed(same=same), linger=0, post=post)
    sandbox.webhook = Webhook("https://lockstep.example/hooks/descope", "wh00k")
    async with talking(sandbox) as client:
        await patch(client, displayName="Ana", customAttributes={"floor": 4})
        await custom(client, "floor", 4)
        await custom(client, "shoe", 44)
        sandbox.edit("U2", {"customAttributes.nick": "bo"})
        await sandbox.sender.idle()
    events = [event for hook in hooks for event in hook]
    assert {event["action"] for event in events} == {"UserModified"}
    assert [(event["actorId"], event["userId"], event["data"]["Change"]) for event in events] == [
        ("K2sandboxkey", "U1", {"custom_attribute_floor": 4, **({"name": "Ana"} if same else {})}),
        *([("K2sandboxkey", "U1", {"custom_attribute_floor": 4})] if same else []),
        ("U2descoper", "U2", {"custom_attribute_nick": "bo"}),
    ]
    assert len(sandbox.log.applied) == (4 if same else 2)


def test_a_person_edits_what_there_is() -> None:
    """An unknown attribute is an error of the test that asks for it."""
    with pytest.raises(KeyError):
        made().edit("U1", {"customAttributes.shoe": 1})
    with pytest.raises(KeyError):
        made().edit("U1", {"shoe": 1})
