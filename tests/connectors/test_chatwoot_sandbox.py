"""Chatwoot's sandbox against the vendor's source: the surprises of an installation, and both readings of what is UNCONFIRMED."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from connectors.chatwoot import Chatwoot
from connectors.chatwoot.sandbox import Sandbox
from connectors.chatwoot.settings import Settings
from connectors.chatwoot.users import UserTarget
from connectors.contract import Json, NoAccount
from connectors.sandbox import Webhook
from tests.connectors.conversation import Talk
from worker.core.signature import Fault, Hmac, Signed

USERS: list[dict[str, Json]] = [
    {"id": 101, "email": "ana@example.com", "name": "Ana", "custom_attributes": {"unit": "R&D"}},
    {"id": 102, "email": "bo@example.com", "name": "Bo"},
]
CONTACTS: list[dict[str, Json]] = [
    {"id": 1, "email": "ana@example.com", "identifier": "E_1", "phone_number": "+4915112345678", "custom_attributes": {"a": 1}},
    {"id": 2, "email": "bo@example.com", "identifier": "EX1", "additional_attributes": {"company_name": "Acme"}},
    {"id": 3, "name": "Nobody we know"},
]
CONTACT = "/api/v1/accounts/1/contacts/1"
Hooks = list[tuple[Mapping[str, str], bytes]]


@pytest.fixture
def hooks() -> Hooks:
    return []


@pytest.fixture
def sandbox(hooks: Hooks) -> Sandbox:
    async def post(_: str, headers: Mapping[str, str], body: bytes) -> int:
        hooks.append((headers, body))
        return 500

    return Sandbox("contact", users=USERS, contacts=CONTACTS, definitions={"plan": "list"}, permissible=[101], post=post)


def calling(sandbox: Sandbox, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(sandbox), base_url="https://chat.example", headers={"Api-Access-Token": token}
    )


@pytest.fixture
async def platform(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(sandbox, "sandbox-platform") as client:
        yield client


@pytest.fixture
async def application(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(sandbox, "sandbox-user") as client:
        yield client


def told(response: httpx.Response) -> tuple[int, Any]:
    return response.status_code, response.json()


# ---------------------------------------------------------------- users


async def test_a_users_answer_leaks_tokens(platform: httpx.AsyncClient) -> None:
    """The API shows them in every answer; the sandbox's own controls do not."""
    user = (await platform.get("/platform/api/v1/users/101")).json()
    assert user["access_token"]
    assert user["pubsub_token"]
    seen = (await platform.get("/__sandbox/users")).text + (await platform.get("/__sandbox/log")).text
    assert not [secret for secret in (user["access_token"], user["pubsub_token"], "sandbox-platform") if secret in seen]


async def test_custom_attributes_are_merged_and_never_go(platform: httpx.AsyncClient) -> None:
    """Null is stored as null; without any the key is absent; what is no hash is dropped without a word."""
    address = "/platform/api/v1/users/101"
    merged = (await platform.patch(address, json={"custom_attributes": {"unit": None, "level": 4}})).json()
    assert merged["custom_attributes"] == {"unit": None, "level": 4}
    ignored = (await platform.patch(address, json={"custom_attributes": "x", "shoe_size": 44})).json()
    assert ignored["custom_attributes"] == merged["custom_attributes"]
    assert "shoe_size" not in ignored
    assert "custom_attributes" not in (await platform.post("/platform/api/v1/users", json={"email": "bo@example.com"})).json()


async def test_checks_come_in_the_order_of_the_controller(platform: httpx.AsyncClient, application: httpx.AsyncClient) -> None:
    """The token, the user, the permission; both refusals are 401."""
    assert told(await application.get("/platform/api/v1/users/101")) == (401, {"error": "Invalid access_token"})
    assert (await platform.get("/platform/api/v1/users/999")).status_code == 404
    assert told(await platform.get("/platform/api/v1/users/102")) == (401, {"error": "Non permissible resource"})
    taken = await platform.patch("/platform/api/v1/users/101", json={"email": "BO@example.com"})
    assert told(taken) == (422, {"message": "Email has already been taken", "attributes": ["email"]})


async def test_an_id_counts_up_to_its_first_letter(platform: httpx.AsyncClient) -> None:
    """So does Rails: this is another user than the one who was meant."""
    assert (await platform.get("/platform/api/v1/users/101-or-whoever")).json()["id"] == 101


