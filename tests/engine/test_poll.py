"""A feed that is polled: what a lost webhook would have told is only late, wherever a poll dies, and is told once."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from msgspec.structs import replace

from connectors.contract import (
    Authentication,
    Carries,
    ConnectorError,
    Deferred,
    Element,
    Failed,
    Flow,
    Halted,
    Json,
    Page,
    Said,
    Unusable,
)
from connectors.onelogin import feed
from connectors.onelogin.sandbox import ApiCredential, Sandbox, events
from connectors.registry import CONNECTORS
from connectors.sandbox import Webhook
from tests.company import Desk
from tests.connectors.conversation import Talk
from tests.store.dying import DyingStore, dies_everywhere
from worker.config import load
from worker.core import intake
from worker.core.event import Entry, Event
from worker.core.fingerprint import Fingerprints
from worker.core.outcome import Outcome, Word
from worker.engine import poll as story
from worker.engine.deliver import deliver
from worker.engine.engine import FEEDS, Engine
from worker.engine.floor import Floor
from worker.engine.fold import fold
from worker.engine.hints import Hints
from worker.engine.propagate import propagate
from worker.engine.tick import tick
from worker.operate.targets import states
from worker.store import keys
from worker.store.connection import Store
from worker.store.cursors import Cursor
from worker.store.errors import Unavailable
from worker.store.journal import Journal
from worker.store.lanes import Lanes
from worker.store.links import Links
from worker.store.pauses import Pauses, Reason
from worker.telling.event_text import sentences
from worker.telling.events import Story

T = TypeVar("T")

SYSTEMS = """
version: 1
systems:
  onelogin:
    connector: onelogin
    base_url: https://acme.onelogin.example
    credentials: {client_id: id-1, client_secret: "${KEY}"}
    min_interval: 0s
    source: {verify: {secrets: ["${KEY}"]}, poll: 5m}
  desk:
    connector: http
    base_url: https://desk.example.com
    auth: {header: Authorization, prefix: "Bearer ", value: "${KEY}"}
    min_interval: 0s
    account: {read: {get: "/users/{id}"}}
    target: {write: {patch: "/users/{id}", many: true}}
"""
MAPPING = """
version: 1
source: onelogin
targets:
  desk:
    account: [{find: id, by: subject.id}]
    on_no_account: park
    attributes: {department: department}
