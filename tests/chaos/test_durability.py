"""A store that answers before it has written to disk gets nothing to keep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chaos.stage import stage
from tests.chaos.story import events


@pytest.mark.parametrize(
    ("store", "durability"),
    [(["--appendfsync", "everysec"], "always"), (["--appendonly", "no"], "auto")],
    ids=["fsync every second", "no file"],
)
def test_store_without_fsync(tmp_path: Path, store: list[str], durability: str) -> None:
    """Webhooks are answered 503 with Retry-After, and nothing was accepted."""
    with stage(tmp_path, workers=0, store=store, environ={"LOCKSTEP_DURABILITY": durability}) as run:
        for event in events(6, 3, 3):
            status, headers = run.post(event)
            assert status == 503
            assert int(headers["retry-after"]) > 0
        assert json.loads(run.lockstep("events", "--json")) == []
