"""The ways in which something dies in the middle of work, each on one running stage.

A lane whose visit died three times in a row is parked as poison, which is right: it may be what kills.  Here we kill, so before
the next death the lanes that the last one hit are given the time to settle (`recovered`).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import msgspec
import redis

from tests.chaos.stage import Stage, wait
from worker.core.lane import Lane
from worker.store import keys

HELD = 3
"""Answers of each system that are held back when somebody is killed: writes that nobody knows the end of.  Fewer than pause a
target, also with one of the weather's: what the calls between them say is not kept while the store is away."""

Kill = Callable[[Stage], None]


def hold(run: Stage) -> None:
    """Until writes are under way whose answers the target holds back; some are done, some will be done late."""
    for done in ("now", "late"):
        for system in ("directory", "badge"):
            run.control(system=system, times=HELD, done=done, answer="held")
    wait("answers are held back", lambda: run.held() >= HELD)
    run.note(f"{run.held()} answers are held back")


def let_go(run: Stage) -> None:
    run.control(clear=True)
    run.control(release=True)


# ---------------------------------------------------------------- visits die of these


def kill_worker(run: Stage, name: str = "worker0") -> None:
    """The writes land, and nobody is there to hear of it."""
    hold(run)
    run.kill(name)
    let_go(run)


def kill_other_worker(run: Stage) -> None:
    kill_worker(run, "worker1")


def kill_store(run: Stage) -> None:
    """The answers come, and nobody can write them down."""
    before = run.said("visit interrupted")
    hold(run)
    run.kill_store("store")
    let_go(run)
    wait("the worker notices", lambda: run.said("visit interrupted") > before)
    run.start_store("store")


def freeze_worker(run: Stage) -> None:
    """It sleeps until the leases of its visits are over and others were there, and wakes up believing in them."""
    hold(run)
    run.signal("worker0", signal.SIGSTOP)
    let_go(run)
    recovered(run)
    run.signal("worker0", signal.SIGCONT)


DEADLY: tuple[Kill, ...] = (kill_worker, kill_other_worker, kill_store, freeze_worker)

# ---------------------------------------------------------------- hints are lost by these, and answers to senders


def kill_broker(run: Stage) -> None:
    """It comes back empty."""
    run.kill_store("broker")
    run.start_store("broker")


def kill_endpoint(run: Stage) -> None:
    run.kill("endpoint")


def kill_tick(run: Stage) -> None:
    run.kill("tick")


def empty_broker(run: Stage) -> None:
    with redis.Redis(port=run.ports.broker) as broker:
        broker.flushall()
    run.note("broker emptied")


HARMLESS: tuple[Kill, ...] = (kill_broker, kill_endpoint, kill_tick, empty_broker)

# ---------------------------------------------------------------- what a death leaves behind


def recovered(run: Stage) -> None:
    """Wait until no visit that is under way now holds its lane any more, and no lane counts a death."""
    with redis.Redis(port=run.ports.store) as store:
        now = _leases(store)
        patience = max((until for until in now.values()), default=0.0) - time.time() + 60
        wait(
            "what was hit has settled",
            lambda: not (now.keys() & _leases(store).keys()) and not _deaths(store),
            patience,
            every=0.5,
        )
    run.note("what was hit has settled")


def _leases(store: redis.Redis) -> dict[tuple[bytes, str], float]:
    """(lane, the token of the visit that has it) -> until when, seconds since 1970."""
    return {(key, lane.lease.token): lane.lease.until / 1000 for key, lane in _lanes(store) if lane.lease and lane.lease.token}


def _deaths(store: redis.Redis) -> list[bytes]:
    return [key for key, lane in _lanes(store) if lane.deaths]


def _lanes(store: redis.Redis) -> list[tuple[bytes, Lane]]:
    names = list(store.scan_iter(keys.lane("*", "*"), count=1000))
    found = zip(names, store.mget(names) if names else [], strict=True)
    return [(name, msgspec.json.decode(raw, type=Lane)) for name, raw in found if raw]
