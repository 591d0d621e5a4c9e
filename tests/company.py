"""A small company for the stories: hr speaks, desk and crm are written; everything runs until nothing is due."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from connectors.contract import ConnectorError, Flow, Response
from connectors.registry import CONNECTORS
from worker.config import load
from worker.core import intake
from worker.core.event import Event
from worker.core.fingerprint import Fingerprints
from worker.core.lane import Attribute, Lane, Note, copied
from worker.engine.deliver import deliver
from worker.engine.engine import Engine
from worker.engine.floor import Floor
from worker.engine.fold import fold
from worker.engine.propagate import propagate
from worker.operate.turns import Turns, turns_of
from worker.store import keys
from worker.store.connection import Store
from worker.store.journal import Journal
from worker.store.lanes import Lanes
from worker.store.links import Links
from worker.store.pauses import Pauses

T = TypeVar("T")

TARGET = """
    connector: http
    base_url: https://{name}.example.com
    auth: {{header: Authorization, prefix: "Bearer ", value: "${{KEY}}"}}
    min_interval: 0s
    late_window: 1s
    account:
      find: {{email: {{get: "/users?email={{value}}", holds: email}}}}
      {read}
    target: {{mode: {mode}, write: {{patch: "/users/{{id}}", many: true}}}}
"""
SYSTEMS = """
version: 1
systems:
  hr:
    connector: http
    source:
      verify: {{scheme: header, header: Authorization, secrets: ["${{KEY}}"]}}
      event:
        deleted: 'has(event.type) && event.type == "employment.ended"'
        id: id
        time: timestamp
        subject: {{id: {who}, email: data.email}}
        attributes: data.attributes
  desk:{desk}
  crm:{crm}
"""
MAPPING = """
version: 1
source: hr
targets:
  desk:
    account: [{find: email, by: subject.email}]
    on_no_account: {wait: 24h, then: park}
    attributes:
      department: department
      number: {from: number, write: once}
  crm:
    account: [{find: id, by: subject.id}]
    on_no_account: park
    attributes:
      unit: department
      badge: {from: number, write: once}
"""


@dataclass
class Desk:
    """One target over there, and a line to it."""

    name: str
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    ghosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Accounts that are not there, and that a search finds."""
    log: list[str] = field(default_factory=list)
    faults: list[tuple[str, ConnectorError, bool]] = field(default_factory=list)

    def fail(self, method: str, error: ConnectorError, *, landed: bool = False) -> None:
        """The next call with this method ends so.  landed: and has done what it should."""
        self.faults.append((method, error, landed))

    async def drive(self, flow: Flow[T], *, patience: float) -> T:
        try:
            request = next(flow)
            while True:
                try:
                    answer = self.answer(request.method, request.url.path, dict(request.url.params), request.content)
                except ConnectorError as error:
                    request = flow.throw(error)
                else:
                    request = flow.send(Response(answer[0], json=answer[1], request=request))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        fault = next((each for each in self.faults if each[0] == method), None)
        self.log.append(f"{method} {path}")
        if fault is not None:
            self.faults.remove(fault)
            if fault[2]:
                self.answer(method, path, query, body)
                self.log.pop()
            raise fault[1]
        account = path.removeprefix("/users").strip("/")
        if not account:
            known = {**self.accounts, **self.ghosts}
            return 200, [{"id": name, **there} for name, there in known.items() if there.get("email") == query["email"]]
        if account not in self.accounts:
            return 404, {}
        if method == "PATCH":
            self.accounts[account] |= json.loads(body)
        return 200, {"id": account, **self.accounts[account]}

    @property
    def writes(self) -> int:
        return sum(line.startswith("PATCH") for line in self.log)


