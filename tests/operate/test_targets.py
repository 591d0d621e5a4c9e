"""What each target is doing can be seen at a glance, and a paused one is left alone."""

import asyncio
from typing import Any

import pytest

from connectors.contract import Deferred, Flow
from tests.company import Company
from worker.engine.deliver import deliver
from worker.engine.propagate import propagate
from worker.operate.targets import resume, states
from worker.store.budgets import Exhausted, Gate
from worker.store.pauses import Reason


async def test_a_paused_target_keeps_what_is_due(company: Company):
    """Nothing is taken while it rests, what waits is counted with its age, and all of it goes once it is resumed."""
    await company.say("e1", department="Sales")
    await company.engine.pauses.pause("crm", Reason.OPERATOR, why="maintenance", by="ana@ops")
    before = await company.engine.store.now()
    await propagate(company.engine)
    await deliver(company.engine, company.floor, "crm")
    crm, desk = await states(company.engine)
    assert (crm.system, crm.mode, crm.due, crm.lanes) == ("crm", "apply", 1, 1)
    assert before - 1000 <= crm.oldest <= before + 5000
    assert crm.pause is not None
    assert (crm.pause.reason, crm.pause.by, crm.pause.why) == (Reason.OPERATOR, "ana@ops", "maintenance")
    assert desk.pause is None
    assert company.crm.log == []
    assert await company.engine.pauses.resume("crm")
    await company.run()
    assert company.crm.accounts["E-1"] == {"unit": "Sales"}
    after = await states(company.engine)
    assert [(state.due, state.lanes, state.oldest, state.pause) for state in after] == [(0, 0, 0, None)] * 2


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_a_target_that_asked_for_centuries_is_resumed(company: Company, method: str):
    """A Retry-After of 300 years, by mistake or malice, pauses the target and its credential; once an operator resumes it what is
    due goes at once, though every call asks the store for leave."""
    gate, desk = Gate(company.engine.store), company.desk
    drive = desk.drive

    async def asked(flow: Flow[Any], *, patience: float) -> Any:
        try:
            await gate.take("desk", None, 1.0)
        except Exhausted as error:
            raise Deferred(error.reason, error.wait, throttled=True) from None
        try:
            return await drive(flow, patience=patience)
        except Deferred as error:
            await gate.hold("desk", error.wait or 0)
            raise

    desk.drive = asked  # type: ignore[method-assign]
    (account,) = [each for each in desk.accounts.values() if each["email"] == "e-1@example.com"]
    desk.fail(method, Deferred("throttled", 9_999_999_999.0, throttled=True))
    await company.say("e1", department="Sales")
    for _ in range(3):
        await company.once()
    (state,) = [state for state in await states(company.engine) if state.system == "desk"]
    assert state.pause is not None
    assert state.pause.reason is Reason.THROTTLED
    assert await resume(company.engine, "desk")
    await asyncio.sleep(1.1)
    await company.run()
    assert account["department"] == "Sales"


async def test_a_short_wait_is_no_pause_to_end(company: Company):
    """What a system asked for within a day is obeyed, whatever an operator says of a pause that it has for another reason."""
    gate = Gate(company.engine.store)
    await gate.hold("desk", 60)
    await company.engine.pauses.pause("desk", Reason.OPERATOR, why="x", by="ana@ops")
    assert await resume(company.engine, "desk")
    with pytest.raises(Exhausted):
        await gate.take("desk", None, 1.0)
