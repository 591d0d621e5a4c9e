"""The long campaign (`make chaos`): many seeds, each with its own events, weather and kills."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.chaos.kills import DEADLY, HARMLESS, Kill, recovered
from tests.chaos.stage import stage
from tests.chaos.story import events
from tests.chaos.test_kills import EVENTS, SUBJECTS, unharmed

SEEDS = range(100, 120)
KILLS = 12
"""In one run; every third one is deadly."""


def schedule(chance: random.Random) -> list[Kill]:
    return [chance.choice(HARMLESS if n % 3 else DEADLY) for n in range(KILLS)]


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
def test_everything_is_killed_at_random(tmp_path: Path, seed: int) -> None:
    """Whatever is killed in whatever order: nothing is lost, the newest value wins, values go in order, a seal has one value."""
    chance = random.Random(seed)
    said = events(seed, EVENTS, SUBJECTS)
    with stage(tmp_path, workers=2, seed=seed, onelogin=SUBJECTS) as run:
        run.control(weather=0.02)
        sender = run.sender(said, twice=0.05)
        try:
            part = EVENTS // KILLS
            for n, kill in enumerate(schedule(chance)):
                if kill in DEADLY:
                    recovered(run)
                sender.allow((n + 1) * part)
                sender.wait(n * part + chance.randrange(part // 2), 120)
                kill(run)
            sender.allow(EVENTS)
            sender.wait(EVENTS, 120)
        finally:
            sender.stop()
        run.note(f"all events are accepted; the endpoint said {sorted(sender.statuses)}")
        unharmed(run, said, 180)
