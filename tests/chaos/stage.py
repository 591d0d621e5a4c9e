"""Everything real: two stores, targets, and Lockstep's own processes, each of which may be killed.

A run keeps a diary: what was done to whom and when.  It is printed where a test fails, with the seed and the folder of the logs.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from bench.running import Running, free_ports, listens
from tests.chaos import configuration, evidence
from tests.chaos.evidence import Evidence, Request
from tests.chaos.sender import Sender
from tests.chaos.story import Event, webhook
from worker.machine.crew import Crew
from worker.store.embedded import server_binary

ROOT = Path(__file__).resolve().parents[2]
SECRET = b"0123456789abcdef0123456789abcdef"

T = TypeVar("T")


def wait(what: str, condition: Callable[[], T], patience: float = 60.0, *, every: float = 0.02) -> T:
    """What `condition` answers once it is true.  Fails with `what` if it does not become so.  Both times in seconds."""
    deadline = time.monotonic() + patience
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{patience:.0f} s were not enough: {what}")
        time.sleep(every)
    return answer


class Ports(NamedTuple):
    """Where everybody listens, on loopback.  onelogin: 0 if it is not there."""

    store: int
    broker: int
    target: int
    endpoint: int
    onelogin: int = 0


class Stage:
    """One run.  Enter it with `stage()`."""

    def __init__(self, folder: Path, ports: Ports, environ: Mapping[str, str], servers: Running, crew: Crew, seed: int) -> None:
        self.folder, self.ports, self.seed = folder, ports, seed
        self._environ, self._servers, self._crew = environ, servers, crew
        self.diary: list[str] = []
        self._killed: set[int] = set()
        self._started = time.monotonic()

    def note(self, text: str) -> None:
        self.diary.append(f"{time.monotonic() - self._started:7.2f} s  {text}")

    # ---------------------------------------------------------------- processes

    def start_store(self, name: str, *options: str) -> None:
        """`store` (append-only file, `appendfsync always`, unless `options` say something else) or `broker` (keeps nothing)."""
        home = self.folder / name
        home.mkdir(exist_ok=True)
        port = self.ports.store if name == "store" else self.ports.broker
        keeps = ["--appendonly", "yes", "--appendfsync", "always"] if name == "store" else ["--appendonly", "no"]
        given = {"port": str(port), "bind": "127.0.0.1", "dir": str(home), "save": "", "maxmemory-policy": "noeviction"}
        command = [
            str(server_binary()),
            *(part for key, value in given.items() for part in (f"--{key}", value)),
            *keeps,
            *options,
        ]
        self._servers.start(name, command, ROOT)
        self._servers.wait(name, lambda: listens(port))
        self.note(f"{name} runs")

    def start_worker(self, name: str, *options: str) -> None:
        self._crew.start(name, "worker", *options)

    def kill_store(self, name: str) -> None:
        self._servers.kill(name)
        self.note(f"{name} killed")

    def kill(self, name: str) -> None:
        """One of Lockstep's processes; the crew starts it again.  One that we killed before is waited for."""
        wait(f"{name} runs again", lambda: self._crew.pid(name) not in self._killed)
        self._killed.add(self._crew.pid(name))
        self.signal(name, signal.SIGKILL)

    def signal(self, name: str, number: signal.Signals) -> None:
        os.killpg(self._crew.pid(name), number)
        self.note(f"{name} {number.name}")

    def lockstep(self, *arguments: str) -> str:
        """What a command of the operator prints."""
        command = [sys.executable, "-m", "worker", *arguments]
        done = subprocess.run(command, env=self._environ, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"lockstep {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def log(self) -> list[dict[str, Any]]:
        """What Lockstep's processes logged so far."""
        return [json.loads(line) for line in (self.folder / "lockstep.log").read_text().splitlines() if line.startswith("{")]

    def said(self, event: str) -> int:
        """How often that line stands in the log."""
        return sum(entry["event"] == event for entry in self.log())

    # ---------------------------------------------------------------- the source

    def sender(self, events: Sequence[Event], *, twice: float = 0.0) -> Sender:
        return Sender(self.ports.endpoint, SECRET, self.folder / "sender.jsonl", events, seed=self.seed, twice=twice)

    def send(self, events: Sequence[Event]) -> None:
        """Send and wait for the 2xx of each."""
        sender = self.sender(events)
        try:
            sender.allow(len(events))
            sender.wait(len(events))
        finally:
            sender.stop()

    def post(self, event: Event) -> tuple[int, Mapping[str, str]]:
        """Send once; status and headers of the answer."""
        body, headers = webhook(event, SECRET, int(time.time()))
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.endpoint, timeout=30)
        try:
            connection.request("POST", "/hooks/hr", body, headers)
            response = connection.getresponse()
            return response.status, dict(response.headers)
        finally:
            connection.close()

    # ---------------------------------------------------------------- the targets

    def control(self, **said: Any) -> dict[str, Any]:
        """Tell the target something; see target.py.  Answers its state."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports.target}/__control",
            json.dumps(said).encode() if said else None,
            method="POST" if said else "GET",
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def outcomes(self, said: Sequence[Event]) -> Counter[str]:
        """How many attributes of all events ended how.  Fails unless exactly these events were accepted."""
        listed = json.loads(self.lockstep("events", "--json", "--limit", "100000"))
        assert {event["name"] for event in listed} == {f"hr:{event.id}" for event in said}
        words: Counter[str] = Counter()
        for event in listed:
            words.update(event["outcomes"])
        return words

    def over(self, said: Sequence[Event], patience: float = 90.0) -> Counter[str]:
        """Wait until every event is over; how many attributes ended how."""
        wait("every event is over", lambda: "pending" not in self.outcomes(said), patience, every=0.3)
        words = self.outcomes(said)
        self.note(f"every event is over: {dict(words)}")
        return words

    def held(self) -> int:
        """How many answers the target holds back."""
        return int(self.control()["held"])

    def requests(self, system: str = "", account: str = "") -> list[Request]:
        """What the target was asked, in the order of arrival."""
        arrived, _ = evidence.requests(self.folder / "target.jsonl")
        return [r for r in arrived if system in ("", r.system) and account in ("", r.account)]

    def evidence(self) -> Evidence:
        """What all targets wrote down."""
        found = evidence.of_target(self.folder / "target.jsonl")
        if self.ports.onelogin:
            log, users = (self.sandbox(name) for name in ("log", "users"))
            more = evidence.of_sandbox("onelogin", log, users)
            found = Evidence(found.asked + more.asked, found.applied + more.applied)
        return found

    def sandbox(self, name: str, **said: Any) -> Any:
        """Ask a control of the OneLogin sandbox, or tell it something."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports.onelogin}/__sandbox/{name}",
            json.dumps(said).encode() if said else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)


