"""`python -m connectors.sandbox KIND --port N [--seed FILE]`: one sandbox as a real HTTP server on loopback.

FILE is JSON: the keyword arguments of the sandbox (`users`, and what else its class names).
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

import uvicorn


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m connectors.sandbox", description="One sandbox as an HTTP server on loopback."
    )
    parser.add_argument("kind", help="the connector: onelogin, http")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", type=Path, help="JSON: the accounts it holds at the start")
    given = parser.parse_args()
    seed: dict[str, Any] = json.loads(given.seed.read_text()) if given.seed else {}
    sandbox = importlib.import_module(f"connectors.{given.kind}.sandbox")
    if hasattr(sandbox, "ApiCredential") and "credentials" in seed:
        seed["credentials"] = [sandbox.ApiCredential(**each) for each in seed["credentials"]]
    uvicorn.run(sandbox.Sandbox(**seed), host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
