"""Replay runs through the same guards; it says beforehand what would happen, and does not happen twice by mistake."""

from collections.abc import AsyncIterator

import pytest

from tests.company import MAPPING, Company
from worker.core.event import ALL
from worker.core.outcome import Word
from worker.operate.named import NotPossible, Who
from worker.operate.replay import Plan, again, one_page, replay
from worker.operate.selection import PAGE, Chosen, Criteria, chosen


async def meant(company: Company, **criteria: object) -> list[Chosen]:
    return [each async for page in chosen(company.engine, Criteria(**criteria)) for each in page]  # type: ignore[arg-type]


def named(company: Company, *each: Chosen) -> AsyncIterator[list[Chosen]]:
    return one_page(each)


async def bulk(company: Company, *, act: bool, limit: int | None = None, **criteria: object) -> Plan:
    return await replay(company.engine, chosen(company.engine, Criteria(**criteria)), act=act, limit=limit)  # type: ignore[arg-type]


async def test_looking_changes_nothing(company: Company):
    """Without being told to act, a replay only counts: no event is made, and nothing becomes due."""
    await company.say("e1", department="Sales", number="7")
    await company.run()
    plan = await bulk(company, act=False)
    assert (plan.events, plan.accepted, plan.made) == (1, 0, [])
    assert plan.targets == {"desk": 2, "crm": 2}
    assert plan.says == {"read first": 4}
    assert await company.engine.journal.waiting() == 0
    assert (await company.turns("hr:e1")).replays == ()


async def test_replaying_everything_at_rest_writes_nothing(company: Company):
    """A replay reads what it can read, finds what it wants, and makes no write."""
    await company.say("e1", department="Sales", number="7")
    await company.say("e2", subject="E-2", department="Legal", number="8")
    await company.run()
    before = company.desk.writes, company.crm.writes
    plan = await bulk(company, act=True)
    await company.run()
    assert plan.accepted == 2
    assert (company.desk.writes, company.crm.writes) == before
    assert set((await company.told("hr:e1~1")).values()) == {Word.UNCHANGED}


async def test_a_replay_repairs_what_somebody_changed_behind_us(company: Company):
    """What the target shows, and not what we believe, decides whether it is written again."""
    await company.say("e1", department="Sales", number="7")
    await company.run()
    company.desk.accounts["d1"]["department"] = "Marketing"
    await bulk(company, act=True)
    await company.run()
    assert company.desk.accounts["d1"]["department"] == "Sales"
    assert (await company.told("hr:e1~1"))["desk", "department"] == Word.APPLIED


async def test_a_replay_never_moves_a_target_backwards(company: Company):
    """An old event that runs again loses to what came after it, and the forecast says so."""
    await company.say("e1", at=1, department="Sales")
    await company.say("e2", at=2, department="Legal")
    await company.run()
    (old,) = [each for each in await meant(company) if each.turns.original.id == "e1"]
    plan = await replay(company.engine, named(company, old), act=True)
    await company.run()
    assert plan.says == {"superseded": 2}
    assert company.desk.accounts["d1"]["department"] == company.crm.accounts["E-1"]["unit"] == "Legal"
    assert set((await company.told("hr:e1~1")).values()) == {Word.SUPERSEDED}


async def test_a_seal_holds_against_a_replay(company: Company):
    """A later number is sealed when it comes, and sealed when it runs again; the forecast knows."""
    await company.say("e1", at=1, number="7")
    await company.say("e2", at=2, number="8")
    await company.run()
    (late,) = [each for each in await meant(company) if each.turns.original.id == "e2"]
    plan = await replay(company.engine, named(company, late), act=True)
    await company.run()
    assert plan.says == {"sealed": 2}
    assert company.desk.accounts["d1"]["number"] == company.crm.accounts["E-1"]["badge"] == "7"


async def test_one_target_is_replayed_alone(company: Company):
    """Limited to a target, the other is neither read nor told anything."""
    await company.say("e1", department="Sales")
    await company.run()
    company.desk.log.clear()
    company.crm.log.clear()
    await bulk(company, act=True, target="crm")
    await company.run()
    assert (company.desk.log, company.crm.log) == ([], ["GET /users/E-1"])
    assert (await company.event("hr:e1~1")).only == (("crm", ALL),)


async def test_a_target_that_only_watched_is_taken_over_once(company: Company):
    """What was observed is applied by a replay of it; given again, the command finds nothing more to do."""
    company.configure(modes="observe")
    await company.say("e1", at=1, department="Sales", number="7")
    await company.say("e2", at=2, department="Legal", number="8")
    await company.run()
    assert company.desk.writes == 0
    company.configure(modes="apply")
    await company.run()
    assert company.desk.writes == 0, "switching to apply writes nothing by itself"

    first = await bulk(company, act=True, target="desk", outcome=Word.OBSERVED)
    again = await bulk(company, act=True, target="desk", outcome=Word.OBSERVED)
    assert (first.accepted, first.says) == (2, {"read first": 2, "waits": 1})
    assert (again.accepted, again.under_way) == (0, 2)
    await company.run()
    last = await bulk(company, act=True, target="desk", outcome=Word.OBSERVED)
    assert (last.events, last.accepted) == (0, 0)
    assert company.desk.accounts["d1"] == {"email": "e-1@example.com", "department": "Legal", "number": "7"}
    assert company.crm.writes == 0


async def test_a_replay_of_a_replay_is_one_of_its_original(company: Company):
    """Numbers count on, and the newest turn speaks for its routes."""
    await company.say("e1", department="Sales")
    await company.run()
    for number in (1, 2):
        plan = await replay(company.engine, named(company, *await meant(company)), act=True)
        await company.run()
        assert plan.made == [f"hr:e1~{number}"]
    turns = await company.turns("hr:e1~2")
    assert (turns.original.name, [turn.name for turn in turns.replays]) == ("hr:e1", ["hr:e1~1", "hr:e1~2"])
    assert {said.turn.name for said in turns.routes().values()} == {"hr:e1~2"}