@contextlib.contextmanager
def stage(
    folder: Path,
    *,
    workers: int = 1,
    seed: int = 0,
    onelogin: int = 0,
    deadline: str = "1s",
    store: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    worker: Sequence[str] = (),
) -> Iterator[Stage]:
    """Start everything and wait until webhooks are taken.

    onelogin  how many users its sandbox has; 0: it is not there
    store     options of the state store
    worker    options of `lockstep worker`
    """
    ports = Ports(*free_ports(5 if onelogin else 4))
    configuration.write(folder / "mappings", deadline=deadline, onelogin=bool(onelogin))
    (folder / "keys").write_text(f"k1:{base64.b64encode(bytes(range(32))).decode()}\n")
    secret = "whsec_" + base64.b64encode(SECRET).decode()
    given = {
        **{key: value for key, value in os.environ.items() if not key.startswith("LOCKSTEP_")},
        "PYTHONPATH": str(ROOT),
        "CHAOS_SECRET": secret,
        "CHAOS_TARGET": f"http://127.0.0.1:{ports.target}",
        "CHAOS_ONELOGIN": f"http://127.0.0.1:{ports.onelogin}",
        "LOCKSTEP_REDIS_URL": f"redis://127.0.0.1:{ports.store}/0",
        "LOCKSTEP_BROKER_URL": f"redis://127.0.0.1:{ports.broker}/0",
        "LOCKSTEP_CONFIG": str(folder / "mappings"),
        "LOCKSTEP_FINGERPRINT_KEYS": str(folder / "keys"),
        "LOCKSTEP_LISTEN": f"127.0.0.1:{ports.endpoint}",
        **(environ or {}),
    }
    with Running(folder, given) as servers, Crew(given, folder / "lockstep.log") as crew:
        run = Stage(folder, ports, given, servers, crew, seed)
        with _telling(run):
            run.start_store("store", *store)
            run.start_store("broker")
            log = ["--log", str(folder / "target.jsonl"), "--seed", str(seed)]
            servers.start("target", _module("target", "--port", str(ports.target), *log), ROOT)
            if onelogin:
                users = ["--count", str(onelogin), "--secret", secret]
                servers.start("onelogin", _module("onelogin", "--port", str(ports.onelogin), *users), ROOT)
            crew.start("endpoint", "serve")
            for number in range(workers):
                run.start_worker(f"worker{number}", *worker)
            crew.start("tick", "tick")
            servers.wait("target", lambda: listens(ports.target))
            if onelogin:
                servers.wait("onelogin", lambda: listens(ports.onelogin))
            wait("the endpoint listens", lambda: listens(ports.endpoint))
            wait("the workers are ready", lambda: run.said("worker ready") >= workers)
            run.note("everything runs")
            yield run


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"tests.chaos.{name}", *arguments]


@contextlib.contextmanager
def _telling(run: Stage) -> Iterator[None]:
    """Where a run fails: the seed, the story, and where the logs are."""
    try:
        yield
    except BaseException:
        print(f"seed {run.seed}; logs of all processes in {run.folder}")
        print("\n".join(run.diary))
        raise
