"""One bad event, attribute, subject or target does not hold up the others (rule 8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from connectors.contract import Deferred, Failed, Halted, Refused, Unanswered
from tests.company import Company
from worker.core.event import Event
from worker.core.fingerprint import Fingerprints
from worker.core.outcome import Word
from worker.engine.propagate import propagate


class Breaking(Fingerprints):
    """Fingerprints that cannot be made of one value: a fault of ours."""

    __slots__ = ()

    def of(self, system: str, attribute: str, value: Any) -> str:
        if value == "breaks":
            raise RuntimeError("not a sentence for the log")
        return super().of(system, attribute, value)


@contextmanager
def broken(company: Company) -> Iterator[None]:
    whole = company.engine.prints
    company.engine.prints = Breaking({"k": b"k" * 32})
    yield
    company.engine.prints = whole


async def reasons(event: Event) -> set[str]:
    return {o.reason for by_attribute in event.outcomes.values() for o in by_attribute.values() if o is not None}


async def test_a_fault_of_ours_parks_its_event_and_no_other(company: Company) -> None:
    """Of a batch the event that breaks us is parked, the others are applied; mended, it can be released."""
    with broken(company):
        bad = await company.say("bad", department="breaks")
        good = await company.say("good", "E-2", department="Sales")
        await propagate(company.engine)
        await company.run()
    assert await company.told(bad) == {("*", "*"): Word.PARKED}
    assert await reasons(await company.event(bad)) == {"a fault of ours"}
    assert await company.engine.journal.parked() == [bad]
    assert company.desk.accounts["d2"]["department"] == "Sales"
    assert set((await company.told(good)).values()) == {Word.APPLIED}


async def test_a_lane_that_cannot_be_merged_parks_what_it_was_brought(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in one lane is told to its events only; their other targets, and other subjects, go on."""
    whole = company.engine.lanes.change

    async def change(terms: Any, account: str, *args: Any, **more: Any) -> Any:
        if (terms.system, account) == ("crm", "E-1"):
            raise ZeroDivisionError
        return await whole(terms, account, *args, **more)

    monkeypatch.setattr(company.engine.lanes, "change", change)
    both = await company.say("both", department="Sales")
    other = await company.say("other", "E-2", department="Ops")
    await propagate(company.engine)
    monkeypatch.undo()
    await company.run()
    told = await company.told(both)
    assert told["crm", "unit"] is Word.PARKED
    assert told["desk", "department"] is Word.APPLIED
    assert set((await company.told(other)).values()) == {Word.APPLIED}


async def test_one_refused_attribute_does_not_sink_the_others(company: Company) -> None:
    """A refusal that names its attribute parks it; the others of the call go again at once, without a try spent."""
    company.desk.fail("PATCH", Refused("no such field", "number", status=400))
    name = await company.say("e", department="Sales", number="7")
    await company.run()
    told = await company.told(name)
    assert (told["desk", "number"], told["desk", "department"]) == (Word.PARKED, Word.APPLIED)
    event = await company.event(name)
    outcome = event.outcomes["desk"]["department"]
    assert outcome is not None
    assert outcome.tries == 1


async def test_a_refusal_that_names_nobody_is_isolated_one_by_one(company: Company) -> None:
    """Refused together, they go alone: only the bad one is parked."""
    company.desk.fail("PATCH", Refused("bad request", status=400))
    name = await company.say("e", department="Sales", number="7")
    await company.run()
    assert set((await company.told(name)).values()) == {Word.APPLIED}
    assert company.desk.accounts["d1"]["department"] == "Sales"
    assert company.desk.writes == 3


async def test_a_dead_target_does_not_hold_up_the_others(company: Company) -> None:
    """While one target cannot be reached, the other is written; what waits is pending with a reason and a time."""
    company.desk.fail("PATCH", Deferred("no connection", 5.0))
    name = await company.say("e", department="Sales")
    await company.run()
    event = await company.event(name)
    waiting = event.outcomes["desk"]["department"]
    assert waiting is not None
    assert (waiting.word, waiting.reason) == (Word.PENDING, "no connection")
    assert waiting.until > waiting.at
    assert (await company.told(name))["crm", "unit"] is Word.APPLIED


async def test_refused_credentials_pause_the_target_once(company: Company) -> None:
    """A target that refuses our credentials pauses as a whole; nothing of it is parked, and no other lane is tried."""
    company.desk.fail("PATCH", Halted("scope", status=401))
    first = await company.say("a", department="Sales")
    for _ in range(3):  # the search, the call, and one that is not made
        await company.once()
    await company.say("b", "E-2", department="Ops")
    await company.once()
    assert await company.engine.pauses.may_take("desk", 8) == 0
    assert (await company.told(first))["desk", "department"] in (Word.PENDING, "pending")
    assert company.desk.writes == 1


async def test_an_answer_that_may_have_landed_is_read_back_first(company: Company) -> None:
    """After an error that may have landed the next request is a read, and a value that shows is applied, not sent again."""
    company.desk.fail("PATCH", Failed("500", 0.0, status=500), landed=True)
    name = await company.say("e", department="Sales")
    await company.run()
    calls = [line.split()[0] for line in company.desk.log if "/d1" in line]
    assert calls == ["PATCH", "GET"]
    assert (await company.told(name))["desk", "department"] is Word.APPLIED


async def test_after_an_unanswered_call_the_account_rests(company: Company) -> None:
    """A newer value waits until the late window of the unanswered one is over."""
    company.desk.fail("PATCH", Unanswered("no answer"))
    await company.say("a", department="Sales")
    await company.run()
    await company.say("b", at=2, department="Ops")
    await company.run()
    lane = await company.lane("desk", "d1")
    assert lane.lease is not None
    assert not lane.lease.token
    assert company.desk.writes == 1
