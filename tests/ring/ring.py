"""Three systems, each source and target of one another: sandboxes that send a webhook after every write, the endpoint, and the
stories of the engine, in one process and without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request as Asked
from starlette.responses import Response as Answered

from connectors.contract import Json
from connectors.http.sandbox import Sandbox, User
from connectors.registry import CONNECTORS
from connectors.sandbox import Webhook
from tests.connectors.conversation import Talk
from worker import wiring
from worker.config import Configuration, load
from worker.core.event import Event, finished
from worker.core.fingerprint import Fingerprints
from worker.core.outcome import Outcome
from worker.deliver import deliver
from worker.endpoint.exchange import Limits
from worker.endpoint.ingress import build_app
from worker.engine import Engine
from worker.floor import Floor
from worker.fold import fold
from worker.propagate import propagate
from worker.store import keys
from worker.store.connection import Store
from worker.store.journal import Journal
from worker.store.lanes import Lanes
from worker.store.links import Links
from worker.store.pauses import Pauses

NAMES = ("one", "two", "three")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAIL = "ana@example.com"
DEPARTMENT = "attributes.department"
MOST = 400
"""Rounds in which everything comes to rest, or never will."""

SYSTEM = """
  {name}:
    connector: http
    base_url: https://{name}.example.com
    auth: {{prefix: "Bearer ", value: "${{TOKEN}}"}}
    min_interval: 0s
    late_window: 1s
    account:
      find: {{email: {{get: "/users?email={{value}}", each: users, holds: email}}}}
      read: {{get: "/users/{{id}}"}}
    source: {{verify: {{scheme: standard-webhooks, secrets: ["${{SECRET}}"]}}}}
    target: {{write: {{patch: "/users/{{id}}"}}}}
"""
TARGET = """
  {name}:
    account: {{find: email, by: subject.email}}
    attributes:
      attributes.department: {{from: attributes.department, transform: [{steps}]}}
"""

Steps = Mapping[tuple[str, str], str]
"""(source, target) -> the transform between them."""


def written(folder: Path, steps: Steps, flows: Mapping[str, tuple[str, ...]], says: Mapping[str, str]) -> Configuration:
    """flows: source -> its targets.  says: who has a say at a target, the newest where it is not told."""
    (folder / "systems.yaml").write_text("version: 1\nsystems:" + "".join(SYSTEM.format(name=name) for name in NAMES))
    fed = sorted({target for targets in flows.values() for target in targets})
    ranked = "".join(f"\n  {name}: {{{DEPARTMENT}: {says.get(name, 'newest')}}}" for name in fed)
    (folder / "authority.yaml").write_text(f"version: 1\nauthority:{ranked}")
    for source, targets in flows.items():
        blocks = "".join(TARGET.format(name=target, steps=steps.get((source, target), "")) for target in targets)
        (folder / f"{source}.yaml").write_text(f"version: 1\nsource: {source}\ntargets:{blocks}")
    return load(folder, {"TOKEN": "sandbox-token", "SECRET": SECRET}, CONNECTORS)


class Automated(Sandbox):
    """A directory with an automation of its own, which rewrites what was written, a moment later."""

    rewrites: Callable[[str], str] | None = None

    async def _write(self, request: Asked) -> Answered:
        given = json.loads(await request.body())["attributes"]
        answer = await super()._write(request)
        if self.rewrites is not None and answer.status_code == 200:
            changed = {name: self.rewrites(value) for name, value in given.items() if self.rewrites(value) != value}
            if changed:
                user: User = self.users[request.path_params["id"]]
                asyncio.get_running_loop().call_soon(self._change, user, changed, "automation")
        return answer


class Direct:
    """A line that asks a sandbox in this process."""

    def __init__(self, sandbox: Sandbox, configuration: Configuration, name: str) -> None:
        target = configuration.systems[name].target
        assert target is not None
        self._talk = Talk(sandbox, target.authentication)

    async def drive(self, flow: Any, *, patience: float) -> Any:
        return await self._talk(flow)


class Ring:
    """Everything at hand.  `ana` of each system is one person."""

    def __init__(
        self, store: Store, folder: Path, steps: Steps | None = None, flows: Mapping[str, tuple[str, ...]] | None = None,
        says: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        everyone = {name: tuple(other for other in NAMES if other != name) for name in NAMES}
        self.configuration = written(folder, steps or {}, flows or everyone, says or {})
        journal = Journal(store)
        self.app = build_app(
            wiring.endpoints(self.configuration), journal, wiring.Ready(store), hint=lambda: None, limits=Limits()
        )
        self.sandboxes = {
            name: Automated(
                [{"id": f"{name}-1", "email": MAIL}],
                webhook=Webhook(f"https://us.example.com/hooks/{name}", SECRET),
                post=self._post,
            )
            for name in NAMES
        }
        lines: Any = {name: Direct(sandbox, self.configuration, name) for name, sandbox in self.sandboxes.items()}
        self.engine = Engine(
            configuration=self.configuration, store=store, journal=journal, lanes=Lanes(store), links=Links(store),
            pauses=Pauses(store), lines=lines, prints=Fingerprints({"k": b"k" * 32}), hint=lambda _: None, jitter=lambda: 0.0,
        )  # fmt: skip
        self.floor = Floor()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app)) as client:
            return (await client.post(url, headers=dict(headers), content=body)).status_code

    def person(self, system: str, value: str) -> None:
        """Somebody changes Ana's department in the system's own console; its webhook is on its way."""
        self.sandboxes[system].edit(f"{system}-1", {"department": value})

    async def rest(self) -> None:
        """Until no webhook is on its way and nothing is due.  Raises AssertionError if that never comes."""
        for _ in range(MOST):
            for sandbox in self.sandboxes.values():
                await sandbox.sender.idle()
            if not await self._due():
                return
            await self._round()
        raise AssertionError(f"no rest: {self.held()}")

    async def _round(self) -> None:
        while await propagate(self.engine):
            pass
        for name in NAMES:
            await deliver(self.engine, self.floor, name)
        await self.floor.empty()
        while await fold(self.engine):
            pass

    async def _due(self) -> bool:
        now = await self.engine.store.now()
        store = self.engine.store
        due = [await store.do("ZCOUNT", each, "-inf", now) for each in (keys.EVENTS_DUE, *map(keys.due, NAMES))]
        return any(due) or bool((await self.engine.journal.outbox(1))[1])

    # ---------------------------------------------------------------- what there is

    def held(self) -> list[Json]:
        """Ana's department in each system, read from the systems."""
        return [sandbox.users[f"{name}-1"]["attributes"].get("department") for name, sandbox in self.sandboxes.items()]  # type: ignore[union-attr]

    def writes(self) -> list[int]:
        """How many writes of ours each system took."""
        return [sum(entry["by"] == "api" for entry in sandbox.log.applied) for sandbox in self.sandboxes.values()]

    async def events(self) -> list[Event]:
        journal = self.engine.journal
        return [event for _, event in await journal.load(await journal.since(0)) if event is not None]

    async def told(self) -> list[tuple[str, str, Outcome]]:
        """Every outcome: source, target, what it is.  All must be over."""
        events = await self.events()
        assert all(map(finished, events)), [(event.name, event.outcomes) for event in events if not finished(event)]
        return [
            (event.source, target, outcome)
            for event in events
            for target, there in event.outcomes.items()
            for outcome in there.values()
            if outcome is not None
        ]
