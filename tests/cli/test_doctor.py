"""`doctor` and `health`: what is found, what to do, and the exit code."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis as sync_redis
from msgspec.structs import replace

from tests.cli.conftest import MAPPINGS, Command, World, said
from worker.store import keys, queues
from worker.store.beats import Beats
from worker.store.connection import Store
from worker.store.cursors import NOTHING
from worker.store.keyring import vouch
from worker.store.pauses import Reason


def findings(lockstep: Command) -> dict[str, dict[str, Any]]:
    return {each["what"]: each for each in lockstep("doctor", "--json").json}


def beat(world: World, ago: int = 0, revision: str = "") -> None:
    async def story(engine) -> None:
        for kind in (keys.TICKS, keys.WORKERS):
            await Beats(engine.store, kind).beat(
                os.uname().nodename, await engine.store.now() - ago, revision or engine.configuration.revision
            )

    world.run(story)


def overdue(world: World, system: str) -> None:
    """A lane of this system has been due for a minute."""

    async def story(engine) -> None:
        await engine.store.do("ZADD", keys.due(system), await engine.store.now() - 60_000, "7")

    world.run(story)


def test_all_is_well(world: World, lockstep: Command) -> None:
    """Exit 0, a line for each part."""
    beat(world, ago=-600_000)  # alive for so long, however long a busy machine takes to ask
    printed = lockstep("doctor")
    assert printed.code == 0
    lines = printed.out.splitlines()
    assert all(line.startswith("ok") for line in lines)
    parts = ["environment", "configuration", "broker", "durability", "clock", "memory", "events", "outbox", "workers", "tick"]
    assert [line.split()[1] for line in lines[:10]] == parts
    assert "ok     parked            nothing waits for an operator" in printed.out


def test_a_target_that_was_taken_out(world: World, lockstep: Command) -> None:
    """Nobody serves its lanes any more: what is owed there is told, and nothing is said where nothing is owed."""

    async def story(engine) -> None:
        await queues.enrol(engine.store, [*engine.configuration.visited, "old", "older"])
        await engine.store.do("ZADD", keys.due("old"), await engine.store.now() + 3_600_000, "7")

    world.run(story)
    found = findings(lockstep)
    assert found["target old"]["state"] == "wrong"
    assert found["target old"]["says"] == "not in the configuration any more, and something is owed to 1 account"
    assert "target older" not in found


def test_a_daemon_that_was_not_restarted(world: World, lockstep: Command) -> None:
    """The folder was changed since it started: it works on with what it read, and that is said, with both revisions at hand."""
    beat(world, revision="0123456789ab")
    found = findings(lockstep)
    for part in ("workers", "tick"):
        assert found[part]["state"] == "wrong"
        assert found[part]["says"].endswith(f"another revision of the configuration: {os.uname().nodename} has 0123456789ab")
        assert found[part]["do"].startswith("restart it")
    assert "revision " in found["configuration"]["says"]


@pytest.mark.parametrize(("ahead", "says"), [(-60_000, "ahead of"), (60_000, "behind")])
def test_clocks_that_differ(world: World, lockstep: Command, monkeypatch: pytest.MonkeyPatch, ahead: int, says: str) -> None:
    """Ours and the store's; said from our side, with what to do."""
    true = Store.now

    async def elsewhere(self: Store) -> int:
        return await true(self) + ahead

    monkeypatch.setattr(Store, "now", elsewhere)
    found = findings(lockstep)["clock"]
    assert (found["state"], found["do"]) == ("wrong", "run NTP on both")
    assert found["says"].startswith("ours is ")
    assert f" {says} the store's" in found["says"]


