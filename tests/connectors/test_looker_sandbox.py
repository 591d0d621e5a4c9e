"""Looker's sandbox against the vendor's documents, and the example of its README."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import connectors.looker
from connectors.contract import Wire
from connectors.looker.sandbox import ApiKey, Sandbox, Sources, Unconfirmed, UserAttribute
from connectors.registry import CONNECTORS
from worker.config import load

API = "https://looker.example/api/4.0"
USERS: list[dict[str, Any]] = [
    {"id": "101", "email": "ana_b@example.com", "first_name": "Ana", "last_name": "B", "groups": ["Sales"]},
    {"id": "102", "email": "anaXb@example.com", "credentials_embed": [{"id": "1", "external_user_id": "E-2"}]},
    {"id": "103", "email": "CY@example.com", "first_name": "Cy"},
    {"id": "104"},
]
ATTRIBUTES = [
    UserAttribute("21", "cost_center", default="0", groups={"Legal": "7", "Sales": "8"}),
    UserAttribute("22", "size", "number"),
    UserAttribute("23", "badge", "yesno"),
    UserAttribute("24", "pin", value_is_hidden=True),
    UserAttribute("25", "locked", settable=False),
]
ADMIN, VIEWER = ApiKey("a", "s-a"), ApiKey("v", "s-v", user_id="103", admin=False)
DOCUMENTATION = "https://docs.looker.com/"


def sandbox(unconfirmed: Unconfirmed | None = None, **more: Any) -> Sandbox:
    return Sandbox(USERS, ATTRIBUTES, keys=[ADMIN, VIEWER], unconfirmed=unconfirmed or Unconfirmed(), **more)


@asynccontextmanager
async def calling(of: Sandbox, key: ApiKey = ADMIN) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(of), base_url=API) as client:
        given = await client.post("/login", data={"client_id": key.client_id, "client_secret": key.client_secret})
        client.headers["authorization"] = f"token {given.json()['access_token']}"
        yield client


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with calling(sandbox()) as client:
        yield client


def error(message: str) -> dict[str, str]:
    return {"message": message, "documentation_url": DOCUMENTATION}


async def told(asked: Any) -> tuple[int, Any]:
    response = await asked
    return response.status_code, response.json() if response.content else None


# ---------------------------------------------------------------- keys


async def test_a_key_is_exchanged_for_a_token_of_an_hour() -> None:
    """In a form or in the query; a wrong one is a 404.  The token is taken with both words, until it ends or is given back."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox()), base_url=API) as client:
        given = await told(client.post("/login", params={"client_id": "a", "client_secret": "s-a"}))
        assert (given[0], given[1].keys()) == (200, {"access_token", "token_type", "expires_in", "refresh_token"})
        assert (given[1]["token_type"], given[1]["expires_in"]) == ("Bearer", 3600)
        assert await told(client.post("/login", data={"client_id": "a", "client_secret": "x"})) == (404, error("Not found"))
        signed, documented = ({"authorization": f"{word} {given[1]['access_token']}"} for word in ("Bearer", "token"))
        for headers in (signed, documented):
            assert (await client.get("/users/101", headers=headers)).status_code == 200
        assert (await client.delete("/logout", headers=signed)).status_code == 204
        assert await told(client.get("/users/101", headers=signed)) == (401, error("Requires authentication."))


async def test_above_the_rate_limit() -> None:
    """429; whether Retry-After goes with it is not documented."""
    for seconds in (None, 9):
        async with calling(sandbox(Unconfirmed(retry_after=seconds), calls=1)) as client:
            assert [(await client.get("/user")).status_code for _ in range(2)] == [200, 429]
            assert (await client.get("/user")).headers.get("retry-after") == (None if seconds is None else "9")


async def test_who_is_no_admin_sees_names() -> None:
    """Of others the public part; its own user whole; values and changes are not found; the filter by e-mail address is passed
    over."""
    async with calling(sandbox(), VIEWER) as client:
        other = (await client.get("/users/101")).json()
        assert other.keys() == {"can", "id", "first_name", "last_name", "display_name", "avatar_url"}
        assert "email" in (await client.get("/users/103")).json()
        assert await told(client.get("/users/101/attribute_values")) == (404, error("Not found"))
        assert await told(client.patch("/users/101", json={"locale": "de"})) == (404, error("Not found"))
        assert await told(client.patch("/users/101/attribute_values/21", json={"value": "x"})) == (404, error("Not found"))
        found = (await client.get("/users/search", params={"email": "nobody", "fields": "id,email"})).json()
        assert found == [{"id": str(n)} for n in (101, 102, 103, 104)]
        assert {a["can"]["set_value"] for a in (await client.get("/user_attributes")).json()} == {False}


