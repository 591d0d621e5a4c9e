"""The line to one system: drives a connector's flow, one send for each yield.

    flow --request--> token, budget, signature --> session --> the system
    flow <-response-- allowance heeded <---------- session <--

Nothing here or below sends anything twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import structlog
from httpx import URL, InvalidURL

from connectors.contract import (
    Authentication,
    Budget,
    ConnectorError,
    Deferred,
    Failed,
    Flow,
    Halted,
    Locked,
    NoAccount,
    Refused,
    Request,
    Response,
    Token,
    TokenRefused,
    Unanswered,
)
from worker.network.allowance import Allowance, RateHeaders, allowance
from worker.network.egress import Egress, Guard
from worker.network.session import Session, fields
from worker.network.tokens import Held, Tokens
from worker.store.budgets import Exhausted, Gate

T = TypeVar("T")
log = structlog.get_logger()

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 section 9.2.1)."""
LONGEST = 60.0
"""Seconds of the longest hold that we choose ourselves, before jitter: rate windows of a minute are usual."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that left, or should have: what a log may say of it.  Neither address nor header nor body.

    status   0: there was no answer, and `reason` says why
    seconds  from the first byte to the last
    """

    system: str
    method: str
    status: int
    seconds: float
    reason: str = ""


def _quiet(_: Exchange) -> None:
    """Nobody listens."""


class Line:
    """All that leaves this process for one system.  Belongs to one event loop.

    base_url      the origin of every request; raises ValueError if it is none, or has a credential in it
    share         the credential whose budget is used; systems with one credential name the same
    deadline      seconds for one exchange
    on_exchange   is told of each
    jitter        a number from [0, 1)
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        authentication: Authentication,
        gate: Gate,
        *,
        share: str = "",
        budget: Budget | None = None,
        rate_headers: RateHeaders | None = None,
        deadline: float = 15.0,
        ca: Path | None = None,
        egress: Egress = "public",
        on_exchange: Callable[[Exchange], None] = _quiet,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.system = system
        self.share = share or system
        self.deadline = deadline
        self._origin = _origin(base_url)
        self._authentication = authentication
        self._gate = gate
        self._budget = budget
        self._rate_headers = rate_headers
        self._on_exchange = on_exchange
        self._jitter = jitter
        self._session = Session(Guard(egress, base_url), deadline=deadline, ca=ca)
        asking = authentication.obtain()
        self._tokens = Tokens(None if asking is None else self._obtain)
        if asking is not None:
            asking.close()
        self._throttled = 0
        self._held_until = float("-inf")

    async def drive(self, flow: Flow[T], *, patience: float) -> T:
        """Send what the flow yields, each request once, and answer what it returns.

        A request is sent only if its whole deadline fits into what is left of `patience` (seconds); waiting for a token and
        for the budget is part of it.  Raises ConnectorError: the flow's own, or

        Deferred    nothing was sent: no connection, no token; or no budget, no time (`throttled`: no call was made, and the
                    system is not to blame)
        Failed      the same, after a request of this flow that may have changed something
        Unanswered  it may have landed, also where the flow stumbles over the answer
        Refused     the flow could not make a request of the values it was given
        Halted      a new token is refused; the address may not be called; the credential cannot be sent
        """
        return await self._drive(flow, _Course(asyncio.get_running_loop().time() + patience))

    async def close(self) -> None:
        await self._tokens.close()
        await self._session.close()

    async def _obtain(self) -> Token:
        flow = self._authentication.obtain()
        assert flow is not None
        return await self._drive(flow, _Course(asyncio.get_running_loop().time() + 2 * self.deadline, signed=False))

    async def _drive(self, flow: Flow[T], course: _Course) -> T:
        response: Response | None = None
        try:
            while True:
                try:
                    step = _step(flow, response, self.system)
                except ConnectorError as error:
                    raise await self._judged(error, course) from None
                if isinstance(step, _Returned):
                    course.worked()
                    self._throttled = 0
                    return step.value
                response = await self._answered(step, course)
        finally:
            flow.close()

    async def _answered(self, request: Request, course: _Course) -> Response:
        try:
            response = await self._exchange(request, course)
        except Deferred as error:
            if not course.changed:
                raise
            raise Failed(f"not all of it was sent: {error.reason}", error.wait) from None
        course.changed = course.changed or request.method not in SAFE
        return response

    async def _exchange(self, request: Request, course: _Course) -> Response:
        """Token, budget, signature, and out.  Raises ConnectorError."""
        if (request.url.scheme, request.url.netloc) != self._origin or request.url.userinfo:
            raise Refused("the request goes to another place than base_url")
        headers = fields(request)  # what is wrong before the credential is on it is the value's fault
        course.held = await self._tokens.get(self._room(course)) if course.signed else None
        try:
            await self._gate.take(self.share, self._budget, self._room(course))
        except Exhausted as error:
            raise Deferred(error.reason, error.wait, throttled=True) from None
        self._room(course)
        if course.signed:
            headers = self._signed(request, course.held)
        response = await self._sent(request, headers)
        course.said = None if self._rate_headers is None else allowance(response, self._rate_headers, time.time())
        if course.said is not None:
            await self._gate.correct(self.share, course.said.remaining, course.said.seconds)
        return response

    def _room(self, course: _Course) -> float:
        """Seconds that may still pass before a call starts.  Raises Deferred if there are none."""
        room = course.until - self.deadline - asyncio.get_running_loop().time()
        if room < 0:
            raise Deferred("no time left for a call", 0.0, throttled=True)
        return room

    def _signed(self, request: Request, held: Held | None) -> list[tuple[str, str]]:
        try:
            self._authentication.sign(request, None if held is None else held.token)
            return fields(request)
        except (Refused, UnicodeEncodeError):
            pass
        raise Halted("the credential cannot stand in a header: look for a line break or a character that is not ASCII in it")

    async def _sent(self, request: Request, headers: list[tuple[str, str]]) -> Response:
        started = time.perf_counter()
        try:
            response = await self._session.send(request, headers)
        except ConnectorError as error:
            self._on_exchange(Exchange(self.system, request.method, error.status, time.perf_counter() - started, error.reason))
            raise
        self._on_exchange(Exchange(self.system, request.method, response.status_code, time.perf_counter() - started))
        return response

    async def _judged(self, error: ConnectorError, course: _Course) -> ConnectorError:
        """What the flow's own error says of the credential, and what to raise for it."""
        match error:
            case TokenRefused() if course.signed:
                return self._tokens.refused(course.held, error)
            case Deferred() if error.throttled:
                return await self._throttle(error, course.said)
            case Refused() | Locked() | NoAccount():
                course.worked()
            case _:
                pass
        return error

    async def _throttle(self, error: Deferred, said: Allowance | None) -> Deferred:
        """The system had enough of this credential: nothing is sent with it until then.  It says how long by Retry-After, or by
        its rate headers; else it is 1 s, doubled each time up to a minute, and up to as much again by chance."""
        wait = error.wait
        now = asyncio.get_running_loop().time()
        if wait is None and said is not None and said.remaining == 0:
            wait = said.seconds
        if wait is None:
            if now >= self._held_until:  # the answers to one burst are one throttling
                self._held_until = now + min(LONGEST, 2.0**self._throttled) * (1 + self._jitter())
                self._throttled = min(self._throttled + 1, 16)
            wait = self._held_until - now
        await self._gate.hold(self.share, wait)
        return Deferred(error.reason, wait, throttled=True, status=error.status, request_id=error.request_id)


