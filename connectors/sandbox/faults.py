"""What goes wrong at a sandbox: one mechanism for all of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next requests that fit: first the delay, then the act, then the answer.

    method, path   which requests: the method, "" for any; a part of the path, "" for any
    skip, times    the first `skip` that fit are let through, then it strikes `times` times; 0: for ever
    delay          seconds before anything else
    act            the system does what was asked; if not, it is as if the request had never come
    status         is answered in place of the system's own answer; 0: the own answer
    headers, body  go with `status`
    hold           the answer waits until it is released
    drop           the connection is cut without an answer
    """

    method: str = ""
    path: str = ""
    skip: int = 0
    times: int = 1
    delay: float = 0.0
    act: bool = True
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    hold: bool = False
    drop: bool = False

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("", method) and self.path in path


class Dropped(Exception):
    """The connection is cut.  Raised where the server shows no connection to cut (a test in one process)."""


class Faults:
    """The faults that are waiting, in order; of several that fit the first strikes."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self._released = asyncio.Event()

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self.waiting:
            if not fault.fits(method, path):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times:
                fault.times -= 1
                if not fault.times:
                    self.waiting.remove(fault)
            return fault
        return None

    def release(self) -> None:
        """Let all answers go that are held now."""
        self._released.set()
        self._released = asyncio.Event()

    async def held(self) -> None:
        await self._released.wait()

    def clear(self) -> None:
        self.waiting.clear()
        self.release()