# ---------------------------------------------------------------- users


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ana_b@example.com", ["101", "102"]),
        ("ana\\_b@example.com", ["101"]),
        ("ANA%", ["101", "102"]),
        ("cy@example.com", ["103"]),
        ("y@example", []),
        ("IS NULL", ["104"]),
        ("not null", ["101", "102", "103"]),
    ],
)
async def test_a_search_is_sql_like_in_any_case(client: httpx.AsyncClient, text: str, found: list[str]) -> None:
    """`%` is anything, `_` any one character; two special values ask for null."""
    users = (await client.get("/users/search", params={"email": text, "fields": "id"})).json()
    assert users == [{"id": number} for number in found]


async def test_a_search_goes_on_by_offset(client: httpx.AsyncClient) -> None:
    """limit and offset."""
    pages = [(await client.get("/users/search", params={"limit": 3, "offset": n, "fields": "id"})).json() for n in (0, 3, 6)]
    assert [[user["id"] for user in page] for page in pages] == [["101", "102", "103"], ["104"], []]


async def test_a_credential_leads_to_its_user(client: httpx.AsyncClient) -> None:
    """Exactly, by the field that belongs to its type."""
    assert (await client.get("/users/credential/embed/E-2", params={"fields": "id"})).json() == {"id": "102"}
    assert (await client.get("/users/credential/email/ana_b@example.com", params={"fields": "id"})).json() == {"id": "101"}
    for path in ("embed/e-2", "shoe/E-2", "email/anaXb@example.com"):
        assert await told(client.get(f"/users/credential/{path}")) == (404, error("Not found"))


async def test_a_user_shows_more_than_anybody_should_keep(client: httpx.AsyncClient) -> None:
    """Its credentials, with the links that set a password."""
    user = (await client.get("/users/101")).json()
    assert "one-time-token" in user["credentials_email"]["password_reset_url"]
    assert (user["display_name"], user["credentials_api3"], user["sessions"]) == ("Ana B", [], [])


async def test_a_user_is_changed_but_for_what_is_read_only(client: httpx.AsyncClient) -> None:
    """`email` and `id` are passed over; `fields` cuts the answer."""
    changed = await told(client.patch("/users/101?fields=id,locale,email", json={"locale": "de", "email": "x@y.z", "id": "9"}))
    assert changed == (200, {"id": "101", "locale": "de", "email": "ana_b@example.com"})
    assert await told(client.patch("/users/101", content=b"{")) == (400, error("Bad Request"))
    assert await told(client.patch("/users/999", json={})) == (404, error("Not found"))


async def test_an_address_is_changed_with_its_credential(client: httpx.AsyncClient) -> None:
    """A user who has none is not found there; an address is one user's."""
    at = "/users/101/credentials_email"
    assert await told(client.patch(f"{at}?fields=email", json={"email": "new@x.y"})) == (200, {"email": "new@x.y"})
    assert (await client.get("/users/101?fields=email")).json() == {"email": "new@x.y"}
    for taken in ("CY@example.com", "no address", None):
        status, body = await told(client.patch(at, json={"email": taken}))
        assert (status, body["errors"][0]["field"]) == (422, "email")
    assert await told(client.patch("/users/102/credentials_email", json={"email": "n@x.y"})) == (404, error("Not found"))


# ---------------------------------------------------------------- user attributes


async def values(client: httpx.AsyncClient, user: int, **params: str) -> list[tuple[Any, ...]]:
    records = (await client.get(f"/users/{user}/attribute_values", params=params)).json()
    return [(record["name"], record["value"], record["source"]) for record in records if int(record["user_attribute_id"]) > 20]


async def test_a_value_is_the_users_then_a_groups_then_the_default(client: httpx.AsyncClient) -> None:
    """Of groups the lowest rank wins; a DELETE lets the next one through; `all_values` shows the way."""
    at = "/users/101/attribute_values/21"
    group, default = ("cost_center", "8", "Group: Sales"), ("cost_center", "0", "Default")
    assert await values(client, 101, user_attribute_ids="21") == [group]
    assert await values(client, 102, user_attribute_ids="21") == [default]
    set_ = (await client.patch(at, json={"value": "9"})).json()
    assert set_.keys() == {
        "can", "name", "label", "rank", "value", "user_id", "user_can_edit", "value_is_hidden", "user_attribute_id", "source",
        "hidden_value_domain_whitelist",
    }  # fmt: skip
    assert (set_["value"], set_["user_id"], set_["user_attribute_id"], set_["label"]) == ("9", "101", "21", "Cost Center")
    own = ("cost_center", "9", "User")
    assert await values(client, 101, user_attribute_ids="21,22", all_values="true") == [own, group, default]
    assert await told(client.delete(at)) == (204, None)
    assert await values(client, 101) == [group]


async def test_what_is_not_set_is_shown_only_if_asked_for(client: httpx.AsyncClient) -> None:
    """`include_unset` gives empty records."""
    shown = await values(client, 102, include_unset="true")
    assert shown[0] == ("cost_center", "0", "Default")
    assert shown[1:] == [(name, None, "No Value") for name in ("size", "badge", "pin", "locked")]


