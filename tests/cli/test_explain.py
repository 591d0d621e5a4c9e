"""`explain`: what would be sent, and why; without a socket to any system, and byte for byte what is then sent."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SECRET, Command, Line, Printed, World, said
from worker import wiring
from worker.engine.deliver import deliver, drained
from worker.engine.engine import Engine
from worker.engine.floor import Floor
from worker.engine.propagate import propagate
from worker.network.lines import lines

Body = Callable[[Mapping[str, Any]], Path]


class Recorder:
    """A server that answers every request with {} and keeps each as it came."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
                )
                self.got.append(head + await reader.readexactly(length))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()


def as_sent(raw: bytes) -> bytes:
    """A request without Host, which the URL says, and without the credentials."""
    head, _, body = raw.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"host:", b"authorization:", b"x-api-key:"))]
    return b"\r\n".join(kept) + b"\r\n\r\n" + body


def as_drawn(request: Mapping[str, Any], origin: str) -> bytes:
    """What `explain` printed, as it would be on the wire."""
    lines_ = [
        f"{request['method']} {request['url'].removeprefix(origin)} HTTP/1.1",
        *(f"{n}: {v}" for n, v in request["headers"]),
    ]
    return ("\r\n".join(lines_) + "\r\n\r\n" + (request["body"] or "")).encode()


