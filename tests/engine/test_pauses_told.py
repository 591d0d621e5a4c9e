"""What the log says of a pause: why it begins, and that it is over."""

import structlog

from connectors.contract import Failed
from tests.company import Company
from worker.store.pauses import Reason


async def test_the_breaker_says_why_the_last_call_failed(company: Company):
    """An alert says whether the target is away or answers what it should not, and so does the pause itself."""
    for number in range(1, 6):
        company.crm.accounts[f"E-{number}"] = {}
        company.crm.fail("PATCH", Failed("server error", status=500))
        await company.say(f"e{number}", f"E-{number}", department="Sales")
    with structlog.testing.capture_logs() as logs:
        await company.once()
    (alert,) = [line for line in logs if line.get("alert")]
    assert (alert["event"], alert["target"]) == ("target paused", "crm")
    assert alert["reason"] == "five calls in a row failed, the last: server error, HTTP 500"
    pause = await company.engine.pauses.paused("crm")
    assert pause is not None
    assert (pause.reason, pause.why) == (Reason.BREAKER, alert["reason"])


async def test_that_a_target_works_again_is_said_once(company: Company):
    """By the visit that was the probe."""
    await company.engine.pauses.pause("crm", Reason.CREDENTIALS, why="the credentials are refused", seconds=0.001)
    await company.say("e1", department="Sales")
    await company.say("e2", "E-2", department="Sales")
    with structlog.testing.capture_logs() as logs:
        while not all(company.crm.accounts.values()):
            await company.once()
    again = [line["target"] for line in logs if line["event"] == "target works again"]
    assert again == ["crm"]
    assert await company.engine.pauses.paused("crm") is None
