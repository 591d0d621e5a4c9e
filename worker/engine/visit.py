"""A visit: what its steps share, and what an error says about the lane and about the system as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from connectors.contract import ConnectorError, Deferred, Failed, Flow, Halted, Locked, Refused, Target, TokenRefused, Unanswered
from worker.core.lane import Lane, Note, Terms
from worker.core.settle import release
from worker.engine.engine import OUTBOX, Engine
from worker.engine.floor import Floor
from worker.store.pauses import Reason

log = structlog.get_logger()

DAY = 24 * 60 * 60
MARGIN = 1.0
"""Seconds of the lease that no call may use."""

T = TypeVar("T")


@dataclass(slots=True)
class Visit:
    """started: monotonic seconds before the lane was taken.  now: the store's clock at that time, milliseconds.  called: the
    target was asked something."""

    engine: Engine
    floor: Floor
    system: str
    account: str
    token: str
    started: float
    now: int
    called: bool = False

    @property
    def outlived(self) -> bool:
        """Whether the lease in which all calls must end is over: then this process slept, and what failed meanwhile says
        nothing about the system."""
        return time.monotonic() - self.started > self.terms.lease / 1000

    @property
    def terms(self) -> Terms:
        return self.engine.terms[self.system]

    @property
    def target(self) -> Target:
        target = self.engine.configuration.systems[self.system].target
        assert target is not None, f"{self.system} has lanes but is no target"
        return target

    async def drive(self, flow: Flow[T]) -> T:
        """Drive one flow of the connector.  A call starts only if its deadline and a margin fit into the lease.  Raises
        ConnectorError."""
        self.called = True
        left = self.terms.lease / 1000 - MARGIN - (time.monotonic() - self.started)
        answer = await self.engine.lines[self.system].drive(flow, patience=left)
        await worked(self.engine, self.system)
        return answer

    async def change(
        self, transition: Callable[[Lane], tuple[Lane, list[Note]] | None], raw: bytes | None = None, now: int | None = None
    ) -> bool:
        """Commit a transition of this lane; False if this visit has no right to it any more."""
        committed = await self.engine.lanes.change(
            self.terms, self.account, self.now if now is None else now, transition, raw, loaded=raw is not None
        )
        if committed is None:
            return False
        await said(self.engine, committed[1][1])
        return True


async def said(engine: Engine, notes: Sequence[Note]) -> None:
    """Notes were committed to the outbox: people are told what needs them, and the fold has work."""
    if notes:
        engine.tell_people(notes)
        engine.hint([OUTBOX])


async def give_back(v: Visit, error: ConnectorError) -> None:
    """The visit ends without a decision: the lane rests as long as the error says."""
    await react(v, error)
    wait = wait_of(error)
    missed = isinstance(error, (Failed, Unanswered, Refused, Locked))

    def transition(lane: Lane) -> tuple[Lane, list[Note]] | None:
        delay = v.terms.retry.delay(lane.misses, v.engine.jitter()) if wait is None else int(wait * 1000)
        return release(lane, v.terms, v.token, v.now, max(delay, 1), error.reason, missed=missed)

    await v.change(transition)


def wait_of(error: ConnectorError) -> float | None:
    """Seconds for which a lane rests because its system said so; None: it did not.  Where the system as a whole pauses for it the
    lane stays due, so that it goes when the pause ends, however that comes."""
    if isinstance(error, Deferred) and error.throttled and error.wait is not None and error.wait > DAY:
        return 1.0
    return error.wait if isinstance(error, (Deferred, Failed)) else None


async def react(v: Visit, error: ConnectorError) -> None:
    """What an error says about the system as a whole."""
    engine, system = v.engine, v.system
    match error:
        case Halted():
            if await engine.pauses.pause(system, Reason.CREDENTIALS, why=error.reason):
                _alert(system, error.reason)
        case Deferred() if error.throttled:
            if error.wait is None or error.wait <= DAY:
                return  # the budget holds it back for so long
            if await engine.pauses.pause(system, Reason.THROTTLED, why=error.reason, seconds=error.wait):
                _alert(system, "it asks to wait for more than a day")
        case TokenRefused():
            pass  # the credential ended, not the system
        case Failed() | Unanswered() | Deferred() if not v.outlived:
            last = f"{error.reason}, HTTP {error.status}" if error.status else error.reason
            why = f"five calls in a row failed, the last: {last}"
            if await engine.pauses.failed(system, why):
                _alert(system, why)
        case _:
            await worked(engine, system)  # the system works; this account or value does not


async def worked(engine: Engine, system: str) -> None:
    """The system answered as it should.  Where that ends a pause, it is said: whoever read of the pause waits for it."""
    if await engine.pauses.worked(system):
        log.info("target works again", target=system)


def _alert(system: str, reason: str) -> None:
    """Said once a pause."""
    see = f"mend it; then it goes on by itself, or at once: lockstep targets resume {system}"
    log.error("target paused", alert=True, target=system, reason=reason, see=see)