@pytest.mark.parametrize(("makes_passwords", "there"), [(False, 2), (True, 3)])
async def test_who_is_asked_for_may_be_made(makes_passwords: bool, there: int) -> None:
    """Asking to create finds who is there and grants him to the app.  Of who is not, both readings: refused without a password,
    or made; then the search has made an account, which is why it has to be asked for."""
    sandbox = Sandbox("user", users=USERS, permissible=[101], makes_passwords=makes_passwords)
    entry = {
        "base_url": "https://chat.example", "credentials": {"access_token": "sandbox-platform"},
        "options": {"find_by_creating": True},
    }  # fmt: skip
    target = UserTarget(Settings.model_validate(entry))
    talk = Talk(sandbox, target.authentication)
    assert [found.id for found in await talk(target.find("email", "bo@example.com"))] == ["102"]
    assert (await talk(target.read("102"))).attributes["name"] == "Bo"
    assert bool(await talk(target.find("email", "new@example.com"))) is makes_passwords
    assert len(sandbox.accounts()) == there


async def test_who_is_asked_for_is_confirmed(sandbox: Sandbox, platform: httpx.AsyncClient) -> None:
    """An agent who never took up the invitation counts as one who did: whoever is asked for is confirmed."""
    sandbox.users.users[102]["confirmed"] = False
    asked = await platform.post("/platform/api/v1/users", json={"email": "bo@example.com"})
    assert (asked.json()["id"], asked.json()["confirmed"]) == (102, True)
    assert sandbox.users.users[102]["confirmed"] is True


@pytest.mark.parametrize("not_found", ["html", "json", "empty"])
async def test_a_404_has_any_body(not_found: Any) -> None:
    """UNCONFIRMED: three of them, and each is a user who is not there."""
    sandbox = Sandbox("user", users=USERS, not_found=not_found)
    entry = {"base_url": "https://chat.example", "credentials": {"access_token": "sandbox-platform"}}
    target = UserTarget(Settings.model_validate(entry))
    with pytest.raises(NoAccount):
        await Talk(sandbox, target.authentication)(target.read("999"))


# ---------------------------------------------------------------- contacts


async def test_the_application_api_refuses_in_its_own_words(
    sandbox: Sandbox, platform: httpx.AsyncClient, application: httpx.AsyncClient
) -> None:
    """No header (or one that a proxy dropped), a wrong token, a platform app's, another account, a suspended one."""
    nobody = {"errors": ["You need to sign in or sign up before continuing."]}
    assert told(await application.get(CONTACT, headers={"Api-Access-Token": ""})) == (401, nobody)
    dropped = {"Api-Access-Token": "", "api_access_token": "sandbox-user"}
    assert told(await application.get(CONTACT, headers=dropped)) == (401, nobody)
    assert told(await application.get(CONTACT, headers={"Api-Access-Token": "x"})) == (401, {"error": "Invalid Access Token"})
    bots = {"error": "Access to this endpoint is not authorized for bots"}
    assert told(await platform.get(CONTACT)) == (401, bots)
    assert told(await application.get("/api/v1/accounts/2/agents")) == (404, {"error": "Resource could not be found"})
    sandbox.gate.suspended = True
    assert told(await application.get(CONTACT)) == (401, {"error": "Account is suspended"})


async def test_the_search_finds_parts_and_patterns(application: httpx.AsyncClient) -> None:
    """`%` and `_` are LIKE's, a backslash takes their meaning away; whoever has no address, number or identifier is not found."""

    async def found(text: str) -> list[int]:
        answer = await application.get("/api/v1/accounts/1/contacts/search", params={"q": text})
        return [contact["id"] for contact in answer.json()["payload"]]

    assert await found("EXAMPLE.COM") == [1, 2]
    assert await found("E_1") == [1, 2]
    assert await found("E\\_1") == [1]
    assert await found("e\\_1") == []
    assert await found("%") == [1, 2]
    assert await found("acm") == [2]
    assert await found("Nobody") == []


async def test_the_filter_compares_the_whole(application: httpx.AsyncClient) -> None:
    """In any case, and with a `+` of its own before a number."""

    async def found(key: str, value: str) -> list[int]:
        condition = {"attribute_key": key, "filter_operator": "equal_to", "values": [value], "query_operator": None}
        answer = await application.post("/api/v1/accounts/1/contacts/filter", json={"payload": [condition]})
        return [contact["id"] for contact in answer.json()["payload"]]

    assert await found("identifier", "e_1") == [1]
    assert await found("email", "ana@") == []
    assert await found("phone_number", "4915112345678") == [1]
    assert await found("phone_number", "+4915112345678") == []


