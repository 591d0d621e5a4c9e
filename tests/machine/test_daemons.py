"""What a daemon says when it cannot work, and how it ends: real processes, a real store."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import redis as sync_redis

from bench.running import free_ports
from worker import keyfile
from worker.runner import EXIT_STUCK
from worker.store.keys import EVENTS_DUE

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = """
version: 1
systems:
  hr:
    connector: http
    source: {verify: {scheme: header, header: Authorization, secrets: ["${SECRET}"]}}
"""


@pytest.fixture
def environ(tmp_path: Path, real_url: str) -> dict[str, str]:
    """A whole environment, with a folder of mappings and keys."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/systems.yaml").write_text(SYSTEMS)
    keyfile.make(tmp_path / "keys")
    (port,) = free_ports(1)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LOCKSTEP_")}
    return {
        **ours,
        "LOCKSTEP_REDIS_URL": real_url,
        "LOCKSTEP_CONFIG": str(tmp_path / "mappings"),
        "LOCKSTEP_FINGERPRINT_KEYS": str(tmp_path / "keys"),
        "LOCKSTEP_LISTEN": f"127.0.0.1:{port}",
        "SECRET": "s3cr3t",
    }


@contextlib.contextmanager
def daemon(environ: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`lockstep ARGUMENTS`; killed if it is still there at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "worker", *arguments], env=dict(environ), cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str], event: str) -> list[dict[str, object]]:
    """The records of its log up to this one; each line must be one."""
    assert process.stderr is not None
    found: list[dict[str, object]] = []
    for line in process.stderr:
        found.append(json.loads(line))
        if found[-1]["event"] == event:
            return found
    pytest.fail(f"it ended with {process.wait(60)} and never said {event!r}: {found}")


def ended(process: subprocess.Popen[str], patience: float = 60.0) -> tuple[int, str]:
    """Its exit code and its last words."""
    _, said = process.communicate(timeout=patience)
    return process.returncode, said


def test_a_worker_without_the_keys_of_its_store_does_not_start(environ: dict[str, str], tmp_path: Path) -> None:
    """It ends with the code of a wrong configuration and one sentence; it does not take hints and do nothing."""
    with daemon(environ, "worker") as first:
        heard(first, "worker ready")
    (tmp_path / "keys").write_text((tmp_path / "keys").read_text().replace("k1:", "k2:"))
    with daemon(environ, "worker") as other:
        code, said = ended(other)
    assert code == 3
    assert said.startswith("this store holds fingerprints made with the key 'k1'")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("name", ["worker", "tick"])
def test_a_store_that_is_away_is_waited_for(environ: dict[str, str], name: str) -> None:
    """It is said once, not once a second; it ends at once when it is told to."""
    (nowhere,) = free_ports(1)
    with daemon({**environ, "LOCKSTEP_REDIS_URL": f"redis://:s3cr3t@127.0.0.1:{nowhere}/0"}, name) as process:
        before = heard(process, "the store is away")
        time.sleep(2.5)
        process.send_signal(signal.SIGTERM)
        _, after = ended(process)
    assert len(before) == 1
    assert "the store is away" not in after
    assert "s3cr3t" not in f"{before}{after}"


def test_a_broker_that_is_away(environ: dict[str, str]) -> None:
    """Work is due and nobody hears of it: the tick says why, and not each second, and so does the worker when it ends for it."""
    (nowhere,) = free_ports(1)
    away = {**environ, "LOCKSTEP_BROKER_URL": f"redis://:s3cr3t@127.0.0.1:{nowhere}/0"}
    with sync_redis.Redis.from_url(environ["LOCKSTEP_REDIS_URL"]) as client, daemon(away, "worker", "--stuck", "1") as worker:
        heard(worker, "worker ready")
        client.zadd(EVENTS_DUE, {"hr:e1": 1})
        with daemon(away, "tick") as tick:
            heard(tick, "the broker is away")
            time.sleep(3)
            tick.send_signal(signal.SIGTERM)
            _, after = ended(tick)
        *_, told = heard(worker, "stuck: ending this worker")
        assert worker.wait(60) == EXIT_STUCK
    assert str(told["reason"]).endswith(": the broker does not answer (OperationalError)")
    assert "the broker" not in after
    assert "s3cr3t" not in f"{told}{after}"


def test_a_place_that_is_taken(environ: dict[str, str]) -> None:
    """The endpoint does not say that it is ready; it says why not, and ends as with any wrong environment."""
    host, port = environ["LOCKSTEP_LISTEN"].split(":")
    with socket.create_server((host, int(port))), daemon(environ, "serve") as process:
        code, said = ended(process)
    assert code == 3
    records = [json.loads(line) for line in said.splitlines()]
    assert "endpoint ready" not in [each["event"] for each in records]
    assert "Address already in use" in records[-1]["event"]


def test_a_port_that_is_none(environ: dict[str, str]) -> None:
    """The command line is wrong, and says so, as the environment does."""
    with daemon(environ, "serve", "--listen", "127.0.0.1:99999") as process:
        code, said = ended(process)
    assert code == 2
    assert "is no address and port" in said
