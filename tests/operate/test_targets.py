"""What each target is doing can be seen at a glance, and a paused one is left alone."""

from tests.company import Company
from worker.deliver import deliver
from worker.operate.targets import states
from worker.propagate import propagate
from worker.store.pauses import Reason


async def test_a_paused_target_keeps_what_is_due(company: Company):
    """Nothing is taken while it rests, what waits is counted with its age, and all of it goes once it is resumed."""
    await company.say("e1", department="Sales")
    await company.engine.pauses.pause("crm", "operator", why="maintenance", by="ana@ops")
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
