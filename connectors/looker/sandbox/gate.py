"""Who may call: API keys, the tokens that they are exchanged for, and how many calls are left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.looker.sandbox.answers import error
from connectors.sandbox import Answered, Tokens, Window, form

LIFETIME = 3600
"""Seconds for which a token is accepted."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, and whose it is.  admin: its user has the role Admin; without it hardly anything is shown."""

    client_id: str = "sandbox"
    client_secret: str = field(default="sandbox-secret", repr=False)
    user_id: str = "1"
    admin: bool = True


class Gate:
    """calls, per: the rate limit, calls in every `per` seconds; 0: there is none.  retry_after: what the answer above it says."""

    def __init__(self, keys: Sequence[ApiKey], calls: int, per: float, retry_after: int | None) -> None:
        self._keys, self._retry_after = keys, retry_after
        self._tokens = Tokens[ApiKey](LIFETIME)
        self._window = Window(calls, per)

    def expire(self) -> None:
        self._tokens.expire()

    def reset(self) -> None:
        self.expire()
        self._window.reset()

    async def login(self, request: Request) -> Response:
        """The key in a form, or, until the end of 2026, in the query.  Each login makes a token of its own."""
        given = {**request.query_params, **await form(request)}
        for key in self._keys:
            if (given.get("client_id"), given.get("client_secret")) == (key.client_id, key.client_secret):
                granted = {"access_token": self._tokens.give(key), "token_type": "Bearer", "expires_in": LIFETIME}
                return JSONResponse({**granted, "refresh_token": None})
        return error(404, "Not found")

    async def logout(self, request: Request) -> Response:
        self.enter(request)
        self._tokens.revoke(_token(request))
        return Response(status_code=204)

    def enter(self, request: Request) -> ApiKey:
        """Raises Answered for a request that may not pass."""
        key = self._tokens.owner(_token(request))
        if key is None:
            raise Answered(error(401, "Requires authentication."))
        if not self._window.count():
            answer = error(429, "Too Many Requests")
            if self._retry_after is not None:
                answer.headers["Retry-After"] = str(self._retry_after)
            raise Answered(answer)
        return key


def _token(request: Request) -> str:
    """`token` as the documents write it, `Bearer` as the SDKs do."""
    header = re.fullmatch(r"(?i)(?:token|bearer) +(\S+)", request.headers.get("authorization", ""))
    return header[1] if header else ""
