"""Deliver: due lanes of one target are visited, many at once.

One visit at a time writes one account: read if needed, plan, commit, call, settle, commit.  The visit's lease is what makes
this safe (worker/core/lane.py).  A lease starts only when there is room for the visit.
"""

from __future__ import annotations

import asyncio
import time

from connectors.contract import Account, ConnectorError, NoAccount
from worker.core.lane import Lane, Note, copied, idle, suspect
from worker.core.park import poisoned
from worker.core.plan import begin, needs_read, plan
from worker.core.search import searched_subject
from worker.core.settle import settle
from worker.core.shown import look
from worker.engine.calls import write
from worker.engine.engine import Engine
from worker.engine.floor import Floor
from worker.engine.search import depart, search
from worker.engine.visit import Visit, give_back, said


async def deliver(engine: Engine, floor: Floor, system: str) -> bool:
    """Take as many due lanes as there is room for, and start their visits.  True if there may be more."""
    room = await floor.room(system, engine.configuration.systems[system].in_flight)
    allowed = await engine.pauses.may_take(system, room)
    if allowed == 0:
        return False
    started = time.monotonic()
    now, accounts = await engine.lanes.take(system, engine.terms[system].lease, allowed)
    if not accounts:
        await engine.pauses.unused(system)
    loaded = await engine.lanes.load_many(system, accounts)
    for account, (raw, lane) in zip(accounts, loaded, strict=True):
        v = Visit(engine, floor, system, account, engine.token(), started, now)
        floor.start(system, _visit_alone(v, floor) if suspect(lane, now) else _visit(v, floor, raw))
    return len(accounts) == allowed


async def _visit(v: Visit, floor: Floor, raw: bytes | None) -> None:
    async with floor.shared():
        await _visited(v, raw)


async def _visit_alone(v: Visit, floor: Floor) -> None:
    """A lane whose visit never settled goes alone: if it kills this process, it kills no other visit."""
    async with floor.alone():
        v.started = time.monotonic()
        v.now = await v.engine.store.now()
        await _visited(v, None)


async def _visited(v: Visit, raw: bytes | None) -> None:
    """A visit that may have been the one probe of a paused system: if it had nothing to ask, another lane is."""
    await visit(v, raw)
    if not v.called and await v.engine.pauses.unused(v.system):
        v.engine.hint([v.system])


async def visit(v: Visit, raw: bytes | None) -> None:
    """Do what this lane owes.  It ends settled or released, whatever the target answers.  raw: the lane as loaded."""
    if searched_subject(v.account) is not None:
        return await search(v, raw)
    terms = v.terms

    def start(lane: Lane) -> tuple[Lane, list[Note], tuple[str, ...] | None] | None:
        if idle(lane) and lane.lease is None:
            return copied(lane), [], ()  # committing it clears a due entry that was left over
        if (step := poisoned(lane, terms, v.token, v.now)) is not None:
            return *step, ()
        if needs_read(lane, terms, v.now):
            step = begin(lane, terms, v.token, v.now)
            return None if step is None else (*step, None)
        return plan(lane, terms, v.token, v.now, v.account)

    committed = await v.engine.lanes.change(terms, v.account, v.now, start, raw, loaded=raw is not None)
    if committed is None:
        return None  # another visit is at work, or the lane rests
    raw, (lane, notes, names) = committed
    await said(v.engine, notes)
    account: Account | None = None
    if names is None:
        account = await _read(v)
        planned = None if account is None else await _plan(v, account, raw)
        if planned is None:
            return None
        raw, lane, names = planned
    if names:
        await _call(v, raw, lane, names, account)
    return None


async def _read(v: Visit) -> Account | None:
    """Read the account under the lease.  None: the visit is over, and the lane rests or is empty."""
    try:
        return await v.drive(v.target.read(v.account))
    except NoAccount as error:
        await depart(v, error.reason, called=False)
    except ConnectorError as error:
        await give_back(v, error)
    return None


async def _plan(v: Visit, account: Account, raw: bytes) -> tuple[bytes, Lane, tuple[str, ...]] | None:
    terms, read = v.terms, v.engine.readers[v.system]

    def transition(lane: Lane) -> tuple[Lane, list[Note], tuple[str, ...]] | None:
        return plan(lane, terms, v.token, v.now, v.account, look(terms, account, {*lane.attributes, *terms.two_way}, read))

    committed = await v.engine.lanes.change(terms, v.account, v.now, transition, raw, loaded=True)
    if committed is None:
        return None
    stored, (lane, notes, names) = committed
    await said(v.engine, notes)
    return stored, lane, names


async def _call(v: Visit, raw: bytes, lane: Lane, names: tuple[str, ...], account: Account | None) -> None:
    """The claim is on disk: make the calls, and settle their answers."""
    changes = {name: sent.value for name in names if (sent := lane.attributes[name].sent) is not None}
    answers = await write(v, changes, account)
    if answers is None:
        await depart(v, "not there when it was written", called=True)
        return
    now = await v.engine.store.now()  # read when the last answer is there
    jitter = v.engine.jitter()
    await v.change(lambda lane: settle(lane, v.terms, v.token, now, v.account, answers, jitter), raw, now)


async def drained(floor: Floor, patience: float) -> bool:
    """Wait until no visit is in flight; False if some still are after `patience` seconds.  What runs beside them ends at once."""
    floor.leave_off()
    try:
        await asyncio.wait_for(floor.empty(), patience)
    except TimeoutError:
        return False
    return True
