"""What a daemon says and does while what it needs is away: real processes, a real store, a real broker."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as sync_redis

from bench.running import free_ports
from tests.machine.daemons import daemon, ended, heard, server, until
from worker.settings import next_database
from worker.store.keys import EVENTS_DUE, TICKS
from worker.watch import EXIT_STUCK

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def client(environ: dict[str, str]) -> Iterator[sync_redis.Redis]:
    """Of the store."""
    with sync_redis.Redis.from_url(environ["LOCKSTEP_REDIS_URL"]) as client:
        yield client


def owe(client: sync_redis.Redis) -> None:
    """An event is due, and has been for long."""
    client.zadd(EVENTS_DUE, {"hr:e1": 1})


def done(client: sync_redis.Redis) -> bool:
    return not client.zcard(EVENTS_DUE)


@pytest.mark.parametrize("name", ["worker", "tick"])
def test_a_store_that_is_away_is_waited_for(environ: dict[str, str], name: str) -> None:
    """It is said once, not once a second; it ends at once when it is told to, and says nothing of being ready."""
    (nowhere,) = free_ports(1)
    with daemon({**environ, "LOCKSTEP_REDIS_URL": f"redis://:s3cr3t@127.0.0.1:{nowhere}/0"}, name) as process:
        before = heard(process, "the store is away")
        time.sleep(2.5)
        process.send_signal(signal.SIGTERM)
        _, after = ended(process)
    assert [each["reason"] for each in before] == ["the store does not answer (Connection refused)"]
    assert after == ""
    assert "s3cr3t" not in str(before)


@pytest.mark.parametrize("name", ["worker", "tick"])
def test_a_store_that_comes_back(environ: dict[str, str], tmp_path: Path, name: str) -> None:
    """Who has nothing to do says all the same, and once, that it is away and that it is back."""
    (port,) = free_ports(1)
    broker = next_database(environ["LOCKSTEP_REDIS_URL"])
    away = {**environ, "LOCKSTEP_REDIS_URL": f"redis://127.0.0.1:{port}/0", "LOCKSTEP_BROKER_URL": broker}
    said: list[str] = []
    with server(port, tmp_path), daemon(away, name) as process:
        said += events(heard(process, f"{name} ready"))
        with sync_redis.Redis(port=port) as client:
            client.shutdown(nosave=True)
        said += events(heard(process, "the store is away"))
        with server(port, tmp_path):
            said += events(heard(process, "the store is back"))
            process.send_signal(signal.SIGTERM)
            ended(process)
    assert said == [f"{name} ready", "the store is away", "the store is back"]


def events(records: list[dict[str, object]]) -> list[str]:
    return [str(each["event"]) for each in records]


def test_a_store_that_cannot_be_written_is_away(environ: dict[str, str], client: sync_redis.Redis) -> None:
    """One that is full answers whoever only reads; a worker without work says so, and that it is over."""
    with daemon(environ, "worker") as process:
        heard(process, "worker ready")
        client.config_set("maxmemory", 1)
        try:
            *_, told = heard(process, "the store is away")
        finally:
            client.config_set("maxmemory", 0)
        heard(process, "the store is back")
    assert told["reason"] == "the store refuses writes (OOM)"


def test_a_broker_that_is_away(environ: dict[str, str], client: sync_redis.Redis, tmp_path: Path) -> None:
    """The worker stays and looks for work by itself; who needs the broker says once why it is away, and when it is back."""
    (port,) = free_ports(1)
    away = {**environ, "LOCKSTEP_BROKER_URL": f"redis://:s3cr3t@127.0.0.1:{port}/0"}
    owe(client)
    with daemon(away, "tick") as tick:
        said = heard(tick, "the broker is away")
        with daemon(away, "worker", "--stuck", "10") as worker:
            said += heard(worker, "the broker is away")
            for _ in range(3):
                until(lambda: done(client), "what is due is done without a broker")
                time.sleep(1)
                owe(client)
            with server(port, tmp_path, "s3cr3t") as broker:
                said += heard(worker, "the broker is back")
                said += heard(tick, "the broker is back")
                until(lambda: done(client), "what is due is done with one")
                for each in (worker, tick):
                    each.send_signal(signal.SIGTERM)
                    assert ended(each)[0] == 0
                broker.kill()
    assert Counter(events(said)) == {
        "worker ready": 1, "tick ready": 1, "the broker is away": 2, "the broker is back": 2,
    }  # fmt: skip
    assert {each["reason"] for each in said if "reason" in each} == {"Connection refused"}
    assert "s3cr3t" not in str(said)


def test_a_worker_that_hears_nothing(environ: dict[str, str], client: sync_redis.Redis) -> None:
    """The broker answers, somebody ticks, work is due, and no hint comes: the worker ends itself, so that it is started again."""
    elsewhere = environ["LOCKSTEP_REDIS_URL"].replace("unix://", "redis+socket://").replace("db=", "virtual_host=")
    with daemon({**environ, "LOCKSTEP_BROKER_URL": elsewhere}, "worker", "--stuck", "1") as worker:
        heard(worker, "worker ready")
        client.hset(TICKS, "somebody", 10**15)  # alive for good
        owe(client)
        *_, told = heard(worker, "stuck: ending this worker")
        assert worker.wait(60) == EXIT_STUCK
    assert told["alert"] is True
    assert told["reason"] == "work has been due for 1 seconds in '*': the broker answers, and no hint comes"


def test_a_tick_that_is_away(environ: dict[str, str], client: sync_redis.Redis) -> None:
    """Nobody tells of what became due: the worker says so once and looks for it by itself, until somebody does."""
    with daemon(environ, "worker", "--stuck", "5") as worker:
        owe(client)
        said = heard(worker, "the tick is away")
        until(lambda: done(client), "what is due is done without a tick")
        with daemon(environ, "tick"):
            said += heard(worker, "the tick is back")
        worker.send_signal(signal.SIGTERM)
        assert ended(worker)[0] == 0
    assert events(said) == ["worker ready", "the tick is away", "the tick is back"]