async def test_a_hidden_value_is_blank(client: httpx.AsyncClient) -> None:
    """Also in the answer that sets it."""
    for answered in (
        (await client.patch("/users/101/attribute_values/24", json={"value": "s3cret"})).json(),
        (await client.get("/users/101/attribute_values", params={"user_attribute_ids": "24"})).json()[0],
    ):
        assert (answered["value"], answered["value_is_hidden"], answered["source"]) == (None, True, "User")


async def test_null_is_no_value(client: httpx.AsyncClient) -> None:
    """The body that the vendor answers, word for word."""
    detail = {"field": "value", "code": "invalid", "message": "String value cannot be nil", "documentation_url": DOCUMENTATION}
    refused = {"message": "Validation Failed", "errors": [detail], "documentation_url": DOCUMENTATION}
    assert await told(client.patch("/users/101/attribute_values/21", json={"value": None})) == (422, refused)


@pytest.mark.parametrize(
    ("number", "value", "status"),
    [(22, "7.5", 200), (22, "seven", 422), (22, 7, 422), (23, "yes", 200), (23, "true", 422), (21, "", 200)],
)
async def test_values_are_strings_that_fit_their_type(client: httpx.AsyncClient, number: int, value: Any, status: int) -> None:
    """Whatever the type."""
    assert (await client.patch(f"/users/101/attribute_values/{number}", json={"value": value})).status_code == status


@pytest.mark.parametrize("status", [403, 422, 404])
async def test_what_cannot_be_set(status: int) -> None:
    """The list says so; the answer's status is not documented."""
    async with calling(sandbox(Unconfirmed(unsettable=status))) as client:
        listed = {a["id"]: a for a in (await client.get("/user_attributes")).json()}
        for number in ("1", "25"):
            assert listed[number]["can"]["set_value"] is False
            assert (await client.patch(f"/users/101/attribute_values/{number}", json={"value": "x"})).status_code == status
        assert (listed["1"]["is_system"], listed["25"]["is_system"]) == (True, False)


async def test_what_is_not_documented_can_be_played_both_ways() -> None:
    """The DELETE of an unset value, null for a name, the words of source and of yes, and Looker (Google Cloud core)."""
    other = Unconfirmed(Sources("Mine", "{group}", "Std", "None"), yes="Ja", no="Nein", unset=204, nulls=False, core=True)
    for unconfirmed, expected in ((Unconfirmed(), (404, 200, "User", 422, 200)), (other, (204, 422, "Mine", 200, 403))):
        async with calling(sandbox(unconfirmed)) as client:
            yes = await client.patch("/users/101/attribute_values/23", json={"value": "Ja"})
            assert expected == (
                (await client.delete("/users/101/attribute_values/22")).status_code,
                (await client.patch("/users/101", json={"first_name": None})).status_code,
                (await client.patch("/users/101/attribute_values/21", json={"value": "x"})).json()["source"],
                yes.status_code,
                (await client.get("/users/101/credentials_email")).status_code,
            )


async def test_the_controls_speak_of_attributes_by_name() -> None:
    """A person changes a user in the console; a reset is the start again."""
    played = sandbox()
    played.edit("101", {"cost_center": "5", "locale": "de"})
    assert played.accounts()["101"] == {
        "id": "101", "email": "ana_b@example.com", "first_name": "Ana", "last_name": "B", "locale": "de", "cost_center": "5",
    }  # fmt: skip
    played.edit("101", {"cost_center": None})
    assert "cost_center" not in str(played.accounts()["101"])
    for name in ("shoe_size", "full_name"):
        with pytest.raises(KeyError):
            played.edit("101", {name: "x"})
    played.edit("101", {"cost_center": "5"})
    played.reset()
    assert played.accounts() == sandbox().accounts()


# ---------------------------------------------------------------- the README

HR = """
  hr:
    connector: http
    source: {verify: {scheme: standard-webhooks, secrets: ["${HR}"]}}
"""


def test_the_example_of_the_readme_loads(tmp_path: Path) -> None:
    """Both files of it, beside a source, without a warning but that the mapping has no cases."""
    readme = (Path(connectors.looker.__path__[0]) / "README.md").read_text()
    systems, mapping = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "systems.yaml").write_text(systems.replace("/run/secrets/looker", str(tmp_path / "secret")) + HR)
    (tmp_path / "hr.yaml").write_text(mapping)
    environ = {"LOOKER_ID": "id-1", "HR": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    configuration = load(tmp_path, environ, CONNECTORS)
    assert [str(warning) for warning in configuration.warnings if "cases" not in str(warning)] == []
    looker = configuration.systems["looker"]
    assert (looker.late_window, looker.budget, looker.source, looker.wire("cost_center")) == (120.0, None, None, Wire.TEXT)
