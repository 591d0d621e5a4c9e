"""One HTTP request and its answer: a body that is counted and timed while it is read, and an answer that arrives.

The server below has no deadline and no bound for a body, so both are here.  Knows ASGI, and nothing of webhooks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from worker.core import strict
from worker.endpoint.answer import Answer, Line, Refusal, Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sender may ask of us.

    body      bytes of a body
    patience  seconds in which all of it must be here
    linger    seconds for which we listen on after an early refusal, so that a sender that is still talking can read it
    json      see worker/core/strict.py
    """

    body: int = 256 * 1024
    patience: float = 10.0
    linger: float = 2.0
    json: strict.Limits = field(default_factory=strict.Limits)


class Gone(Exception):
    """The sender hung up: nobody is there to be answered."""


_ALWAYS: tuple[Line, ...] = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class Exchange:
    """One request of an ASGI server and the way back."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self.method: str = scope["method"]
        self.headers: Sequence[Line] = scope["headers"]
        self.limits = limits
        self._receive = receive
        self._send = send
        # RFC 9112 section 6.3: a request without either has no body.
        self._read = not self.values(b"transfer-encoding") and self.values(b"content-length") in ([], [b"0"])

    def values(self, name: bytes) -> list[bytes]:
        """The values of the header lines of this name, in lower case."""
        return [value for line, value in self.headers if line == name]

    async def body(self) -> bytes:
        """The body's raw bytes.  Raises Refused (too large, too slow) and Gone."""
        for declared in self.values(b"content-length"):
            if len(declared) > 15 or not declared.isdigit() or int(declared) > self.limits.body:
                raise Refused(Refusal.TOO_LARGE, detail=f"above {self.limits.body:,} bytes")
        body = bytearray()
        try:
            async with asyncio.timeout(self.limits.patience):
                while not self._read:
                    body += await self._more()
                    if len(body) > self.limits.body:
                        raise Refused(Refusal.TOO_LARGE, detail=f"above {self.limits.body:,} bytes")
        except TimeoutError:
            raise Refused(Refusal.TOO_SLOW, detail=f"not whole after {self.limits.patience:g} s") from None
        return bytes(body)

    async def answer(self, answer: Answer) -> None:
        """Send it.  If the request was not read to its end the connection ends with it: what still comes would else keep it
        open for as long as the sender likes."""
        payload = b"" if answer.content is None else strict.encode(answer.content)
        lines = [*_ALWAYS, *answer.headers]
        if payload:
            lines.append((b"content-type", b"application/json"))
        if answer.status != 204:  # RFC 9110 section 8.6: none in a 204
            lines.append((b"content-length", b"%d" % len(payload)))
        if not self._read:
            lines.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": lines})
        await self._send({"type": "http.response.body", "body": payload, "more_body": not self._read})
        if not self._read:
            # Closing at once would reset the connection under a sender that is still writing, and the reset can overtake
            # the answer (RFC 9112 section 9.6).
            with suppress(TimeoutError, Gone):
                async with asyncio.timeout(self.limits.linger):
                    while not self._read:
                        await self._more()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _more(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Gone
        self._read = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk
