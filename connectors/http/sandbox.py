"""A JSON user directory in memory, to try the connector `http` with.  It is no vendor's API.

    GET    /users?email=&external_id=    {"users": [...]}, exact
    GET    /users/{id}                   {"id", "email", ..., "attributes": {...}}
    PATCH  /users/{id}                   merges the attributes that are sent (RFC 7396)
    PUT    /users/{id}                   replaces all attributes
    DELETE /users/{id}/attributes/{name}

It takes a bearer token, refuses attributes that it does not know (422, which names none), and sends webhooks in the generic
shape, signed as Standard Webhooks.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.contract import Json
from connectors.sandbox import Faults, Log, Post, Sender, Stage, Webhook, post

User = dict[str, Json]

SEED: Mapping[str, Json] = {
    "token": "sandbox-token",
    "users": [
        {"id": "d-ana", "email": "ana@example.com", "attributes": {"locale": "pt_PT"}},
        {"id": "d-ben", "email": "ben@example.com", "attributes": {}},
        {"id": "d-cho", "email": "cho@example.com", "attributes": {"phone": "+44 20 7946 0000"}},
    ],
}
"""What it begins with, if nobody says otherwise: keyword arguments of `Sandbox`, as JSON."""


class Sandbox:
    """The ASGI application.

    users       each with `id` and, if it likes, `email`, `external_id`, `attributes`
    known       the names of attributes that exist; None: any
    token       the bearer token, until it is made to expire
    """

    def __init__(
        self,
        users: Sequence[Mapping[str, Json]] = (),
        known: Sequence[str] | None = None,
        *,
        token: str = "sandbox-token",  # noqa: S107 - of a sandbox
        webhook: Webhook | None = None,
        post: Post = post,
    ) -> None:
        self.log, self.faults, self.webhook = Log(), Faults(), webhook
        self.sender = Sender(self.log, signed, post=post)
        self._first = {str(user["id"]): {"attributes": {}, **user} for user in users}
        self.users: dict[str, User] = copy.deepcopy(self._first)
        self._known, self._token, self._accepts, self._sequence = known, token, True, 0
        one = "/users/{id}"
        api = Starlette(
            routes=[
                Route("/users", self._list),
                Route(one, self._read, methods=["GET"]),
                Route(one, self._write, methods=["PATCH", "PUT"]),
                Route(one + "/attributes/{name}", self._delete, methods=["DELETE"]),
            ],
            exception_handlers={KeyError: _not_found, PermissionError: _not_allowed},
        )
        self._stage = Stage(self, api)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stage(scope, receive, send)

    # ---------------------------------------------------------------- the controls

    def accounts(self) -> Mapping[str, Json]:
        return self.users

    def edit(self, account: str, changes: Mapping[str, Json]) -> None:
        self._change(self.users[account], changes, "person")

    def expire(self) -> None:
        """The token is refused until the next reset."""
        self._accepts = False

    def reset(self) -> None:
        self._accepts = True
        self.sender.forget()
        self.users = copy.deepcopy(self._first)

    # ---------------------------------------------------------------- the API

    async def _list(self, request: Request) -> Response:
        self._enter(request)
        asked = request.query_params
        found = [user for user in self.users.values() if all(user.get(name) == value for name, value in asked.items())]
        return JSONResponse({"users": found})

    async def _read(self, request: Request) -> Response:
        self._enter(request)
        return JSONResponse(self.users[request.path_params["id"]])

    async def _write(self, request: Request) -> Response:
        self._enter(request)
        user = self.users[request.path_params["id"]]
        try:
            body = json.loads(await request.body())
        except ValueError:
            return JSONResponse({"error": "no JSON"}, 400)
        given = body.get("attributes") if isinstance(body, dict) else None
        if not isinstance(given, dict):
            return JSONResponse({"error": "attributes: an object"}, 400)
        if self._known is not None and given.keys() - set(self._known):
            return JSONResponse({"error": "unknown attribute"}, 422)
        if request.method == "PUT":
            user["attributes"] = {}
        self._change(user, given, "api")
        return JSONResponse(user)

    async def _delete(self, request: Request) -> Response:
        self._enter(request)
        self._change(self.users[request.path_params["id"]], {request.path_params["name"]: None}, "api")
        return Response(status_code=204)

    def _enter(self, request: Request) -> None:
        if not self._accepts or request.headers.get("authorization") != f"Bearer {self._token}":
            raise PermissionError

    def _change(self, user: User, changes: Mapping[str, Json], by: str) -> None:
        attributes = user["attributes"]
        assert isinstance(attributes, dict)
        user["attributes"] = merged(attributes, changes)
        for name, value in changes.items():
            self.log.applies(str(user["id"]), name, value, by)
        self._sequence += 1
        self.sender.say(self.webhook, event(user, changes, self._sequence))


def merged(held: Mapping[str, Json], patch: Mapping[str, Json]) -> dict[str, Json]:
    """JSON Merge Patch (RFC 7396)."""
    result = dict(held)
    for name, value in patch.items():
        inner = result.get(name)
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = merged(inner if isinstance(inner, dict) else {}, value)
        else:
            result[name] = value
    return result


def event(user: Mapping[str, Json], changes: Mapping[str, Json], sequence: int) -> Json:
    """In the generic shape: what changed, and when."""
    subject = {name: user[name] for name in ("id", "email", "external_id") if user.get(name) is not None}
    return {
        "type": "user.updated",
        "id": f"evt-{uuid.uuid4()}",
        "timestamp": datetime.now(UTC).isoformat(),
        "sequence": sequence,
        "data": {**subject, "attributes": dict(changes)},
    }


def signed(events: Sequence[Json], secret: str) -> tuple[Mapping[str, str], bytes]:
    """One event as a Standard Webhook (`v1`); its id is the webhook's, so that a repetition is known as one."""
    (said,) = events
    assert isinstance(said, dict)
    body = json.dumps(said).encode()
    name, stamp = str(said["id"]), str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    return headers, body


async def _not_found(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": "not found"}, 404)


async def _not_allowed(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": "unauthorized"}, 401, {"WWW-Authenticate": "Bearer"})
