"""The token of one system in this process: asked for once however many wait, renewed before it ends, forgotten when refused.

It never leaves the memory of the process that asked for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from connectors.contract import ConnectorError, Deferred, Failed, Halted, Token, TokenRefused, Unanswered

MARGIN = 60.0
"""Seconds before its end at which a token is renewed; at most a tenth of its lifetime."""
AGAIN = 60.0
"""Seconds after a refusal in which a second one is no accident: another token does not help."""


@dataclass(slots=True, eq=False)
class Held:
    """A token and what is known of it.  until: loop time.  worked: a call with it was answered well."""

    token: Token = field(repr=False)
    until: float
    worked: bool = False


class Tokens:
    """obtain: asks the system; raises ConnectorError.  None: the credential is static, there is nothing to renew."""

    def __init__(self, obtain: Callable[[], Awaitable[Token]] | None) -> None:
        self._obtain = obtain
        self._held: Held | None = None
        self._asking: asyncio.Task[Held] | None = None
        self._refused_at = float("-inf")

    async def get(self, patience: float) -> Held | None:
        """The token in force; None where the credential is static.  Waits for a new one up to `patience` seconds.  Raises
        Deferred or Halted: without a token surely nothing was changed."""
        if self._obtain is None:
            return None
        now = asyncio.get_running_loop().time()
        if self._held is not None and now < self._held.until:
            return self._held
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(self._obtain), name="token")
            self._asking.add_done_callback(_seen)
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(self._asking)  # one who gives up waiting takes it from nobody
        except TimeoutError:
            raise Deferred("still waiting for a token", 0.0, throttled=True) from None

    def refused(self, held: Held | None, error: TokenRefused) -> Deferred | Halted:
        """The system does not accept this token any more.  Answers what to raise: the next token may do (TokenRefused), or
        this was it already (Halted)."""
        if held is None:
            return Halted("the credential is refused", status=error.status, request_id=error.request_id)
        if self._held is not held:
            return error  # somebody else found out before
        now = asyncio.get_running_loop().time()
        last, self._refused_at = self._refused_at, now
        self._held = None
        if not held.worked or now - last < AGAIN:
            return Halted("a new token is refused", status=error.status, request_id=error.request_id)
        return error

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _ask(self, obtain: Callable[[], Awaitable[Token]]) -> Held:
        started = asyncio.get_running_loop().time()
        try:
            token = await obtain()
        except ConnectorError as error:
            raise _without_token(error) from None
        finally:
            self._asking = None
        self._held = Held(token, started + token.lifetime - min(MARGIN, token.lifetime / 10))
        return self._held


def _without_token(error: ConnectorError) -> Deferred | Halted:
    """What a failed request for a token means for those who wait for it: nothing of theirs was sent."""
    status, request_id = error.status, error.request_id
    match error:
        case TokenRefused():
            return Halted(error.reason, status=status, request_id=request_id)
        case Deferred() | Halted():
            return error
        case Failed():
            return Deferred(f"no token: {error.reason}", error.wait, status=status, request_id=request_id)
        case Unanswered():
            return Deferred(f"no token: {error.reason}", status=status, request_id=request_id)
        case _:
            return Halted(f"no token: {error.reason}", status=status, request_id=request_id)


def _seen(asking: asyncio.Task[Held]) -> None:
    """Whoever waited may be gone: a failure that nobody hears of is said again to the next one."""
    if not asking.cancelled():
        asking.exception()