def test_a_slow_question_is_no_skew(world: World, lockstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between question and answer our clock went on for an hour: what lies between cannot be told from the way."""
    beat(world)
    true, passed = Store.now, [0]

    async def late(self: Store) -> int:
        passed[0] += 3600
        return await true(self)

    monkeypatch.setattr("worker.telling.doctor.time", SimpleNamespace(time=lambda: time.time() - 3600 + passed[0]))
    monkeypatch.setattr(Store, "now", late)
    assert findings(lockstep)["clock"]["state"] == "ok"


def test_nothing_ticks(world: World, lockstep: Command) -> None:
    """A tick that never was, and one that is silent; each with what to do."""
    assert findings(lockstep)["tick"]["says"] == "none has ever run"
    beat(world, ago=60_000)
    found = findings(lockstep)["tick"]
    assert found["state"] == "wrong"
    assert "1 min ago" in found["says"]
    assert "start `lockstep tick`" in found["do"]
    assert lockstep("doctor").code == 1


def test_a_parked_event(history: World, lockstep: Command) -> None:
    """Somebody must look."""
    found = findings(lockstep)["parked"]
    assert (found["state"], found["do"]) == ("wrong", "lockstep parked list")
    assert found["says"].startswith("waiting for an operator: 1 event, the oldest accepted")


def test_targets_that_rest(world: World, lockstep: Command) -> None:
    """A pause with its reason, a credential that was told to wait, and work of which nothing gets done."""

    async def rest(engine) -> None:
        await engine.pauses.pause("crm", Reason.OPERATOR, why="they move house", by="kim@ops")
        await engine.store.run("limit", [keys.budget("directory")], ["", 3_600_000])

    world.run(rest)
    overdue(world, "ldap")
    found = findings(lockstep)
    assert "paused by kim@ops (operator: they move house) until it is resumed" in found["target crm"]["says"]
    assert found["target crm"]["do"] == "lockstep targets resume crm"
    assert found["target directory"]["state"] == "note"
    assert "it asked us to wait until" in found["target directory"]["says"]
    assert found["target ldap"]["says"] == "something is owed to 1 account, 1 due, the oldest for 1 min"
    assert found["target shop"]["state"] == "ok"


def test_a_pause_that_ends_by_itself(world: World, lockstep: Command) -> None:
    """What is to be mended is not the pause."""

    async def refuse(engine) -> None:
        await engine.pauses.pause("crm", Reason.CREDENTIALS, why="the credentials are refused")

    world.run(refuse)
    do = findings(lockstep)["target crm"]["do"]
    assert do == "mend it; then it goes on by itself, or at once: lockstep targets resume crm"


def test_a_store_that_can_lose(world: World, lockstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust is loud; a policy that evicts is wrong."""
    monkeypatch.setenv("LOCKSTEP_DURABILITY", "trust")
    assert findings(lockstep)["durability"]["state"] == "note"

    async def configure(engine, policy: str) -> None:
        await engine.store.do("CONFIG", "SET", "maxmemory-policy", policy)

    world.run(lambda engine: configure(engine, "allkeys-lru"))
    try:
        found = findings(lockstep)["memory"]
    finally:
        world.run(lambda engine: configure(engine, "noeviction"))
    assert (found["state"], found["says"]) == ("wrong", "policy allkeys-lru: seals can be evicted")


@pytest.mark.parametrize(
    ("breaks", "mends", "part", "says"),
    [
        (("CONFIG SET", "maxmemory", 1), ("CONFIG SET", "maxmemory", 0), "memory", "it is full: nothing can be written"),
        (("REPLICAOF", "127.0.0.1", 1), ("REPLICAOF", "NO", "ONE"), "store", "it is a replica and takes no writes"),
    ],
)
def test_a_store_that_takes_no_writes(
    world: World, lockstep: Command, breaks: tuple[str | int, ...], mends: tuple[str | int, ...], part: str, says: str
) -> None:
    """It answers all that is read: what is wrong with it is said in so many words."""
    with sync_redis.Redis.from_url(world.settings.redis_url) as client:
        client.execute_command(*breaks)
        try:
            found = findings(lockstep)[part]
        finally:
            client.execute_command(*mends)
    assert (found["state"], found["says"]) == ("wrong", says)
    assert found["do"]


def test_keys_that_are_not_the_stores(world: World, lockstep: Command) -> None:
    """With them no worker starts, whatever else is well: it is said."""
    beat(world)

    async def others(engine) -> None:
        await engine.store.do("DEL", keys.KEYRING)
        await vouch(engine.store, {"lost": b"l" * 32})

    world.run(others)
    found = findings(lockstep)["fingerprint keys"]
    assert found["state"] == "wrong"
    assert "the key 'lost', which LOCKSTEP_FINGERPRINT_KEYS does not hold" in found["says"]


def test_what_does_not_answer(world: World, lockstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store and broker that are away are findings, no stack and no password."""
    monkeypatch.setenv("LOCKSTEP_REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
    printed = lockstep("doctor")
    assert printed.code == 1
    assert "wrong  broker" in printed.out
    assert "wrong  store" in printed.out
    assert "hunter2" not in printed.out + printed.err


def test_what_cannot_be_loaded(world: World, lockstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Problems of the environment and of the configuration are findings, too."""
    monkeypatch.delenv("HR_SECRET")
    printed = lockstep("doctor")
    assert printed.code == 1
    assert "HR_SECRET is not set" in printed.out
    monkeypatch.setenv("LOCKSTEP_BACKLOG", "many")
    assert "LOCKSTEP_BACKLOG" in lockstep("doctor").out


# ---------------------------------------------------------------- health


def test_a_worker_that_works(world: World, lockstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Healthy while nothing is overdue, or while something of it gets done; a paused target owes nothing."""
    from worker.telling import health

    monkeypatch.setattr(health, "PATIENCE", 0.01)
    assert lockstep("health", "worker").code == 0
    overdue(world, "crm")
    stuck = lockstep("health", "worker")
    assert stuck.code == 1
    assert "nothing gets done of what is due: crm; the oldest for 1 min" in stuck.err

    async def pause(engine) -> None:
        await engine.pauses.pause("crm", Reason.OPERATOR, why="they move house")

    world.run(pause)
    assert lockstep("health", "worker").code == 0


FEED = """
  onelogin:
    connector: onelogin
    base_url: https://acme.onelogin.com
    credentials: {client_id: x, client_secret: "${TOKEN}"}
    source: {verify: {secrets: ["${HR_SECRET}"]}, poll: 5m}
"""


@pytest.mark.parametrize(
    ("since", "whole", "why", "state", "says"),
    [
        (0, 0, "", "note", "polled every 5 min, not yet read to its end"),
        (60, 30, "", "ok", "read to its end"),
        (90, 70, "server error", "note", "1 min ago: server error"),
        (3_060, 3_060, "the system is paused", "wrong", "51 min ago: the system is paused"),
        (3_060, 0, "not there", "wrong", "polled every 5 min, not yet read to its end: not there"),
        (3_060, 3_060, "", "wrong", "51 min ago"),
    ],
)
def test_a_feed_that_is_polled(
    world: World, lockstep: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    since: int, whole: int, why: str, state: str, says: str,
) -> None:  # fmt: skip
    """How far it was read and why not further; wrong after ten periods, whoever is to blame."""
    shutil.copytree(MAPPINGS, tmp_path / "polled")
    with (tmp_path / "polled/systems.yaml").open("a") as file:
        file.write(FEED.lstrip("\n"))
    monkeypatch.setenv("LOCKSTEP_CONFIG", str(tmp_path / "polled"))

    async def read(engine) -> None:
        now = await engine.store.now()
        began, ended = (now - since * 1000 if since else 0), (now - whole * 1000 if whole else 0)
        await engine.cursors.move(
            "onelogin", NOTHING, replace(NOTHING, begun=began, whole=ended, misses=int(bool(why)), why=why), now
        )

    if since:
        world.run(read)
    found = findings(lockstep)["feed onelogin"]
    assert found["state"] == state
    assert says in found["says"]
    assert bool(found["do"]) == (state == "wrong" or not since)


def test_a_tick_that_ticks(world: World, lockstep: Command) -> None:
    """Its host's last round is seconds ago."""
    assert lockstep("health", "tick").code == 1
    beat(world)
    assert lockstep("health", "tick").code == 0
    beat(world, ago=20_000)
    assert "the last round of" in lockstep("health", "tick").err


def test_the_tick_beats(world: World, lockstep: Command) -> None:
    """The shipped tick leaves the mark that the check looks for."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    from worker.engine.hints import Hints
    from worker.engine.tick import run

    async def one_round(engine) -> None:
        stop = asyncio.Event()
        with ThreadPoolExecutor(1) as executor:
            ticking = asyncio.create_task(
                run(engine.store, Hints(engine.store, lambda _: None, executor), engine.journal, engine.configuration, stop)
            )
            await asyncio.sleep(0.1)
            stop.set()
            await ticking

    world.run(one_round)
    assert lockstep("health", "tick").code == 0


def test_a_store_that_keeps(world: World, lockstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Usable, durable and of this schema; away is exit 4."""
    world.accept("hr", said("evt-1", 1, level="3"))
    assert lockstep("health", "store").code == 0

    async def other(engine) -> None:
        await engine.store.do("SET", keys.SCHEMA, "99")

    world.run(other)
    assert lockstep("health", "store").code == 1
    monkeypatch.setenv("LOCKSTEP_REDIS_URL", "redis://127.0.0.1:1/0")
    assert lockstep("health", "store").code == 4


@pytest.fixture
def answering() -> Iterator[Callable[[int, bytes], str]]:
    """An HTTP server that answers so; its address."""
    servers: list[HTTPServer] = []

    def start(status: int, body: bytes) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"0.0.0.0:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_an_endpoint_that_is_ready(world: World, lockstep: Command, answering: Callable[[int, bytes], str]) -> None:
    """200 at /readyz; else the reasons that it gives; nobody there is not ready."""
    assert lockstep("health", "endpoint", "--listen", answering(200, b"{}")).code == 0
    refused = lockstep("health", "endpoint", "--listen", answering(503, b'{"problems": ["the store keeps nothing"]}'))
    assert refused.code == 1
    assert "/readyz answers 503: the store keeps nothing" in refused.err
    assert lockstep("health", "endpoint", "--listen", "127.0.0.1:1").code == 1


def test_a_sandbox_that_answers(
    environment: Mapping[str, str], lockstep: Command, answering: Callable[[int, bytes], str]
) -> None:
    """It needs no store and no configuration."""
    assert lockstep("health", "sandbox", "--listen", answering(200, b"")).code == 0
    assert lockstep("health", "sandbox", "--listen", "127.0.0.1:1").code == 1
