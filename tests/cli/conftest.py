"""A store with a history: what three targets answered to a handful of events, so that every command has something to say.

The stories are the engine's own; only the wire is missing: a `Line` here steps the connector's flow and answers by hand.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest

from connectors.contract import Deferred, Flow, Request, Response
from worker import wiring
from worker.cli import main
from worker.config import Configuration
from worker.core.intake import Receipt, entries
from worker.engine.deliver import deliver, drained
from worker.engine.engine import Engine
from worker.engine.floor import Floor
from worker.engine.fold import fold
from worker.engine.propagate import propagate
from worker.settings import Settings
from worker.store.acts import Acts

MAPPINGS = Path(__file__).parent / "mappings"
SECRET = "swordfish-token"
DAY = "2025-11-20T10:00:0{}Z"
"""Past, whatever the clock of the machine says: a time ahead of ours is not believed."""


class Printed(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Printed]


@dataclass
class Systems:
    """The systems: their accounts, and every request that they got.  answers: what the next write of a system gets."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[Request] = field(default_factory=list)
    answers: dict[str, Response | Exception] = field(default_factory=dict)

    def answer(self, system: str, request: Request) -> Response:
        self.log.append(request)
        people = self.accounts.setdefault(system, {})
        path = request.url.path.split("/")
        if request.method == "GET" and request.url.query:
            wanted = unquote(str(request.url)).rpartition('eq "')[2].rstrip('"')
            return Response(200, json={"users": [each for each in people.values() if each.get("mail") == wanted]})
        if request.method == "GET":
            person = people.get(path[-1])
            found = {"customer": person} if system == "shop" else person
            return Response(404) if person is None else Response(200, json=found)
        if (said := self.answers.pop(system, None)) is not None:
            if isinstance(said, Exception):
                raise said
            return said
        body = json.loads(request.content)
        changes = body.get("person", {}).get("attributes") or body.get("customer") or body
        people.setdefault(path[-1], {"id": path[-1]}).update(changes)
        return Response(200, json={"ok": True}, headers={"X-Request-Id": f"req-{len(self.log)}"})


class Line:
    """Steps a flow and answers by hand: no socket, and no waiting."""

    def __init__(self, system: str, systems: Systems) -> None:
        self.system, self.systems = system, systems

    async def drive(self, flow: Flow[Any], *, patience: float) -> Any:
        if patience <= 0:
            raise Deferred("no time left for a call", 0.0)
        try:
            request = next(flow)
            while True:
                answer = self.systems.answer(self.system, request)
                answer.request = request
                request = flow.send(answer)
        except StopIteration as end:
            return end.value

    async def close(self) -> None:
        """Nothing is open."""


class World:
    """A store, a configuration and the stories."""

    def __init__(self, settings: Settings, configuration: Configuration) -> None:
        self.settings, self.configuration, self.systems = settings, configuration, Systems()

    def run(self, story: Callable[[Engine], Any]) -> Any:
        """Run one story in a loop of its own, as a worker process would."""

        async def opened() -> Any:
            async with wiring.operators_engine(self.settings, self.configuration) as engine:
                lines: Any = {name: Line(name, self.systems) for name in self.configuration.systems}
                engine.lines = lines
                return await story(engine)

        return asyncio.run(opened())

    def acts(self) -> list[Any]:
        """What operators did, newest first."""

        async def story(engine: Engine) -> list[Any]:
            return await Acts(engine.store).newest()

        return list(self.run(story))

    def accept(self, source: str, body: Mapping[str, Any]) -> None:
        async def story(engine: Engine) -> None:
            half = self.configuration.systems[source].source
            assert half is not None
            for entry in entries(dict(body), half, Receipt(source, "", 0)):
                assert (await engine.journal.accept(entry)).word == "new"

        self.run(story)

    def work(self, *targets: str, fold_too: bool = True) -> None:
        """Propagate, visit the targets (twice: a search, then the account), fold."""

        async def story(engine: Engine) -> None:
            while await propagate(engine):
                pass
            floor = Floor()
            for _ in range(2):
                for target in targets:
                    await deliver(engine, floor, target)
                    await drained(floor, 5)
            if fold_too:
                await fold(engine)

        self.run(story)


def said(ident: str, second: int, person: str = "E-1", /, **attributes: Any) -> dict[str, Any]:
    """An event in the generic shape."""
    mail = "ben@example.com" if person == "E-2" else "ana@example.com"
    about = {"id": person, "email": mail, "attributes": attributes}
    return {"type": "user.updated", "id": ident, "timestamp": DAY.format(second), "data": about}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Mapping[str, str]:
    """An environment without a store."""
    keys = tmp_path / "keys"
    keys.write_text(f"k:{base64.b64encode(b'k' * 32).decode()}\n")
    for name in [name for name in os.environ if name.startswith("LOCKSTEP_")]:
        monkeypatch.delenv(name)
    there = {
        "LOCKSTEP_CONFIG": str(MAPPINGS), "LOCKSTEP_FINGERPRINT_KEYS": str(keys), "LOCKSTEP_HOME": str(tmp_path / "home"),
        "HR_SECRET": "whsec_" + base64.b64encode(b"h" * 32).decode(), "TOKEN": SECRET,
        "DIRECTORY_URL": "https://directory.example", "CRM_URL": "https://crm.example",
    }  # fmt: skip
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    return there


@pytest.fixture
def world(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, real_url: str) -> World:
    """An empty store."""
    monkeypatch.setenv("LOCKSTEP_REDIS_URL", real_url)
    settings = wiring.settings()
    return World(settings, wiring.configuration(settings))


@pytest.fixture
def history(world: World) -> World:
    """Ana is E-1 at hr, u-1 at idp, account 7 of directory.

    evt-1  department and number are applied at directory, number is sealed; her unit at crm is applied
    evt-2  a later event that carries an older department: superseded; another number: sealed
    evt-3  a cost centre cannot be made: parked
    idp e-1 wrote a title, hr evt-4 another: hr has the say, and what idp says after it is outranked
    evt-5  Ben has no account at directory: pending
    """
    world.systems.accounts["directory"] = {"7": {"id": "7", "mail": "ana@example.com"}}
    world.accept("hr", said("evt-1", 2, number="010442", department=" R&D "))
    world.work("directory", "crm")
    world.accept("hr", said("evt-2", 1, number="9", department="OPS"))
    world.accept("idp", said("e-1", 3, "u-1", title="Engineer"))
    world.work("directory", "crm")
    world.accept("hr", said("evt-4", 4, title="Lead"))
    world.work("directory", "crm")
    world.accept("idp", said("e-2", 5, "u-1", title="Boss"))
    world.accept("hr", said("evt-3", 6, unit=7))
    world.accept("hr", said("evt-5", 7, "E-2", department="OPS"))
    world.work("directory", "crm")
    return world


@pytest.fixture
def body(tmp_path: Path) -> Callable[[Mapping[str, Any]], Path]:
    """Write the body of a webhook into a file."""

    def written(event: Mapping[str, Any]) -> Path:
        path = tmp_path / "event.json"
        path.write_text(json.dumps(event))
        return path

    return written


@pytest.fixture
def lockstep(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, as a shell would run it."""

    def ran(*arguments: str, line: str = "") -> Printed:
        monkeypatch.setattr(sys, "argv", ["lockstep", *(shlex.split(line)[1:] if line else arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Printed(int(ended.value.code or 0), printed.out, printed.err)

    return ran
