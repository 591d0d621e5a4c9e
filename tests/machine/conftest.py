"""The environment of a daemon."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.running import free_ports
from worker import keyfile

SYSTEMS = """
version: 1
systems:
  hr:
    connector: http
    source: {verify: {scheme: header, header: Authorization, secrets: ["${SECRET}"]}}
"""


@pytest.fixture
def environ(tmp_path: Path, real_url: str) -> dict[str, str]:
    """A whole environment, with a folder of mappings and keys."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/systems.yaml").write_text(SYSTEMS)
    keyfile.make(tmp_path / "keys")
    (port,) = free_ports(1)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LOCKSTEP_")}
    return {
        **ours,
        "LOCKSTEP_REDIS_URL": real_url,
        "LOCKSTEP_CONFIG": str(tmp_path / "mappings"),
        "LOCKSTEP_FINGERPRINT_KEYS": str(tmp_path / "keys"),
        "LOCKSTEP_LISTEN": f"127.0.0.1:{port}",
        "SECRET": "s3cr3t",
    }
