"""Daemons of Lockstep and servers for them, as real processes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import redis as sync_redis

from worker.store.embedded import server_binary

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds for what comes at once on a machine that has nothing else to do."""


@contextlib.contextmanager
def daemon(environ: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`lockstep ARGUMENTS`; killed if it is still there at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "worker", *arguments],
        env=dict(environ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
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


def ended(process: subprocess.Popen[str], patience: float = PATIENCE) -> tuple[int, str]:
    """Its exit code and its last words."""
    _, said = process.communicate(timeout=patience)
    return process.returncode, said


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"never: {what}")
        time.sleep(0.02)


@contextlib.contextmanager
def server(port: int, folder: Path, password: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A real Valkey on this port of loopback, answering; it keeps what it answers in the folder.  password: "" for none."""
    command = [str(server_binary()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    command += ["--appendonly", "yes", "--appendfsync", "always", "--logfile", "/dev/null"]
    command += ["--requirepass", password]
    with subprocess.Popen(command) as process:
        try:
            until(lambda: answers(port, password), "the server answers")
            yield process
        finally:
            process.kill()


def answers(port: int, password: str) -> bool:
    try:
        with sync_redis.Redis(port=port, password=password or None) as client:
            return bool(client.ping())
    except sync_redis.RedisError:
        return False
