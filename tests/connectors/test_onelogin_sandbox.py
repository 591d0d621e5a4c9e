"""OneLogin's sandbox against the vendor's documents: the bodies here are those of its pages."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

import httpx
import pytest

from connectors.onelogin.sandbox import ApiCredential, Sandbox, Unconfirmed, UserMapping
from connectors.sandbox import Post, Webhook

USERS: list[dict[str, Any]] = [
    {"id": 101, "email": "ana@example.com", "username": "ana", "custom_attributes": {"skype": "ana.s"}},
    {"id": 102, "email": "bo@example.com", "username": "bo", "external_id": "E-2"},
    {"id": 103, "email": "cy@example.com", "username": "cy"},
]
SHORTNAMES = ["AWS_Role", "skype", "messenger"]
UNDEFINED: list[Literal["refuses", "passes"]] = ["refuses", "passes"]


@pytest.fixture
def hooks() -> list[tuple[Mapping[str, str], Any]]:
    return []


@pytest.fixture
def post(hooks: list[tuple[Mapping[str, str], Any]]) -> Post:
    async def post(_: str, headers: Mapping[str, str], body: bytes) -> int:
        hooks.append((headers, json.loads(body)))
        return 200

    return post


@pytest.fixture
def sandbox(post: Post) -> Sandbox:
    return Sandbox(
        USERS,
        SHORTNAMES,
        credentials=[ApiCredential("a", "s-a"), ApiCredential("r", "s-r", "Read All")],
        protected=[103],
        linger=0,
        post=post,
    )


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="https://acme.onelogin.example") as client:
        client.headers["authorization"] = f"bearer:{await token(client, 'a', 's-a')}"
        yield client


async def token(client: httpx.AsyncClient, name: str, secret: str) -> str:
    answer = await client.post("/auth/oauth2/v2/token", json={"grant_type": "client_credentials"}, auth=(name, secret))
    return str(answer.json()["access_token"])


async def put(client: httpx.AsyncClient, user: object, body: Any, **more: Any) -> tuple[int, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await client.put(f"/api/1/users/{user}/set_custom_attributes", content=content, **more)
    return answer.status_code, answer.json()


def error(code: int, kind: str, message: object) -> tuple[int, Any]:
    return code, {"status": {"code": code, "error": True, "message": message, "type": kind}}


async def test_a_token_is_given_in_each_documented_way(client: httpx.AsyncClient) -> None:
    """HTTP Basic, OneLogin's own header, a form: the same token until it ends, flat, for ten hours."""
    grant = {"grant_type": "client_credentials"}
    basic = base64.b64encode(b"a:s-a").decode()
    answers = [
        await client.post("/auth/oauth2/v2/token", json=grant, headers={"authorization": f"Basic {basic}"}),
        await client.post("/auth/oauth2/v2/token", json=grant, headers={"authorization": "client_id:a, client_secret:s-a"}),
        await client.post("/auth/oauth2/v2/token", data={**grant, "client_id": "a", "client_secret": "s-a"}),
    ]
    assert len({answer.json()["access_token"] for answer in answers}) == 1
    assert answers[0].json().keys() == {"access_token", "created_at", "expires_in", "refresh_token", "token_type", "account_id"}
    assert 35_990 <= answers[0].json()["expires_in"] <= 36_000
    wrong = await client.post("/auth/oauth2/v2/token", json=grant, headers={"authorization": "client_id:a, client_secret:x"})
    assert wrong.status_code == 401


@pytest.mark.parametrize("scheme", ["bearer:{}", "bearer: {}", "Bearer {}", "BEARER:{}"])
async def test_every_spelling_of_bearer_is_taken(client: httpx.AsyncClient, scheme: str) -> None:
    """The documents write it with a colon, the SDK without."""
    secret = client.headers["authorization"].removeprefix("bearer:")
    assert (await client.get("/api/2/users/101", headers={"authorization": scheme.format(secret)})).status_code == 200


