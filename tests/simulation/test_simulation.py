"""The whole engine under faults: two-way systems, crashes between any two steps, answers lost or late, leases that end early.

After each step the rules are checked against what the systems themselves logged; at the end the faults stop, and everything
comes to rest where it should.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.simulation.world import LATE, Process, World
from worker.core.derived import replayed
from worker.core.event import Entry, Event, finished
from worker.core.outcome import Word
from worker.operate.links import unlink
from worker.operate.named import Who

SUBJECTS = ("u1", "u2")
START = 1_800_000_000.0
FATES = ("lands", "lands", "lands", "unanswered", "no answer", "never", "500", "500 landed", "422", "429", "no connection")


class Simulation(RuleBasedStateMachine):
    """Rules are what the world does; invariants are what we promise."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = START
        self.traveller = time_machine.travel(START, tick=False)
        self.clock = self.traveller.start()
        self.accepted: dict[str, Entry] = {}
        self.versions: dict[str, str] = {}
        """value -> its version, of values that are said once"""
        self.count = 0

    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        self.world = World(seed, lambda: self.now)
        self.world.ranked = seed % 3 == 0
        self.loop.run_until_complete(self._boot())
        self.loop.run_until_complete(self._boot())

    async def _boot(self) -> None:
        await self.world.boot().store.open()

    def run(self, story: Any) -> Any:
        async def both() -> Any:
            answer = await story
            await self.world.calm()
            return answer

        return self.loop.run_until_complete(both())

    async def started(self, process: Process, name: str) -> None:
        process.start(self.world.story(process, name))

    # ---------------------------------------------------------------- what the world does

    @rule(subject=st.sampled_from(SUBJECTS), dept=st.booleans(), num=st.booleans(), back=st.integers(0, 3), again=st.booleans())
    def say(self, subject: str, dept: bool, num: bool, back: int, again: bool) -> None:
        """hr says something; sometimes with an older time, sometimes a value that it had said before."""
        self.count += 1
        attributes: dict[str, Any] = {}
        if dept or not num:
            attributes["dept"] = f"d{self.count}" if not again else "dA"
        if num:
            attributes["num"] = f"n{self.count}"
        micros = int((self.now - back) * 1_000_000) + self.count
        body = json.dumps({"subject": {"id": subject}, "attributes": attributes}).encode()
        version = self.accept(Entry("hr", f"e{self.count}", f"{self.count:x}", body, subject, time=f"{micros:016d}"))
        if not again:
            self.versions[f"d{self.count}"] = version

    def accept(self, entry: Entry) -> str:
        """Its version."""
        answer = self.run(self.world.processes[0].engine.journal.accept(entry))
        self.accepted[entry.name] = entry
        return str(answer.version)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def resend(self, data: st.DataObject) -> None:
        """The sender retries: the same event again."""
        self.accept(self.accepted[data.draw(st.sampled_from(sorted(self.accepted)))])

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """An operator replays an event."""
        name = data.draw(st.sampled_from(sorted(self.accepted)))
        event = self.run(self.world.processes[0].engine.journal.event(name))
        self.count += 1
        if event is not None and not event.replay:
            self.accept(replayed(event, self.count))

    @precondition(lambda self: not self.world.ranked)
    @rule(subject=st.sampled_from(SUBJECTS))
    def leave(self, subject: str) -> None:
        """hr says that somebody is gone; who speaks after it is somebody new under the same id."""
        self.count += 1
        body = json.dumps({"subject": {"id": subject}, "attributes": {}, "deleted": True}).encode()
        self.accept(Entry("hr", f"g{self.count}", f"{self.count:x}", body, subject))

    @precondition(lambda self: not self.world.ranked)
    @rule(subject=st.sampled_from(SUBJECTS))
    def unlink(self, subject: str) -> None:
        """An operator removes a link by hand."""
        self.run(unlink(self.world.processes[0].engine, Who("hr", subject), Who("idp", subject)))

    @rule(subject=st.sampled_from(SUBJECTS), where=st.sampled_from(["idp", "crm"]))
    def vanish(self, subject: str, where: str) -> None:
        """An account is not there for a while, and then it is, as it was."""
        system = self.world.network.systems[where]
        system.gone ^= {subject}
        if system.speaks:
            system.hints.append(subject)

    @rule(seconds=st.sampled_from([0.01, 2]))
    def clock_is_set_back(self, seconds: float) -> None:
        """By somebody who synchronizes the store's host."""
        self.now -= seconds
        self.clock.shift(-seconds)

    @rule(which=st.integers(0, 1))
    def rotate(self, which: int) -> None:
        """A process starts with the fingerprint keys in another order; the other has not yet."""
        self.world.rotated = not self.world.rotated
        self.crash(which)

    @rule(subject=st.sampled_from(SUBJECTS), told=st.booleans())
    def person(self, subject: str, told: bool) -> None:
        """A person edits the two-way system by hand; its webhook comes now, or later."""
        self.count += 1
        idp = self.world.network.systems["idp"]
        if subject in idp.gone:
            return
        idp.account(subject)["dept"] = f"p{self.count}"
        idp.hints.append(subject)
        if told:
            self.webhook()

    @precondition(lambda self: self.world.network.systems["idp"].hints)
    @rule()
    def webhook(self) -> None:
        """The two-way system says: look."""
        idp = self.world.network.systems["idp"]
        self.count += 1
        subject = idp.hints.pop(0)
        body = json.dumps({"subject": {"id": subject}, "attributes": {}}).encode()
        self.accept(Entry("idp", f"h{self.count}", f"{self.count:x}", body, subject))

    @rule(which=st.integers(0, 1), story=st.sampled_from(World.STORIES))
    def step(self, which: int, story: str) -> None:
        """A worker process runs one story until it waits for the network."""
        process = self.world.processes[which]
        if not any(story in task.get_name() for task in process.tasks):
            self.run(self.started(process, story))

    @precondition(lambda self: self.world.network.under_way)
    @rule(data=st.data(), what=st.sampled_from(FATES))
    def network(self, data: st.DataObject, what: str) -> None:
        """What becomes of a request."""
        network = self.world.network
        sent = network.under_way[data.draw(st.integers(0, len(network.under_way) - 1))]
        match what:
            case "lands":
                network.lands(sent)
            case "unanswered":
                network.lands_unanswered(sent)
            case "no answer" if not sent.orphan and sent.changes is not None:
                network.no_answer_yet(sent)
            case "never":
                network.never_lands(sent)
            case "500" | "500 landed":
                network.errs(sent, landed=what == "500 landed")
            case "429":
                network.turns_away(sent, 3.0)
            case "no connection":
                network.turns_away(sent, None)
            case "422" if sent.changes is not None and not sent.orphan:
                network.refuses(sent)
            case _:
                network.lands(sent)
        self.run(asyncio.sleep(0))

    @rule(which=st.integers(0, 1))
    def crash(self, which: int) -> None:
        """SIGKILL of a worker, and another is started."""
        self.run(self.world.processes[which].kill())
        self.world.processes.pop(which)
        self.run(self._boot())

    @rule(seconds=st.sampled_from([0.3, 1, 5, 16, 40]))
    def wait(self, seconds: float) -> None:
        """Time passes.  A request that has been out for longer than the late window cannot land any more, and its sender has
        given up at its deadline."""
        self.now += seconds
        self.clock.shift(seconds)
        for sent in list(self.world.network.under_way):
            age = self.now - sent.at
            if age >= LATE:
                self.world.network.never_lands(sent)
            elif age >= 5 and not sent.orphan:
                if sent.changes is None:
                    self.world.network.never_lands(sent)
                else:
                    self.world.network.no_answer_yet(sent)
        self.run(asyncio.sleep(0))

    # ---------------------------------------------------------------- what we promise

    @invariant()
    def nothing_fails(self) -> None:
        """No story ends in an error that nobody expected."""
        for process in getattr(self, "world", World.__new__(World)).__dict__.get("processes", ()):
            for task in process.tasks:
                if task.done() and not task.cancelled() and task.exception():
                    raise AssertionError("a story failed") from task.exception()

    @invariant()
    def sealed_is_written_with_one_value(self) -> None:
        """Rule 3: a write-once attribute is never written with two values."""
        for system in self._systems():
            written: dict[tuple[str, str], set[Any]] = {}
            for account, attribute, value in system.log:
                if attribute == "num":
                    written.setdefault((account, attribute), set()).add(value)
            for place, values in written.items():
                assert len(values) == 1, f"{system.name} {place} was written with {sorted(values)}"

    @invariant()
    def values_are_written_in_order(self) -> None:
        """Rule 2: at a system that only we write, the values of an attribute land in the order of their versions."""
        for system in self._systems():
            newest: dict[str, str] = {}
            for account, attribute, value in system.log:
                version = self.versions.get(value) if system.name == "desk" and attribute == "dept" else None
                if version is not None:
                    assert version >= newest.get(account, ""), f"{system.name} {account}: {value} landed after a newer one"
                    newest[account] = version

    def _systems(self) -> list[Any]:
        return list(self.world.network.systems.values()) if hasattr(self, "world") else []

    # ---------------------------------------------------------------- the faults stop

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self._rest()
                self._check_rest()
        finally:
            for process in getattr(self, "world", World.__new__(World)).__dict__.get("processes", []):
                self.loop.run_until_complete(process.kill())
            self.loop.close()
            self.traveller.stop()

    def _rest(self) -> None:
        for system in self._systems():
            if system.speaks:
                system.hints += sorted(system.gone)
            system.gone.clear()
        quiet = 0
        for turn in range(400):
            seconds = 0.5 if turn < 100 else 60.0  # who was not there is looked for again after minutes
            self.now += seconds
            self.clock.shift(seconds)
            busy = False
            while self.world.network.systems["idp"].hints:
                self.webhook()
                busy = True
            for which in (0, 1):
                for story in World.STORIES:
                    self.step(which, story)
            while self.world.network.under_way:
                busy = True
                self.world.network.lands(self.world.network.under_way[0])
                self.run(asyncio.sleep(0))
            if self._still_due():
                busy = True
            quiet = 0 if busy else quiet + 1
            if quiet > 2:
                return
        raise AssertionError(f"the engine does not come to rest: {self._still_due()}")

    def _still_due(self) -> list[Any]:
        async def due() -> list[Any]:
            store = self.world.processes[0].store
            found = []
            for name in ("*", "desk", "idp", "crm"):
                found += [(name, member) for member in await store.do("ZRANGE", f"ls:{{0}}:due:{name}", 0, -1)]
            return found

        return list(self.run(due()))

    def _check_rest(self) -> None:
        events = self.run(self._events())
        for event in events:
            assert finished(event), f"{event.name} is not over: {event.outcomes}"
        told = [(e.subject, target, o) for e in events for target, by in e.outcomes.items() for o in by.values()]
        parked = {(subject, target) for subject, target, o in told if o is not None and o.word is Word.PARKED}
        idp, crm, desk = (self.world.network.systems[name] for name in ("idp", "crm", "desk"))
        for subject in SUBJECTS:
            if (subject, "crm") not in parked and crm.accounts.get(subject, {}).get("dept") is not None:
                assert crm.account(subject)["dept"] == idp.account(subject).get("dept"), f"crm and idp differ for {subject}"
            mine = [e for e in events if e.source == "hr" and e.subject == subject and not e.replay]
            said = [e for e in mine if b'"dept"' in bytes(e.body)]
            if said and (subject, "desk") not in parked:
                newest = max(said, key=lambda e: e.version)
                value = json.loads(bytes(newest.body))["attributes"]["dept"]
                assert desk.account(subject).get("dept") == value, f"desk has {desk.account(subject)}, newest is {value}"

    async def _events(self) -> list[Event]:
        journal = self.world.processes[0].engine.journal
        return [event for _, event in await journal.load(await journal.since(0)) if event is not None]


Simulation.TestCase.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSimulation = Simulation.TestCase
