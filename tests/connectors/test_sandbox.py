"""What all sandboxes share: the log, the faults, the controls, the webhooks; over real sockets where only they tell."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from connectors.contract import Json
from connectors.http import Http
from connectors.http.sandbox import Sandbox
from connectors.http.settings import Settings
from connectors.onelogin.sandbox import Sandbox as OneLoginSandbox
from connectors.sandbox import Fault, Faults, Webhook
from worker.config.language import Language
from worker.core.signature import Signed, StandardWebhooks, webhook_key

USERS: list[dict[str, Json]] = [{"id": "u-1", "email": "ana@example.com", "attributes": {"department": "Sales"}}]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The application behind a real server on loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, lifespan="off"))
    task = asyncio.create_task(server.serve([listening]))
    try:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
            client.headers["authorization"] = "Bearer sandbox-token"
            yield client
    finally:
        server.should_exit = True
        await task
        listening.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Sandbox(USERS)), base_url="http://directory.example") as client:
        client.headers["authorization"] = "Bearer sandbox-token"
        yield client


async def patch(client: httpx.AsyncClient, department: str) -> int:
    return (await client.patch("/users/u-1", json={"attributes": {"department": department}})).status_code


async def log(client: httpx.AsyncClient) -> Any:
    return (await client.get("/__sandbox/log")).json()


async def test_the_log_has_what_came_and_no_credential(client: httpx.AsyncClient) -> None:
    """Method, path and query as sent, body as sent, status, time; the credential is masked; controls leave no trace."""
    before = time.time()
    await client.get("/users", params={"email": "a b&c"})
    await patch(client, "Research")
    requests = (await log(client))["requests"]
    assert [(e["method"], e["path"], e["status"]) for e in requests] == [
        ("GET", "/users?email=a+b%26c", 200),
        ("PATCH", "/users/u-1", 200),
    ]
    assert json.loads(requests[1]["body"]) == {"attributes": {"department": "Research"}}
    assert before <= requests[0]["time"] <= requests[1]["time"] <= time.time()
    assert {entry["headers"]["authorization"] for entry in requests} == {"***"}
    applied = (await log(client))["applied"]
    assert [(e["account"], e["attribute"], e["value"], e["by"]) for e in applied] == [("u-1", "department", "Research", "api")]


async def test_a_token_request_leaves_no_secret_in_the_log() -> None:
    """The body of a token request may hold a secret, so it is masked whole."""
    app = OneLoginSandbox()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://onelogin.example") as client:
        form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox-secret"}
        assert (await client.post("/auth/oauth2/v2/token", data=form)).status_code == 200
        assert "sandbox-secret" not in json.dumps(await log(client))


async def test_controls(client: httpx.AsyncClient) -> None:
    """A person edits, users are shown, tokens end, and a reset is a new start."""
    assert (await client.patch("/__sandbox/users/u-1", json={"department": "Legal"})).json()["attributes"] == {
        "department": "Legal"
    }
    assert (await client.patch("/__sandbox/users/u-9", json={})).status_code == 404
    assert (await client.get("/__sandbox/users")).json()["u-1"]["attributes"] == {"department": "Legal"}
    assert [entry["by"] for entry in (await log(client))["applied"]] == ["person"]
    await client.post("/__sandbox/expire")
    assert await patch(client, "x") == 401
    await client.post("/__sandbox/faults", json={"status": 500, "times": 0})
    await client.post("/__sandbox/reset")
    assert (await client.get("/__sandbox/users")).json()["u-1"]["attributes"] == {"department": "Sales"}
    assert (await client.get("/__sandbox/faults")).json() == []
    assert await log(client) == {"requests": [], "applied": [], "webhooks": []}
    assert await patch(client, "x") == 200
    assert (await client.delete("/__sandbox/log")).json()["requests"] == []


async def test_a_fault_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    """A misspelled fault would test nothing."""
    answer = await client.post("/__sandbox/faults", json={"statsu": 500})
    assert (answer.status_code, "statsu" in answer.text) == (400, True)


def test_faults_strike_what_they_fit_in_order() -> None:
    """By method and part of the path; after `skip`, `times` times; 0 is for ever."""
    faults = Faults()
    faults.add(Fault("PUT", "/users", skip=1, times=2, status=500))
    faults.add(Fault(path="/users", times=0, status=503))
    struck = [
        faults.take(*asked) for asked in [("PUT", "/users/1"), ("GET", "/users/1"), ("GET", "/x"), *[("PUT", "/users/1")] * 3]
    ]
    assert [fault.status if fault else None for fault in struck] == [503, 503, None, 500, 500, 503]


async def test_an_answer_in_place_of_the_systems_own(client: httpx.AsyncClient) -> None:
    """An error that was answered though the write landed, and one where it did not."""
    await client.post("/__sandbox/faults", json={"status": 500, "body": "oops"})
    await client.post("/__sandbox/faults", json={"status": 429, "headers": {"Retry-After": "3"}, "act": False})
    landed = await client.patch("/users/u-1", json={"attributes": {"department": "A"}})
    assert (landed.status_code, landed.text) == (500, "oops")
    refused = await client.patch("/users/u-1", json={"attributes": {"department": "B"}})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")
    assert [entry["value"] for entry in (await log(client))["applied"]] == ["A"]
    assert [entry["status"] for entry in (await log(client))["requests"]] == [500, 429]


async def test_a_delay_is_before_the_act(client: httpx.AsyncClient) -> None:
    """A slow system acts late: what lands while nobody waits any more."""
    await client.post("/__sandbox/faults", json={"delay": 0.05})
    writing = asyncio.create_task(patch(client, "late"))
    await asyncio.sleep(0.01)
    assert (await log(client))["applied"] == []
    assert await writing == 200
    assert len((await log(client))["applied"]) == 1


async def test_a_cut_connection_and_a_held_answer_over_sockets() -> None:
    """Over a real connection that was used before: cut without a byte of an answer, or held until released; both landed."""
    async with served(Sandbox(USERS)) as client:
        assert await patch(client, "A") == 200
        await client.post("/__sandbox/faults", json={"method": "PATCH", "drop": True})
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await patch(client, "B")
        await client.post("/__sandbox/faults", json={"method": "PATCH", "hold": True})
        writing = asyncio.create_task(patch(client, "C"))
        while len((await log(client))["applied"]) < 3:  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.005)
        assert not writing.done()
        await client.post("/__sandbox/release")
        assert await writing == 200
        assert [entry["value"] for entry in (await log(client))["applied"]] == ["A", "B", "C"]
        assert [entry["status"] for entry in (await log(client))["requests"]] == [200, 0, 200]


async def test_webhooks_are_sent_in_order_and_again_until_they_are_taken() -> None:
    """Over a real connection: the generic shape, signed as Standard Webhooks; the same id at each try."""
    received: list[tuple[list[tuple[bytes, bytes]], bytes]] = []

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        received.append((scope["headers"], body))
        await send({"type": "http.response.start", "status": 503 if len(received) == 1 else 202, "headers": []})
        await send({"type": "http.response.body"})

    sandbox = Sandbox(USERS)
    async with served(endpoint) as target:
        sandbox.webhook = Webhook(f"{target.base_url}/hooks/directory", SECRET)
        sandbox.edit("u-1", {"department": "A"})
        sandbox.edit("u-1", {"department": "B", "title": None})
        await asyncio.wait_for(sandbox.sender.idle(), 5)
    verifier = StandardWebhooks([webhook_key(SECRET.encode())])
    verified = [verifier.verify(headers, body, time.time()) for headers, body in received]
    source = Http().source(Settings.model_validate({"source": {}}), Language())
    assert source is not None
    said = [source.read(source.split(json.loads(body))[0]) for _, body in received]
    assert [signed.id for signed in verified if isinstance(signed, Signed)] == [event.id for event in said]
    assert [event.attributes for event in said] == [{"department": "A"}, {"department": "A"}, {"department": "B", "title": None}]
    assert said[0].id == said[1].id != said[2].id
    assert [event.sequence for event in said] == [1, 1, 2]
    assert said[2].subject == {"id": "u-1", "email": "ana@example.com"}
    assert [entry["status"] for entry in sandbox.log.webhooks] == [503, 202, 202]


async def test_what_nobody_takes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that is not there costs no more than the tries, and none where no webhook is set."""
    monkeypatch.setattr("connectors.sandbox.webhooks.FIRST_PAUSE", 0.0)
    tries: list[str] = []

    async def post(url: str, _: Mapping[str, str], __: bytes) -> int:
        tries.append(url)
        return 0

    sandbox = Sandbox(USERS, post=post)
    sandbox.edit("u-1", {"department": "A"})
    await sandbox.sender.idle()
    assert tries == []
    sandbox.webhook = Webhook("http://127.0.0.1:1/", SECRET)
    sandbox.edit("u-1", {"department": "B"})
    await sandbox.sender.idle()
    assert len(tries) == 8


async def test_the_directory_merges_and_replaces(client: httpx.AsyncClient) -> None:
    """PATCH merges as RFC 7396 says, PUT replaces; unknown accounts and attributes are refused."""
    merged = await client.patch("/users/u-1", json={"attributes": {"name": {"first": "Ana"}, "department": None}})
    assert merged.json()["attributes"] == {"name": {"first": "Ana"}}
    merged = await client.patch("/users/u-1", json={"attributes": {"name": {"last": "Li"}}})
    assert merged.json()["attributes"] == {"name": {"first": "Ana", "last": "Li"}}
    replaced = await client.put("/users/u-1", json={"attributes": {"unit": 7}})
    assert replaced.json()["attributes"] == {"unit": 7}
    assert (await client.patch("/users/u-9", json={"attributes": {}})).status_code == 404
    assert (await client.patch("/users/u-1", content=b"{")).status_code == 400
    assert (await client.get("/users/u-1", headers={"authorization": "Bearer x"})).status_code == 401