async def test_the_whole_record_is_checked(application: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A contact that is invalid for another reason takes no attribute at all; nothing of a refused save stays."""
    sandbox.contacts.contacts[1]["phone_number"] = "0151"
    refused = await application.patch(CONTACT, json={"custom_attributes": {"plan": "gold"}})
    assert refused.status_code == 422
    assert refused.json()["attributes"] == ["phone_number"]
    taken = await application.patch(CONTACT, json={"phone_number": None, "email": "BO@example.com"})
    assert taken.json() == {"message": "Email has already been taken", "attributes": ["email"]}
    assert not sandbox.log.applied
    assert (await application.get(CONTACT)).json()["payload"]["custom_attributes"] == {"a": 1}


async def test_keys_are_removed_by_name(application: httpx.AsyncClient) -> None:
    """Those that are named, whether they are there or not."""
    answer = await application.post(f"{CONTACT}/destroy_custom_attributes", json={"custom_attributes": ["a", "b"]})
    assert answer.json()["payload"]["custom_attributes"] == {}


async def test_the_throttle_speaks_plain_text_and_names_no_time() -> None:
    """A search counts twice: among all requests, and among the searches of the account.  With the minute it is over."""
    now = 59.0
    sandbox = Sandbox("contact", contacts=CONTACTS, calls=4, searches=2, clock=lambda: now)
    async with calling(sandbox, "sandbox-user") as client:
        searches = [await client.get("/api/v1/accounts/1/contacts/search", params={"q": "x"}) for _ in range(3)]
        reads = [await client.get(CONTACT) for _ in range(2)]
        now = 60.0
        again = await client.get(CONTACT)
    assert [answer.status_code for answer in (*searches, *reads, again)] == [200, 200, 429, 200, 429, 200]
    for answer in (searches[2], reads[1]):
        assert (answer.text, "retry-after" in answer.headers) == ("Retry later\n", False)


# ---------------------------------------------------------------- webhooks


async def sent(sandbox: Sandbox, hooks: Hooks) -> list[tuple[Mapping[str, str], Any]]:
    await asyncio.wait_for(sandbox.sender.idle(), 5)
    return [(headers, json.loads(body)) for headers, body in hooks]


async def test_a_change_is_told_once_with_what_it_was(application: httpx.AsyncClient, sandbox: Sandbox, hooks: Hooks) -> None:
    """Whole hashes before and after, and the time of the save; a save that changes nothing is told nobody; what is not taken is
    not sent again."""
    sandbox.webhook = Webhook("https://lockstep.example/hooks/chatwoot", "wh00k")
    await application.patch(CONTACT, json={"custom_attributes": {"plan": "gold"}})
    await application.patch(CONTACT, json={"custom_attributes": {"plan": "gold"}})
    ((_, body),) = await sent(sandbox, hooks)
    changes = {name: pair for change in body["changed_attributes"] for name, pair in change.items()}
    assert changes["custom_attributes"] == {"previous_value": {"a": 1}, "current_value": {"a": 1, "plan": "gold"}}
    assert changes["updated_at"]["previous_value"] == "2025-07-09T03:19:24.123Z"
    assert (body["event"], body["id"], body["account"]["id"]) == ("contact_updated", 1, 1)


async def test_what_a_person_a_contact_and_a_stranger_do_is_told(sandbox: Sandbox, hooks: Hooks) -> None:
    """An edit in the dashboard, a message (which is noise), a first message."""
    sandbox.webhook = Webhook("https://lockstep.example/hooks/chatwoot", "wh00k")
    sandbox.edit("2", {"name": "Bob", "custom_attributes.plan": "gold"})
    sandbox.message("2")
    sandbox.add({"id": 9, "email": "new@example.com"})
    events = [body for _, body in await sent(sandbox, hooks)]
    assert [body["event"] for body in events] == ["contact_updated", "contact_updated", "contact_created"]
    assert [name for change in events[1]["changed_attributes"] for name in change] == ["last_activity_at", "updated_at"]
    assert "changed_attributes" not in events[2]


async def test_the_signature_is_what_the_connector_expects(sandbox: Sandbox, hooks: Hooks) -> None:
    """Over the time and the body, and with the id of the delivery; with another secret or another time it is refused.  Without a
    secret there is none, as before 4.11.2."""
    sandbox.webhook = Webhook("https://lockstep.example/hooks/chatwoot", "wh00k")
    sandbox.edit("1", {"name": "x"})
    await sandbox.sender.idle()
    sandbox.webhook = Webhook("https://lockstep.example/hooks/chatwoot", "")
    sandbox.edit("1", {"name": "y"})
    await sandbox.sender.idle()
    (headers, body), (unsigned, _) = hooks
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    stamp = float(headers["X-Chatwoot-Timestamp"])
    keys: dict[str, Any] = {name: value for name, value in (Chatwoot.verify or {}).items() if name != "scheme"}
    assert Hmac([b"wh00k"], **keys).verify(lines, body, stamp + 10) == Signed(headers["X-Chatwoot-Delivery"])
    assert Hmac([b"other"], **keys).verify(lines, body, stamp) is Fault.SIGNATURE
    assert Hmac([b"wh00k"], **keys).verify(lines, body, stamp + 3600) is Fault.STALE
    assert not [name for name in unsigned if name.startswith("X-")]


async def test_it_begins_again(application: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Accounts and tokens as at the start."""
    sandbox.edit("1", {"name": "x"})
    sandbox.expire()
    assert (await application.get(CONTACT)).status_code == 401
    await application.post("/__sandbox/reset")
    assert (await application.get(CONTACT)).json()["payload"]["name"] == ""
