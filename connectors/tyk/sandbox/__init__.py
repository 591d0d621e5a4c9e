"""A Tyk Enterprise Developer Portal in memory: users, custom attributes and webhooks of its Admin API, as its documents say.

Where they say nothing both readings can be played:

    path_id                what the last segment of `/users/{id}/custom-attributes/{id}` is: `value` (a row) or `definition`
    worm_allows_first_put  a write-once value that is still empty can be set once
    makes_rows             a PUT by a definition's id makes the value that a user has none of
    lists_unmade           the values that a user has none of are listed, empty and with the id 0
    deletes_rows           DELETE takes the row away; else it stays, empty
    replaces               PUT of a user empties the fields that it leaves out; else they stay
    lists_absent           the values of an absent user are an empty list; else 404
    text_plain             JSON comes as text/plain, as it did before 1.17
    empty_is_null          an empty list is `null`, as a user's `Teams` always is; else []
    most                   rows of a page at most, whatever `per_page` asks for

Always UNCONFIRMED: the answer to a token that is not accepted, and the texts in `errors`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.contract import Json
from connectors.sandbox import Faults, Log, Post, Sender, Stage, Webhook, document, number_of, post
from connectors.tyk.sandbox.events import event, under
from connectors.tyk.sandbox.portal import ZERO, Document, Portal, Refusal

__all__ = ["SEED", "Sandbox"]

SEED: Mapping[str, Json] = {
    "token": "sandbox-token",
    "definitions": [{"Identifier": "department"}, {"Identifier": "employee-number", "WriteOnceReadMany": True}],
    "users": [
        {"ID": 11, "Email": "ana@example.com", "First": "Ana", "custom_attributes": {"department": "Operations"}},
        {"ID": 12, "Email": "ben@example.com", "First": "Ben", "custom_attributes": {"employee-number": "9"}},
    ],
}
"""What it begins with, if nobody says otherwise: keyword arguments of `Sandbox`, as JSON."""

PAGE = 20
MODEL: Document = {"ID": 7, "ModelName": "User", "LastUpdatedBy": "admin@example.com", "UpdatedAt": "2026-11-20 10:00"}
"""The only model that can be extended, and its id."""


class Sandbox:
    """The ASGI application.

    users        each with `ID`, and what else `GET /users/{id}` shows; `custom_attributes`: values by identifier
    definitions  each with `Identifier`, and what else of a definition is not usual; their ids count from 1
    late         identifiers of attributes for which these users have no value
    token        the admin's API credential
    header       the name of the header under which webhooks carry their secret
    """

    def __init__(
        self,
        users: Sequence[Mapping[str, Json]] = (),
        definitions: Sequence[Mapping[str, Json]] = (),
        *,
        late: Sequence[str] = (),
        token: str = "sandbox-token",  # noqa: S107 - of a sandbox
        path_id: Literal["value", "definition"] = "value",
        worm_allows_first_put: bool = True,
        makes_rows: bool = True,
        lists_unmade: bool = False,
        deletes_rows: bool = True,
        replaces: bool = True,
        lists_absent: bool = True,
        text_plain: bool = False,
        empty_is_null: bool = False,
        most: int = 100,
        webhook: Webhook | None = None,
        header: str = "Authorization",
        post: Post = post,
    ) -> None:
        self.log, self.faults, self.webhook = Log(), Faults(), webhook
        self.sender = Sender(self.log, under(header), post=post)
        self.portal = Portal(
            users, definitions, late=late, path_id=path_id, worm_allows_first_put=worm_allows_first_put, makes_rows=makes_rows,
            deletes_rows=deletes_rows, replaces=replaces,
        )  # fmt: skip
        self._token, self._accepts, self._lists_absent, self._most = token, True, lists_absent, most
        self._lists_unmade = lists_unmade
        self._empty: Json = None if empty_is_null else []
        self._kind = "text/plain; charset=utf-8" if text_plain else "application/json"
        one, custom = "/portal-api/users/{id}", "/portal-api/users/{id}/custom-attributes"
        models = "/portal-api/extended_attributes"
        api = Starlette(
            routes=[
                Route("/portal-api/users", self._users, methods=["GET"]),
                Route("/portal-api/users", self._create, methods=["POST"]),
                Route(one, self._user, methods=["GET"]),
                Route(one, self._update, methods=["PUT"]),
                Route(custom, self._values, methods=["GET"]),
                Route(custom + "/{path}", self._value, methods=["GET"]),
                Route(custom + "/{path}", self._put, methods=["PUT"]),
                Route(custom + "/{path}", self._delete, methods=["DELETE"]),
                Route(models, self._models, methods=["GET"]),
                Route(models + "/{id}/custom-attributes", self._definitions, methods=["GET"]),
            ],
            exception_handlers={PermissionError: self._unauthorized, LookupError: self._missing, Refusal: self._refused},
        )
        self._stage = Stage(self, api)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stage(scope, receive, send)

    # ---------------------------------------------------------------- the controls

    def accounts(self) -> Mapping[str, Json]:
        return {
            str(number): {name: user[name] for name in ("ID", *ZERO, "Teams")} | {"custom_attributes": self.portal.custom(number)}
            for number, user in self.portal.users.items()
        }

    def edit(self, account: str, changes: Mapping[str, Json]) -> None:
        """An admin changes fields and custom attributes, by identifier, in the portal's own pages.  Nobody is told, but that a
        user is activated."""
        user = self.portal.users[int(account)]
        before = user["Active"]
        for name, value in changes.items():
            if name in ZERO:
                user[name] = value
            else:
                self.portal.set(int(account), name, "" if value is None else str(value))
            self.log.applies(account, name, value, "person")
        if user["Active"] and not before:
            self._say("UserAccountActivated", user)

    def register(self, user: Mapping[str, Json]) -> None:
        """Somebody signs up."""
        self._say("UserRegistered", self.portal.add(user))

    def expire(self) -> None:
        """The token is refused until the next reset."""
        self._accepts = False

    def reset(self) -> None:
        self._accepts = True
        self.sender.forget()
        self.portal.reset()

    # ---------------------------------------------------------------- users

    async def _users(self, request: Request) -> Response:
        self._enter(request)
        listed = [{name: user[name] for name in ("ID", *ZERO)} for user in self.portal.users.values()]
        return self._page(request, listed)

    async def _create(self, request: Request) -> Response:
        self._enter(request)
        body = await _document(request)
        if not body.get("Email") or not body.get("First"):
            raise Refusal("email and first name are required")
        user = self.portal.add({name: value for name, value in body.items() if name in ZERO})
        self._say("UserRegistered", user)
        return self._told(_shown(user))

    async def _user(self, request: Request) -> Response:
        return self._told(_shown(self._known(request)))

    async def _update(self, request: Request) -> Response:
        self._enter(request)
        user = self.portal.users.get(_number(request, "id"))
        if user is None:
            raise Refusal("user not found")
        was = user["Active"]
        for name, value in self.portal.update(user, await _document(request)).items():
            self.log.applies(str(user["ID"]), name, value, "api")
        if user["Active"] and not was:
            self._say("UserAccountActivated", user)
        return self._told(_shown(user))

    # ---------------------------------------------------------------- custom attributes

    async def _values(self, request: Request) -> Response:
        self._enter(request)
        number = _number(request, "id")
        if number not in self.portal.users and not self._lists_absent:
            raise LookupError
        rows = self.portal.values(number) + (self.portal.unmade(number) if self._lists_unmade else [])
        return self._page(request, [self.portal.element(row) for row in rows])

    async def _value(self, request: Request) -> Response:
        self._enter(request)
        row = self.portal.at(_number(request, "id"), _number(request, "path"))
        if row is None:
            raise LookupError
        return self._told(self.portal.element(row))

    async def _put(self, request: Request) -> Response:
        self._enter(request)
        value = (await _document(request)).get("Value")
        if not isinstance(value, str):
            raise Refusal("Value must be a string")
        row = self.portal.put(_number(request, "id"), _number(request, "path"), value)
        self.log.applies(str(row.user), str(self.portal.definitions[row.definition]["Identifier"]), value, "api")
        return self._told(self.portal.element(row))

    async def _delete(self, request: Request) -> Response:
        self._enter(request)
        row = self.portal.delete(_number(request, "id"), _number(request, "path"))
        if row is None:
            raise LookupError
        self.log.applies(str(row.user), str(self.portal.definitions[row.definition]["Identifier"]), None, "api")
        return self._told({"status": "ok"})

    async def _models(self, request: Request) -> Response:
        self._enter(request)
        return self._page(request, [MODEL])

    async def _definitions(self, request: Request) -> Response:
        self._enter(request)
        if _number(request, "id") != MODEL["ID"]:
            raise LookupError
        return self._page(request, [*self.portal.definitions.values()])

    # ---------------------------------------------------------------- what all of them need

    def _enter(self, request: Request) -> None:
        if not self._accepts or request.headers.get("authorization") != self._token:
            raise PermissionError

    def _known(self, request: Request) -> Document:
        self._enter(request)
        return self.portal.users[_number(request, "id")]

    def _page(self, request: Request, rows: Sequence[Json]) -> Response:
        """`page` from 1, `per_page`, and `limit`, which cuts the page and moves no offset.  No total and no link."""
        asked = {name: max(1, int(text)) for name, text in request.query_params.items() if re.fullmatch(r"[0-9]{1,9}", text)}
        size = min(asked.get("per_page", PAGE), self._most)
        start = (asked.get("page", 1) - 1) * size
        return self._told([*rows[start : start + size]][: asked.get("limit", size)] or self._empty)

    def _told(self, body: Json, status: int = 200) -> Response:
        return Response(json.dumps(body), status, {"Cache-Control": "no-store", "Pragma": "no-cache"}, self._kind)

    async def _unauthorized(self, _: Request, __: Exception) -> Response:
        return self._told({"status": "error", "errors": ["unauthorized"]}, 401)

    async def _missing(self, _: Request, __: Exception) -> Response:
        return self._told({"errors": ["not found"]}, 404)

    async def _refused(self, _: Request, refusal: Exception) -> Response:
        return self._told({"errors": [str(refusal)]}, 422)

    def _say(self, kind: str, user: Document) -> None:
        self.sender.say(self.webhook, event(kind, user, self.portal.custom(number_of(user, "ID"))))


def _shown(user: Document) -> Document:
    """`User-show`.  The user's own API token is in it, and `null` for no teams: so a portal answered Tyk's own Go client."""
    token = {"JWTToken": f"jwt-of-user-{user['ID']}", "APITokenCreatedAt": "2026-11-20"}
    more: Document = {
        "Organisation": "",
        "ResetPassword": False,
        "CreatedAt": "2026-11-20 10:00",
        "UpdatedAt": "2026-11-20 10:00",
    }
    return {**token, **more, **user, "Teams": user["Teams"] or None}


def _number(request: Request, name: str) -> int:
    """Raises LookupError for what is no id."""
    text = request.path_params[name]
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise LookupError
    return int(text)


async def _document(request: Request) -> Document:
    """Raises Refusal."""
    body = await document(request)
    if body is None:
        raise Refusal("invalid JSON")
    return body
