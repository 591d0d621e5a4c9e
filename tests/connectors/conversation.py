"""Flows against a sandbox in one process: what the transport does, without its network."""

from __future__ import annotations

from typing import TypeVar

import httpx
from starlette.types import ASGIApp

from connectors.contract import Authentication, Flow, Request, Response, Token, TokenRefused, Unanswered
from connectors.sandbox import Dropped

T = TypeVar("T")


def request_of(flow: Flow[T]) -> Request:
    """The first request of a flow."""
    return next(flow)


def answer(flow: Flow[T], response: Response) -> T:
    """What the flow makes of the last response; raises what it raises."""
    try:
        request = flow.send(response)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError(f"one more request: {request.method}")


def respond(status: int, json: object = None, headers: dict[str, str] | None = None, text: str = "") -> Response:
    if json is not None:
        return Response(status, json=json, headers=headers)
    return Response(status, text=text, headers=headers)


class Talk:
    """One send for each yield, the credential on each.  `sent` holds the requests as they left, `asked` those for tokens."""

    def __init__(self, app: ASGIApp, authentication: Authentication) -> None:
        self.sent: list[Request] = []
        self.asked: list[Request] = []
        self._authentication = authentication
        self._transport = httpx.ASGITransport(app)
        self._token: Token | None = None

    @property
    def tokens_asked(self) -> int:
        return len(self.asked)

    async def __call__(self, flow: Flow[T]) -> T:
        """Raises ConnectorError."""
        if self._token is None and (asking := self._authentication.obtain()) is not None:
            self._token = await self._drive(asking, signed=False)
        try:
            return await self._drive(flow, signed=True)
        except TokenRefused:
            self._token = None
            raise

    async def _drive(self, flow: Flow[T], *, signed: bool) -> T:
        try:
            request = next(flow)
            while True:
                if signed:
                    self._authentication.sign(request, self._token)
                (self.sent if signed else self.asked).append(request)
                request = flow.send(await self._answered(request))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            flow.close()

    async def _answered(self, request: Request) -> Response:
        try:
            response = await self._transport.handle_async_request(request)
        except Dropped:
            raise Unanswered("no answer") from None
        await response.aread()
        response.request = request
        return response