@dataclass
class Company:
    """Everything at hand."""

    engine: Engine
    folder: Path
    desk: Desk
    crm: Desk
    floor: Floor = field(default_factory=Floor)

    def configure(self, **changes: Any) -> None:
        """Take over another configuration, as a restart would."""
        self.engine = _engine(self.engine.store, self.folder, self.desk, self.crm, **changes)

    async def say(self, ident: str, subject: str = "E-1", at: int = 1, **attributes: Any) -> str:
        """hr says something; the event's name."""
        body = {
            "id": ident, "timestamp": f"2026-01-01T00:00:{at:02d}Z",
            "data": {"id": subject, "email": f"{subject.lower()}@example.com", "attributes": attributes},
        }  # fmt: skip
        return await self.body(body)

    async def body(self, body: Any) -> str:
        source = self.engine.configuration.systems["hr"].source
        assert source is not None
        (entry,) = intake.entries(body, source, intake.Receipt("hr", "", await self.engine.store.now() * 1000))
        assert (await self.engine.journal.accept(entry)).word == "new"
        return entry.name

    async def run(self) -> None:
        """Let the stories run until nothing is due."""
        while await self._due():
            await self.once()

    async def once(self) -> None:
        """One round of every story."""
        while await propagate(self.engine):
            pass
        for system in ("desk", "crm"):
            await deliver(self.engine, self.floor, system)
            await self.floor.empty()
        while await fold(self.engine):
            pass

    async def _due(self) -> bool:
        now = await self.engine.store.now()
        lists = [keys.EVENTS_DUE, keys.due("desk"), keys.due("crm")]
        due = [await self.engine.store.do("ZCOUNT", each, "-inf", now) for each in lists]
        _, unfolded = await self.engine.journal.outbox(1)
        return any(due) or bool(unfolded)

    async def event(self, name: str) -> Event:
        event = await self.engine.journal.event(name)
        assert event is not None
        return event

    async def lease_ends(self, system: str, account: str) -> None:
        """So much time passes that the lease of a lane is over."""
        terms = self.engine.terms[system]

        def over(lane: Lane) -> tuple[Lane, list[Note]]:
            lane = copied(lane)
            lane.lease = lane.lease and replace(lane.lease, until=1)
            return lane, []

        await self.engine.lanes.change(terms, account, await self.engine.store.now(), over)

    async def turns(self, name: str) -> Turns:
        (turns,) = await turns_of(self.engine.journal, [await self.event(name)])
        return turns

    async def told(self, name: str) -> dict[tuple[str, str], str]:
        """What the record of an event says: route -> word."""
        event = await self.event(name)
        routes = ((target, attribute) for target, there in event.outcomes.items() for attribute in there)
        return {(t, a): outcome.word if (outcome := event.outcomes[t][a]) else "pending" for t, a in routes}

    async def lane(self, system: str, account: str) -> Lane:
        return (await self.engine.lanes.load(system, account))[1]

    async def at(self, system: str, account: str, attribute: str) -> Attribute:
        return (await self.lane(system, account)).attributes[attribute]


def _engine(
    store: Store, folder: Path, desk: Desk, crm: Desk, *,
    modes: str = "apply", mapping: str = MAPPING, blind: bool = False, who: str = "data.id", key: str = "k",
) -> Engine:  # fmt: skip
    """blind: desk cannot be read.  who: where hr's events have their subject.  key: the fingerprint key that is current."""
    read = 'read: {get: "/users/{id}"}'
    texts = {
        "desk": TARGET.format(name="desk", mode=modes, read="" if blind else read),
        "crm": TARGET.format(name="crm", mode=modes, read=read),
    }
    (folder / "systems.yaml").write_text(SYSTEMS.format(**texts, who=who))
    (folder / "hr.yaml").write_text(mapping)

    def no_hint(_: object) -> None: ...

    return Engine(
        configuration=load(folder, {"KEY": "secret-of-the-tests"}, CONNECTORS),
        store=store,
        journal=Journal(store),
        lanes=Lanes(store),
        links=Links(store),
        pauses=Pauses(store),
        lines={"desk": desk, "crm": crm},  # type: ignore[dict-item]
        prints=Fingerprints({name: name.encode() * 32 for name in dict.fromkeys((key, "k"))}),
        hint=no_hint,
        jitter=lambda: 0.0,
    )


@pytest.fixture
def company(store: Store, tmp_path: Path) -> Company:
    """desk knows E-1 as d1 and E-2 as d2, by their addresses; crm calls them what hr calls them."""
    desk = Desk("desk", {"d1": {"email": "e-1@example.com"}, "d2": {"email": "e-2@example.com"}})
    crm = Desk("crm", {"E-1": {}, "E-2": {}})
    return Company(_engine(store, tmp_path, desk, crm), tmp_path, desk, crm)