async def test_an_event_whose_id_reads_like_that_of_a_replay(company: Company):
    """It is accepted, though the replay of that name was there before it; it is an event of its own, with its own replays."""
    await company.say("e1", department="Sales")
    await company.run()
    await bulk(company, act=True)
    name = await company.say("e1~1", at=2, department="Law")
    await company.run()
    assert name == "hr:e1~1~"
    assert company.desk.accounts["d1"]["department"] == "Law"
    assert [turn.name for turn in (await company.turns("hr:e1")).replays] == ["hr:e1~1"]
    assert (await bulk(company, act=True)).made == ["hr:e1~2", "hr:e1~1~~1"]
    assert (await company.turns("hr:e1~1~~1")).original.name == name


async def test_more_replays_than_are_asked_for_at_a_time(company: Company):
    """The eleventh replay of an event is found, and its number is not used twice."""
    await company.say("e1", department="Sales")
    await company.run()
    for _ in range(11):
        await replay(company.engine, named(company, *await meant(company)), act=True)
        await company.run()
    assert (await company.turns("hr:e1")).next == 12


async def test_events_are_chosen_by_what_is_known_of_them(company: Company):
    """By subject, by time, by target, by what became of them, and no more than were asked for."""
    await company.say("e1", subject="E-1", at=1, department="Sales")
    between = await company.engine.store.now()
    await company.say("e2", subject="E-2", at=2, number="8")
    await company.run()

    def ids(several: list[Chosen]) -> list[str]:
        return sorted(each.turns.original.id for each in several)

    assert ids(await meant(company)) == ids(await meant(company, source="hr")) == ["e1", "e2"]
    assert ids(await meant(company, source="desk")) == []
    assert ids(await meant(company, subject=Who("hr", "E-2"))) == ["e2"]
    assert ids(await meant(company, since=between + 60_000)) == []
    assert ids(await meant(company, until=between)) <= ["e1", "e2"]
    assert ids(await meant(company, outcome=Word.APPLIED)) == ["e1", "e2"]
    assert ids(await meant(company, outcome=Word.PARKED)) == []
    assert [each.only for each in await meant(company, outcome=Word.APPLIED, target="desk")] == [
        (("desk", "department"),), (("desk", "number"),)
    ]  # fmt: skip
    assert (await bulk(company, act=True, limit=1)).accepted == 1


async def test_a_target_that_is_new_in_the_mapping_is_filled_from_the_journal(company: Company):
    """Events that never went to a target are meant by it, if they would go there now."""
    company.configure(mapping=MAPPING.split("  crm:")[0])
    await company.say("e1", department="Sales")
    await company.run()
    assert company.crm.accounts["E-1"] == {}
    company.configure()
    plan = await bulk(company, act=True, target="crm")
    await company.run()
    assert plan.accepted == 1
    assert company.crm.accounts["E-1"] == {"unit": "Sales"}


async def test_an_event_on_its_way_is_left_alone(company: Company):
    """What was not propagated yet will run by itself, under the mapping in force."""
    await company.say("e1", department="Sales")
    plan = await bulk(company, act=True)
    assert (plan.under_way, plan.accepted) == (1, 0)


async def test_an_event_that_could_not_be_used_is_read_again(company: Company):
    """Once its source is mended it runs at the time that it says; until then a replay refuses, and says why."""
    company.configure(who="data.person")
    name = await company.say("e1", at=1, department="Sales")
    company.configure()
    await company.say("e2", at=2, department="Legal")
    await company.run()
    assert (await company.told(name))["*", "*"] == Word.PARKED

    company.configure(who="data.person")
    event = await company.event(name)
    with pytest.raises(NotPossible, match="still cannot be used"):
        again(company.engine.configuration, event, 1, ())
    plan = await bulk(company, act=True, outcome=Word.PARKED)
    assert (plan.unusable, plan.accepted) == (1, 0)

    company.configure()
    plan = await bulk(company, act=True, outcome=Word.PARKED)
    await company.run()
    assert plan.accepted == 1
    assert (await company.told(f"{name}~1"))["desk", "department"] == Word.SUPERSEDED
    assert (await company.event(f"{name}~1")).subject == "E-1"
    assert company.desk.accounts["d1"]["department"] == "Legal"


async def test_a_rule_that_is_gone_is_said_to_be_gone(company: Company):
    """A replay limited to a route of which no rule speaks any more asks nothing of anybody."""
    await company.say("e1", department="Sales")
    await company.run()
    company.configure(mapping=MAPPING.replace("      unit: department\n", ""))
    plan = await bulk(company, act=False, target="crm", outcome=Word.APPLIED)
    assert plan.says == {"no rule": 1}


async def test_forecast_of_a_lane_that_cannot_be_read(company: Company):
    """Where nothing can be read a replay is written again, because the belief is forgotten."""
    company.configure(blind=True)
    await company.say("e1", department="Sales")
    await company.run()
    writes = company.desk.writes
    plan = await bulk(company, act=True, target="desk")
    await company.run()
    assert plan.says == {"written": 1}
    assert company.desk.writes == writes + 1


async def test_a_selection_goes_on_over_its_pages(company: Company):
    """Each event is meant once, however many pages there are."""
    many = 2 * PAGE + 1
    for number in range(many):
        await company.say(f"e{number}", department="Sales")
    found = await meant(company)
    assert sorted(each.turns.original.id for each in found) == sorted(f"e{number}" for number in range(many))
    assert len(await meant(company, subject=Who("hr", "E-1"))) == many
