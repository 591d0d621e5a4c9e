"""A OneLogin account in memory: the parts of its API and of its event webhooks that its documents describe.

Where the documents say nothing the strict reading is played, and is UNCONFIRMED: 429 above the rate limit; the answer of v2 for
a missing scope; 422 for an unknown field of v2; mappings that also run after v1, and after a change by a person; e-mail and
username found in any case.  One reading is lenient: v2 ignores fields that it only shows.  What changes how a connector must be
configured is a switch (`Unconfirmed`).
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.contract import Json
from connectors.moment import microseconds
from connectors.onelogin.sandbox.answers import flat, status
from connectors.onelogin.sandbox.directory import BOUNDS, Directory, FieldError, User
from connectors.onelogin.sandbox.events import TYPES, UPDATED, Events, QueryError, batch
from connectors.onelogin.sandbox.gate import ApiCredential, Gate
from connectors.onelogin.sandbox.mappings import RUNS, UserMapping, run
from connectors.onelogin.sandbox.unconfirmed import Unconfirmed
from connectors.sandbox import Answered, Faults, Log, Post, Sender, Stage, Webhook, answered, document, post

__all__ = ["SEED", "ApiCredential", "Sandbox", "Unconfirmed", "UserMapping"]

SEED: Mapping[str, Json] = {
    "credentials": [{"client_id": "demo", "client_secret": "sandbox-secret", "scope": "Manage users"}],
    "shortnames": ["employee_number", "building"],
    "users": [
        {"id": 1001, "email": "ana@example.com", "firstname": "Ana", "department": "Operations"},
        {"id": 1002, "email": "ben@example.com", "firstname": "Ben", "custom_attributes": {"employee_number": "9"}},
        {"id": 1003, "email": "cho@example.com", "firstname": "Cho", "title": "Analyst"},
    ],
}
"""What it begins with, if nobody says otherwise: keyword arguments of `Sandbox`, as JSON."""

PAGE, MOST = 50, 100
FILTERS = frozenset({"email", "username", "external_id", "samaccountname", "firstname", "lastname", "directory_id"})
PAGING = frozenset({"fields", "limit", "page", "cursor", "user_ids"})
UPDATING = frozenset({"mappings", "validate_policy"})


class Sandbox:
    """The ASGI application.

    users       each with its `id` and the fields that are not null
    shortnames  the custom attributes that exist
    protected   users that no API credential may touch
    mappings    the administrator's rules
    calls, per  the rate limit: calls in every `per` seconds
    linger      seconds for which a webhook waits for more events (at OneLogin ten; ten events are one webhook in any case)
    """

    def __init__(
        self,
        users: Sequence[Mapping[str, Json]] = (),
        shortnames: Sequence[str] = (),
        *,
        credentials: Sequence[ApiCredential] = (ApiCredential(),),
        protected: Sequence[int] = (),
        mappings: Sequence[UserMapping] = (),
        unconfirmed: Unconfirmed | None = None,
        calls: int = 5000,
        per: float = 3600.0,
        webhook: Webhook | None = None,
        linger: float = 0.05,
        post: Post = post,
    ) -> None:
        self.log, self.faults, self.webhook = Log(), Faults(), webhook
        self.sender = Sender(self.log, batch, size=10, linger=linger, post=post)
        self.unconfirmed = unconfirmed or Unconfirmed()
        self.directory = Directory(users, shortnames, self.unconfirmed)
        self.gate = Gate(credentials, calls, per)
        self.events = Events()
        self._protected, self._mappings = frozenset(protected), tuple(mappings)
        api = Starlette(
            routes=[
                Route("/auth/oauth2/v2/token", self.gate.token, methods=["POST"]),
                Route("/auth/rate_limit", self.gate.rate_limit),
                Route("/api/1/events", self._events),
                Route("/api/1/events/types", self._event_types),
                Route("/api/1/users/custom_attributes", self._definitions_v1),
                Route("/api/1/users/{id}/set_custom_attributes", self._set_custom_attributes, methods=["PUT"]),
                Route("/api/2/users", self._list),
                Route("/api/2/users/custom_attributes", self._definitions),
                Route("/api/2/users/{id}", self._user, methods=["GET"]),
                Route("/api/2/users/{id}", self._update, methods=["PUT"]),
            ],
            exception_handlers={Answered: answered},
        )
        self._stage = Stage(self, api, tokens=["/auth/oauth2/v2/token"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stage(scope, receive, send)

    # ---------------------------------------------------------------- the controls

    def accounts(self) -> Mapping[str, Json]:
        return {str(number): user for number, user in self.directory.users.items()}

    def edit(self, account: str, changes: Mapping[str, Json]) -> None:
        """By name: `department`, `custom_attributes.employee_number`."""
        user = self.directory.users[int(account)]
        for name, value in changes.items():
            self.directory.set(user, name, value)
            self.log.applies(account, name, value, "person")
        self.sender.say(self.webhook, self.events.happened(UPDATED, user, actor="Ada Admin", credential=None))
        self._map(user)

    def expire(self) -> None:
        self.gate.expire()

    def reset(self) -> None:
        self.gate.reset()
        self.sender.forget()
        self.directory.reset()
        self.events.forget()

    async def _map_later(self, user: User) -> None:
        self._map(user)

    def _map(self, user: User) -> None:
        if changed := run(self._mappings, self.directory, user):
            for name, value in changed.items():
                self.log.applies(str(user["id"]), name, value, "mapping")
            self.sender.say(self.webhook, self.events.happened(UPDATED, user, actor=None, credential=None))

    # ---------------------------------------------------------------- version 1

    async def _set_custom_attributes(self, request: Request) -> Response:
        credential = self.gate.enter(request, 1)
        given = request.path_params["id"]
        if not re.fullmatch(r"[0-9]{1,18}", given):
            return status(400, "bad request", {"attribute": "id", "description": "ID is incorrect"})
        user = self.directory.users.get(int(given))
        if user is None:
            return status(404, "not found", f"User for id {given} was not found")
        if int(given) in self._protected:
            return status(403, "forbidden", "user is not authorized to access this User")
        body = await document(request)
        if body is None:
            return status(400, "bad request", "Input JSON is not valid")
        values = body.get("custom_attributes")
        if not isinstance(values, dict) or not values:
            return status(400, "bad request", "custom_attributes is empty")
        if any(name not in self.directory.shortnames for name in values):
            known = "".join(f"{name} " for name in self.directory.shortnames)
            return status(400, "bad request", f"input custom_attributes is not valid. Valid custom_attributes -> [{known}]")
        for name, value in values.items():
            self.directory.set(user, f"custom_attributes.{name}", None if value == "" else value)
            self.log.applies(given, f"custom_attributes.{name}", value, "api")
        self.sender.say(self.webhook, self.events.happened(UPDATED, user, actor=None, credential=credential.client_id))
        self._map(user)
        return status(200, "success", "Success", self.gate.allowance())

    async def _definitions_v1(self, request: Request) -> Response:
        self.gate.enter(request, 1)
        told = {"error": False, "code": 200, "type": "success", "message": "Success"}
        return JSONResponse({"status": told, "data": [[*self.directory.shortnames]]}, headers=self.gate.allowance())

    async def _events(self, request: Request) -> Response:
        self.gate.enter(request, 1)
        try:
            events, before, after = self.events.listed(request.query_params)
        except QueryError as error:
            return status(400, "bad request", str(error), self.gate.allowance())
        told = {"error": False, "code": 200, "type": "success", "message": "Success"}
        here = request.url.remove_query_params(["before_cursor", "after_cursor"])
        links = [
            None if place is None else str(here.include_query_params(**{name: place}))
            for name, place in (("before_cursor", before), ("after_cursor", after))
        ]
        pagination = {"before_cursor": before, "after_cursor": after, "previous_link": links[0], "next_link": links[1]}
        return JSONResponse({"status": told, "pagination": pagination, "data": events}, headers=self.gate.allowance())

    async def _event_types(self, _: Request) -> Response:
        told = {"error": False, "code": 200, "type": "success", "message": "Success"}
        return JSONResponse({"status": told, "data": [*TYPES]})

    # ---------------------------------------------------------------- version 2

    async def _definitions(self, request: Request) -> Response:
        self.gate.enter(request, 2)
        listed = [
            {"id": 1000 + n, "name": name.replace("_", " ").title(), "shortname": name, "position": n}
            for n, name in enumerate(self.directory.shortnames)
        ]
        return JSONResponse(listed, headers=self.gate.allowance())

    async def _list(self, request: Request) -> Response:
        self.gate.enter(request, 2)
        asked = dict(request.query_params)
        custom = {f"custom_attributes.{name}" for name in self.directory.shortnames}
        if other := asked.keys() - FILTERS - BOUNDS - PAGING - custom:
            return flat(400, "BadRequestError", f"query parameter(s) not allowed: {', '.join(sorted(other))}")
        for name in BOUNDS & asked.keys():
            if not _is_time(asked[name]):
                return flat(400, "BadRequestError", f"{name} is not a valid time")
        users = self.directory.matching({name: value for name, value in asked.items() if name not in PAGING})
        if "user_ids" in asked:
            users = [user for user in users if str(user["id"]) in asked["user_ids"].split(",")]
        limit = min(_number(asked.get("limit", ""), PAGE), MOST)
        start = (_number(asked.get("page", ""), 1) - 1) * limit
        if "cursor" in asked:
            start = _number(base64.urlsafe_b64decode(asked["cursor"]).decode(), 0)
        headers = {
            "Current-Page": str(start // limit + 1),
            "Page-Items": str(limit),
            "Total-Count": str(len(users)),
            "Total-Pages": str(math.ceil(len(users) / limit)),
            **({"After-Cursor": _cursor(start + limit)} if start + limit < len(users) else {}),
            **({"Before-Cursor": _cursor(max(0, start - limit))} if start else {}),
        }
        shown = [self.directory.listed(user, asked.get("fields", "")) for user in users[start : start + limit]]
        return JSONResponse(shown, headers={**headers, **self.gate.allowance()})

    async def _user(self, request: Request) -> Response:
        self.gate.enter(request, 2)
        return JSONResponse(self._known(request), headers=self.gate.allowance())

    async def _update(self, request: Request) -> Response:
        credential = self.gate.enter(request, 2)
        user = self._known(request)
        if other := request.query_params.keys() - UPDATING:
            return flat(400, "BadRequestError", f"query parameter(s) not allowed: {', '.join(sorted(other))}")
        runs = request.query_params.get("mappings", "async")
        if runs not in RUNS:
            return flat(400, "BadRequestError", "mappings is not one of async, sync, disabled")
        body = await document(request)
        if body is None:
            return flat(400, "BadRequestError", "Input JSON is not valid")
        try:
            changed = self.directory.update(user, body)
        except FieldError as error:
            return flat(422, "UnprocessableEntityFieldError", str(error), field=error.name)
        for name, value in changed.items():
            self.log.applies(str(user["id"]), name, value, "api")
        self.sender.say(self.webhook, self.events.happened(UPDATED, user, actor=None, credential=credential.client_id))
        if runs == "sync":
            self._map(user)
        later = BackgroundTask(self._map_later, user) if runs == "async" else None
        shown = user if self.unconfirmed.answer == "user" else {"id": user["id"]}
        return JSONResponse(shown, headers=self.gate.allowance(), background=later)

    def _known(self, request: Request) -> User:
        """Raises Answered."""
        given = request.path_params["id"]
        user = self.directory.users.get(int(given)) if re.fullmatch(r"[0-9]{1,18}", given) else None
        if user is None:
            raise Answered(flat(404, "NotFoundError", "The resource with the given id could not be found"))
        if int(given) in self._protected:
            raise Answered(flat(403, "ForbiddenError", "user is not authorized to access this User"))
        return user


def _number(text: str, default: int) -> int:
    return max(1, int(text)) if re.fullmatch(r"[0-9]{1,9}", text) else default


def _is_time(text: str) -> bool:
    try:
        microseconds(text)
    except ValueError:
        return False
    return True


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode()