"""
PERIOD = 300_000


class OneLoginLine(Talk):
    """The line to the sandbox.  `errors` are raised instead of the next calls, an Event is waited for, once `reached`."""

    def __init__(self, sandbox: Sandbox, authentication: Any) -> None:
        super().__init__(sandbox, authentication)
        self.reached = asyncio.Event()
        self.errors: list[ConnectorError | asyncio.Event | None] = []

    async def drive(self, flow: Flow[T], *, patience: float) -> T:
        assert patience > 0
        match self.errors.pop(0) if self.errors else None:
            case ConnectorError() as error:
                flow.close()
                raise error
            case asyncio.Event() as gate:
                self.reached.set()
                await gate.wait()
            case None:
                pass
        return await self(flow)

    def calls(self, part: str) -> int:
        """How many requests there were for it."""
        return sum(part in request.url.path for request in self.sent)


@dataclass
class Firm:
    """People change in OneLogin; desk is to hold it."""

    store: Store
    engine: Engine
    sandbox: Sandbox
    line: OneLoginLine
    desk: Desk
    floor: Floor = field(default_factory=Floor)
    heard: list[bytes] = field(default_factory=list)
    """Bodies of webhooks that arrived."""

    async def change(self, department: str, user: str = "101") -> None:
        self.sandbox.edit(user, {"department": department})
        await self.sandbox.sender.idle()

    async def listen(self) -> None:
        """Accept the webhooks that arrived."""
        source = self.engine.configuration.systems["onelogin"].source
        assert source is not None
        for body in self.heard:
            receipt = intake.Receipt("onelogin", "", await self.store.now() * 1000, looks=True)
            for entry in intake.entries(json.loads(body), source, receipt):
                await self.engine.journal.accept(entry)
        self.heard.clear()

    async def poll(self, engine: Engine | None = None) -> None:
        """The feed is due, and read; in vain, where the worker is dead."""
        await self.due()
        await story.poll(engine or self.engine, self.floor)
        while self.floor._beside:
            await asyncio.wait(self.floor._beside)

    async def due(self) -> None:
        await self.store.do("ZADD", keys.FEEDS_DUE, 0, "onelogin")

    async def run(self) -> None:
        """Everything but the poll, until nothing is due."""
        for _ in range(50):
            while await propagate(self.engine):
                pass
            for system in ("onelogin", "desk"):
                await deliver(self.engine, self.floor, system)
                await self.floor.empty()
            while await fold(self.engine):
                pass
            now = await self.store.now()
            lists = [keys.EVENTS_DUE, keys.due("onelogin"), keys.due("desk")]
            if not any([await self.store.do("ZCOUNT", each, "-inf", now) for each in lists]):
                return
        raise AssertionError("it does not come to rest")

    async def cursor(self) -> Cursor:
        return await self.engine.cursors.load("onelogin")

    async def waits(self) -> int:
        """Milliseconds until the feed is read again."""
        score = await self.store.do("ZSCORE", keys.FEEDS_DUE, "onelogin")
        return int(float(score)) - await self.store.now()

    async def events(self, prefix: str = "onelogin:poll-") -> list[Event]:
        names = [name for name in await self.engine.journal.since(0) if name.startswith(prefix)]
        return [event for _, event in await self.engine.journal.load(names) if event is not None]

    async def verdicts(self) -> list[str]:
        """Of the polled events, oldest first: the reason for which it was recorded only, "" if it led to a look."""
        return [event.outcomes["*"]["*"].reason if "*" in event.outcomes else "" for event in await self.events()]  # type: ignore[union-attr]

    def held(self, user: str = "101") -> Any:
        return self.desk.accounts[user].get("department")

    def engine_on(self, store: Store) -> Engine:
        """Another worker's."""
        there = self.engine
        return Engine(
            configuration=there.configuration, store=store, journal=Journal(store), lanes=Lanes(store), links=Links(store),
            pauses=Pauses(store), lines=there.lines, prints=there.prints, hint=lambda _: None, jitter=lambda: 0.0,
        )  # fmt: skip

    def lists(self, *elements: Element) -> None:
        """Another feed in the place of OneLogin's."""
        systems = self.engine.configuration.systems
        target = systems["onelogin"].target
        assert target is not None
        there = {
            **systems,
            "onelogin": dataclasses.replace(systems["onelogin"], source=Scripted(target.authentication, elements)),
        }
        self.engine.configuration = dataclasses.replace(self.engine.configuration, systems=there)


