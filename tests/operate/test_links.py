"""A link by hand holds both ways, undoes nothing unasked, and sets free what waits for it."""

import pytest

from tests.company import Company
from worker.core.outcome import Word
from worker.engine.propagate import propagate
from worker.operate.links import link, shown, unlink
from worker.operate.named import NotPossible, Who
from worker.store.pauses import Reason

ANA, BOB = Who("hr", "E-1"), Who("hr", "E-2")
D1, D2 = Who("desk", "d1"), Who("desk", "d2")


async def test_what_waits_for_an_account_goes_once_it_is_linked(company: Company):
    """The search found nobody; the operator knows who it is, and what was wanted is written at once."""
    company.desk.accounts = {"d7": {"email": "other@example.com"}}
    await company.say("e1", department="Sales")
    await company.run()
    assert "department" not in company.desk.accounts["d7"]
    await link(company.engine, ANA, Who("desk", "d7"))
    await company.run()
    assert company.desk.accounts["d7"]["department"] == "Sales"


async def test_a_link_is_shown_from_both_ends(company: Company):
    """Either account names the other, and the account's lane says whose it is."""
    await company.say("e1", department="Sales")
    await company.run()
    assert (await shown(company.engine, ANA)).others == {"desk": "d1"}
    there = await shown(company.engine, D1)
    assert (there.others, there.owners) == ({"hr": "E-1"}, {"hr": "E-1"})


async def test_a_link_that_stands_is_not_replaced_unasked(company: Company):
    """Neither end may be linked elsewhere, unless the operator says so; then the old links are gone at both of their ends."""
    await link(company.engine, ANA, D1)
    await link(company.engine, BOB, D2)
    with pytest.raises(NotPossible, match=r"hr:E-1 is linked to desk:d1; desk:d2 is linked to hr:E-2.*--replace"):
        await link(company.engine, ANA, D2)
    await link(company.engine, ANA, D1)  # the same again does no harm
    await link(company.engine, ANA, D2, replace=True)
    assert (await shown(company.engine, ANA)).others == {"desk": "d2"}
    assert (await shown(company.engine, D2)).others == {"hr": "E-1"}
    assert (await shown(company.engine, BOB)).others == (await shown(company.engine, D1)).others == {}


async def test_an_account_that_belongs_to_another_subject_is_in_the_way(company: Company):
    """The link may be lost, but the lane knows whose the account is; replaced, its new subject may write it."""
    await company.say("e1", department="Sales")
    await company.run()
    await company.engine.links.remove(*ANA, "desk")
    with pytest.raises(NotPossible, match="desk:d1 is linked to hr:E-1"):
        await link(company.engine, BOB, D1)
    await link(company.engine, BOB, D1, replace=True)
    await company.say("e2", subject="E-2", at=2, department="Legal")
    await company.run()
    assert company.desk.accounts["d1"]["department"] == "Legal"
    assert (await company.told("hr:e2"))["desk", "department"] == Word.APPLIED


async def test_after_a_link_is_removed_the_account_is_searched_for(company: Company):
    """Both ends forget each other, and the account may be another's."""
    await company.say("e1", department="Sales")
    await company.run()
    assert await unlink(company.engine, ANA, D1) == 0
    assert (await shown(company.engine, D1)).others == (await shown(company.engine, D1)).owners == {}
    company.desk.accounts["d1"]["email"], company.desk.accounts["d2"]["email"] = "e-2@example.com", "e-1@example.com"
    await company.say("e2", at=2, department="Legal")
    await company.run()
    assert company.desk.accounts["d2"]["department"] == "Legal"


async def test_what_a_wrong_link_still_brings_is_counted(company: Company):
    """A value that waits in the account's lane will be written: whoever removes the link is told."""
    await company.say("e1", department="Sales")
    await company.run()
    await company.engine.pauses.pause("desk", Reason.OPERATOR, why="test")
    await company.say("e2", at=2, department="Legal")
    await propagate(company.engine)
    assert await unlink(company.engine, ANA, D1) == 1


async def test_a_link_joins_two_systems(company: Company):
    """Two accounts of one system are two people."""
    with pytest.raises(NotPossible, match="both are accounts of 'desk'"):
        await link(company.engine, D1, D2)
