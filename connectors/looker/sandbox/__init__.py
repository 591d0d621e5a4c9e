"""A Looker instance in memory: the parts of its API 4.0 that its documents and its specification describe.

Where they say nothing, `Unconfirmed` holds what is played.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.contract import Json
from connectors.looker.sandbox.answers import error, invalid, not_found, only, parsed
from connectors.looker.sandbox.attributes import SYSTEM, Sources, UserAttribute
from connectors.looker.sandbox.directory import CREDENTIALS, WRITABLE, Directory, User, attributes_of
from connectors.looker.sandbox.gate import ApiKey, Gate
from connectors.sandbox import Answered, Faults, Log, Stage, Webhook, answered

__all__ = ["SEED", "ApiKey", "Sandbox", "Sources", "Unconfirmed", "UserAttribute"]

SEED: Mapping[str, Json] = {
    "keys": [{"client_id": "sandbox", "client_secret": "sandbox-secret"}],
    "attributes": [
        {"id": "20", "name": "employee_number", "own": {"102": "9"}},
        {"id": "21", "name": "cost_center", "default": "none"},
        {"id": "22", "name": "sees_salaries", "type": "yesno"},
    ],
    "users": [
        {"id": "101", "email": "ana@example.com", "first_name": "Ana", "last_name": "Alves"},
        {"id": "102", "email": "ben@example.com", "first_name": "Ben", "last_name": "Berg"},
    ],
}
"""What it begins with, if nobody says otherwise: keyword arguments of `Sandbox`, as JSON."""

API = "/api/4.0"
FILTERS = frozenset({"id", "email", "first_name", "last_name"})


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """What the documents leave open, and is played one way or the other.

    sources      the words of `source`
    yes, no      the words of a yesno value
    unset        the answer to a DELETE of a value that is not set: 404 or 204
    unsettable   the answer to a write of a user attribute that nobody may set: 403, 422 or 404
    nulls        first_name, last_name and locale take null; if not, they take ""
    core         Looker (Google Cloud core): look-ups by credential and e-mail credentials are denied
    retry_after  seconds that a 429 names; None: it names none
    """

    sources: Sources = field(default_factory=Sources)
    yes: str = "yes"
    no: str = "no"
    unset: int = 404
    unsettable: int = 403
    nulls: bool = True
    core: bool = False
    retry_after: int | None = None


class Sandbox:
    """The ASGI application.

    users        each with its `id` (of digits), `groups` (names) and the fields that are not null
    attributes   the user attributes beside those of the system
    calls, per   the rate limit: calls in every `per` seconds; 0: none
    """

    def __init__(
        self,
        users: Sequence[Mapping[str, Json]] = (),
        attributes: Sequence[UserAttribute] = (),
        *,
        keys: Sequence[ApiKey] = (ApiKey(),),
        calls: int = 0,
        per: float = 60.0,
        unconfirmed: Unconfirmed = Unconfirmed(),
    ) -> None:
        self.log, self.faults = Log(), Faults()
        self.webhook: Webhook | None = None  # Looker has none of its own
        self.directory = Directory(users)
        self.gate = Gate(keys, calls, per, unconfirmed.retry_after)
        self._unconfirmed = unconfirmed
        system = [UserAttribute(str(n), name, system=True, settable=False) for n, name in enumerate(SYSTEM, 1)]
        self._first = [*system, *attributes]
        self.attributes = copy.deepcopy(self._first)
        value = "/users/{id}/attribute_values/{attribute}"
        api = Starlette(
            routes=[
                Route(API + "/login", self.gate.login, methods=["POST"]),
                Route(API + "/logout", self.gate.logout, methods=["DELETE"]),
                Route("/api/logout", self.gate.logout, methods=["DELETE"]),  # so asks the Python SDK
                Route(API + "/user", self._me),
                Route(API + "/user_attributes", self._user_attributes),
                Route(API + "/users/search", self._search),
                Route(API + "/users/credential/{kind}/{value:path}", self._by_credential),
                Route(API + "/users/{id}", self._user, methods=["GET"]),
                Route(API + "/users/{id}", self._update, methods=["PATCH"]),
                Route(API + "/users/{id}/credentials_email", self._credentials_email, methods=["GET", "PATCH"]),
                Route(API + "/users/{id}/attribute_values", self._values),
                Route(API + value, self._set, methods=["PATCH"]),
                Route(API + value, self._delete, methods=["DELETE"]),
            ],
            exception_handlers={Answered: answered, 404: _nothing},
        )
        self._stage = Stage(self, api, tokens=[API + "/login"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stage(scope, receive, send)

    # ---------------------------------------------------------------- the controls

    def accounts(self) -> Mapping[str, Json]:
        return {account: attributes_of(user, self.attributes) for account, user in self.directory.users.items()}

    def edit(self, account: str, changes: Mapping[str, Json]) -> None:
        """By name: `locale`, `employee_number`; null clears."""
        user = self.directory.users[account]
        for name, value in changes.items():
            attribute = next((a for a in self.attributes if a.name == name and not a.system), None)
            if attribute is None and name not in (*WRITABLE, "email"):
                raise KeyError(name)
            if attribute is None:
                user[name] = value
            elif value is None:
                attribute.own.pop(account, None)
            else:
                attribute.own[account] = str(value)
            self.log.applies(account, name, value, "person")

    def expire(self) -> None:
        self.gate.expire()

    def reset(self) -> None:
        self.gate.reset()
        self.directory.reset()
        self.attributes = copy.deepcopy(self._first)

    # ---------------------------------------------------------------- users

    async def _me(self, request: Request) -> Response:
        key = self.gate.enter(request)
        user = self.directory.users.get(key.user_id) or {"id": key.user_id, "first_name": "API", "last_name": "", "groups": []}
        return JSONResponse(only(self.directory.shown(user, full=True), request))

    async def _search(self, request: Request) -> Response:
        """Without details a filter by e-mail address is not available: it is passed over."""
        key = self.gate.enter(request)
        asked = request.query_params
        filters = {name: text for name, text in asked.items() if name in FILTERS and (key.admin or name != "email")}
        users = self.directory.search(filters)
        offset = int(asked.get("offset", "0"))
        users = users[offset : offset + int(asked.get("limit", len(users)))]
        return JSONResponse([only(self.directory.shown(user, full=key.admin), request) for user in users])

    async def _by_credential(self, request: Request) -> Response:
        key = self.gate.enter(request)
        self._may_see_credentials()
        kind = request.path_params["kind"]
        user = self.directory.with_credential(kind, request.path_params["value"]) if kind in CREDENTIALS else None
        if user is None or not key.admin:
            raise not_found()
        return JSONResponse(only(self.directory.shown(user, full=True), request))

    async def _user(self, request: Request) -> Response:
        key = self.gate.enter(request)
        user = self.directory.users.get(request.path_params["id"])
        if user is None:
            raise not_found()
        return JSONResponse(only(self.directory.shown(user, full=key.admin or user["id"] == key.user_id), request))

    async def _update(self, request: Request) -> Response:
        """Read-only fields are passed over."""
        user = self._writable(request)
        changes = {name: value for name, value in (await parsed(request)).items() if name in WRITABLE}
        for name, value in changes.items():
            if value is None and name in ("first_name", "last_name", "locale") and not self._unconfirmed.nulls:
                raise invalid(name, f"{name} cannot be nil")
        for name, value in changes.items():
            user[name] = value
            self.log.applies(str(user["id"]), name, value, "api")
        return JSONResponse(only(self.directory.shown(user, full=True), request))

    async def _credentials_email(self, request: Request) -> Response:
        user = self._writable(request)
        self._may_see_credentials()
        credential = user["credentials_email"]
        if not isinstance(credential, dict):
            raise not_found()
        if request.method == "PATCH":
            email = (await parsed(request)).get("email")
            if not isinstance(email, str) or "@" not in email:
                raise invalid("email", "Email is invalid")
            if any(other["email"] == email for other in self.directory.users.values() if other is not user):
                raise invalid("email", "Email already in use", "already_exists")
            credential["email"] = user["email"] = email
            self.log.applies(str(user["id"]), "email", email, "api")
        return JSONResponse(only(credential, request))

    def _may_see_credentials(self) -> None:
        if self._unconfirmed.core:
            raise Answered(error(403, "Permission Denied"))

    def _writable(self, request: Request) -> User:
        """Without permission nothing is there.  Raises Answered."""
        key = self.gate.enter(request)
        user = self.directory.users.get(request.path_params["id"])
        if user is None or not key.admin:
            raise not_found()
        return user

    # ---------------------------------------------------------------- user attributes

    async def _user_attributes(self, request: Request) -> Response:
        key = self.gate.enter(request)
        return JSONResponse([only(attribute.shown(admin=key.admin), request) for attribute in self.attributes])

    async def _values(self, request: Request) -> Response:
        """The first value on the way user, groups, default, or (all_values) each of them."""
        user = self._writable(request)
        asked = request.query_params
        ids = [number for text in asked.getlist("user_attribute_ids") for number in text.split(",") if number]
        records = []
        for attribute in self.attributes:
            if ids and attribute.id not in ids:
                continue
            way = attribute.found(user, self._unconfirmed.sources)
            if not way and asked.get("include_unset") == "true":
                way = [(None, self._unconfirmed.sources.unset)]
            for rank, (value, source) in enumerate(way if asked.get("all_values") == "true" else way[:1]):
                records.append(only(attribute.record(str(user["id"]), value, source, rank), request))
        return JSONResponse(records)

    async def _set(self, request: Request) -> Response:
        user, attribute = self._value_of(request)
        value = attribute.accept((await parsed(request)).get("value"), (self._unconfirmed.yes, self._unconfirmed.no))
        account = str(user["id"])
        attribute.own[account] = value
        self.log.applies(account, attribute.name, value, "api")
        return JSONResponse(attribute.record(account, value, self._unconfirmed.sources.own, 0))

    async def _delete(self, request: Request) -> Response:
        user, attribute = self._value_of(request)
        account = str(user["id"])
        if account not in attribute.own and self._unconfirmed.unset == 404:
            raise not_found()
        attribute.own.pop(account, None)
        self.log.applies(account, attribute.name, None, "api")
        return Response(status_code=204)

    def _value_of(self, request: Request) -> tuple[User, UserAttribute]:
        """Raises Answered."""
        user = self._writable(request)
        attribute = next((a for a in self.attributes if a.id == request.path_params["attribute"]), None)
        if attribute is None:
            raise not_found()
        if attribute.system or not attribute.settable:
            match self._unconfirmed.unsettable:
                case 422:
                    raise invalid("value", "User attribute cannot be set")
                case code:
                    raise Answered(error(code, "Not found" if code == 404 else "Permission Denied"))
        return user, attribute


async def _nothing(_: Request, __: Exception) -> Response:
    return error(404, "Not found")
