"""A Descope project in memory: the parts of its management API and of its Audit Webhook that its documents and SDKs describe.

What they leave open is a switch (`Unconfirmed`), but for three things that are played strictly and are UNCONFIRMED, too: a
refused key is 401, a value that is not of its attribute's type is refused (E011003), and a search compares e-mail addresses
exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.contract import Json
from connectors.descope.sandbox.answers import Refusal, body_of
from connectors.descope.sandbox.audit import BATCH, Packer, modified
from connectors.descope.sandbox.directory import Declared, Directory, User
from connectors.descope.sandbox.unconfirmed import Unconfirmed
from connectors.sandbox import Answered, Faults, Log, Post, Sender, Stage, Webhook, Window, answered, post

__all__ = ["SEED", "Declared", "Sandbox", "Unconfirmed"]

SEED: Mapping[str, Json] = {
    "project": "P2sandbox",
    "key": "sandbox-key",
    "declared": {"department": {}, "employee_number": {}, "level": {"type": 4, "options": ["junior", "senior"]}},
    "users": [
        {"userId": "U1", "loginIds": ["ana@example.com"], "email": "ana@example.com", "givenName": "Ana"},
        {"userId": "U2", "loginIds": ["ben"], "email": "ben@example.com", "customAttributes": {"employee_number": "9"}},
    ],
}
"""What it begins with, if nobody says otherwise: keyword arguments of `Sandbox`, as JSON."""

MOST = 100
"""Users on one page, if a search does not ask for fewer."""


class Sandbox:
    """The ASGI application.

    users         each with its `userId` and what is not empty (`loginIds`, `email`, `customAttributes`, ...)
    declared      the custom attributes that exist, by machine name
    project, key  the two halves of the bearer token
    tier          what the project's license says
    calls, per    the rate limit: calls in every `per` seconds
    linger        seconds for which a webhook waits for more events
    """

    def __init__(
        self,
        users: Sequence[Mapping[str, Json]] = (),
        declared: Mapping[str, Declared] | None = None,
        *,
        project: str = "P2sandbox",
        key: str = "sandbox-key",
        tier: str = "tier1",
        unconfirmed: Unconfirmed | None = None,
        calls: int = 500,
        per: float = 60.0,
        webhook: Webhook | None = None,
        linger: float = 0.05,
        post: Post = post,
    ) -> None:
        self.unconfirmed = unconfirmed or Unconfirmed()
        self.log, self.faults, self.webhook = Log(), Faults(), webhook
        size = 1 if self.unconfirmed.envelope == "single" else BATCH
        self.sender = Sender(self.log, Packer(self.unconfirmed).pack, size=size, linger=linger, post=post)
        self.directory = Directory(users, declared or {}, self.unconfirmed)
        self._project, self._key, self._tier, self._accepts = project, key, tier, True
        self._window = Window(calls, per)
        api = Starlette(
            routes=[
                Route("/v1/mgmt/license", self._license),
                Route("/v1/mgmt/user", self._load),
                Route("/v1/mgmt/user/customattributes", self._declarations),
                Route("/v1/mgmt/user/update/customAttribute", self._set_custom, methods=["POST"]),
                Route("/v1/mgmt/user/patch", self._patch, methods=["PATCH"]),
                Route("/v2/mgmt/user/search", self._search, methods=["POST"]),
            ],
            exception_handlers={Answered: answered},
        )
        self._stage = Stage(self, api)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stage(scope, receive, send)

    # ---------------------------------------------------------------- the controls

    def accounts(self) -> Mapping[str, Json]:
        return self.directory.users

    def edit(self, account: str, changes: Mapping[str, Json]) -> None:
        """By name: `givenName`, `customAttributes.department`."""
        user = self.directory.users[account]
        self._told(user, self.directory.edit(user, changes), "person")

    def expire(self) -> None:
        """The management key is refused until the next reset."""
        self._accepts = False

    def reset(self) -> None:
        self._accepts = True
        self._window.reset()
        self.sender.forget()
        self.directory.reset()

    # ---------------------------------------------------------------- the API

    async def _license(self, request: Request) -> Response:
        self._enter(request)
        return JSONResponse({"rateLimitTier": self._tier})

    async def _load(self, request: Request) -> Response:
        self._enter(request)
        asked = request.query_params
        if "userId" in asked:
            user = self.directory.users.get(asked["userId"])
        elif "loginId" in asked:
            user = self.directory.by_login_id(asked["loginId"])
        else:
            raise Refusal(400, "E011002", "loginId or userId")
        return self._shown(user)

    async def _search(self, request: Request) -> Response:
        self._enter(request)
        asked = await body_of(request)
        limit, page = asked.get("limit") or MOST, asked.get("page") or 0
        if not isinstance(limit, int) or not isinstance(page, int) or limit < 0 or page < 0:
            raise Refusal(400, "E011004", "limit and page")
        found = self.directory.matching(asked)
        users = [self.directory.shown(user) for user in found[page * limit : (page + 1) * limit]]
        return JSONResponse({"users": users, "total": len(found)} if users else {"total": len(found)} if found else {})

    async def _set_custom(self, request: Request) -> Response:
        self._enter(request)
        body = await body_of(request)
        user, name = self._meant(body), body.get("attributeKey")
        if not isinstance(name, str) or not name:
            raise Refusal(400, "E011002", "attributeKey")
        self._told(user, self.directory.set_custom(user, name, body.get("attributeValue")), "api")
        return self._shown(user)

    async def _patch(self, request: Request) -> Response:
        self._enter(request)
        body = await body_of(request)
        user = self._meant(body)
        self._told(user, self.directory.patch(user, body), "api")
        return self._shown(user)

    async def _declarations(self, request: Request) -> Response:
        self._enter(request)
        listed = [
            {
                "name": name, "type": attribute.type, "displayName": name.title(), "defaultValue": None, "viewPermissions": [],
                "options": [{"value": option, "label": option.title()} for option in attribute.options],
                "editPermissions": [], "editable": True,
            }
            for name, attribute in self.directory.declared.items()
        ]  # fmt: skip
        return JSONResponse({"data": listed, "total": str(len(listed))})

    # ---------------------------------------------------------------- who may, and whom it is about

    def _enter(self, request: Request) -> None:
        """Raises Refusal for a request that may not pass."""
        if not self._accepts or request.headers.get("authorization") != f"Bearer {self._project}:{self._key}":
            raise Refusal(401, "", "the management key is not accepted")
        if not self._window.count():
            raise Refusal(429, "E130429", "too many requests", {"Retry-After": str(math.ceil(self._window.seconds))})

    def _meant(self, body: Mapping[str, Json]) -> User:
        """Raises Refusal."""
        if not body.get("loginId"):
            raise Refusal(400, "E011002", "loginId")
        return self._known(self.directory.by_either(body["loginId"]))

    def _known(self, user: User | None) -> User:
        if user is None:
            raise Refusal(self.unconfirmed.missing, "E112102", "no such user")
        return user

    def _shown(self, user: User | None) -> Response:
        return JSONResponse({"user": self.directory.shown(self._known(user))})

    def _told(self, user: User, changed: Mapping[str, Json], by: str) -> None:
        account = str(user["userId"])
        for name, value in changed.items():
            self.log.applies(account, name, value, by)
        if changed:
            actor = "K2sandboxkey" if by == "api" else "U2descoper"
            self.sender.say(self.webhook, modified(self._project, user, changed, actor, self.unconfirmed))
