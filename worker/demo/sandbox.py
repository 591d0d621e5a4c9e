"""A sandbox as a real HTTP server."""

from __future__ import annotations

import importlib
from typing import Any

import uvicorn


def serve(kind: str, seed: dict[str, Any], host: str, port: int) -> None:
    """Serve the sandbox of a connector until a signal.  seed: the keyword arguments of its class."""
    module = importlib.import_module(f"connectors.{kind}.sandbox")
    if "credentials" in seed:
        seed = {**seed, "credentials": [module.ApiCredential(**each) for each in seed["credentials"]]}
    uvicorn.run(module.Sandbox(**seed), host=host, port=port, log_level="warning", access_log=False)
