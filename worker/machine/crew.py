"""The crew: Lockstep's processes on one machine, started together, started again when one ends, stopped together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import structlog

log = structlog.get_logger()

GRACE = 30.0
"""Seconds from SIGTERM to SIGKILL: longer than a worker drains."""
AGAIN = 1.0
"""Seconds before a process that ended is started again."""
HOPELESS = frozenset({2, 3})
"""Exit codes that another start does not mend: the command line, the environment or the configuration is wrong."""


@dataclass(slots=True)
class Member:
    """One process: its name, and the arguments of `lockstep`."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None


class Crew:
    """Starts processes of `lockstep` and keeps them.  Use as a context manager.  output: where they write; None: to our
    stderr."""

    def __init__(self, environ: Mapping[str, str], output: Path | None = None) -> None:
        self._environ = dict(environ)
        self._members: dict[str, Member] = {}
        self._output: IO[bytes] | None = output.open("ab") if output is not None else None
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep, name="crew", daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, *arguments: str) -> None:
        """Start `lockstep ARGUMENTS`."""
        member = Member(name, arguments)
        self._members[name] = member
        self._launch(member)

    def hopeless(self) -> str:
        """The name of a process that ended and is not started again, "" if there is none."""
        return next((m.name for m in self._members.values() if m.process is not None and m.process.poll() in HOPELESS), "")

    def pid(self, name: str) -> int:
        """Of the process that runs under this name now."""
        process = self._members[name].process
        assert process is not None
        return process.pid

    def _launch(self, member: Member) -> None:
        member.process = subprocess.Popen(
            [sys.executable, "-m", "worker", *member.arguments],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,  # Ctrl-C is for us: we stop the others in order
        )

    def _keep(self) -> None:
        while not self._stopping.wait(0.2):
            for member in list(self._members.values()):
                process = member.process
                if process is not None and process.poll() is not None and process.returncode not in HOPELESS:
                    log.warning("a process ended; it is started again", name=member.name, code=process.returncode)
                    if not self._stopping.wait(AGAIN):
                        self._launch(member)

    def stop(self) -> None:
        """SIGTERM to all in the order of their start, then wait; SIGKILL for what does not end in time."""
        self._stopping.set()
        self._watch.join()
        for member in self._members.values():
            if member.process is not None and member.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(member.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for member in self._members.values():
            if member.process is None:
                continue
            try:
                member.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(member.process.pid, signal.SIGKILL)
                member.process.wait(5)
        if self._output is not None:
            self._output.close()
