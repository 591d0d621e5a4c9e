"""The registry: what connectors there are, and that each is whole."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import connectors
from connectors.contract import Connector
from connectors.registry import CONNECTORS
from connectors.sandbox import made

ROOMS = Path(connectors.__path__[0])


def test_connectors_are_known_by_their_names() -> None:
    """The word in `systems.yaml`; each room with a settings module is registered."""
    assert CONNECTORS.keys() == {path.parent.name for path in ROOMS.glob("*/settings.py")}


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_is_whole(name: str) -> None:
    """It has every part of the contract, a sandbox with somebody in it, and a README that says what is UNCONFIRMED."""
    connector = CONNECTORS[name]
    assert isinstance(connector, Connector)
    assert connector.name == name
    assert (ROOMS / name / "sandbox.py").exists() or (ROOMS / name / "sandbox").is_dir()
    sandbox = importlib.import_module(f"connectors.{name}.sandbox")
    assert made(sandbox.Sandbox, sandbox.SEED).accounts(), "who tries it finds somebody there"
    readme = (ROOMS / name / "README.md").read_text()
    assert "UNCONFIRMED" in readme
    for option in connector.settings.model_fields:
        assert re.search(rf"`{option}[`.]", readme), option