def test_byte_for_byte_what_is_then_sent(world: World, lockstep: Command, body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is missing, what the systems then receive over real connections is what was printed: method, target, header
    fields in their order, body.  Only the credential is left out."""
    event = said("evt-1", 1, title="Größe 1", department="OPS", level=3, unit="7 & 8", phone=None)
    recorder = Recorder()

    async def sent() -> None:
        async with wiring.operators_engine(settings, configuration) as engine:
            engine.lines = lines(configuration, engine.store, settings.egress)
            await engine.links.set("hr", "E-1", "directory", "7")
            floor = Floor()
            assert not await propagate(engine)
            for target in ("directory", "crm"):
                await deliver(engine, floor, target)
                await drained(floor, 5)
            for line in engine.lines.values():
                await line.close()

    async def links() -> None:
        async with wiring.operators_engine(settings, configuration) as engine:
            await engine.links.set("hr", "E-1", "directory", "7")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setenv("DIRECTORY_URL", origin)
        monkeypatch.setenv("CRM_URL", origin)
        settings = world.settings
        configuration = wiring.configuration(settings)
        asyncio.run(links())
        drawn = lockstep("explain", str(body(event)), "--source", "hr", "--reveal", "--json")

        async def all_of_it() -> None:
            server = await asyncio.start_server(recorder.serve, sock=listening)
            await sent()
            server.close()

        world.accept("hr", event)
        asyncio.run(all_of_it())
    printed = [as_drawn(request, origin) for target in drawn.json[0]["targets"] for request in target["sends"]]
    assert len(printed) == 4
    assert printed == [as_sent(raw) for raw in recorder.got]
    assert SECRET.encode() in b"".join(recorder.got)
    assert SECRET not in drawn.out


def test_no_socket_is_opened(
    environment: Mapping[str, str], lockstep: Command, body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a store not one connection is made; that nothing is known is said on stderr."""

    def forbidden(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(socket.socket, "connect_ex", forbidden)
    printed = lockstep("explain", str(body(said("evt-1", 1, title="Lead", level="3"))), "--source", "hr")
    assert printed.code == 0
    assert "The store is not read: no store is named, and no embedded one runs." in printed.err
    assert "PUT https://crm.example/people/E-1" in printed.out


def test_a_store_that_does_not_answer(
    environment: Mapping[str, str], lockstep: Command, body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and the event is explained as a first one."""
    monkeypatch.setenv("LOCKSTEP_REDIS_URL", "unix:///nowhere/at/all")
    printed = lockstep("explain", str(body(said("evt-1", 1, level="3"))), "--source", "hr")
    assert printed.code == 0
    assert "The store is not read: the store does not answer" in printed.err


def test_values_are_masked(history: World, lockstep: Command, body: Body) -> None:
    """No value of the event in what is printed, also not in an address; ids are no values."""
    event = said("evt-9", 9, "E-2", number="778899", department="OPS", title="Lead", level="3")
    for more in ((), ("--json",)):
        out = lockstep("explain", str(body(event)), "--source", "hr", *more).out
        assert not [
            value for value in ("778899", "OPS", "Operations", "Lead", "ben@example.com", "ben%40example.com") if value in out
        ]
        assert "people/E-2" in out


def test_reveal_is_recorded(history: World, lockstep: Command, body: Body) -> None:
    """Who looked at the values of which event."""
    assert '"Lead"' in lockstep("explain", str(body(said("evt-9", 9, title="Lead"))), "--source", "hr", "--reveal").out
    (act,) = history.acts()
    assert (act.act, act.what) == ("explain --reveal", {"events": ("hr:evt-9",)})


def test_nothing_is_written(history: World, lockstep: Command, body: Body) -> None:
    """The store is as before: no event, no lane, no due entry."""

    async def everything(engine) -> dict[bytes, Any]:
        return {key: await engine.store.do("DUMP", key) for key in sorted(await engine.store.do("KEYS", "*"))}

    before = history.run(everything)
    lockstep("explain", str(body(said("evt-9", 9, title="Lead", number="1", level="3", tier="x"))), "--source", "hr")
    assert history.run(everything) == before


def test_decisions_under_what_the_store_knows(history: World, lockstep: Command, body: Body) -> None:
    """Sealed, superseded, outranked, unchanged: the engine's own words, and nothing is sent for them."""
    event = said("evt-9", 0, number="9", department="OPS")
    (told,) = lockstep("explain", str(body(event)), "--source", "hr", "--json").json
    decisions = {(t["target"], rule["attribute"]): rule["decision"] for t in told["targets"] for rule in t["rules"]}
    assert decisions["directory", "number"]["outcome"] == "sealed"
    assert decisions["directory", "department"]["outcome"] == "superseded"
    assert [target["sends"] for target in told["targets"]] == [[], []]
    (told,) = lockstep("explain", str(body(said("e-9", 9, "u-1", title="Boss"))), "--source", "idp", "--json").json
    assert told["targets"][0]["rules"][0]["decision"]["outcome"] == "outranked"
    (told,) = lockstep("explain", str(body(said("evt-9", 9, title="Lead"))), "--source", "hr", "--json").json
    assert told["targets"][0]["rules"][0]["decision"]["outcome"] == "unchanged"


def test_an_account_that_is_not_known(world: World, lockstep: Command, body: Body) -> None:
    """The search that would find it is drawn, and the rest with `{account}` in its place."""
    out = lockstep("explain", str(body(said("evt-1", 1, number="1", title="Lead"))), "--source", "hr", "--reveal").out
    assert "directory: its account is not known" in out
    assert "asks first, by email, for the {account}:" in out
    assert "GET https://directory.example/users?filter=mail%20eq%20%22ana%40example.com%22" in out
    assert "GET https://directory.example/users/{account}" in out
    assert "What follows holds if that shows number empty." in out
    assert "PATCH https://directory.example/users/{account}" in out
    masked = lockstep("explain", str(body(said("evt-1", 1, number="1", title="Lead"))), "--source", "hr").out
    assert "GET https://directory.example/users?filter=••••" in masked


def test_a_whole_object(world: World, lockstep: Command, body: Body) -> None:
    """Read, then change."""
    out = lockstep("explain", str(body(said("evt-1", 1, tier="gold"))), "--source", "hr").out
    read, change = out.index("GET https://crm.example/customers/E-1"), out.index("PUT https://crm.example/customers/E-1")
    assert read < out.index("With these changes goes what was read and would not survive alone.") < change


@pytest.fixture
def live(world: World, lockstep: Command, body: Body, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Printed]:
    """`explain --live` of what hr says of E-1; the systems are those of the world."""

    @asynccontextmanager
    async def opened(*_: object) -> AsyncIterator[Mapping[str, Line]]:
        yield {name: Line(name, world.systems) for name in world.configuration.systems}

    monkeypatch.setattr("worker.network.lines.opened", opened)

    def explained(*more: str, **attributes: Any) -> Printed:
        return lockstep("explain", str(body(said("evt-1", 1, **attributes))), "--source", "hr", "--live", *more)

    return explained


def test_live_asks_and_does_not_tell(world: World, live: Callable[..., Printed]) -> None:
    """The account is searched and read, the decision is made of what it shows; nothing is sent, and nothing is stored."""
    world.systems.accounts["directory"] = {"7": {"id": "7", "mail": "ana@example.com", "number": "9"}}

    async def everything(engine: Engine) -> dict[bytes, Any]:
        return {key: await engine.store.do("DUMP", key) for key in sorted(await engine.store.do("KEYS", "*"))}

    before = world.run(everything)
    (told,) = live("--json", number="010442", title="Lead").json
    assert world.run(everything) == before
    assert [(request.method, request.url.path) for request in world.systems.log] == [("GET", "/users"), ("GET", "/users/7")]
    (directory,) = told["targets"]
    assert directory["account"] == "7"
    assert directory["searches"] == []
    assert directory["reads"] is None
    assert {name: each["value"] for name, each in directory["shows"].items()} == {"number": '"••••" (1 character)', "title": None}
    assert [rule["decision"] for rule in directory["rules"]][1] == "written"
    assert directory["rules"][0]["decision"]["outcome"] == "sealed"
    assert [request["url"] for request in directory["sends"]] == ["https://directory.example/users/7"]


def test_live_shows_what_is_there(world: World, live: Callable[..., Printed]) -> None:
    """In words, and masked."""
    world.systems.accounts["directory"] = {"7": {"id": "7", "mail": "ana@example.com", "number": "9"}}
    out = live(number="010442").out
    assert 'It was read just now, and shows:\n    number  "••••" (1 character)\n' in out
    assert "-> sealed (sealed as found)" in out
    assert "Nothing is sent." in out


def test_live_a_whole_object_is_whole(world: World, live: Callable[..., Printed]) -> None:
    """What goes along with the change is in the body."""
    world.systems.accounts["shop"] = {"E-1": {"id": "E-1", "name": "Ana", "tier": "basic"}}
    printed = live("--reveal", "--json", tier="gold")
    (told,) = printed.json
    (request,) = told["targets"][0]["sends"]
    assert json.loads(request["body"]) == {"customer": {"id": "E-1", "name": "Ana", "tier": "gold"}}


@pytest.mark.parametrize(
    ("people", "decision"),
    [({}, {"outcome": "pending", "reason": "no account"}), ({"7": {}, "8": {}}, {"outcome": "parked", "reason": "ambiguous"})],
)
def test_live_without_one_account(
    world: World, live: Callable[..., Printed], people: dict[str, Any], decision: dict[str, str]
) -> None:
    """Nobody, or two of them: what becomes of the value is told, and no request is made up."""
    world.systems.accounts["directory"] = {name: {"id": name, "mail": "ana@example.com"} for name in people}
    (told,) = live("--json", title="Lead").json
    (rule,) = told["targets"][0]["rules"]
    assert {name: rule["decision"][name] for name in decision} == decision
    assert told["targets"][0]["sends"] == []


def test_live_an_account_of_somebody_else(history: World, live: Callable[..., Printed], lockstep: Command, body: Body) -> None:
    """Account 7 is E-1's; who has her address now does not get it."""
    event = said("evt-9", 9, "E-7", title="Boss")
    event["data"]["email"] = "ana@example.com"
    out = lockstep("explain", str(body(event)), "--source", "hr", "--live").out
    assert "directory: account 7" in out
    assert "-> parked (the account belongs to another subject)" in out
    assert "Nothing is sent." in out


def test_live_where_a_system_does_not_tell(world: World, live: Callable[..., Printed]) -> None:
    """Why is said, and the question is drawn instead; an account that is not there any more likewise."""
    out = live(tier="gold").out
    assert "the account is not there any more: it would be searched for again" in out
    assert "GET https://crm.example/customers/E-1" in out


def test_live_needs_the_store(environment: Mapping[str, str], lockstep: Command, body: Body) -> None:
    """Its budgets hold for a question, too: without one it is an error of the environment."""
    printed = lockstep("explain", str(body(said("evt-1", 1, title="Lead"))), "--source", "hr", "--live")
    assert printed.code == 3
    assert "LOCKSTEP_REDIS_URL" in printed.err
    assert printed.out == ""


NO_IDS = {
    "systems.yaml": """
version: 1
systems:
  hr: {connector: http, source: {verify: {scheme: standard-webhooks, secrets: ["${HR_SECRET}"]}}}
  chat:
    connector: chatwoot
    base_url: https://chat.example
    account_id: 1
    credentials: {access_token: "${TOKEN}", agents_token: "${TOKEN}"}
""",
    "hr.yaml": """
version: 1
source: hr
targets:
  chat: {account: {find: email, by: subject.email}, attributes: {name: {from: name, write: once}}}
""",
}


def test_a_link_to_what_can_be_no_account(
    world: World, lockstep: Command, body: Body, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator can link what is no id at all; that no read can be made of it is a sentence of the answer."""
    for name, text in NO_IDS.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("LOCKSTEP_CONFIG", str(tmp_path))
    assert lockstep("links", "set", "hr:E-1", "chat:ana", "--reason", "typed wrong").code == 0
    printed = lockstep("explain", str(body(said("evt-1", 1, name="Ana"))), "--source", "hr")
    assert printed.code == 0
    assert "chat: account ana" in printed.out
    assert "no request can be made to read it: an id at Chatwoot is an integer" in printed.out


def test_what_waits_goes_along(world: World, lockstep: Command, body: Body) -> None:
    """A value that is wanted already is in the same call, under its event's name."""
    world.systems.accounts["directory"] = {}

    async def link(engine) -> None:
        await engine.links.set("hr", "E-1", "directory", "7")

    world.run(link)
    world.accept("hr", said("evt-1", 1, title="Lead"))
    world.work()
    out = lockstep("explain", str(body(said("evt-2", 2, department="OPS"))), "--source", "hr").out
    assert "With it goes title, which hr:evt-1 wants and which waits already." in out
    assert "sends, for department and title:" in out


def test_a_hint_only_asks(world: World, lockstep: Command, body: Body) -> None:
    """What a two-way system says is a reason to read its account, and no more."""
    out = lockstep("explain", str(body(said("h-1", 1, "E-1", phone="1"))), "--source", "ldap").out
    assert "It only says *look*" in out
    assert "GET https://crm.example/entries/E-1" in out
    assert "PATCH" not in out


def test_a_deletion_ends_links(history: World, lockstep: Command, body: Body) -> None:
    """They are named, and still there afterwards."""
    event = {"type": "user.deleted", "id": "evt-9", "data": {"id": "E-1"}}
    out = lockstep("explain", str(body(event)), "--source", "hr").out
    assert "It asks nothing of anybody: ignored (deleted at its source)" in out
    assert "Its link with account 7 of directory ends." in out
    assert lockstep("links", "show", "hr:E-1", "--json").json["linked"] == {"directory": "7"}
    (told,) = lockstep("explain", str(body(event)), "--source", "hr", "--json").json
    assert told["links_end"] == {"directory": "7"}


def test_out_of_scope(world: World, lockstep: Command, body: Body) -> None:
    """`when` said no, for every rule."""
    out = lockstep("explain", str(body(said("evt-1", 1, employment="contractor", level="3"))), "--source", "hr").out
    assert "`when` says no" in out
    assert "ignored (scope)" in out
    assert "Nothing is sent." in out


def test_an_event_that_is_known(history: World, lockstep: Command, body: Body) -> None:
    """Sent again it changes nothing; that is said."""
    same = lockstep("explain", str(body(said("evt-1", 2, number="010442", department=" R&D "))), "--source", "hr")
    assert "hr:evt-1 was accepted before, and would change nothing." in same.err
    other = lockstep("explain", str(body(said("evt-1", 2, number="x"))), "--source", "hr")
    assert "hr:evt-1 was accepted before, and is refused, for its content is another." in other.err


def test_bodies_that_are_no_events(world: World, lockstep: Command, body: Body, tmp_path: Path) -> None:
    """Exit 2 with the place, or with the sources that it could be; 5 for a source that is none."""
    broken = tmp_path / "broken.json"
    broken.write_text('{"id": 1, "id": 2}')
    printed = lockstep("explain", str(broken), "--source", "hr")
    assert printed.code == 2
    assert "line 1" in printed.err
    several = lockstep("explain", str(body(said("evt-1", 1, title="x"))))
    assert several.code == 2
    assert "several sources can read this body: say which, with --source hr or idp or ldap" in several.err
    assert lockstep("explain", str(body(said("evt-1", 1))), "--source", "hrr").code == 5
    assert lockstep("explain", str(tmp_path / "absent.json")).code == 2
    unusable = lockstep("explain", str(body({"id": "x", "data": {"attributes": {}}})), "--source", "hr")
    assert "It asks nothing of anybody: parked (" in unusable.out


def test_json_has_the_rule_and_its_steps(world: World, lockstep: Command, body: Body) -> None:
    """Each rule with its place and steps, each request with what it carries."""
    (told,) = lockstep("explain", str(body(said("evt-1", 1, department="OPS"))), "--source", "hr", "--json").json
    directory = told["targets"][0]
    assert directory["rules"][0]["rule"] == "hr.yaml:10"
    assert [step["step"] for step in directory["rules"][0]["steps"]] == ["from", "trim", "lookup"]
    assert directory["sends"][0]["attributes"] == ["department"]
    assert json.loads(directory["sends"][0]["body"]) == {"department": "•••• (10 characters)"}