@pytest.fixture
async def firm(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Firm:
    """A list has two events a page.  The feed has begun, and webhooks arrive."""
    monkeypatch.setattr(events, "PAGE", 2)
    (tmp_path / "systems.yaml").write_text(SYSTEMS)
    (tmp_path / "onelogin.yaml").write_text(MAPPING)
    configuration = load(tmp_path, {"KEY": "secret-of-the-tests"}, CONNECTORS)
    heard: list[bytes] = []

    async def post(_: str, __: Any, body: bytes) -> int:
        heard.append(body)
        return 200

    people: list[dict[str, Json]] = [{"id": 101 + n, "email": f"p{n}@example.com", "department": "Old"} for n in range(4)]
    sandbox = Sandbox(people, credentials=[ApiCredential("id-1", "secret-of-the-tests")], linger=0, post=post)
    sandbox.edit("101", {"department": "Old"})  # history
    sandbox.webhook = Webhook("https://lockstep.example/hooks/onelogin", "wh00k")
    target = configuration.systems["onelogin"].target
    assert target is not None
    line, desk = OneLoginLine(sandbox, target.authentication), Desk("desk", {str(101 + n): {} for n in range(4)})
    engine = Engine(
        configuration=configuration, store=store, journal=Journal(store), lanes=Lanes(store), links=Links(store),
        pauses=Pauses(store), lines={"onelogin": line, "desk": desk}, prints=Fingerprints({"k": b"k" * 32}),  # type: ignore[dict-item]
        hint=lambda _: None, jitter=lambda: 0.0,
    )  # fmt: skip
    firm = Firm(store, engine, sandbox, line, desk, heard=heard)
    await firm.poll()
    return firm


def lose(firm: Firm) -> None:
    firm.sandbox.webhook = Webhook("https://lockstep.example/hooks/onelogin", "wh00k", lost=True)


async def test_the_first_poll_publishes_no_history(firm: Firm) -> None:
    """It only notes where the feed begins, and is done until the next."""
    assert await firm.events("onelogin:") == []
    cursor = await firm.cursor()
    assert cursor.place
    assert (cursor.rev, cursor.misses, cursor.why) == (1, 0, "")
    assert cursor.begun
    assert cursor.whole
    assert PERIOD - 10_000 < await firm.waits() <= PERIOD
    await firm.poll()
    await firm.run()
    assert await firm.events("onelogin:") == []
    assert firm.held() is None


async def test_what_lost_webhooks_would_have_told_comes_to_rest(firm: Firm) -> None:
    """Every person is as in OneLogin in the end, over several pages; polled again, nothing more is asked or written."""
    lose(firm)
    for user in ("101", "102", "103", "104", "101"):
        await firm.change(f"New-{user}", user)
    await firm.run()
    assert firm.desk.writes == 0
    await firm.poll()
    await firm.run()
    assert [firm.held(user) for user in ("101", "102", "103", "104")] == ["New-101", "New-102", "New-103", "New-104"]
    reads, writes = firm.line.calls("/users/"), firm.desk.writes
    await firm.poll()
    await firm.run()
    assert (firm.line.calls("/users/"), firm.desk.writes) == (reads, writes)
    assert len(await firm.events()) == 5


async def test_a_poll_may_die_anywhere(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """After every command to the store: the next poll goes on, nobody is forgotten, and no event is there twice."""
    monkeypatch.setattr(feed, "LATE", 0)  # else the next list would begin early enough to hide what a crash loses
    lose(firm)
    turns = 0

    async def dies(last: int) -> bool:
        nonlocal turns
        turns += 1
        firm.sandbox.events.forget()  # a list of three, each time
        for user in ("101", "102", "103"):
            await firm.change(f"New-{turns}", user)
        dead = DyingStore(firm.store, last)
        try:
            await firm.due()
            await story.poll(firm.engine_on(dead), firm.floor)
        except Unavailable:
            pass
        while firm.floor._beside:
            await asyncio.wait(firm.floor._beside)
        lived = dead.left > 0
        await firm.poll()
        await firm.run()
        assert [firm.held(user) for user in ("101", "102", "103")] == [f"New-{turns}"] * 3
        assert len(await firm.events()) == 3 * turns
        assert (await firm.cursor()).why == ""
        return lived

    assert await dies_everywhere(dies) > 9


async def test_of_two_workers_one_moves_the_cursor(firm: Firm) -> None:
    """One that slept through its lease accepts what is known, and moves neither the cursor nor the time of the next poll."""
    lose(firm)
    await firm.change("New")
    sleeps = asyncio.Event()
    firm.line.errors = [sleeps]
    await firm.due()
    await story.poll(firm.engine, firm.floor)
    await asyncio.wait_for(firm.line.reached.wait(), 10)
    asleep = set(firm.floor._beside)
    await firm.due()  # its lease is over
    other = Floor()
    await story.poll(firm.engine_on(firm.store), other)
    await asyncio.wait(other._beside)
    moved, waits = await firm.cursor(), await firm.waits()
    sleeps.set()
    await asyncio.wait(asleep)
    assert await firm.cursor() == moved
    assert abs(await firm.waits() - waits) < 5_000
    await firm.run()
    assert (len(await firm.events()), firm.held(), firm.desk.writes) == (1, "New", 1)


async def test_a_taken_feed_is_not_taken_again(firm: Firm) -> None:
    """Taking it is the lease: a second worker finds nothing due."""
    gate = asyncio.Event()
    firm.line.errors = [gate]
    await firm.due()
    await story.poll(firm.engine, firm.floor)
    other = Floor()
    await story.poll(firm.engine_on(firm.store), other)
    assert not other._beside
    gate.set()
    await asyncio.wait(firm.floor._beside)


async def test_a_page_that_is_read_twice_says_nothing_new(firm: Firm) -> None:
    """A cursor that stands where it stood before leads to events that are known."""
    lose(firm)
    before = await firm.cursor()
    await firm.change("New")
    await firm.poll()
    await firm.run()
    there = await firm.cursor()
    await firm.engine.cursors.move("onelogin", there, replace(there, place=before.place), 0)
    reads = firm.line.calls("/users/")
    await firm.poll()
    await firm.run()
    assert len(await firm.events()) == 1
    assert firm.line.calls("/users/") == reads


async def test_what_a_webhook_told_costs_no_second_look(firm: Firm) -> None:
    """The listed event is recorded, `ignored (told already)`."""
    await firm.change("New")
    await firm.listen()
    await firm.run()
    reads = firm.line.calls("/users/")
    await firm.poll()
    await firm.run()
    assert await firm.verdicts() == ["told already"]
    (event,) = await firm.events()
    assert "It was found in the list of onelogin, where it was polled; no webhook brought it." in [
        *sentences(Story(event, ()), event.at, reveal=False)
    ]
    assert (firm.held(), firm.line.calls("/users/"), firm.desk.writes) == ("New", reads, 1)


async def test_a_webhook_that_comes_after_the_poll_changes_nothing(firm: Firm) -> None:
    """It costs one look, and no write."""
    await firm.change("New")
    await firm.poll()
    await firm.run()
    await firm.listen()
    await firm.run()
    assert await firm.verdicts() == [""]
    (told,) = [event for event in await firm.events("onelogin:") if event.kind == "said" and not event.id.startswith("poll-")]
    outcome = told.outcomes["onelogin"]["*"]
    assert outcome is not None
    assert outcome.word is Word.ECHO
    assert (firm.held(), firm.desk.writes) == ("New", 1)


async def test_a_webhook_that_is_parked_told_nothing(firm: Firm) -> None:
    """Where nobody looked, the poll is what leads to a look."""
    await firm.change("New")
    await firm.listen()
    (name,) = await firm.engine.journal.since(0)
    await firm.engine.journal.tell(name, {("onelogin", "*"): [Outcome(Word.PARKED, "a fault of ours")]}, [("onelogin", "*")])
    await firm.poll()
    await firm.run()
    assert (await firm.verdicts(), firm.held()) == ([""], "New")


@pytest.mark.parametrize(
    ("error", "misses", "wait"),
    [
        (Deferred("throttled", 90.0, throttled=True), 0, 90_000),
        (Failed("server error", 40.0), 1, 40_000),
        (Halted("the scope is missing"), 1, 1_000),
    ],
)
async def test_what_ends_a_poll_within_a_list(firm: Firm, error: ConnectorError, misses: int, wait: int) -> None:
    """The page before is kept, the list goes on from there when the error says; to be throttled is no failure, and nothing that
    befalls a poll pauses the system."""
    lose(firm)
    for user in ("101", "102", "103"):
        await firm.change("New", user)
    firm.line.errors = [None, error]
    await firm.poll()
    cursor = await firm.cursor()
    assert (cursor.misses, cursor.why) == (misses, error.reason)
    assert wait - 10_000 < await firm.waits() <= wait
    assert len(await firm.events()) == 2
    assert await firm.engine.pauses.paused("onelogin") is None
    lists = firm.line.calls("/events")
    await firm.poll()
    await firm.run()
    assert firm.line.calls("/events") == lists + 1
    assert [firm.held(user) for user in ("101", "102", "103")] == ["New"] * 3
    assert (await firm.cursor()).misses == 0


async def test_a_pause_within_a_list_is_kept(firm: Firm) -> None:
    """Between two pages too; nothing is asked while it lasts, and the rest follows."""
    lose(firm)
    for user in ("101", "102", "103"):
        await firm.change("New", user)
    gate = asyncio.Event()
    firm.line.errors = [gate]
    await firm.due()
    await story.poll(firm.engine, firm.floor)
    await asyncio.wait_for(firm.line.reached.wait(), 10)
    await firm.engine.pauses.pause("onelogin", Reason.OPERATOR, why="maintenance", by="ada")
    gate.set()
    await asyncio.wait(firm.floor._beside)
    lists = firm.line.calls("/events")
    await firm.poll()
    assert (firm.line.calls("/events"), len(await firm.events())) == (lists, 2)
    assert (await firm.cursor()).why == "the system is paused"
    assert await firm.waits() > 10_000
    await firm.engine.pauses.resume("onelogin")
    await firm.poll()
    await firm.run()
    assert [firm.held(user) for user in ("101", "102", "103")] == ["New"] * 3


async def test_a_poll_neither_pauses_nor_resumes(firm: Firm) -> None:
    """Its success says nothing of the right to write: failures of the deliveries still count in a row."""
    for _ in range(4):
        await firm.engine.pauses.failed("onelogin", "server error")
    await firm.poll()
    assert await firm.engine.pauses.failed("onelogin", "server error")
    assert {each.system for each in await states(firm.engine) if each.pause} == {"onelogin"}


async def test_a_feed_that_cannot_be_read_is_told_once(firm: Firm) -> None:
    """At the fifth failure in a row, with the reason; then it goes on trying."""
    with structlog.testing.capture_logs() as logs:
        for _ in range(7):
            firm.line.errors = [Failed("server error")]
            await firm.poll()
    alerts = [line for line in logs if line.get("alert")]
    assert [(line["event"], line["source"], line["reason"]) for line in alerts] == [("feed not read", "onelogin", "server error")]
    assert (await firm.cursor()).misses == 7


async def test_a_full_backlog_holds_the_cursor(firm: Firm) -> None:
    """The page is read again when there is room."""
    lose(firm)
    for user in ("101", "102"):
        await firm.change("New", user)
    firm.engine.journal.backlog = 1
    before = await firm.cursor()
    await firm.poll()
    assert (await firm.cursor()).place == before.place
    assert (await firm.cursor()).why == "the backlog is full"
    await firm.run()
    await firm.poll()
    await firm.run()
    assert [firm.held(user) for user in ("101", "102")] == ["New", "New"]


async def test_a_source_that_is_polled_no_more_is_left(firm: Firm) -> None:
    """It is not due any more, and its cursor stays."""
    cursor = await firm.cursor()
    systems = firm.engine.configuration.systems
    there = {**systems, "onelogin": dataclasses.replace(systems["onelogin"], poll=None)}
    firm.engine.configuration = dataclasses.replace(firm.engine.configuration, systems=there)
    await firm.poll()
    assert await firm.store.do("ZCARD", keys.FEEDS_DUE) == 0
    assert await firm.cursor() == cursor


async def test_the_tick_says_that_a_feed_is_due(firm: Firm) -> None:
    """A polled source is enrolled by it, also in a store that has lost it, and hinted at when its time has come."""
    with ThreadPoolExecutor(1) as executor:
        hints = Hints(firm.store, lambda _: None, executor)
        assert await tick(firm.store, hints, [], ["onelogin"]) == []
        await firm.engine.cursors.leave("onelogin")
        assert await tick(firm.store, hints, []) == []
        assert await tick(firm.store, hints, [], ["onelogin"]) == [FEEDS]
        await asyncio.sleep(0.05)


class Scripted:
    """A feed of one page.  An element with `gone` says that the account is; `say` is what a damaged one would be."""

    carries: Carries = "hint"
    acknowledge = 202

    def __init__(self, authentication: Authentication, elements: Sequence[Element]) -> None:
        self.authentication, self.elements = authentication, elements

    def split(self, body: Json) -> Sequence[Element]:
        assert isinstance(body, list)
        return body

    def read(self, element: Element) -> Said:
        match element:
            case {"who": str(who), "id": str(ident), "at": int(at), **rest}:
                return Said({"id": who}, id=ident, time=at, carries="hint", deleted=bool(rest.get("gone")))
            case _:
                raise Unusable("not an event")

    def feed(self, cursor: str) -> Flow[Page]:
        yield from ()
        return Page(self.elements, "1")


AT = 1795168800_000000
WEBHOOK, POLLED, TOLD = "webhook", "polled", "told already"


@pytest.mark.parametrize(
    ("known", "is_covered"),
    [
        ([], False),
        ([(WEBHOOK, 0)], True),
        ([(WEBHOOK, 0), (TOLD, 0)], False),
        ([(WEBHOOK, 0), (WEBHOOK, 0), (TOLD, 0)], True),
        ([(POLLED, 0)], False),
        ([(POLLED, 0), (WEBHOOK, 0)], True),
        ([(WEBHOOK, 1)], True),
        ([(POLLED, 1)], True),
        ([(TOLD, 1)], False),
        ([(WEBHOOK, 0), (TOLD, 0), (WEBHOOK, 1)], True),
    ],
)
def test_which_events_cover_one_of_the_list(known: list[tuple[str, int]], *, is_covered: bool) -> None:
    """One of a later second does; of its own second a webhook that no other event of the list was told by.  One that was polled
    was looked at for itself."""
    entry = Entry("onelogin", "poll-9", "aa", b"{}", "101", f"{AT + 990_000}", polled=True)
    there = [
        Event(
            1, "aa", f"{AT + 1_000_000 * seconds}{0:030d}", 0, source="onelogin", id=f"e{n}", polled=kind != WEBHOOK,
            outcomes={"*": {"*": Outcome(Word.IGNORED, TOLD)}} if kind == TOLD else {"onelogin": {"*": None}},
        )
        for n, (kind, seconds) in enumerate(known)
    ]  # fmt: skip
    assert story.covered(entry, there) is is_covered
    assert not story.covered(replace(entry, time=""), there)
    assert not story.covered(entry, [replace(event, kind="seen") for event in there])


async def test_a_deletion_is_never_told_already(firm: Firm) -> None:
    """A look that shows the account says nothing of what came after."""
    later: Json = {"who": "101", "id": "p-0", "at": AT + 1_000_000}
    firm.lists(later, {"who": "101", "id": "p-1", "at": AT}, {"who": "101", "id": "p-2", "at": AT, "gone": True})
    await firm.poll()
    records = {event.id: event for event in await firm.events("onelogin:") if event.kind == "said"}
    assert {name: "*" in record.outcomes for name, record in records.items()} == {"p-0": False, "p-1": True, "p-2": False}


async def test_what_cannot_be_used_stands_in_nobodys_way(firm: Firm) -> None:
    """A damaged element, one that is no text, and an id that is known with another content are parked, and told; the others go
    on, and the cursor too."""
    good: Json = {"who": "101", "id": "p-1", "at": AT}
    firm.lists({"who": "\ud800"}, {"x": 1}, good, {"who": "102", "id": "p-1", "at": AT}, {"who": "102", "id": "p-2", "at": AT})
    with structlog.testing.capture_logs() as logs:
        await firm.poll()
        await firm.poll()
    assert sum(line["event"] == "event parked" for line in logs) == 3
    assert await firm.engine.journal.waiting() == 2
    assert len(await firm.engine.journal.parked()) == 3
    assert (await firm.cursor()).place == "1"
