"""Everything is killed in the middle of two thousand events, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.chaos import evidence
from tests.chaos.kills import Kill, kill_broker, kill_endpoint, kill_store, kill_tick, kill_worker
from tests.chaos.stage import Stage, stage, wait
from tests.chaos.story import Event, events

SYSTEMS = ("directory", "badge", "onelogin")
SUBJECTS = 250
EVENTS = 2000


def unharmed(run: Stage, said: Sequence[Event], patience: float) -> None:
    """Wait until the targets hold what they should; then look at all that ever happened."""
    try:
        wait("they hold the newest values", lambda: not evidence.missing(SYSTEMS, said, run.evidence()), patience, every=0.5)
    except AssertionError as error:
        problems = evidence.missing(SYSTEMS, said, run.evidence())
        raise AssertionError(f"{error}; {len(problems)} problems:\n" + "\n".join(problems[:20])) from None
    run.note("the targets hold the newest values")
    assert evidence.broken(said, run.evidence()) == []
    words = run.over(said, patience)
    assert words.keys() <= {"applied", "unchanged", "superseded", "sealed"}, words


@pytest.mark.timeout(600)
def test_everything_is_killed_once(tmp_path: Path) -> None:
    """Worker, endpoint, tick, broker and store are killed amid 2,000 events, the worker and the store with writes under way
    whose end nobody knows: nothing is lost, the newest value wins, values go in order, a seal has one value."""
    said = events(1, EVENTS, SUBJECTS)
    kills: list[Kill] = [kill_tick, kill_worker, kill_broker, kill_endpoint, kill_store]
    with stage(tmp_path, workers=2, seed=1, onelogin=SUBJECTS) as run:
        run.control(weather=0.01)
        sender = run.sender(said, twice=0.05)
        try:
            for n, kill in enumerate(kills):
                part = EVENTS // len(kills)
                sender.allow((n + 1) * part)
                sender.wait(n * part + part // 3)
                kill(run)
            sender.wait(EVENTS, 120)
        finally:
            sender.stop()
        run.note(f"all events are accepted; the endpoint said {sorted(sender.statuses)}")
        unharmed(run, said, 180)
