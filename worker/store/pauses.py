"""Pauses: why a system is left alone as a whole, and until when.  One mechanism for four reasons.

    operator     until somebody resumes it
    throttled    it asked to wait for more than a day; until then
    credentials  it refuses ours; looked at again every five minutes
    breaker      five failures in a row; looked at again every thirty seconds

A weaker reason (further down) never replaces a stronger one.  When the time of the last two is over, one lane may go as a
probe; a success ends the pause, a failure renews it.  Nothing is lost meanwhile: lanes stay due.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.store import keys
from worker.store.connection import Store, pairs

STRIKES = 5
BREAKER = 30.0
CREDENTIALS = 300.0
"""Seconds."""


class Reason(StrEnum):
    OPERATOR = "operator"
    THROTTLED = "throttled"
    CREDENTIALS = "credentials"
    BREAKER = "breaker"


_SECONDS = {Reason.OPERATOR: 0.0, Reason.CREDENTIALS: CREDENTIALS, Reason.BREAKER: BREAKER}


@dataclass(frozen=True, slots=True)
class Pause:
    """since, until: milliseconds since 1970; until 0: until it is resumed.  A probe may go once `until` is over.
    strikes: failures in a row.  by, why: for people."""

    reason: Reason
    since: int
    until: int
    strikes: int = 0
    by: str = ""
    why: str = ""


class Pauses:
    """The pauses of all systems.  Every call raises Unavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._suspect: set[str] = set()
        """Systems against which something may be known: a success of any other costs no call."""
        self._probes: dict[str, bytes] = {}
        """The probes that this process was allowed last: until when each is alone, as the store has it."""

    async def pause(self, system: str, reason: Reason, *, why: str, by: str = "lockstep", seconds: float | None = None) -> bool:
        """Pause a system, unless for a stronger reason it is already.  seconds: None for the usual ones;
        required for `throttled`.  True if the reason in force is new, so that people are told once."""
        length = _SECONDS[reason] if seconds is None else seconds
        _, _, paused = await self._change(system, "pause", reason, int(length * 1000), _line(by), _line(why), durable=True)
        return paused == b"1"

    async def resume(self, system: str) -> bool:
        """End a pause, whatever its reason, and forget the failures.  False if there was none."""
        there = _read(await self._store.do("HGET", keys.PAUSES, system))
        await self._store.do("HDEL", keys.PAUSES, system)
        self._suspect.discard(system)
        return there is not None

    async def failed(self, system: str, why: str) -> bool:
        """A call failed or was not answered.  True if that paused the system.  why: of the pause, should it be in force now."""
        _, _, paused = await self._change(system, "failed", STRIKES, int(BREAKER * 1000), "lockstep", _line(why))
        return paused == b"1"

    async def worked(self, system: str) -> bool:
        """A call was answered well: the failures are forgotten, and a pause for refused credentials or by the breaker ends.
        True if that ended one.  Costs a call to the store only while this process knows of one."""
        if system not in self._suspect:
            return False
        _, _, ended = await self._change(system, "worked")
        return ended == b"1"

    async def may_take(self, system: str, room: int) -> int:
        """How many lanes of this system may be taken, at most `room`.  Taking one as a probe renews the pause: whoever asks
        next gets none.  Ask only when something is due."""
        allowed, known, probe = await self._store.run(
            "may_take", [keys.PAUSES], [system, room, int(BREAKER * 1000), int(CREDENTIALS * 1000)]
        )
        self._note(system, bool(known))
        if probe:
            self._probes[system] = probe
        return int(allowed)

    async def unused(self, system: str) -> bool:
        """A lane was taken, and had no reason to ask this system anything.  True if it was the probe: then another may go at
        once.  Costs a call to the store only then."""
        probe = self._probes.pop(system, None)
        if probe is None:
            return False
        await self._change(system, "unused", probe)
        return True

    async def paused(self, system: str) -> Pause | None:
        """The pause in force."""
        return self._in_force(_read(await self._store.do("HGET", keys.PAUSES, system)), await self._store.now())

    async def all(self) -> dict[str, Pause]:
        """All pauses in force, by system."""
        there = pairs(await self._store.do("HGETALL", keys.PAUSES))
        now = await self._store.now()
        read = {name.decode(): self._in_force(_read(value), now) for name, value in there.items()}
        return {name: pause for name, pause in sorted(read.items()) if pause is not None}

    async def _change(self, system: str, what: str, *args: bytes | str | int, durable: bool = False) -> tuple[int, bytes, bytes]:
        strikes, reason, changed = await self._store.run("pauses", [keys.PAUSES], [system, what, *args], durable=durable)
        self._note(system, bool(strikes or reason))
        return strikes, reason, changed

    def _note(self, system: str, suspect: bool) -> None:
        if suspect:
            self._suspect.add(system)
        else:
            self._suspect.discard(system)

    @staticmethod
    def _in_force(pause: Pause | None, now: int) -> Pause | None:
        over = pause is not None and pause.reason is Reason.THROTTLED and pause.until <= now
        return None if over else pause


def _line(text: str) -> str:
    """Fields are separated by line breaks."""
    return " ".join(text.split())


def _read(value: bytes | None) -> Pause | None:
    if value is None:
        return None
    until, strikes, since, reason, by, why = value.decode().split("\n")
    return Pause(Reason(reason), int(since), int(until), int(strikes), by, why) if reason else None