@dataclass(slots=True)
class _Course:
    """One flow on its way.

    until    loop time at which the last deadline must have ended
    signed   its requests carry the credential; false for the flow that asks for the token
    held     the token of the last request
    said     what the last answer said of calls that are left
    changed  a request that may have changed something was answered
    """

    until: float
    signed: bool = True
    held: Held | None = None
    said: Allowance | None = None
    changed: bool = False

    def worked(self) -> None:
        """The system let the credential of the last request pass."""
        if self.held is not None:
            self.held.worked = True


@dataclass(frozen=True, slots=True)
class _Returned(Generic[T]):
    value: T


def _step(flow: Flow[T], response: Response | None, system: str) -> Request | _Returned[T]:
    """The flow's next request, or its end.  What it cannot say or read stands in no message: it may be a value.  A connector that
    stumbles over an answer is at fault, and one account must not be taken for poison for that."""
    try:
        return next(flow) if response is None else flow.send(response)
    except StopIteration as end:
        return _Returned(end.value)
    except ConnectorError:
        raise
    except (ValueError, InvalidURL, RecursionError):
        pass
    except Exception as error:
        log.error("a connector stumbled", target=system, error=type(error).__name__, exc_info=error)
    if response is not None:
        raise Unanswered("the answer cannot be read", status=response.status_code)
    raise Refused("a value cannot stand in a request")


def _origin(base_url: str) -> tuple[str, bytes]:
    try:
        url = URL(base_url)
    except InvalidURL:
        raise ValueError("base_url is no URL") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("base_url must begin with https:// and name a host")
    if url.userinfo:
        raise ValueError("base_url has a credential in it: give it under `credentials` or `auth`")
    return url.scheme, url.netloc
