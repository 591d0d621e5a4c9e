"""Three systems, each source and target of one another: sandboxes that send a webhook after every write, the endpoint, and the
stories of the engine, in one process and without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.requests import Request as Asked
from starlette.responses import Response as Answered

from connectors.contract import Json
from connectors.http.sandbox import Sandbox, User
from connectors.registry import CONNECTORS
from connectors.sandbox import Webhook
from tests.landscape import Landscape
from worker.config import Configuration, load
from worker.core.event import Event, finished
from worker.core.outcome import Outcome
from worker.store.connection import Store

NAMES = ("one", "two", "three")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAIL = "ana@example.com"
DEPARTMENT = "attributes.department"
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


class Ring(Landscape):
    """`ana` of each system is one person."""

    most = 400

    def __init__(
        self, store: Store, folder: Path, steps: Steps | None = None, flows: Mapping[str, tuple[str, ...]] | None = None,
        says: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        everyone = {name: tuple(other for other in NAMES if other != name) for name in NAMES}
        super().__init__(store, written(folder, steps or {}, flows or everyone, says or {}))

    def played(self) -> dict[str, Automated]:
        return {
            name: Automated(
                [{"id": f"{name}-1", "email": MAIL}],
                webhook=Webhook(f"https://us.example.com/hooks/{name}", SECRET),
                post=self.post,
            )
            for name in NAMES
        }

    def person(self, system: str, value: str) -> None:
        """Somebody changes Ana's department in the system's own console; its webhook is on its way."""
        self.sandboxes[system].edit(f"{system}-1", {"department": value})

    def unrest(self) -> str:
        return f"no rest: {self.held()}"

    # ---------------------------------------------------------------- what there is

    def held(self) -> list[Json]:
        """Ana's department in each system, read from the systems."""
        return [sandbox.users[f"{name}-1"]["attributes"].get("department") for name, sandbox in self.sandboxes.items()]

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
