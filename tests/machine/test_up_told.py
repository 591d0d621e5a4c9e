"""What `lockstep up` itself says: a real run of it, with one of its processes killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.machine.daemons import daemon

pytestmark = pytest.mark.timeout(240)


def test_a_process_that_was_killed_is_told_as_a_record(environ: dict[str, str], tmp_path: Path) -> None:
    """In the log, in its form, like all that the processes say; and it is started again."""
    ours = {**environ, "LOCKSTEP_HOME": str(tmp_path / "home"), "LOCKSTEP_REDIS_URL": ""}
    with daemon(ours, "up") as process:
        assert process.stderr is not None
        lines = process.stderr
        assert any("worker ready" in line for line in lines)
        (worker,) = [pid for pid in children(process.pid) if b"\0worker\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(worker, signal.SIGKILL)
        told = next(line for line in lines if "a process ended" in line)
        assert any("worker ready" in line for line in lines)
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=60)
    assert told.startswith('{"name": "worker", "code": -9, "event": "a process ended; it is started again"')
    assert printed == ""


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
