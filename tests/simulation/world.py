"""The world of the simulation: a store that outlives processes, worker processes that die, and a clock that is told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterable
from types import SimpleNamespace
from typing import Any

import fakeredis

from connectors.contract import Wire
from tests.simulation.network import Line, Network, Plug, System
from worker.core.fingerprint import Fingerprints
from worker.core.lane import Policy
from worker.core.path import parse
from worker.core.rules import From, Key, NoAccount, Rule, SourceRules, TargetRules
from worker.engine.deliver import deliver
from worker.engine.engine import Engine
from worker.engine.floor import Floor
from worker.engine.fold import fold
from worker.engine.propagate import propagate
from worker.store.connection import Store
from worker.store.journal import Journal
from worker.store.lanes import Lanes
from worker.store.links import Links

LATE = 20.0
DEADLINE = 5.0


def system(name: str, target: Plug | None, *, source: bool = False, looks: bool = False) -> SimpleNamespace:
    return SimpleNamespace(
        name=name, target=target, source=Speaker() if source else None, deadline=DEADLINE, late_window=LATE, min_interval=0.25,
        in_flight=4,
        retry=SimpleNamespace(first=1.0, cap=8.0, tries=1000, age=10.0**9), max_age=None, mode="apply", looks=looks,
        wire=lambda _: Wire.JSON,
    )  # fmt: skip


class Speaker:
    """A source whose elements are what they say."""

    acknowledge = 202

    def split(self, body: Any) -> list[Any]:
        return [body]

    def read(self, element: Any) -> Any:
        from connectors.contract import Said

        return Said(subject=element["subject"], attributes=element["attributes"], deleted=element.get("deleted", False))


PATIENT = NoAccount(wait=10**9)
"""A subject whose account is gone waits for it as long as the simulation takes."""


def mapping(source: str, **targets: Iterable[tuple[str, str, Policy]]) -> SourceRules:
    """target -> (attribute, from, policy).  At idp a subject is searched for, and linked; elsewhere the id says who it is."""

    def compiled(rules: Iterable[tuple[str, str, Policy]]) -> tuple[Rule, ...]:
        return tuple(Rule(attribute, From(parse(path)), "sim", policy) for attribute, path, policy in rules)

    def keys(target: str) -> tuple[Key, ...]:
        return (Key("email" if target == "idp" else "id", parse("subject.id")),)

    return SourceRules(source, tuple(TargetRules(name, keys(name), compiled(rules), PATIENT) for name, rules in targets.items()))


class NoPauses:
    """Nothing pauses here: the simulation's systems are never broken as a whole."""

    async def may_take(self, _: str, many: int) -> int:
        return many

    async def worked(self, _: str) -> None: ...

    async def unused(self, _: str) -> bool:
        return False

    async def failed(self, _: str) -> None: ...

    async def pause(self, *_: object, **__: object) -> None: ...


class Process:
    """One worker process: an engine, its floor, and the tasks that die with it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tasks: set[asyncio.Task[Any]] = set()
        self.floor = Floor()
        self.store = Store(fakeredis.FakeAsyncRedis(server=world.server), "trust")
        lines = {name: Line(world.network, name, world.seconds) for name in world.configuration.systems}

        def no_hint(_: object) -> None: ...

        self.engine = Engine(
            configuration=world.configuration, store=self.store, journal=Journal(self.store), lanes=Lanes(self.store),
            links=Links(self.store), pauses=NoPauses(), lines=lines, prints=world.prints, hint=no_hint,  # type: ignore[arg-type]
            jitter=world.random.random,
        )  # fmt: skip

    def start(self, story: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(story)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def kill(self) -> None:
        """SIGKILL: nothing that it was doing goes on; what it had sent is out."""
        visits = [task for tasks in self.floor._visits.values() for task in tasks]
        flusher = self.store._flusher
        doomed = [task for task in (*self.tasks, *visits, *([flusher] if flusher else [])) if not task.done()]
        for task in doomed:
            task.cancel()
        await asyncio.gather(*doomed, return_exceptions=True)
        await self.store.close()


class World:
    """hr tells desk (one-way) and idp (two-way); what is at idp goes on to crm.  `num` is write-once everywhere."""

    def __init__(self, seed: int, seconds: Any) -> None:
        self.random = random.Random(seed)
        self.seconds = seconds
        self.server = fakeredis.FakeServer()
        self.network = Network([System("desk"), System("idp", speaks=True), System("crm")])
        self.ranked = self.rotated = False
        """hr has the say at idp; another fingerprint key is the current one."""
        self.processes: list[Process] = []

    @property
    def configuration(self) -> Any:
        """What a process that starts now reads."""
        rules: tuple[tuple[str, str, Policy], ...] = (("dept", "dept", "always"), ("num", "num", "once"))
        return SimpleNamespace(
            systems={
                "hr": system("hr", None, source=True),
                "desk": system("desk", Plug(readable=False, many=True)),
                "idp": system("idp", Plug(many=False), source=True, looks=True),
                "crm": system("crm", Plug(many=True)),
            },
            mappings={"hr": mapping("hr", desk=rules, idp=rules), "idp": mapping("idp", crm=rules)},
            ranks={"idp": {"dept": {"hr": 1, "idp": 0}}} if self.ranked else {}, revision="sim",
            two_way={"idp": frozenset({"dept", "num"})}, relay_needs={},
        )  # fmt: skip

    @property
    def prints(self) -> Fingerprints:
        keys = [("k", b"k" * 32), ("l", b"l" * 32)]
        return Fingerprints(dict(reversed(keys) if self.rotated else keys))

    def boot(self) -> Process:
        process = Process(self)
        self.processes.append(process)
        return process

    async def calm(self) -> None:
        """Let everything run until it waits for the network."""
        idle = 0
        while idle < 3:
            before = self._waiting()
            for _ in range(20):
                await asyncio.sleep(0)
            idle = idle + 1 if self._waiting() == before else 0

    def _waiting(self) -> tuple[int, ...]:
        return (
            len(self.network.under_way),
            *(len(p.tasks) + p.floor.in_flight() + len(p.store._waiting) for p in self.processes),
        )

    STORIES = ("propagate", "fold", "desk", "idp", "crm")

    def story(self, process: Process, name: str) -> Coroutine[Any, Any, Any]:
        match name:
            case "propagate":
                return propagate(process.engine)
            case "fold":
                return fold(process.engine)
            case _:
                return deliver(process.engine, process.floor, name)
