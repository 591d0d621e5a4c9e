"""The demonstration's systems: their mappings load, and their sandboxes hold the people of the story."""

from __future__ import annotations

import importlib
import json
import re
from typing import Any

import pytest

from connectors.registry import CONNECTORS
from connectors.sandbox import made
from worker.config import load, run_cases
from worker.demo import people
from worker.demo.cast import SEEDS, SILENT, cast
from worker.demo.stage import MAPPINGS, accounts

HR = {"DEMO_HR_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}


@pytest.fixture
def environ() -> dict[str, str]:
    return HR | {name: value for player in cast() for name, value in player.environ().items()}


def test_the_mappings_load_and_their_cases_pass(environ):
    """All that lint has to say is that there is a ring, which is what the story shows."""
    configuration = load(MAPPINGS, environ, CONNECTORS)
    assert {re.sub(r".*: (a ring of systems): .*", r"\1", str(warning)) for warning in configuration.warnings} == {
        "a ring of systems"
    }
    results = run_cases(configuration)
    assert [(result.name, result.differences) for result in results if not result.passed] == []
    assert {result.source for result in results} == set(configuration.mappings)
    assert configuration.targets == set(SEEDS)


def test_the_cast_gives_what_the_mappings_refer_to(environ):
    """No more and no less; whoever is silent has no secret for webhooks."""
    named = re.findall(r"\$\{(\w+)\}", (MAPPINGS / "systems.yaml").read_text())
    assert sorted(named) == sorted(environ)
    assert {player.name for player in cast() if not player.hook} == SILENT


def test_nobody_listens_where_another_does():
    """Each player has a port of its own, and secrets that no other has and that no repr shows."""
    players = cast()
    assert len({player.port for player in players}) == len(players)
    secrets = [player.secret for player in players]
    assert len({*secrets}) == len(players)
    assert not any(secret in repr(players) for secret in secrets)


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_is_one_of_its_sandbox(name):
    """As JSON, which is how it comes there; the secret that the mappings know opens it."""
    seed = SEEDS[name]("s3cr3t")
    assert json.loads(json.dumps(seed)) == seed
    assert "s3cr3t" in json.dumps(seed)
    sandbox: Any = made(importlib.import_module(f"connectors.{name}.sandbox").Sandbox, seed)
    held = accounts(name, sandbox.accounts())
    assert {people.ANA, people.BEN, people.CHO} <= held.keys()