async def test_set_custom_attributes_answers_as_documented(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Each body of the page, word for word."""
    success = (200, {"status": {"code": 200, "error": False, "message": "Success", "type": "success"}})
    assert await put(client, 101, {"custom_attributes": {"AWS_Role": "Administrator", "skype": "l_gonzalez"}}) == success
    bad = "bad request"
    valid = "input custom_attributes is not valid. Valid custom_attributes -> [AWS_Role skype messenger ]"
    role = {"custom_attributes": {"AWS_Role": "x"}}
    assert await put(client, 101, {"custom_attributes": {"AWS_Role": "x", "shoe": "44"}}) == error(400, bad, valid)
    assert await put(client, 101, {"custom_attributes": {}}) == error(400, bad, "custom_attributes is empty")
    assert await put(client, 101, b"{") == error(400, bad, "Input JSON is not valid")
    unsigned = {"headers": {"authorization": "nothing"}}
    assert await put(client, 101, role, **unsigned) == error(400, bad, "Authorization Information is incorrect")
    assert await put(client, "x7", role) == error(400, bad, {"attribute": "id", "description": "ID is incorrect"})
    wrong = {"headers": {"authorization": "bearer:wrong"}}
    assert await put(client, 101, role, **wrong) == error(401, "Unauthorized", "Authentication Failure")
    reader = {"headers": {"authorization": f"bearer:{await token(client, 'r', 's-r')}"}}
    assert await put(client, 101, role, **reader) == error(401, "Unauthorized", "Insufficient Permission")
    assert await put(client, 103, role) == error(403, "forbidden", "user is not authorized to access this User")
    assert await put(client, 88888888, role) == error(404, "not found", "User for id 88888888 was not found")
    assert [entry["value"] for entry in sandbox.log.applied] == ["Administrator", "l_gonzalez"]


async def test_given_keys_are_overwritten_and_no_others(client: httpx.AsyncClient) -> None:
    """Empty text removes a value; a key that is not sent keeps its own."""
    await put(client, 101, {"custom_attributes": {"AWS_Role": "x"}})
    await put(client, 101, {"custom_attributes": {"AWS_Role": ""}})
    user = (await client.get("/api/2/users/101")).json()
    assert user["custom_attributes"] == {"AWS_Role": None, "skype": "ana.s", "messenger": None}


async def test_lists_come_without_custom_attributes(client: httpx.AsyncClient) -> None:
    """Unless they are asked for among the fields; a single user has them."""
    plain = (await client.get("/api/2/users", params={"email": "ana@example.com"})).json()
    asked = (await client.get("/api/2/users", params={"email": "ana@example.com", "fields": "email,custom_attributes"})).json()
    assert "custom_attributes" not in plain[0]
    assert asked[0].keys() == {"id", "email", "custom_attributes"}


@pytest.mark.parametrize(
    ("scope", "reads", "writes"),
    [("Authentication Only", 401, 401), ("Read users", 200, 401), ("Read All", 200, 401), ("Manage Users", 200, 200),
     ("Manage All", 200, 200)],
)  # fmt: skip
async def test_scopes_are_those_of_the_sdk_s_readme(scope: str, reads: int, writes: int) -> None:
    """Those that only read are let at users, and stopped at the first write."""
    sandbox = Sandbox(USERS, SHORTNAMES, credentials=[ApiCredential(scope=scope)])
    for path in ("/api/2/users", "/api/2/users/101", "/api/2/users/custom_attributes", "/api/1/users/custom_attributes"):
        assert (await asked(sandbox, "GET", path)).status_code == reads
    assert (await asked(sandbox, "PUT", "/api/2/users/101", {"title": "x"})).status_code == writes
    body = {"custom_attributes": {"skype": "x"}}
    assert (await asked(sandbox, "PUT", "/api/1/users/101/set_custom_attributes", body)).status_code == writes


async def test_users_are_filtered_by_their_times(client: httpx.AsyncClient) -> None:
    """`updated_at` follows each change, and no write that changes nothing; who has no such time is not found by it."""
    before = (await client.put("/api/2/users/102", json={"title": "Analyst"})).json()["updated_at"]
    assert (await client.put("/api/2/users/102", json={"title": "Analyst"})).json()["updated_at"] == before
    asked = {"updated_since=": [102], "updated_until=": [102], "created_since=": [], "last_login_until=": []}
    for query, found in asked.items():
        assert [user["id"] for user in (await client.get(f"/api/2/users?{query}{before}")).json()] == found
    assert (await client.get("/api/2/users?updated_since=2096-01-01T00:00:00Z")).json() == []
    wrong = await client.get("/api/2/users?updated_until=yesterday")
    assert (wrong.status_code, wrong.json()["name"]) == (400, "BadRequestError")


async def test_a_user_can_be_sent_back_as_it_was_read(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """As the official SDK does, which has one model for both ways: what is only shown is passed over."""
    user = (await client.get("/api/2/users/102")).json()
    answer = await client.put("/api/2/users/102", json={**user, "created_at": "2001-01-01T00:00:00Z", "title": "Analyst"})
    assert (answer.status_code, answer.json()["title"], answer.json()["created_at"]) == (200, "Analyst", None)
    assert not {entry["attribute"] for entry in sandbox.log.applied} & {"id", "created_at"}


@pytest.mark.parametrize(("field", "value"), [("state", 4), ("status", 6), ("status", True), ("state", "1")])
async def test_numbers_that_stand_for_nothing_are_refused(client: httpx.AsyncClient, field: str, value: object) -> None:
    """The words of `state` and `status` are those of the SDK's model."""
    answer = await client.put("/api/2/users/101", json={field: value})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_an_asterisk_matches_anything(client: httpx.AsyncClient) -> None:
    """`email=*` is everyone; without one a filter is exact."""
    assert [
        len((await client.get("/api/2/users", params={"email": text})).json()) for text in ("*", "*@example.com", "b*", "bo")
    ] == [3, 3, 1, 0]
    assert [user["id"] for user in (await client.get("/api/2/users", params={"custom_attributes.skype": "ana.s"})).json()] == [
        101
    ]


async def test_pages_lead_on_by_cursor(client: httpx.AsyncClient) -> None:
    """The headers count, and the last page has no way on."""
    first = await client.get("/api/2/users", params={"limit": 2})
    assert [first.headers[name] for name in ("current-page", "page-items", "total-count", "total-pages")] == ["1", "2", "3", "2"]
    second = await client.get("/api/2/users", params={"limit": 2, "cursor": first.headers["after-cursor"]})
    assert [user["id"] for user in second.json()] == [103]
    assert "after-cursor" not in second.headers
    assert "before-cursor" in second.headers


async def test_v2_errors_are_flat(client: httpx.AsyncClient) -> None:
    """message, name, statusCode; nothing is applied by a call that is refused."""
    answer = await client.get("/api/2/users", params={"shoe": "44"})
    assert answer.json() == {"message": "query parameter(s) not allowed: shoe", "name": "BadRequestError", "statusCode": 400}
    gone = (await client.get("/api/2/users/999")).json()
    assert gone == {"message": "The resource with the given id could not be found", "name": "NotFoundError", "statusCode": 404}
    refused = await client.put("/api/2/users/101", json={"department": "Sales", "group_id": "seven"})
    assert (refused.status_code, refused.json()["name"], refused.json()["field"]) == (
        422,
        "UnprocessableEntityFieldError",
        "group_id",
    )
    assert (await client.get("/api/2/users/101")).json()["department"] is None


async def asked(sandbox: Sandbox, method: str, path: str, body: Any = None) -> httpx.Response:
    """One signed request to a sandbox of its own."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="https://acme.onelogin.example") as client:
        client.headers["authorization"] = f"bearer:{await token(client, 'sandbox', 'sandbox-secret')}"
        return await client.request(method, path, json=body)


@pytest.mark.parametrize(("truth", "left"), [(Unconfirmed(), None), (Unconfirmed(custom="keeps"), "ana.s")])
async def test_what_an_update_leaves_out(truth: Unconfirmed, left: str | None) -> None:
    """Either it is unset or it is kept; null unsets in any case."""
    sandbox = Sandbox(USERS, SHORTNAMES, unconfirmed=truth)
    user = (await asked(sandbox, "PUT", "/api/2/users/101", {"custom_attributes": {"AWS_Role": "x"}})).json()
    assert user["custom_attributes"] == {"AWS_Role": "x", "skype": left, "messenger": None}
    user = (await asked(sandbox, "PUT", "/api/2/users/101", {"custom_attributes": {"skype": None, "AWS_Role": "y"}})).json()
    assert user["custom_attributes"] == {"AWS_Role": "y", "skype": None, "messenger": None}


async def test_a_custom_attribute_that_is_not_defined() -> None:
    """Either the whole update is refused, and the field is named, or that one is passed over."""
    body = {"custom_attributes": {"shoe": "44", "AWS_Role": "x"}}
    strict, lenient = (Sandbox(USERS, SHORTNAMES, unconfirmed=Unconfirmed(undefined=how)) for how in UNDEFINED)
    refused = await asked(strict, "PUT", "/api/2/users/101", body)
    assert (refused.status_code, refused.json()["field"]) == (422, "custom_attributes.shoe")
    assert not strict.log.applied
    assert (await asked(lenient, "PUT", "/api/2/users/101", body)).json()["custom_attributes"]["AWS_Role"] == "x"
    assert [entry["attribute"] for entry in lenient.log.applied] == ["custom_attributes.AWS_Role"]


async def test_an_update_may_answer_no_more_than_the_id() -> None:
    """As the vendor's SDK notes of some answers."""
    sandbox = Sandbox(USERS, SHORTNAMES, unconfirmed=Unconfirmed(answer="id"))
    assert (await asked(sandbox, "PUT", "/api/2/users/101", {"title": "Analyst"})).json() == {"id": 101}


SALES = UserMapping({"department": "Sales"}, {"title": "Seller", "custom_attributes.skype": "sales"})


@pytest.mark.parametrize(
    ("query", "shown", "held"),
    [("", None, "Seller"), ("?mappings=async", None, "Seller"), ("?mappings=sync", "Seller", "Seller"),
     ("?mappings=disabled", None, None)],
)  # fmt: skip
async def test_user_mappings_run_as_the_query_says(query: str, shown: str | None, held: str | None) -> None:
    """After the answer, before it, or not at all; they write over what was sent."""
    sandbox = Sandbox(USERS, SHORTNAMES, mappings=[SALES])
    answer = await asked(sandbox, "PUT", f"/api/2/users/101{query}", {"department": "Sales"})
    assert answer.json()["title"] == shown
    assert (await asked(sandbox, "GET", "/api/2/users/101")).json()["title"] == held
    assert [entry["attribute"] for entry in sandbox.log.applied if entry["by"] == "mapping"] == (
        ["title", "custom_attributes.skype"] if held else []
    )


@pytest.mark.parametrize("query", ["?mappings=later", "?mapping=sync"])
async def test_an_update_takes_no_other_query(query: str) -> None:
    """A word that does not exist is refused, and nothing is applied."""
    sandbox = Sandbox(USERS, SHORTNAMES)
    assert (await asked(sandbox, "PUT", f"/api/2/users/101{query}", {"department": "Sales"})).status_code == 400
    assert not sandbox.log.applied


async def test_user_mappings_run_after_a_person_and_are_told(hooks: list[Any], post: Post) -> None:
    """What a rule changes is one more event; where it changes nothing there is none."""
    mapped = Sandbox(USERS, SHORTNAMES, mappings=[SALES], linger=0, post=post)
    mapped.webhook = Webhook("https://lockstep.example/hooks/onelogin", "wh00k")
    mapped.edit("101", {"department": "Sales"})
    mapped.edit("101", {"company": "Acme"})
    await asyncio.wait_for(mapped.sender.idle(), 5)
    assert [event["actor_user_name"] for _, body in hooks for event in body] == ["Ada Admin", None, "Ada Admin"]


async def test_definitions_in_both_versions(client: httpx.AsyncClient) -> None:
    """v2 lists objects, v1 an array in an array."""
    listed = (await client.get("/api/2/users/custom_attributes")).json()
    assert [(entry["shortname"], entry.keys()) for entry in listed] == [
        (n, {"id", "name", "shortname", "position"}) for n in SHORTNAMES
    ]
    assert (await client.get("/api/1/users/custom_attributes")).json()["data"] == [SHORTNAMES]
    assert 14 in [kind["id"] for kind in (await client.get("/api/1/events/types", headers={"authorization": ""})).json()["data"]]


async def test_the_rate_limit_counts_down_and_says_when_it_is_over(sandbox: Sandbox) -> None:
    """Headers and /auth/rate_limit tell the same; the reset is seconds that are left."""
    limited = Sandbox(USERS, calls=2, per=60.0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="https://acme.onelogin.example") as client:
        client.headers["authorization"] = f"bearer:{await token(client, 'sandbox', 'sandbox-secret')}"
        answers = [await client.get("/api/2/users/101") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
        assert 0 < int(answers[2].headers["x-ratelimit-reset"]) <= 60
        told = (await client.get("/auth/rate_limit")).json()["data"]
        assert (told["X-RateLimit-Limit"], told["X-RateLimit-Remaining"]) == (2, 0)


async def test_a_change_is_told_in_a_batch_without_its_value(
    client: httpx.AsyncClient, sandbox: Sandbox, hooks: list[tuple[Mapping[str, str], Any]]
) -> None:
    """Ours and a person's change alike: thin events under the static header, ten in one webhook at most."""
    sandbox.webhook = Webhook("https://lockstep.example/hooks/onelogin", "wh00k")
    await put(client, 101, {"custom_attributes": {"skype": "v4lue"}})
    await client.put("/api/2/users/102", json={"department": "v4lue"})
    for _ in range(10):
        sandbox.edit("102", {"title": "v4lue"})
    await asyncio.wait_for(sandbox.sender.idle(), 5)
    assert [len(body) for _, body in hooks] == [10, 2]
    events = [event for _, body in hooks for event in body]
    assert [event["user_id"] for event in events] == [101, 102, *[102] * 10]
    assert [event["actor_user_name"] for event in events] == [None, None, *["Ada Admin"] * 10]
    assert [event["api_credential_name"] for event in events[:3]] == ["a", "a", None]
    assert len({event["uuid"] for event in events}) == 12
    assert "v4lue" not in json.dumps(hooks[0][1])
    assert {headers["Authorization"] for headers, _ in hooks} == {"wh00k"}


async def test_a_refused_call_is_told_nobody(client: httpx.AsyncClient, sandbox: Sandbox, hooks: list[Any]) -> None:
    """Nothing changed, so nothing is sent."""
    sandbox.webhook = Webhook("https://lockstep.example/hooks/onelogin", "wh00k")
    await put(client, 101, {"custom_attributes": {"shoe": "44"}})
    await client.put("/api/2/users/101", json={"shoe": "44"})
    await sandbox.sender.idle()
    assert hooks == []


async def events(client: httpx.AsyncClient, **query: str) -> list[Any]:
    answer = await client.get("/api/1/events", params=query)
    assert answer.status_code == 200, answer.text
    listed: list[Any] = answer.json()["data"]
    return listed


async def test_events_are_listed_whether_or_not_a_webhook_told_of_them(
    client: httpx.AsyncClient, sandbox: Sandbox, hooks: list[Any]
) -> None:
    """In the envelope of v1, under an id, with a time to the millisecond; searched by user, type (several with commas), time."""
    sandbox.edit("101", {"department": "Sales"})
    sandbox.webhook = Webhook("https://lockstep.example/hooks/onelogin", "wh00k", lost=True)
    sandbox.edit("102", {"department": "Sales"})
    await asyncio.wait_for(sandbox.sender.idle(), 5)
    assert hooks == []
    assert [told["status"] for told in sandbox.log.webhooks] == [0]
    body = (await client.get("/api/1/events")).json()
    assert body["status"] == {"error": False, "code": 200, "type": "success", "message": "Success"}
    assert body["pagination"] == {"before_cursor": None, "after_cursor": None, "previous_link": None, "next_link": None}
    newest, oldest = body["data"]
    assert (oldest["user_id"], newest["user_id"], newest["id"] - oldest["id"]) == (101, 102, 1)
    assert await events(client, user_id="101") == await events(client, event_type_id="8,14", user_id="101") == [oldest]
    assert await events(client, event_type_id="8,13") == []
    assert await events(client, since=newest["created_at"]) == await events(client, until=oldest["created_at"]) == []
    assert await events(client, since="2018-11-01T19:44:55.000Z", until="2100-11-02T19:44:55.000Z") == [newest, oldest]
    assert await events(client, fields="created_at, user_id", limit="1") == [
        {name: newest[name] for name in ("id", "created_at", "user_id")}
    ]


async def test_pages_of_events_lead_on_and_back(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """50 at most; by cursor and by link, in either order; a plus that is not escaped is one too."""
    for _ in range(60):
        sandbox.edit("101", {"department": "Sales"})
    for order in ("sort=+id", "sort=%2Bid", "sort=-id", "limit=1000"):
        first = (await client.get(f"/api/1/events?{order}")).json()
        second = (await client.get(first["pagination"]["next_link"])).json()
        found = [event["id"] for event in (*first["data"], *second["data"])]
        assert found == sorted(found, reverse="+" not in order and "%2B" not in order)
        assert (len(first["data"]), len(found), second["pagination"]["after_cursor"]) == (50, 60, None)
        assert (await client.get(second["pagination"]["previous_link"])).json()["data"] == first["data"]


@pytest.mark.parametrize("query", ["shoe=44", "since=yesterday", "sort=name", "after_cursor=x", "after_cursor=OTk="])
async def test_a_query_that_events_do_not_take(client: httpx.AsyncClient, sandbox: Sandbox, query: str) -> None:
    """400, as v1 says it."""
    sandbox.edit("101", {"department": "Sales"})
    answer = await client.get(f"/api/1/events?{query}")
    assert (answer.status_code, answer.json()["status"]["error"]) == (400, True)


async def test_events_are_read_with_any_scope_that_reads(client: httpx.AsyncClient) -> None:
    """Users are not written with it."""
    reader = {"authorization": f"bearer:{await token(client, 'r', 's-r')}"}
    assert (await client.get("/api/1/events", headers=reader)).status_code == 200
    assert (await client.get("/api/1/events", headers={"authorization": "bearer:x"})).status_code == 401
