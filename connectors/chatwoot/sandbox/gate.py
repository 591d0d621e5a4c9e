"""Who may call, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from connectors.chatwoot.sandbox.answers import refused
from connectors.contract import Json
from connectors.sandbox import Answered

NotFound = Literal["html", "json", "empty"]
"""How a 404 of the Platform API looks: nobody there catches it, so the installation's own page is answered.  UNCONFIRMED."""


class Throttle:
    """Fixed windows of a minute by the clock, which is in seconds since 1970; there is no Retry-After.

    calls     from one address
    searches  of contacts, in one account
    """

    def __init__(self, calls: int, searches: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = {"address": calls, "search": searches}, clock
        self._used: dict[tuple[str, int], int] = {}

    def count(self, what: str) -> None:
        """Raises Answered."""
        window = (what, int(self._clock() // 60))
        self._used[window] = self._used.get(window, 0) + 1
        if self._used[window] > self._most[what]:
            raise Answered(PlainTextResponse("Retry later\n", 429))

    def reset(self) -> None:
        self._used.clear()


class Gate:
    """platform_token  of the platform app
    user_token      of a user who belongs to the account `account`
    """

    def __init__(self, platform_token: str, user_token: str, account: int, throttle: Throttle, not_found: NotFound) -> None:
        self.account, self.throttle = account, throttle
        self._platform, self._user, self._accepts = platform_token, user_token, True
        self._not_found = not_found
        self.suspended = False

    def expire(self) -> None:
        self._accepts = False

    def reset(self) -> None:
        self._accepts, self.suspended = True, False
        self.throttle.reset()

    def platform(self, request: Request) -> None:
        """Raises Answered."""
        self.throttle.count("address")
        if not self._accepts or _token(request) != self._platform:
            raise refused(401, "Invalid access_token")

    def application(self, request: Request) -> None:
        """Raises Answered."""
        self.throttle.count("address")
        token = _token(request)
        if not token:
            told: Json = {"errors": ["You need to sign in or sign up before continuing."]}
            raise Answered(JSONResponse(told, 401))
        if not self._accepts or token not in (self._user, self._platform):
            raise refused(401, "Invalid Access Token")
        if token == self._platform:
            raise refused(401, "Access to this endpoint is not authorized for bots")
        if leading_number(request.path_params["account"]) != self.account:
            raise refused(404, "Resource could not be found")
        if self.suspended:
            raise refused(401, "Account is suspended")

    def no_such_user(self) -> Answered:
        match self._not_found:
            case "html":
                page = "<!DOCTYPE html><html><body><h1>The page you were looking for doesn't exist.</h1></body></html>"
                return Answered(HTMLResponse(page, 404))
            case "json":
                return Answered(JSONResponse({"status": 404, "error": "Not Found"}, 404))
            case "empty":
                return Answered(Response(status_code=404))


def _token(request: Request) -> str:
    """Of the header with underscores nothing is seen: nginx, which stands before an installation, drops it."""
    return request.headers.get("api-access-token", "")


def leading_number(text: str) -> int:
    """How Rails reads an id: the digits at the beginning, 0 if there are none."""
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return int(digits) if digits and len(digits) < 19 else 0
