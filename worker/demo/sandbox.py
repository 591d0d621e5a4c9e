"""A sandbox as a real HTTP server."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn

from connectors.contract import Json
from connectors.sandbox import UnfitSeed, made
from worker.machine.up import Taken, need_vacant

__all__ = ["Taken", "UnfitSeed", "seed_of", "serve"]


def seed_of(kind: str) -> Mapping[str, Json]:
    """What the sandbox of a connector begins with, if nobody says otherwise."""
    seed: Mapping[str, Json] = _room(kind).SEED
    return seed


def serve(kind: str, seed: Mapping[str, Json], host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve the sandbox of a connector until a signal.  ready: called before it listens, once nothing is in its way.  Raises
    UnfitSeed, and Taken if somebody listens there."""
    sandbox = made(_room(kind).Sandbox, seed)
    need_vacant((host, port), "--listen")
    ready()
    uvicorn.run(sandbox, host=host, port=port, log_level="warning", access_log=False)


def _room(kind: str) -> Any:
    return importlib.import_module(f"connectors.{kind}.sandbox")
