"""The webhooks that a sandbox sends: in batches, in order, again if they are not taken."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from connectors.contract import Json
from connectors.sandbox.log import Log

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""(url, headers, body) -> status; 0 if there was no answer."""
Pack = Callable[[Sequence[Json], str], tuple[Mapping[str, str], bytes]]
"""(events, secret) -> headers and body of the webhook that carries them.  Called again for each try."""

TRIES = 8
FIRST_PAUSE = 0.2
"""Seconds before the second try; each further pause is twice as long."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the system sends its events, and with which secret.  lost: none arrives, and none is sent again."""

    url: str
    secret: str = field(repr=False)
    lost: bool = False


async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Send once, over a connection of its own."""

    def send() -> int:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.netloc, timeout=10)
        try:
            connection.request("POST", parts.path or "/", body, dict(headers))
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()

    return await asyncio.to_thread(send)


class Sender:
    """Events that wait to be sent.

    size    events in one webhook at most
    linger  seconds that the first of them waits for others
    tries   how often a webhook that is not taken is sent
    """

    def __init__(
        self, log: Log, pack: Pack, *, size: int = 1, linger: float = 0.0, tries: int = TRIES, post: Post = post
    ) -> None:
        self._log, self._pack, self._size, self._linger, self._tries, self._post = log, pack, size, linger, tries, post
        self._waiting: deque[tuple[Webhook, Json]] = deque()
        self._task: asyncio.Task[None] | None = None

    def say(self, webhook: Webhook | None, event: Json) -> None:
        """Send an event soon; without a webhook nobody is told.  Needs a running loop."""
        if webhook is None:
            return
        self._waiting.append((webhook, event))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="webhooks")

    async def idle(self) -> None:
        """Wait until all is sent or given up."""
        if self._task is not None:
            await self._task

    def forget(self) -> None:
        self._waiting.clear()

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._linger)
            batch: list[Json] = []
            webhook = self._waiting[0][0] if self._waiting else None
            while self._waiting and len(batch) < self._size and self._waiting[0][0] == webhook:
                batch.append(self._waiting.popleft()[1])
            if webhook is not None:
                await self._deliver(webhook, batch)

    async def _deliver(self, webhook: Webhook, events: list[Json]) -> None:
        if webhook.lost:
            self._log.webhooks.append({"time": time.time(), "status": 0, "events": events})
            return
        for turn in range(self._tries):
            headers, body = self._pack(events, webhook.secret)
            status = await self._post(webhook.url, headers, body)
            self._log.webhooks.append({"time": time.time(), "status": status, "events": events})
            if 200 <= status < 300:
                return
            await asyncio.sleep(FIRST_PAUSE * 2**turn)
