"""Who may call: API credentials, tokens, and how many calls are left."""

from __future__ import annotations

import base64
import binascii
import math
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.onelogin.sandbox.answers import flat, refused, status
from connectors.sandbox import Answered, Tokens, Window, document, form

LIFETIME = 36_000
"""Seconds for which a token is accepted."""
MANAGE = frozenset({"manage users", "manage all"})
READ = MANAGE | {"read users", "read all"}
"""Scopes, in lower case, with which users are written and read (README of the official Python SDK)."""


@dataclass(frozen=True, slots=True)
class ApiCredential:
    """An API credential pair and its scope."""

    client_id: str = "sandbox"
    client_secret: str = field(default="sandbox-secret", repr=False)
    scope: str = "Manage All"


class Gate:
    """calls, per: the rate limit, calls in every `per` seconds."""

    def __init__(self, credentials: Sequence[ApiCredential], calls: int, per: float) -> None:
        self._credentials = credentials
        self._tokens = Tokens[ApiCredential](LIFETIME)
        self._window = Window(calls, per)

    def expire(self) -> None:
        self._tokens.expire()

    def reset(self) -> None:
        self.expire()
        self._window.reset()

    async def token(self, request: Request) -> Response:
        """By HTTP Basic, by OneLogin's own header, or in a form.  The same token is answered until it ends."""
        header = request.headers.get("authorization", "")
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            given = await form(request)
            pair = (given.get("client_id", ""), given.get("client_secret", ""))
        else:
            given = {name: str(value) for name, value in (await document(request) or {}).items()}
            pair = ("", "")
        pair = _basic(header) or _own(header) or pair
        known = next((c for c in self._credentials if (c.client_id, c.client_secret) == pair), None)
        if known is None:
            return flat(401, "Unauthorized", "Authentication Failure")
        if given.get("grant_type") != "client_credentials":
            return flat(400, "BadRequestError", "grant_type is not valid")
        return _granted(*(self._tokens.standing(known) or (self._tokens.give(known), LIFETIME)))

    def enter(self, request: Request, version: int, *, counted: bool = True) -> ApiCredential:
        """Raises Answered for a request that may not pass."""
        header = re.fullmatch(r"(?i)bearer[: ]\s*(\S+)", request.headers.get("authorization", ""))
        if header is None and version == 1:
            raise Answered(status(400, "bad request", "Authorization Information is incorrect"))
        credential = self._tokens.owner(header[1]) if header is not None else None
        if credential is None:
            raise Answered(refused(version, "Authentication Failure" if version == 1 else "Unauthorized"))
        if credential.scope.lower() not in (READ if request.method == "GET" else MANAGE):
            raise Answered(refused(version, "Insufficient Permission"))
        if counted and not self._window.count():
            raise Answered(flat(429, "TooManyRequests", "Rate limit exceeded", self.allowance()))
        return credential

    async def rate_limit(self, request: Request) -> Response:
        self.enter(request, 1, counted=False)
        told = {"error": False, "code": 200, "type": "success", "message": "Success"}
        return JSONResponse({"status": told, "data": {name: int(value) for name, value in self.allowance().items()}})

    def allowance(self) -> dict[str, str]:
        """As headers.  The reset is seconds that are left."""
        return {
            "X-RateLimit-Limit": str(self._window.calls),
            "X-RateLimit-Remaining": str(self._window.remaining),
            "X-RateLimit-Reset": str(math.ceil(self._window.seconds)),
        }


def _granted(secret: str, left: int) -> Response:
    """left: seconds for which it is still accepted."""
    return JSONResponse(
        {
            "access_token": secret,
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + left - LIFETIME)),
            "expires_in": left,
            "refresh_token": secrets.token_hex(32),
            "token_type": "bearer",
            "account_id": 555555,
        }
    )


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret


def _own(header: str) -> tuple[str, str] | None:
    found = re.fullmatch(r"client_id:\s*(\S+?),\s*client_secret:\s*(\S+)", header)
    return (found[1], found[2]) if found else None
