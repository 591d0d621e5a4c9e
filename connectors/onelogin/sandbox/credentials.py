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
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.onelogin.sandbox.answers import Answered, flat, parsed, refused, status

LIFETIME = 36_000
"""Seconds for which a token is accepted."""
MANAGE = ("Manage users", "Manage All")


@dataclass(frozen=True, slots=True)
class ApiCredential:
    """An API credential pair and its scope."""

    client_id: str = "sandbox"
    client_secret: str = field(default="sandbox-secret", repr=False)
    scope: str = "Manage All"


class Gate:
    """calls, per: the rate limit, calls in every `per` seconds."""

    def __init__(self, credentials: Sequence[ApiCredential], calls: int, per: float) -> None:
        self._credentials, self._calls, self._per = credentials, calls, per
        self._tokens: dict[str, tuple[ApiCredential, float]] = {}
        self._used, self._window = 0, 0.0

    def expire(self) -> None:
        self._tokens.clear()

    def reset(self) -> None:
        self.expire()
        self._used, self._window = 0, 0.0

    async def token(self, request: Request) -> Response:
        """By HTTP Basic, by OneLogin's own header, or in a form.  The same token is answered until it ends."""
        body = await request.body()
        header = request.headers.get("authorization", "")
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            given = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
            pair = (given.get("client_id", ""), given.get("client_secret", ""))
        else:
            json = parsed(body)
            given = {name: str(value) for name, value in json.items()} if isinstance(json, dict) else {}
            pair = ("", "")
        pair = _basic(header) or _own(header) or pair
        known = next((c for c in self._credentials if (c.client_id, c.client_secret) == pair), None)
        if known is None:
            return flat(401, "Unauthorized", "Authentication Failure")
        if given.get("grant_type") != "client_credentials":
            return flat(400, "BadRequestError", "grant_type is not valid")
        now = time.time()
        for secret, (credential, until) in self._tokens.items():
            if credential == known and until > now:
                return _granted(secret, until)
        secret = secrets.token_hex(32)
        self._tokens[secret] = (known, now + LIFETIME)
        return _granted(secret, now + LIFETIME)

    def enter(self, request: Request, version: int, *, counted: bool = True) -> ApiCredential:
        """Raises Answered for a request that may not pass."""
        header = re.fullmatch(r"(?i)bearer[: ]\s*(\S+)", request.headers.get("authorization", ""))
        if header is None and version == 1:
            raise Answered(status(400, "bad request", "Authorization Information is incorrect"))
        credential, until = self._tokens.get(header[1], (None, 0.0)) if header is not None else (None, 0.0)
        if credential is None or until <= time.time():
            raise Answered(refused(version, "Authentication Failure" if version == 1 else "Unauthorized"))
        if credential.scope not in MANAGE:
            raise Answered(refused(version, "Insufficient Permission"))
        if counted and not self._count():
            raise Answered(flat(429, "TooManyRequests", "Rate limit exceeded", self.allowance()))
        return credential

    async def rate_limit(self, request: Request) -> Response:
        self.enter(request, 1, counted=False)
        told = {"error": False, "code": 200, "type": "success", "message": "Success"}
        return JSONResponse({"status": told, "data": {name: int(value) for name, value in self.allowance().items()}})

    def allowance(self) -> dict[str, str]:
        """As headers.  The reset is seconds that are left."""
        left = max(0.0, self._window - time.monotonic()) if self._used else self._per
        return {
            "X-RateLimit-Limit": str(self._calls),
            "X-RateLimit-Remaining": str(max(0, self._calls - self._used)),
            "X-RateLimit-Reset": str(math.ceil(left)),
        }

    def _count(self) -> bool:
        now = time.monotonic()
        if now >= self._window:
            self._window, self._used = now + self._per, 0
        self._used += 1
        return self._used <= self._calls


def _granted(secret: str, until: float) -> Response:
    now = time.time()
    return JSONResponse(
        {
            "access_token": secret,
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until - LIFETIME)),
            "expires_in": math.ceil(until - now),
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
