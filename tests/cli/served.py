"""A sandbox as a real server, with a clock of its own."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Clocked:
    """A server whose clock runs ahead by `ahead` seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.ahead = app, 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(time.time() + self.ahead, usegmt=True).encode()
                message["headers"] = [*message["headers"], (b"date", date)]
            await send(message)

        await self.app(scope, receive, dated)


class Served:
    """A sandbox as a real server, in a thread."""

    def __init__(self, sandbox: Any) -> None:
        self.sandbox, self.clock = sandbox, Clocked(sandbox)
        config = uvicorn.Config(self.clock, port=0, log_level="critical", lifespan="off", date_header=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 60
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def play(self, sandbox: Any, ahead: float = 0.0) -> None:
        """Another one in its place."""
        self.sandbox = self.clock.app = sandbox
        self.clock.ahead = ahead

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def writes(self) -> list[Any]:
        return [each for each in self.sandbox.log.requests if each["method"] in ("PUT", "PATCH", "DELETE")]
