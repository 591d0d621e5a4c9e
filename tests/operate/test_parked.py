"""What is parked is listed once, starts again under the mapping in force, or is dropped."""

from connectors.contract import Refused
from tests.company import MAPPING, Company
from worker.core.outcome import Word
from worker.operate.parked import Parked, Wanted, drop, parked, release
from worker.operate.replay import start
from worker.store import keys

BAD = MAPPING.replace("department: department", "department: {from: department, transform: [{lookup: {Sales: Sales}}]}")


async def listed(company: Company, wanted: Wanted = Wanted()) -> list[Parked]:  # noqa: B008 - frozen
    return [each async for page in parked(company.engine, wanted) for each in page]


async def routes(company: Company, wanted: Wanted = Wanted()) -> set[tuple[str, str, str]]:  # noqa: B008 - frozen
    return {(said.turn.name, *route) for each in await listed(company, wanted) for route, said in each.routes.items()}


async def test_only_what_is_parked_runs_again_and_under_the_new_mapping(company: Company):
    """The mended rule decides; the routes that had ended well are left alone, and the first record keeps its word."""
    company.configure(mapping=BAD)
    await company.say("e1", department="R&D", number="7")
    await company.run()
    assert await routes(company) == {("hr:e1", "desk", "department")}
    company.configure()
    company.crm.log.clear()
    plan = await release(company.engine, Wanted(), act=True)
    await company.run()
    assert plan.made == ["hr:e1~1"]
    assert company.desk.accounts["d1"]["department"] == "R&D"
    assert await company.told("hr:e1~1") == {("desk", "department"): Word.APPLIED}
    assert (await company.told("hr:e1"))["desk", "department"] == Word.PARKED
    assert company.crm.log == []
    assert await listed(company) == []
    assert await company.engine.journal.parked() == []


async def test_released_twice_runs_once(company: Company):
    """What is released is not listed any more, though no worker has run it yet."""
    company.configure(mapping=BAD)
    await company.say("e1", department="R&D")
    await company.run()
    assert (await release(company.engine, Wanted(), act=True)).accepted == 1
    assert (await release(company.engine, Wanted(), act=True)).accepted == 0
    assert await listed(company) == []


async def test_what_is_parked_again_is_listed_under_its_replay(company: Company):
    """Nothing has changed, so the replay is parked, too, and it is the one that is listed; it may be released once more."""
    company.configure(mapping=BAD)
    await company.say("e1", department="R&D")
    await company.run()
    await release(company.engine, Wanted(), act=True)
    await company.run()
    assert await routes(company) == {("hr:e1~1", "desk", "department")}
    assert (await release(company.engine, Wanted(frozenset({"hr:e1~1"})), act=True)).made == ["hr:e1~2"]


async def test_a_replay_stays_parked_though_one_before_it_is_forgotten(company: Company):
    """The first replay was over long ago, and its record is gone: the second is listed, and releasing it makes another."""
    await company.say("e1", department="R&D")
    await company.run()
    await start(company.engine, await company.turns("hr:e1"), ())
    await company.run()
    company.configure(mapping=BAD)
    await start(company.engine, await company.turns("hr:e1"), ())
    await company.run()
    await company.engine.store.do("DEL", keys.event("hr:e1~1"))
    assert await routes(company) == {("hr:e1~2", "desk", "department")}
    company.configure()
    assert (await release(company.engine, Wanted(), act=True)).made == ["hr:e1~3"]
    assert await routes(company) == set()
    await company.run()
    assert await company.told("hr:e1~3") == {("desk", "department"): Word.UNCHANGED}
    assert await listed(company) == []


async def test_looking_releases_nothing(company: Company):
    """Without being told to act, it is counted and stays where it is."""
    company.configure(mapping=BAD)
    await company.say("e1", department="R&D")
    await company.run()
    plan = await release(company.engine, Wanted(), act=False)
    assert (plan.events, plan.accepted, plan.says) == (1, 0, {"parked": 1})
    assert await drop(company.engine, Wanted(), act=False) == 1
    assert len(await listed(company)) == 1


async def test_what_is_meant_is_chosen_by_target_reason_and_event(company: Company):
    """A refusal at one target and a value that fits no rule at another are told apart."""
    company.configure(mapping=BAD)
    company.crm.fail("PATCH", Refused("not allowed there"))
    await company.say("e1", department="R&D")
    await company.run()
    assert await routes(company) == {("hr:e1", "desk", "department"), ("hr:e1", "crm", "unit")}
    assert await routes(company, Wanted(target="crm")) == {("hr:e1", "crm", "unit")}
    assert await routes(company, Wanted(reason="not allowed there")) == {("hr:e1", "crm", "unit")}
    assert await routes(company, Wanted(events=frozenset({"hr:e2"}))) == set()
    await release(company.engine, Wanted(target="crm"), act=True)
    assert await routes(company) == {("hr:e1", "desk", "department")}
    assert await company.engine.journal.parked() == ["hr:e1"]


async def test_dropped_is_over(company: Company):
    """The outcome says who ended it, nothing is written, and it is listed no more."""
    company.configure(mapping=BAD)
    await company.say("e1", department="R&D", number="7")
    await company.run()
    writes = company.desk.writes
    assert await drop(company.engine, Wanted(), act=True) == 1
    await company.run()
    told = await company.told("hr:e1")
    assert (told["desk", "department"], told["desk", "number"]) == (Word.DROPPED, Word.APPLIED)
    assert company.desk.writes == writes
    assert await company.engine.journal.parked() == []


async def test_a_refused_write_of_a_seal_is_released_to_the_same_value(company: Company):
    """The first number was refused; released, it is written, because nothing else was sealed meanwhile."""
    company.crm.fail("PATCH", Refused("not today"))
    await company.say("e1", at=1, number="7")
    await company.run()
    assert "badge" not in company.crm.accounts["E-1"]
    await release(company.engine, Wanted(target="crm"), act=True)
    await company.run()
    assert company.crm.accounts["E-1"]["badge"] == "7"
