"""A landscape: sandboxes that send webhooks, the endpoint, and the stories of the engine, in one process and without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from tests.connectors.conversation import Talk
from worker import wiring
from worker.absence import Absence
from worker.config import Configuration
from worker.core.fingerprint import Fingerprints
from worker.endpoint.exchange import Limits
from worker.endpoint.ingress import build_app
from worker.engine.deliver import deliver
from worker.engine.engine import Engine
from worker.engine.floor import Floor
from worker.engine.fold import fold
from worker.engine.propagate import propagate
from worker.store import keys
from worker.store.connection import Store
from worker.store.journal import Journal
from worker.store.lanes import Lanes
from worker.store.links import Links
from worker.store.pauses import Pauses


class Direct:
    """A line that asks a sandbox in this process."""

    def __init__(self, sandbox: Any, configuration: Configuration, name: str) -> None:
        target = configuration.systems[name].target
        assert target is not None
        self._talk = Talk(sandbox, target.authentication)

    async def drive(self, flow: Any, *, patience: float) -> Any:
        return await self._talk(flow)


class Landscape:
    """Everything at hand.  sandboxes: by the name of the system that each plays.  most: rounds in which everything comes to rest,
    or never will."""

    most: int

    def __init__(self, store: Store, configuration: Configuration) -> None:
        self.configuration = configuration
        journal = Journal(store)
        self.app = build_app(
            wiring.endpoints(configuration), journal, wiring.Ready(store),
            hint=lambda: None, absence=Absence("the store"), limits=Limits(),
        )  # fmt: skip
        self.sandboxes = self.played()
        lines: Any = {name: Direct(sandbox, configuration, name) for name, sandbox in self.sandboxes.items()}
        self.engine = Engine(
            configuration=configuration, store=store, journal=journal, lanes=Lanes(store), links=Links(store),
            pauses=Pauses(store), lines=lines, prints=Fingerprints({"k": b"k" * 32}), hint=lambda _: None, jitter=lambda: 0.0,
        )  # fmt: skip
        self.floor = Floor()

    def played(self) -> dict[str, Any]:
        """The sandboxes; what they send goes through `post`."""
        raise NotImplementedError

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app)) as client:
            return (await client.post(url, headers=dict(headers), content=body)).status_code

    async def rest(self) -> None:
        """Until no webhook is on its way and nothing is due.  Raises AssertionError if that never comes."""
        for _ in range(self.most):
            for name, sandbox in self.sandboxes.items():
                if self.configuration.systems[name].source is not None:
                    await sandbox.sender.idle()
            if not await self._due():
                return
            await self._round()
        raise AssertionError(self.unrest())

    def unrest(self) -> str:
        return "no rest"

    async def _round(self) -> None:
        while await propagate(self.engine):
            pass
        for name in self.sandboxes:
            await deliver(self.engine, self.floor, name)
        await self.floor.empty()
        while await fold(self.engine):
            pass

    async def _due(self) -> bool:
        store = self.engine.store
        now = await store.now()
        due = [await store.do("ZCOUNT", each, "-inf", now) for each in (keys.EVENTS_DUE, *map(keys.due, self.sandboxes))]
        return any(due) or bool((await self.engine.journal.outbox(1))[1])
