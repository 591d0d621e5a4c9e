"""How uvicorn serves the endpoint: settings, and a deadline for request heads, which uvicorn has not.

A connection that is opened and says nothing, or drips a header a minute, would stay open for ever.  (The body has its own
deadline in worker/endpoint/exchange.py.)  A proxy in front may do the same; nothing here relies on one.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("lockstep.ingress")

HEAD_SECONDS = 10.0
"""From the connection, or the first byte of a further request on it, to the end of the headers."""
HEAD_BYTES = 16 * 1024
"""Of one request's line and headers together."""
CONNECTIONS = 1_000
"""At a time; above it the answer is 503, which senders repeat."""


class HeadTooLarge(Exception):
    """Raised into the HTTP parser, which ends the connection with a 400."""


class HeadDeadline(HttpToolsProtocol):
    """uvicorn's protocol, closing the connection of a sender that does not get to the end of its headers."""

    head_seconds = HEAD_SECONDS
    head_bytes = HEAD_BYTES
    _timer: asyncio.TimerHandle | None = None
    _size = 0
    _fresh = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer is not None:
            # Still no end of the headers.  The parser tells of a line when it is whole; one without an end shows only here.
            # The first chunk may hold the end of another request.
            self._size += 0 if self._fresh else len(data)
            self._fresh = False
            if self._size > self.head_bytes:
                self.transport.abort()
        elif self.cycle.response_complete:
            self._start()  # empty lines between two requests are no request, and they end uvicorn's own wait for one

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._size = 0
        self._fresh = True
        self._start()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _start(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self._late)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        log.debug("sender too slow with its headers")  # anybody can be that, a thousand times
        self.transport.abort()

    def _count(self, more: int) -> None:
        self._size += more
        if self._size > self.head_bytes:
            raise HeadTooLarge


class Server(uvicorn.Server):
    """Says when it listens; where it cannot, uvicorn logs why and ends the process with 3."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does it, for SIGHUP too.  It would send itself the signal again once all is answered, and so end this
        process before it has cleaned up."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def server(
    app: ASGIApp, *, protocol: type[HeadDeadline] = HeadDeadline, ready: Callable[[], None] = lambda: None, **address: Any
) -> Server:
    """A server for the endpoint.  address: uvicorn's `host` and `port`, or `uds`, or `fd`.  ready: called once it listens.

    No access log (a path may hold what it should not, and each request has its line already), no `Server` header, no trust in
    forwarded headers (nothing here depends on who connects), no WebSockets.
    """
    return Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            loop="uvloop",
            lifespan="auto",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=10,
            backlog=socket.SOMAXCONN,
            **address,
        ),
        ready,
    )
