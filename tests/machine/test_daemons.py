"""What a daemon says when it cannot work, and how it ends: real processes, a real store."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import pytest

from tests.machine.daemons import PATIENCE, daemon, ended, heard


def test_a_worker_without_the_keys_of_its_store_does_not_start(environ: dict[str, str], tmp_path: Path) -> None:
    """It ends with the code of a wrong configuration and one sentence; it does not take hints and do nothing."""
    with daemon(environ, "worker") as first:
        heard(first, "worker ready")
    (tmp_path / "keys").write_text((tmp_path / "keys").read_text().replace("k1:", "k2:"))
    with daemon(environ, "worker") as other:
        code, said = ended(other)
    assert code == 3
    assert said.startswith("this store holds fingerprints made with the key 'k1'")
    assert len(said.splitlines()) == 1


def test_a_place_that_is_taken(environ: dict[str, str]) -> None:
    """The endpoint does not say that it is ready; it says why not, and ends as with any wrong environment."""
    host, port = environ["LOCKSTEP_LISTEN"].split(":")
    with socket.create_server((host, int(port))), daemon(environ, "serve") as process:
        code, said = ended(process)
    assert code == 3
    records = [json.loads(line) for line in said.splitlines()]
    assert "endpoint ready" not in [each["event"] for each in records]
    assert "Address already in use" in records[-1]["event"]


def test_a_port_that_is_none(environ: dict[str, str]) -> None:
    """The command line is wrong, and says so, as the environment does."""
    with daemon(environ, "serve", "--listen", "127.0.0.1:99999") as process:
        code, said = ended(process)
    assert code == 2
    assert "is no address and port" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_worker_that_is_told_to_end(environ: dict[str, str], number: signal.Signals) -> None:
    """Each line that it ever wrote is a record of ours, also where it runs as root; it drains, and ends well."""
    with daemon(environ, "worker") as process:
        before = heard(process, "worker ready")
        process.send_signal(number)
        printed, said = process.communicate(timeout=PATIENCE)
    records = [*before, *map(json.loads, said.splitlines())]
    assert (process.returncode, printed) == (0, "")
    assert [each["event"] for each in records] == ["worker ready", "worker drains", "worker stops"]
    assert all("library" not in each for each in records)
    assert {each["daemon"] for each in records} == {"worker"}
    assert records[0]["revision"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize(("command", "name"), [("serve", "endpoint"), ("tick", "tick")])
def test_an_endpoint_or_a_tick_that_is_told_to_end(
    environ: dict[str, str], number: signal.Signals, command: str, name: str
) -> None:
    """It says so, and ends well: also where the terminal that it was started from is closed."""
    with daemon(environ, command) as process:
        before = heard(process, f"{name} ready")
        process.send_signal(number)
        printed, said = process.communicate(timeout=PATIENCE)
    records = [*before, *map(json.loads, said.splitlines())]
    assert (process.returncode, printed) == (0, "")
    assert [each["event"] for each in records] == [f"{name} ready", f"{name} stops"]
    assert {each["daemon"] for each in records} == {name}
