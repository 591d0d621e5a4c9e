"""The ASGI application of a sandbox: what stands before the API, and the controls beside it.

GET    /__sandbox/log               {"requests": [...], "applied": [...], "webhooks": [...]}
DELETE /__sandbox/log               forget it
GET    /__sandbox/users             the accounts by id
PATCH  /__sandbox/users/{id}        a person changes an account in the system's own console
GET, POST, DELETE /__sandbox/faults see `Fault`
POST   /__sandbox/release           let held answers go
POST   /__sandbox/expire            the tokens that were given out end now
PUT    /__sandbox/webhook           {"url": ..., "secret": ...}; an empty url: none are sent; with "lost": true none arrives
POST   /__sandbox/reset             everything as at the start
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.contract import Json
from connectors.sandbox.faults import Dropped, Fault, Faults
from connectors.sandbox.log import Log
from connectors.sandbox.webhooks import Webhook

CONTROLS = "/__sandbox/"
MASK = "***"


class Played(Protocol):
    """What the controls need of a system."""

    log: Log
    faults: Faults
    webhook: Webhook | None

    def accounts(self) -> Mapping[str, Json]:
        """The accounts as they are, by id."""

    def edit(self, account: str, changes: Mapping[str, Json]) -> None:
        """A person changes attributes (by name) in the console.  Raises KeyError if the account is not there."""

    def expire(self) -> None:
        """The tokens that were given out are refused from now on."""

    def reset(self) -> None:
        """Accounts and tokens as at the start."""


class Stage:
    """The ASGI application: the API with all that stands before it.

    secrets  header names (in lower case) that carry credentials
    tokens   paths whose bodies do
    """

    def __init__(
        self, played: Played, api: ASGIApp, *, secrets: Iterable[str] = ("authorization",), tokens: Iterable[str] = ()
    ) -> None:
        self._played, self._api = played, api
        self._secrets, self._tokens = frozenset(secrets), frozenset(tokens)
        self._controls = _controls(played)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROLS):
            await self._controls(scope, receive, send)
            return
        body = await _body(receive)
        entry = self._noted(scope, body)
        fault = self._played.faults.take(scope["method"], scope["path"]) or Fault()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        answer: list[Message] = await self._acted(scope, body) if fault.act else []
        if fault.drop:
            await _cut(receive)
            return
        if fault.hold:
            await self._played.faults.held()
        if fault.status or not answer:
            answered = Response(fault.body, fault.status or 500, fault.headers)
            answer = []
            await answered(scope, receive, _into(answer))
        entry["status"] = answer[0]["status"]
        for message in answer:
            await send(message)

    async def _acted(self, scope: Scope, body: bytes) -> list[Message]:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        answer: list[Message] = []
        await self._api(scope, receive, _into(answer))
        return answer

    def _noted(self, scope: Scope, body: bytes) -> dict[str, Json]:
        query = scope["query_string"].decode("latin-1")
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        entry: dict[str, Json] = {
            "time": time.time(),
            "method": scope["method"],
            "path": path + (f"?{query}" if query and "?" not in path else ""),
            "headers": {name: MASK if name.lower() in self._secrets else value for name, value in headers.items()},
            "body": MASK if scope["path"] in self._tokens else body.decode(errors="replace"),
            "status": 0,
        }
        self._played.log.requests.append(entry)
        return entry


def _into(messages: list[Message]) -> Send:
    async def send(message: Message) -> None:
        messages.append(message)

    return send


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _cut(receive: Receive) -> None:
    """ASGI has no word for cutting a connection; uvicorn's `receive` is a method of what holds it."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise Dropped
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def _controls(played: Played) -> Starlette:
    async def log(request: Request) -> Response:
        if request.method == "DELETE":
            played.log.clear()
        return JSONResponse(played.log.shown())

    async def users(_: Request) -> Response:
        return JSONResponse(played.accounts())

    async def edit(request: Request) -> Response:
        try:
            played.edit(request.path_params["id"], await request.json())
        except KeyError:
            return JSONResponse({"error": "no such account or attribute"}, 404)
        return JSONResponse(played.accounts()[request.path_params["id"]])

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            played.faults.clear()
        elif request.method == "POST":
            given: dict[str, Any] = await request.json()
            if unknown := given.keys() - {known.name for known in fields(Fault)}:
                return JSONResponse({"error": f"no such fields of a fault: {', '.join(sorted(unknown))}"}, 400)
            played.faults.add(Fault(**given))
        return JSONResponse([asdict(fault) for fault in played.faults.waiting])

    async def webhook(request: Request) -> Response:
        given = await request.json()
        played.webhook = Webhook(given["url"], given.get("secret", ""), given.get("lost") is True) if given["url"] else None
        return Response(status_code=204)

    def act(does: Callable[[], None]) -> Callable[[Request], Awaitable[Response]]:
        async def done(_: Request) -> Response:
            does()
            return Response(status_code=204)

        return done

    def reset() -> None:
        played.faults.clear()
        played.log.clear()
        played.reset()

    return Starlette(
        routes=[
            Route(CONTROLS + "log", log, methods=["GET", "DELETE"]),
            Route(CONTROLS + "users", users, methods=["GET"]),
            Route(CONTROLS + "users/{id}", edit, methods=["PATCH"]),
            Route(CONTROLS + "faults", faults, methods=["GET", "POST", "DELETE"]),
            Route(CONTROLS + "release", act(played.faults.release), methods=["POST"]),
            Route(CONTROLS + "expire", act(played.expire), methods=["POST"]),
            Route(CONTROLS + "webhook", webhook, methods=["PUT"]),
            Route(CONTROLS + "reset", act(reset), methods=["POST"]),
        ]
    )
