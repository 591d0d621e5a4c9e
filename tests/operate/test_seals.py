"""Unsealing lets one value through, once, and only over the very value that was sealed."""

import asyncio

import pytest

from connectors.contract import Failed, Locked, Refused, Unanswered
from tests.company import Company
from worker.core.lane import Attribute, Lane, Note, Seal, copied
from worker.core.outcome import Word
from worker.operate.named import NotPossible, Unknown, Who
from worker.operate.seals import Sealed, seal_of, sealed, unseal, unsealing

ANA = Who("hr", "E-1")


async def found(company: Company) -> None:
    """desk held another number before we came; hr's e1 was sealed out."""
    company.desk.accounts["d1"]["number"] = "9"
    await company.say("e1", number="7")
    await company.run()
    assert (await company.told("hr:e1"))["desk", "number"] == Word.SEALED


async def lift(company: Company, event: str = "hr:e1", target: str = "desk", attribute: str = "number") -> str:
    seal = await seal_of(company.engine, ANA, target, attribute)
    return await unseal(company.engine, await unsealing(company.engine, seal, await company.event(event)))


async def test_the_found_value_is_replaced_once(company: Company):
    """The event's value goes out, is sealed as ours, and the next number is sealed out again."""
    await found(company)
    assert await lift(company) == "hr:e1~1"
    await company.run()
    assert company.desk.accounts["d1"]["number"] == "7"
    assert await company.told("hr:e1~1") == {("desk", "number"): Word.APPLIED}
    seal = await seal_of(company.engine, ANA, "desk", "number")
    assert (seal.kind, seal.seal.event) == ("ours", "hr:e1~1")
    await company.say("e2", at=2, number="8")
    await company.run()
    assert company.desk.accounts["d1"]["number"] == "7"
    assert (await company.told("hr:e2"))["desk", "number"] == Word.SEALED


async def test_another_value_than_the_one_found_is_not_replaced(company: Company):
    """Somebody changed the target between the command and the visit: what is there now is sealed as found."""
    await found(company)
    await lift(company)
    company.desk.accounts["d1"]["number"] = "10"
    await company.run()
    assert company.desk.accounts["d1"]["number"] == "10"
    assert (await company.told("hr:e1~1"))["desk", "number"] == Word.SEALED
    assert (await seal_of(company.engine, ANA, "desk", "number")).kind == "found"


async def test_a_failed_call_is_tried_again(company: Company):
    """An error that was answered does not spend the operator's word: the account is read, and the value goes again."""
    await found(company)
    await lift(company)
    company.desk.log.clear()
    company.desk.fail("PATCH", Failed("an error was answered", status=500))
    await company.run()
    assert company.desk.accounts["d1"]["number"] == "7"
    assert company.desk.log == ["GET /users/d1", "PATCH /users/d1", "GET /users/d1", "PATCH /users/d1"]


async def test_a_refused_call_leaves_the_seal(company: Company):
    """The target does not take the value: the event is parked, and the attribute is as sealed as before."""
    await found(company)
    await lift(company)
    company.desk.fail("PATCH", Refused("too long", "number", status=400))
    await company.run()
    assert (await company.told("hr:e1~1"))["desk", "number"] == Word.PARKED
    assert (await seal_of(company.engine, ANA, "desk", "number")).kind == "found"
    assert company.desk.accounts["d1"]["number"] == "9"


async def test_an_unanswered_call_is_not_sent_again_blindly(company: Company):
    """The value may have landed: the lane rests until the late window is over, and then a look will decide."""
    await found(company)
    await lift(company)
    company.desk.log.clear()
    company.desk.fail("PATCH", Unanswered("no answer"), landed=True)
    await company.run()
    lane = await company.lane("desk", "d1")
    assert lane.lease is not None
    assert lane.lease.token == ""
    assert company.desk.writes == 1
    await asyncio.sleep(1.2)
    await company.run()
    assert company.desk.log == ["GET /users/d1", "PATCH /users/d1", "GET /users/d1"]
    assert (await company.told("hr:e1~1"))["desk", "number"] == Word.APPLIED


async def test_an_unsure_seal_is_confirmed(company: Company):
    """Nobody knows whether the first number landed, at a target that cannot be read.  Others are parked; the operator sends the
    same value again, and it is sealed for sure."""
    company.configure(blind=True)
    await company.say("e0", at=1, department="Sales")
    await company.run()
    unsure = Seal(company.engine.print_of("desk", "number", "7"), "hr:e1", 1, unsure=True)

    def sealed_before(lane: Lane) -> tuple[Lane, list[Note]]:
        lane = copied(lane)
        lane.attributes["number"] = Attribute(seal=unsure)
        return lane, []

    await company.engine.lanes.change(company.engine.terms["desk"], "d1", 0, sealed_before)
    await company.say("e1", at=2, number="7")
    await company.run()
    assert (await company.told("hr:e1"))["desk", "number"] == Word.PARKED
    what = await unsealing(company.engine, await seal_of(company.engine, ANA, "desk", "number"), await company.event("hr:e1"))
    assert (what.sealed.kind, what.confirms) == ("unsure", True)
    await unseal(company.engine, what)
    await company.run()
    assert company.desk.accounts["d1"]["number"] == "7"
    assert (await seal_of(company.engine, ANA, "desk", "number")).kind == "ours"


