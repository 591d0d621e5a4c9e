"""A Chatwoot installation in memory: what its controllers, validations, throttles and webhooks do with users and contacts.

Read from Chatwoot's own source, with its surprises: 401 for what others call 403, ids of which only the leading digits count,
tokens in answers.  What is UNCONFIRMED is a switch: the body of a 404, and whether a user can be created without a password.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.chatwoot.sandbox import contacts, users
from connectors.chatwoot.sandbox.answers import refused
from connectors.chatwoot.sandbox.contacts import Changes, Contact, Contacts
from connectors.chatwoot.sandbox.gate import Gate, NotFound, Throttle, leading_number
from connectors.chatwoot.sandbox.users import Users
from connectors.chatwoot.sandbox.webhooks import event, signed
from connectors.contract import Json
from connectors.sandbox import Answered, Faults, Log, Post, Sender, Stage, Webhook, answered, post

__all__ = ["SEED", "Sandbox"]

SEED: Mapping[str, Json] = {
    "kind": "contact",
    "account": 1,
    "platform_token": "sandbox-platform",
    "user_token": "sandbox-user",
    "contacts": [
        {"id": 201, "name": "Ana", "email": "ana@example.com", "custom_attributes": {"plan": "free"}},
        {"id": 202, "name": "Ben", "email": "ben@example.com"},
    ],
    "definitions": {"plan": "text"},
    "users": [{"id": 101, "name": "Ana", "email": "ana@example.com"}, {"id": 102, "name": "Ben", "email": "ben@example.com"}],
}
"""What it begins with, if nobody says otherwise: keyword arguments of `Sandbox`, as JSON."""

ACCOUNT = "/api/v1/accounts/{account}"


class Sandbox:
    """The ASGI application.

    kind             of which accounts the controls speak
    users, contacts  each with its `id` and what is not empty
    definitions      the custom attributes of contacts that the account defines: key -> display type
    permissible      ids of the users that the platform app may touch; None: all
    account          the id of the account, of which all contacts and all users are
    calls, searches  a minute: of everything, and of the searches of contacts
    clock            seconds since 1970
    """

    def __init__(
        self,
        kind: Literal["user", "contact"],
        *,
        users: Sequence[Mapping[str, Json]] = (),
        contacts: Sequence[Mapping[str, Json]] = (),
        definitions: Mapping[str, str] | None = None,
        permissible: Sequence[int] | None = None,
        account: int = 1,
        platform_token: str = "sandbox-platform",  # noqa: S107 - of a sandbox
        user_token: str = "sandbox-user",  # noqa: S107
        calls: int = 3000,
        searches: int = 100,
        not_found: NotFound = "html",
        makes_passwords: bool = False,
        webhook: Webhook | None = None,
        post: Post = post,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.log, self.faults, self.webhook = Log(), Faults(), webhook
        self.sender = Sender(self.log, signed, post=post, tries=1)
        self.users = Users(users, permissible, makes_passwords=makes_passwords)
        self.contacts = Contacts(contacts)
        self.gate = Gate(platform_token, user_token, account, Throttle(calls, searches, clock), not_found)
        self._kind = kind
        self._definitions = dict(definitions or {})
        api = Starlette(
            routes=[
                Route("/platform/api/v1/users", self._create_user, methods=["POST"]),
                Route("/platform/api/v1/users/{id}", self._user, methods=["GET", "PATCH", "PUT"]),
                Route(f"{ACCOUNT}/agents", self._agents),
                Route(f"{ACCOUNT}/contacts/search", self._search),
                Route(f"{ACCOUNT}/contacts/filter", self._filter, methods=["POST"]),
                Route(f"{ACCOUNT}/contacts/{{id}}", self._contact, methods=["GET", "PATCH", "PUT"]),
                Route(f"{ACCOUNT}/contacts/{{id}}/destroy_custom_attributes", self._destroy, methods=["POST"]),
                Route(f"{ACCOUNT}/custom_attribute_definitions", self._defined),
            ],
            exception_handlers={Answered: answered},
        )
        self._stage = Stage(self, api, secrets=["api-access-token", "api_access_token", "authorization"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stage(scope, receive, send)

    # ---------------------------------------------------------------- the controls

    def accounts(self) -> Mapping[str, Json]:
        """Without what the API shows of them beside: tokens and inboxes."""
        held = self.users.users if self._kind == "user" else self.contacts.contacts
        return {str(number): dict(record) for number, record in held.items()}

    def edit(self, account: str, changes: Mapping[str, Json]) -> None:
        """By name: `email`, `custom_attributes.plan`."""
        given: dict[str, Json] = {}
        for name, value in changes.items():
            parent, _, key = name.partition(".")
            inside = given.setdefault(parent, {}) if key else given
            assert isinstance(inside, dict)
            inside[key or parent] = value
        if self._kind == "user":
            self.users.update(self.users.users[int(account)], given)
        else:
            contact = self.contacts.contacts[int(account)]
            self._tell(contact, self.contacts.update(contact, given))
        for name, value in changes.items():
            self.log.applies(account, name, value, "person")

    def message(self, account: str) -> None:
        """The contact writes something: an event that is of no interest."""
        contact = self.contacts.contacts[int(account)]
        self._tell(contact, self.contacts.touch(contact))

    def add(self, contact: Mapping[str, Json]) -> None:
        """Somebody writes for the first time."""
        added = Contacts([contact]).contacts
        self.contacts.contacts.update(added)
        for new in added.values():
            self.sender.say(self.webhook, event("contact_created", new, self.gate.account))

    def expire(self) -> None:
        self.gate.expire()

    def reset(self) -> None:
        self.gate.reset()
        self.sender.forget()
        self.users.reset()
        self.contacts.reset()

    # ---------------------------------------------------------------- Platform API

    async def _create_user(self, request: Request) -> Response:
        self.gate.platform(request)
        return JSONResponse(users.shown(self.users.create(await _body(request)), self.gate.account))

    async def _user(self, request: Request) -> Response:
        self.gate.platform(request)
        number = leading_number(request.path_params["id"])
        user = self.users.users.get(number)
        if user is None:
            raise self.gate.no_such_user()
        if number not in self.users.permissible:
            raise refused(401, "Non permissible resource")
        if request.method != "GET":
            for name, value in self.users.update(user, await _body(request)).items():
                self.log.applies(str(number), name, value, "api")
        return JSONResponse(users.shown(user, self.gate.account))

    # ---------------------------------------------------------------- Application API

    async def _agents(self, request: Request) -> Response:
        self.gate.application(request)
        ordered = sorted(self.users.users.values(), key=lambda user: str(user["name"]).lower())
        return JSONResponse([users.listed(user, self.gate.account) for user in ordered])

    async def _search(self, request: Request) -> Response:
        self.gate.application(request)
        self.gate.throttle.count("search")
        asked = request.query_params
        if not asked.get("q", "").strip():
            raise refused(422, "Specify search string with parameter q")
        found = self.contacts.search(asked["q"])
        return _page(found, asked.get("page", "1"), with_inboxes=asked.get("include_contact_inboxes", "true") == "true")

    async def _filter(self, request: Request) -> Response:
        self.gate.application(request)
        return _page(self.contacts.filtered((await _body(request)).get("payload")), request.query_params.get("page", "1"))

    async def _contact(self, request: Request) -> Response:
        contact = self._known(request)
        if request.method != "GET":
            body = await _body(request)
            self._saved(contact, self.contacts.update(contact, body), _named(body))
        return JSONResponse({"payload": contacts.shown(contact)})

    async def _destroy(self, request: Request) -> Response:
        contact = self._known(request)
        keys = (await _body(request)).get("custom_attributes")
        gone = keys if isinstance(keys, list) else [keys]
        self._saved(contact, self.contacts.remove(contact, gone), {f"custom_attributes.{key}": None for key in gone})
        return JSONResponse({"payload": contacts.shown(contact)})

    async def _defined(self, request: Request) -> Response:
        self.gate.application(request)
        if request.query_params.get("attribute_model", "contact_attribute") != "contact_attribute":
            return JSONResponse([])
        return JSONResponse(
            [
                {
                    "id": 100 + n, "attribute_display_name": key.replace("_", " ").title(), "attribute_display_type": kind,
                    "attribute_description": "", "attribute_key": key, "regex_pattern": None, "regex_cue": None,
                    "attribute_values": [], "attribute_model": "contact_attribute", "default_value": None,
                    "created_at": "2025-07-09T03:19:24.123Z", "updated_at": "2025-07-09T03:19:24.123Z",
                }
                for n, (key, kind) in enumerate(self._definitions.items())
            ]
        )  # fmt: skip

    def _known(self, request: Request) -> Contact:
        """Raises Answered."""
        self.gate.application(request)
        contact = self.contacts.contacts.get(leading_number(request.path_params["id"]))
        if contact is None:
            raise refused(404, "Resource could not be found")
        return contact

    def _saved(self, contact: Contact, changes: Changes, sent: Mapping[str, Json]) -> None:
        for name, value in sent.items():
            self.log.applies(str(contact["id"]), name, value, "api")
        self._tell(contact, changes)

    def _tell(self, contact: Contact, changes: Changes) -> None:
        """Nothing is said of a save that changed nothing."""
        if changes:
            self.sender.say(self.webhook, event("contact_updated", contact, self.gate.account, changes))


def _page(found: Sequence[Contact], page: str, *, with_inboxes: bool = True) -> Response:
    number = max(1, leading_number(page))
    shown = [contacts.shown(c, with_inboxes=with_inboxes) for c in found[(number - 1) * contacts.PAGE : number * contacts.PAGE]]
    return JSONResponse({"meta": {"count": len(found), "current_page": number}, "payload": shown})


def _named(body: Mapping[str, Json]) -> dict[str, Json]:
    """What a PATCH sets, by name."""
    named: dict[str, Json] = {name: body[name] for name in contacts.SCALARS if name in body}
    for parent in contacts.HASHES:
        inside = body.get(parent)
        if isinstance(inside, dict):
            named.update({f"{parent}.{key}": value for key, value in inside.items()})
    return named


async def _body(request: Request) -> dict[str, Json]:
    """Raises Answered."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise refused(400, "Error occurred while parsing request parameters") from None
    return body if isinstance(body, dict) else {}
