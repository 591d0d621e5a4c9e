"""Lockstep beside the obvious way to build it: the same signed webhooks, targets, store and machine.

    make bench            one run of each, at most two minutes
    make bench FULL=1     2,000 events each, the median of three runs

The baseline (`naive/`) is one Celery task an event and one an event and target; it runs with a pool of 64 threads and with one
of 8 processes, and its better one counts.  Three targets are one stub that answers at once or after 50 ms.  Each event is about
a subject of its own.  The store is the same server with `appendfsync always` for both.  CPU is that of a system's own
processes, the store included, the sender and the stub not.  Writes bench.json.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from bench.running import Failed, Running, free_ports, listens  # noqa: E402 - the folder above is not on the path of a script
from worker.store.embedded import server_binary  # noqa: E402

TARGETS = 3
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
"""The one that load.py signs with and the baseline knows."""
LOCKSTEP = [sys.executable, "-m", "worker"]
BURST = 100
SETTLING = 1.5
"""Seconds after the last call in which a system still writes down what became of it; their CPU counts."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one run takes place."""

    folder: Path
    store: int
    endpoint: int
    stub: int

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.store}/0"

    @property
    def stub_url(self) -> str:
        return f"http://127.0.0.1:{self.stub}"


@dataclass(frozen=True, slots=True)
class Contender:
    """A system that is measured: where it takes webhooks, and how it is started once its store runs."""

    name: str
    path: str
    start: Callable[[Running, Place], None]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run showed.  Times in milliseconds, memory in bytes, both per event where the name says so."""

    events_per_s: float
    pushes_per_s: float
    cpu_ms_per_event: float
    accept_p50_ms: float
    accept_p99_ms: float
    bytes_per_event: float


def naive(pool: str, size: int) -> Contender:
    def start(running: Running, place: Place) -> None:
        serve = ["uvicorn", "app:app", "--port", str(place.endpoint), "--log-level", "error", "--no-access-log"]
        work = ["celery", "-A", "app.celery", "worker", "-P", pool, "-c", str(size)]
        work += ["--without-gossip", "--without-mingle", "-l", "ERROR"]
        running.start("endpoint", [sys.executable, "-m", *serve], HERE / "naive")
        running.start("worker", [sys.executable, "-m", *work], HERE / "naive")

    return Contender(f"naive, {size} {pool}", "/webhooks/bench", start)


def lockstep(workers: int) -> Contender:
    def start(running: Running, _: Place) -> None:
        running.start("endpoint", [*LOCKSTEP, "serve"], ROOT)
        for number in range(workers):
            running.start(f"worker{number}", [*LOCKSTEP, "worker"], ROOT)
        running.start("tick", [*LOCKSTEP, "tick"], ROOT)

    return Contender("lockstep", "/hooks/bench", start)


@contextlib.contextmanager
def stage(contender: Contender, delay_ms: int, *more: str) -> Iterator[tuple[Running, Place]]:
    """The contender, its store and the stub (with `more` options), running and warm."""
    with tempfile.TemporaryDirectory(prefix="lockstep-bench-") as name:
        place = Place(Path(name), *free_ports(3))
        environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("LOCKSTEP_")},
            "REDIS_URL": place.redis_url,
            "STUB": place.stub_url,
            "PYTHONPATH": str(ROOT),
            "BENCH_STUB": place.stub_url,
            "BENCH_SECRET": SECRET,
            "LOCKSTEP_REDIS_URL": place.redis_url,
            "LOCKSTEP_CONFIG": str(HERE / "lockstep"),
            "LOCKSTEP_FINGERPRINT_KEYS": str(place.folder / "keys"),
            "LOCKSTEP_LISTEN": f"127.0.0.1:{place.endpoint}",
            "LOCKSTEP_LOG_LEVEL": "warning",
        }
        (place.folder / "keys").write_text(f"k1:{base64.b64encode(bytes(range(32))).decode()}\n")
        (place.folder / "store").mkdir()
        with Running(place.folder, environ) as others, Running(place.folder, environ) as running:
            stub = [sys.executable, str(HERE / "stub.py"), "--port", str(place.stub), "--delay-ms", str(delay_ms), *more]
            others.start("stub", stub, HERE)
            running.start(
                "store",
                [str(server_binary()), "--port", str(place.store), "--bind", "127.0.0.1", "--dir", str(place.folder / "store"),
                 "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"],
                HERE,
            )  # fmt: skip
            others.wait("stub", lambda: listens(place.stub))
            running.wait("store", lambda: listens(place.store))
            contender.start(running, place)
            running.wait("endpoint", lambda: listens(place.endpoint))
            send(contender, place, events=60, patience=20)
            time.sleep(SETTLING)
            yield running, place


def send(contender: Contender, place: Place, *, events: int, subjects: int = 0, patience: float = 6) -> dict[str, float]:
    """Send events and wait for the calls that they must cause; what load.py says.  Raises Failed if an event was refused, or
    a call is missing (not where several events have one subject: there fewer calls are better)."""
    command = [sys.executable, str(HERE / "load.py"), "--url", f"http://127.0.0.1:{place.endpoint}{contender.path}"]
    command += [
        "--stub",
        place.stub_url,
        "--secret",
        SECRET,
        "--n",
        str(events),
        "--subjects",
        str(subjects),
        "--idle",
        str(patience),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{contender.name}: the sender failed:\n{done.stderr[-800:]}")
    said: dict[str, float] = json.loads(done.stdout)
    codes = json.loads(done.stdout)["codes"]
    if any(not code.startswith("2") for code in codes):
        raise Failed(f"{contender.name}: webhooks were answered with {codes}")
    if not subjects and said["pushes"] != events * TARGETS:
        raise Failed(f"{contender.name}: {said['pushes']} calls for {events} events and {TARGETS} targets")
    return said


def measure(contender: Contender, delay_ms: int, events: int) -> Figures:
    with stage(contender, delay_ms) as (running, place), redis.Redis.from_url(place.redis_url) as store:
        try:
            memory, cpu = store.info("memory")["used_memory"], running.cpu_seconds()
            said = send(contender, place, events=events)
            time.sleep(SETTLING)
            cpu, memory = running.cpu_seconds() - cpu, store.info("memory")["used_memory"] - memory
        except Failed as error:
            raise Failed(f"{error}\n{running.last_words('endpoint')}") from None
    return Figures(
        events_per_s=said["events_per_s"],
        pushes_per_s=said["pushes_per_s"],
        cpu_ms_per_event=cpu * 1e3 / events,
        accept_p50_ms=said["accept_p50_ms"],
        accept_p99_ms=said["accept_p99_ms"],
        bytes_per_event=memory / events,
    )


def burst(contender: Contender) -> float:
    """Calls a target for `BURST` events of one subject, sent as fast as they are accepted.  Raises Failed unless each target
    ends with the newest value: few calls alone would be easy."""
    with stage(contender, 0, "--keep") as (_, place):
        calls = send(contender, place, events=BURST, subjects=1, patience=2)["pushes"]
        with urllib.request.urlopen(f"{place.stub_url}/__values") as answer:
            last = [json.loads(body)["custom_attributes"]["role"] for body in json.load(answer).values()]
    if last != [f"role-{BURST - 1}"] * TARGETS:
        raise Failed(f"{contender.name}: after {BURST} events of one subject the targets were last sent {last}")
    return calls / TARGETS


def median(runs: list[Figures]) -> Figures:
    """The middle of each figure."""
    return Figures(*(statistics.median(getattr(run, name) for run in runs) for name in Figures.__slots__))


def row(name: str, delay_ms: int, figures: Figures, ratio: str = "") -> str:
    return (
        f"{name:<20} {delay_ms:>3} ms  {figures.events_per_s:>8.1f} {figures.pushes_per_s:>9.1f} {figures.cpu_ms_per_event:>8.2f}"
        f" {figures.accept_p50_ms:>8.1f} {figures.accept_p99_ms:>8.1f} {figures.bytes_per_event:>8.0f}  {ratio}"
    )


HEADINGS = (
    f"{'':<20} {'target':>6}  {'events/s':>8} {'pushes/s':>9} {'cpu/event':>8} {'accept':>7} {'p99':>8} {'B/event':>8}\n"
    f"{'':<20} {'':>6}  {'':>8} {'':>9} {'ms':>8} {'ms':>8} {'ms':>8}"
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--full", action="store_true", help="2,000 events each, the median of three runs")
    options.add_argument("--only", choices=("naive", "lockstep"), help="run one side; no ratios, no bench.json")
    options.add_argument("--workers", type=int, default=1, help="worker processes of Lockstep")
    chosen = options.parse_args()
    rounds = 3 if chosen.full else 1
    baselines = [naive("threads", 64), naive("prefork", 8)] if chosen.only != "lockstep" else []
    ours = [lockstep(chosen.workers)] if chosen.only != "naive" else []
    print(HEADINGS, flush=True)
    ratios, measured = {}, {}
    for delay in (0, 50):
        best = 0.0
        for contender in (*baselines, *ours):
            events = 400 if contender in baselines and not chosen.full else 2_000
            figures = median([measure(contender, delay, events) for _ in range(rounds)])
            measured[contender.name, delay] = figures
            if contender in baselines:
                best = max(best, figures.events_per_s)
            elif best:
                ratios[delay] = round(figures.events_per_s / best, 2)
            said = f"x{ratios[delay]} of the better baseline" if contender in ours and best else ""
            print(row(contender.name, delay, figures, said), flush=True)
    if not ours:
        return
    calls = burst(ours[0])
    print(f"\n{BURST} events of one subject at once: {calls:g} calls a target")
    if not ratios:
        return
    quick = measured[ours[0].name, 0]
    result = {
        "ratio_0ms": ratios[0],
        "ratio_50ms": ratios[50],
        "cpu_ms_per_event": round(quick.cpu_ms_per_event, 3),
        "burst_calls": round(calls, 2),
        "accept_p99_ms": round(quick.accept_p99_ms, 2),
        "bytes_per_event": round(quick.bytes_per_event),
    }
    (ROOT / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"bench.json: {json.dumps(result)}")


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
