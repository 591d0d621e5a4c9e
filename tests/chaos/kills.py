"""The ways in which something dies in the middle of work, each on one running stage."""

from __future__ import annotations

import signal
from collections.abc import Callable

from tests.chaos.stage import Stage, wait

HELD = 4
"""Answers that are held back when somebody is killed: writes that nobody knows the end of."""


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


def kill_worker(run: Stage, name: str = "worker0") -> None:
    """The writes land, and nobody is there to hear of it."""
    hold(run)
    run.kill(name)
    let_go(run)


def kill_store(run: Stage) -> None:
    """The answers come, and nobody can write them down."""
    hold(run)
    run.kill_store("store")
    let_go(run)
    wait("the worker notices", lambda: run.said("visit interrupted"))
    run.start_store("store")


def kill_broker(run: Stage) -> None:
    """It comes back empty."""
    run.kill_store("broker")
    run.start_store("broker")


def kill_endpoint(run: Stage) -> None:
    run.kill("endpoint")


def kill_tick(run: Stage) -> None:
    run.kill("tick")


def freeze_worker(run: Stage, name: str = "worker0") -> None:
    """It sleeps longer than its leases hold, and wakes up believing in them."""
    hold(run)
    run.signal(name, signal.SIGSTOP)
    let_go(run)


Kill = Callable[[Stage], None]