async def locked(company: Company, there: str) -> None:
    """desk keeps the number itself, and did not say which; then somebody lifts its lock over there."""
    company.desk.fail("PATCH", Locked("it keeps its first value", "number", status=409))
    await company.say("e1", number="7")
    await company.run()
    assert (await company.told("hr:e1"))["desk", "number"] == Word.SEALED
    company.desk.accounts["d1"]["number"] = there


@pytest.mark.parametrize("there", ["9", ""])
@pytest.mark.parametrize("blind", [True, False])
async def test_what_the_target_keeps_itself_is_unsealed(company: Company, there: str, blind: bool) -> None:
    """Its lock was lifted there: the event's value goes over whatever it holds, once, and is sealed as ours."""
    company.configure(blind=blind)
    await locked(company, there)
    assert (await seal_of(company.engine, ANA, "desk", "number")).seal.print is None
    assert await lift(company) == "hr:e1~1"
    await company.run()
    assert company.desk.accounts["d1"]["number"] == "7"
    assert await company.told("hr:e1~1") == {("desk", "number"): Word.APPLIED}
    assert (await seal_of(company.engine, ANA, "desk", "number")).kind == "ours"
    await company.say("e2", at=2, number="8")
    await company.run()
    assert company.desk.accounts["d1"]["number"] == "7"


async def test_what_the_target_still_keeps_is_not_unsealed(company: Company) -> None:
    """Its lock holds: the value ends `sealed`, and the attribute is as sealed as before; the same may be tried again."""
    await locked(company, "9")
    await lift(company)
    company.desk.fail("PATCH", Locked("it keeps its first value", "number", status=409))
    await company.run()
    assert company.desk.accounts["d1"]["number"] == "9"
    assert await company.told("hr:e1~1") == {("desk", "number"): Word.SEALED}
    assert (await seal_of(company.engine, ANA, "desk", "number")).seal.print is None
    assert await lift(company) == "hr:e1~2"
    await company.run()
    assert company.desk.accounts["d1"]["number"] == "7"


async def test_given_twice_it_is_done_once(company: Company):
    """A second command finds the first one under way."""
    await found(company)
    name = await lift(company)
    seal = await seal_of(company.engine, ANA, "desk", "number")
    assert (await unsealing(company.engine, seal, await company.event("hr:e1"))).under_way == name


async def test_what_cannot_be_unsealed_is_refused(company: Company):
    """No seal, nobody known, an event about somebody else or without a value, the value that is sealed already, a target that
    only watches: each is said, and nothing is done."""
    await found(company)
    await company.say("e2", subject="E-2", number="8")
    await company.say("e3", department="Sales")
    await company.run()
    with pytest.raises(Unknown, match="department of hr:E-1 at desk has no seal; sealed there: number"):
        await lift(company, attribute="department")
    with pytest.raises(Unknown, match="did you mean 'number'"):
        await lift(company, attribute="numbers")
    with pytest.raises(Unknown, match="nothing is known of hr:E-9"):
        await seal_of(company.engine, Who("hr", "E-9"), "desk", "number")
    with pytest.raises(NotPossible, match="somebody else"):
        await lift(company, event="hr:e2")
    with pytest.raises(NotPossible, match="no value for number"):
        await lift(company, event="hr:e3")
    with pytest.raises(NotPossible, match="nothing to unseal"):
        await lift(company, target="crm", attribute="badge")
    company.configure(modes="observe")
    with pytest.raises(NotPossible, match="only watches"):
        await lift(company)
    assert await company.engine.journal.waiting() == 0


async def test_seals_of_a_target_are_listed(company: Company):
    """Every seal of the target, whose it is and how it came, and none of another target."""
    await found(company)
    await company.say("e2", subject="E-2", number="8")
    await company.run()
    pages = [page async for _, page in sealed(company.engine, "desk")]
    every: list[Sealed] = [each for page in pages for each in page]
    assert sorted((each.account, each.attribute, each.kind, each.owners["hr"]) for each in every) == [
        ("d1", "number", "found", "E-1"), ("d2", "number", "ours", "E-2"),
    ]  # fmt: skip


async def test_somebody_is_found_by_account_link_or_event(company: Company):
    """An account's own name, a link, and an id that the events say lead to the same lane."""
    await found(company)
    for somebody, target in ((Who("desk", "d1"), "desk"), (ANA, "desk")):
        assert (await seal_of(company.engine, somebody, target, "number")).account == "d1"
    assert (await seal_of(company.engine, ANA, "crm", "badge")).account == "E-1"
