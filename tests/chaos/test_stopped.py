"""Workers that are stopped, asked to end, or cut off from their broker."""

from __future__ import annotations

import signal
from pathlib import Path

import redis
import structlog

from tests.chaos import evidence
from tests.chaos.stage import Stage, stage, wait
from tests.chaos.story import Event, events
from worker.tasks import QUEUE

SYSTEMS = ("directory", "badge")
IN_FLIGHT = 8
"""Visits of a system at a time, where its configuration names no other number."""


def arrived(run: Stage, said: list[Event], patience: float = 60.0) -> None:
    """Wait until the targets hold what these events say."""
    wait("the targets hold it", lambda: not evidence.missing(SYSTEMS, said, run.evidence()), patience, every=0.1)


def test_stopped_workers(tmp_path: Path) -> None:
    """While all workers are stopped webhooks are accepted and nothing is written; continued, they write within seconds."""
    said = events(2, 100, 20)
    with stage(tmp_path) as run, redis.Redis(port=run.ports.broker) as broker:
        run.signal("worker0", signal.SIGSTOP)
        run.send(said)
        # One hint may wait in the worker's own connection; a second one shows that there was time for the first.
        wait("the tick asks for a worker in vain", lambda: broker.llen(f"ls:{QUEUE}"))
        assert run.requests() == []
        run.signal("worker0", signal.SIGCONT)
        arrived(run, said, patience=20)
        assert evidence.broken(said, run.evidence()) == []
        assert run.over(said).keys() <= {"applied", "superseded", "sealed"}


def test_frozen_worker(tmp_path: Path) -> None:
    """A worker that is frozen in the middle of its calls until another has taken over and written newer values wakes up without
    a right to its lanes: it changes nothing of theirs, and works on."""
    first, second, third = (events(seed, 60, 20, age=age) for seed, age in ((7, 3000), (8, 2000), (9, 1000)))
    with stage(tmp_path, deadline="2s") as run:
        for system in SYSTEMS:
            run.control(system=system, times=100, answer="held")
        run.send(first)
        wait("all that it may have in flight is held back", lambda: run.held() >= 2 * IN_FLIGHT)
        run.signal("worker0", signal.SIGSTOP)
        run.control(clear=True)
        run.start_worker("worker1")
        run.send(second)
        arrived(run, [*first, *second])
        run.signal("worker0", signal.SIGCONT)
        run.control(release=True)
        run.signal("worker1", signal.SIGSTOP)
        run.send(third)
        arrived(run, [*first, *second, *third], patience=20)
        run.signal("worker1", signal.SIGCONT)
        assert evidence.broken([*first, *second, *third], run.evidence()) == []
        assert run.over([*first, *second, *third]).keys() <= {"applied", "unchanged", "superseded", "sealed"}


def test_worker_drains(tmp_path: Path) -> None:
    """A worker that is asked to end waits for the calls that it has in flight: no answer is lost, no call is made twice."""
    said = events(3, 40, 40)
    with stage(tmp_path, deadline="10s") as run:
        for system in SYSTEMS:
            run.control(system=system, times=4, answer="held")
        run.send(said)
        wait("answers are held back", lambda: run.held() == 8)
        run.signal("worker0", signal.SIGTERM)
        wait("the worker drains", lambda: run.said("worker drains"))
        assert not run.said("worker stops")
        run.control(release=True)
        wait("it ends", lambda: run.said("worker stops"))
        assert [entry["drained"] for entry in run.log() if entry["event"] == "worker stops"] == [True]
        arrived(run, said)  # by the next worker
        assert run.over(said, patience=8).keys() <= {"applied", "superseded", "sealed"}  # long before a lease runs out
        writes = [(r.system, r.account, *r.attributes.items()) for r in run.requests() if r.method != "GET"]
        assert len(writes) == len(set(writes))


def test_emptied_broker(tmp_path: Path) -> None:
    """The broker is emptied again and again while events come: all of them arrive."""
    said = events(4, 400, 60)
    with stage(tmp_path) as run, redis.Redis(port=run.ports.broker) as broker:
        sender = run.sender(said)
        try:
            for part in range(8):
                sender.allow((part + 1) * 50)
                sender.wait(part * 50 + 10)
                broker.flushall()
            sender.wait(len(said))
        finally:
            sender.stop()
        broker.flushall()
        arrived(run, said)
        assert evidence.broken(said, run.evidence()) == []
        assert run.over(said).keys() <= {"applied", "superseded", "sealed"}


def test_without_a_broker(tmp_path: Path) -> None:
    """Nobody can tell the worker of work: it looks for it by itself, and all is done; it neither ends nor goes on about it."""
    said = events(5, 10, 10)
    with structlog.testing.capture_logs() as crew, stage(tmp_path, worker=["--stuck", "15"]) as run:
        run.kill_store("broker")
        run.send(said)
        arrived(run, said)
        run.start_store("broker")
        wait("the worker, the tick and the endpoint hear of it", lambda: run.said("the broker is back") >= 2, 60.0)
        assert run.said("the broker is away") <= 3 * (1 + run.said("the broker is back"))
        assert run.said("stuck: ending this worker") == 0
        assert [entry for entry in crew if "code" in entry] == []
