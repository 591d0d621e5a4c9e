"""People whose accounts change: a new e-mail address, an account that is deleted and made again."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from connectors.contract import Flow, NoAccount, Unanswered
from tests.company import MAPPING, Company
from tests.store.dying import DyingStore, dies_everywhere
from worker.core.lane import DEATHS
from worker.core.merge import merge
from worker.core.outcome import Word
from worker.core.plan import begin
from worker.core.search import seals, search_account
from worker.engine.deliver import deliver
from worker.engine.engine import Engine
from worker.engine.floor import Floor
from worker.engine.parting import part_from_all
from worker.engine.propagate import propagate
from worker.operate.links import link
from worker.operate.named import Who
from worker.operate.replay import start
from worker.store import keys
from worker.store.errors import Unavailable
from worker.store.lanes import Lanes
from worker.store.links import Links


async def said(company: Company, ident: str, at: int, email: str, subject: str = "E-1", **attributes: Any) -> str:
    """hr says something of a person with this address."""
    data = {"id": subject, "email": email, "attributes": attributes}
    return await company.body({"id": ident, "timestamp": f"2026-01-01T00:00:{at:02d}Z", "data": data})


async def hired(company: Company, **attributes: Any) -> None:
    """E-1 is linked to d1; her number is sealed."""
    name = await company.say("e1", number="010441", department="Sales", **attributes)
    await company.run()
    assert (await company.told(name))["desk", "number"] == Word.APPLIED
    company.desk.log.clear()
    company.crm.log.clear()


async def made_again(company: Company, **attributes: Any) -> None:
    """d1 is deleted, and she is made again as d5; the next event finds out."""
    company.desk.accounts["d5"] = {"email": "e-1@example.com", **attributes}
    del company.desk.accounts["d1"]
    await company.say("e2", at=2, department="Law")
    await company.run()
    assert company.desk.accounts["d5"]["department"] == "Law"
    company.desk.log.clear()


async def reason(company: Company, name: str, attribute: str, system: str = "desk") -> tuple[str, str]:
    outcome = (await company.event(name)).outcomes[system][attribute]
    assert outcome is not None
    return str(outcome.word), outcome.reason


# ---------------------------------------------------------------- renamed


@pytest.mark.parametrize("renamed_there", [True, False])
async def test_a_new_address_loses_no_link(company: Company, renamed_there: bool) -> None:
    """Whichever system hears of it first: the account is not searched for again, and nobody else's is written."""
    await hired(company)
    if renamed_there:
        company.desk.accounts["d1"]["email"] = "ana.new@example.com"
    name = await said(company, "e2", 2, "ana.new@example.com", department="Law")
    await company.run()
    assert (await company.told(name))["desk", "department"] == Word.APPLIED
    assert company.desk.accounts["d1"]["department"] == "Law"
    assert "GET /users" not in company.desk.log
    assert await company.engine.links.find("hr", "E-1", ["desk"]) == ["d1"]


async def test_an_address_that_went_to_somebody_else(company: Company) -> None:
    """Who has Ana's old address now has an account of his own, and gets it."""
    await hired(company)
    company.desk.accounts["d1"]["email"] = "ana.new@example.com"
    company.desk.accounts["d9"] = {"email": "e-1@example.com"}
    await said(company, "e9", 2, "e-1@example.com", "E-9", department="Ops", number="9")
    await company.run()
    assert [company.desk.accounts[each]["department"] for each in ("d1", "d9")] == ["Sales", "Ops"]
    assert [company.desk.accounts[each]["number"] for each in ("d1", "d9")] == ["010441", "9"]


async def test_an_account_that_still_shows_an_old_address_is_not_given_away(company: Company) -> None:
    """The newcomer's search finds Ana's account, because nobody has renamed it there: parked, and hers stays as it is."""
    await hired(company)
    name = await said(company, "e9", 2, "e-1@example.com", "E-9", department="Ops", number="9")
    await company.run()
    assert await reason(company, name, "department") == ("parked", "the account belongs to another subject")
    assert company.desk.accounts["d1"]["department"] == "Sales"
    assert await company.engine.links.find("hr", "E-9", ["desk"]) == [""]


@pytest.mark.parametrize(("fold", "word", "asked"), [("", "pending", 1), (", fold: case", Word.APPLIED, 2)])
async def test_an_address_in_another_spelling(company: Company, fold: str, word: str, asked: int) -> None:
    """desk finds addresses only as they are kept there.  Where the rule says that capitals do not matter, it is asked again in
    lower case; once the account is linked it is not asked at all."""
    company.configure(mapping=MAPPING.replace("by: subject.email", f"by: subject.email{fold}"))
    name = await said(company, "e1", 1, "E-1@Example.com", department="Law")
    await company.run()
    assert (await company.told(name))["desk", "department"] == word
    assert company.desk.log.count("GET /users") == asked


# ---------------------------------------------------------------- deleted, and made again


async def test_a_link_that_is_stale_is_repaired(company: Company) -> None:
    """The account of the link is gone: it is searched for, found under another id, and written; what comes next goes there."""
    await hired(company)
    company.desk.accounts["d5"] = {"email": "e-1@example.com"}
    del company.desk.accounts["d1"]
    name = await company.say("e2", at=2, department="Law")
    await company.run()
    assert (await company.told(name))["desk", "department"] == Word.APPLIED
    assert company.desk.accounts["d5"]["department"] == "Law"
    assert company.desk.log == ["PATCH /users/d1", "GET /users", "PATCH /users/d5"]
    assert await company.engine.links.find("hr", "E-1", ["desk"]) == ["d5"]
    assert await company.engine.links.find("desk", "d1", ["hr"]) == [""]
    await company.say("e3", at=3, department="Ops")
    await company.run()
    assert company.desk.log[3:] == ["PATCH /users/d5"]


async def test_who_is_made_again_later_is_waited_for(company: Company) -> None:
    """Between the two there is no account: what is wanted waits as for anybody who is not there yet, newest value first."""
    await hired(company)
    del company.desk.accounts["d1"]
    first = await company.say("e2", at=2, department="Law")
    await company.run()
    second = await company.say("e3", at=3, department="Ops")
    await company.run()
    assert await reason(company, first, "department") == ("superseded", "")
    assert (await company.told(second))["desk", "department"] == "pending"
    company.desk.accounts["d5"] = {"email": "e-1@example.com"}
    await said(company, "e4", 4, "ana.new@example.com", number="010441")  # other keys: looked for at once
    company.desk.accounts["d5"]["email"] = "ana.new@example.com"
    await company.run()
    assert company.desk.accounts["d5"]["department"] == "Ops"
    assert (await company.told(second))["desk", "department"] == Word.APPLIED


async def test_a_seal_follows_the_person(company: Company) -> None:
    """The account that was made again is not given a second number, whoever says one and however often."""
    await hired(company)
    await made_again(company)
    for turn in (3, 4):
        name = await company.say(f"e{turn}", at=turn, number="999999")
        await company.run()
        assert (await company.told(name))["desk", "number"] == Word.SEALED
    assert "number" not in company.desk.accounts["d5"]
    assert set(seals(await company.lane("desk", "d5"))) == {"number"}


async def test_the_sealed_value_is_given_to_the_new_account(company: Company) -> None:
    """Its own value passes the seal that came with her: the new account is looked at, is empty, and gets it; then it is sealed
    there, and the same value again is `unchanged`."""
    await hired(company)
    await made_again(company)
    name = await company.say("e3", at=3, number="010441")
    await company.run()
    assert (await company.told(name))["desk", "number"] == Word.APPLIED
    assert company.desk.accounts["d5"]["number"] == "010441"
    assert company.desk.log.count("GET /users/d5") == 1
    again = await company.say("e4", at=4, number="010441")
    other = await company.say("e5", at=5, number="999999")
    await company.run()
    assert (await company.told(again))["desk", "number"] == Word.UNCHANGED
    assert (await company.told(other))["desk", "number"] == Word.SEALED
    assert company.desk.log.count("PATCH /users/d5") == 1


async def told(company: Company, name: str, what: tuple[str, str]) -> None:
    """It is told this of desk's number, now or when what rests is awake.  Raises TimeoutError where that never comes."""
    async with asyncio.timeout(30):
        while await reason(company, name, "number") != what:
            await asyncio.sleep(0.05)
            await company.run()


@pytest.mark.parametrize("blind", [True, False], ids=["cannot be read", "can be read"])
@pytest.mark.parametrize("back", [True, False], ids=["as it was", "made again"])
async def test_a_claim_without_an_answer_stays_hers(company: Company, blind: bool, back: bool) -> None:
    """The call of her first number was not answered, and then the account is gone: whoever says another number meanwhile is told
    `sealed`, though it is the older one; she has hers when the account is back, as it was, or made again."""
    company.configure(blind=blind)
    company.desk.fail("PATCH", Unanswered("no answer"), landed=True)
    name = await company.say("e2", at=2, number="010441")
    await company.run()
    assert company.desk.writes == 1
    dead = company.desk.accounts.pop("d1")
    await told(company, name, ("pending", "no account"))
    other = await company.say("e1", at=1, number="999999")
    await company.run()
    company.desk.accounts["d1" if back else "d5"] = {**(dead if back else {}), "email": "ana.new@example.com"}
    await said(company, "e3", 3, "ana.new@example.com", department="Law")  # it is searched by another address, at once
    await told(company, name, ("unchanged" if back and not blind else "applied", ""))
    await told(company, other, ("sealed", ""))
    assert company.desk.accounts["d1" if back else "d5"]["number"] == "010441"


async def test_what_somebody_gave_the_new_account_stays(company: Company) -> None:
    """Whoever made it again gave it another number: sealed as found, and not overwritten."""
    await hired(company)
    await made_again(company, number="7")
    name = await company.say("e3", at=3, number="010441")
    await company.run()
    assert await reason(company, name, "number") == ("sealed", "sealed as found")
    assert company.desk.accounts["d5"]["number"] == "7"


async def test_where_nobody_can_look_the_sealed_value_goes_once(company: Company) -> None:
    """A target that cannot be read: the same value is sent to the new account, and no other."""
    company.configure(blind=True)
    await hired(company)
    await made_again(company)
    other = await company.say("e3", at=3, number="999999")
    same = await company.say("e4", at=4, number="010441")
    await company.run()
    assert (await company.told(other))["desk", "number"] == Word.SEALED
    assert (await company.told(same))["desk", "number"] == Word.APPLIED
    assert company.desk.accounts["d5"]["number"] == "010441"


async def test_an_index_that_still_knows_the_dead(company: Company) -> None:
    """A search goes on finding the account that is not there: it is not asked for again and again, and what waits is told."""
    await hired(company)
    dead = company.desk.accounts.pop("d1")
    company.desk.ghosts["d1"] = dead
    name = await company.say("e2", at=2, department="Law")
    async with asyncio.timeout(10):
        await company.run()
    assert company.desk.log == ["PATCH /users/d1", "GET /users", "PATCH /users/d1"]
    assert await reason(company, name, "department") == ("pending", "no account")
    lane = await company.lane("desk", search_account("hr", "E-1"))
    assert lane.search is not None
    assert lane.search.after >= await company.engine.store.now() + 50_000
    company.desk.ghosts.clear()
    company.desk.accounts["d5"] = {"email": "e-1@example.com"}
    await company.engine.links.set("hr", "E-1", "desk", "d5")
    await said(company, "e3", 3, "ana.new@example.com", department="Ops")
    await company.run()
    assert company.desk.accounts["d5"]["department"] == "Ops"


# ---------------------------------------------------------------- deleted at the source


async def left(company: Company, ident: str, at: int, subject: str = "E-1") -> str:
    """hr says that somebody is gone."""
    return await company.body(
        {"id": ident, "type": "employment.ended", "timestamp": f"2026-01-01T00:00:{at:02d}Z", "data": {"id": subject}}
    )


async def test_who_is_gone_at_the_source_has_no_link(company: Company) -> None:
    """The event is recorded, asks nobody anything, and the link goes at both ends; the account keeps all it has."""
    await hired(company)
    name = await left(company, "e2", 2)
    await company.run()
    assert await reason(company, name, "*", "*") == ("ignored", "deleted at its source")
    assert await company.engine.links.all("hr", "E-1") == {}
    assert await company.engine.links.all("desk", "d1") == {}
    assert company.desk.log == company.crm.log == []
    assert company.desk.accounts["d1"]["number"] == "010441"


async def test_the_successor_may_have_the_account(company: Company) -> None:
    """The same person is entered at hr again, under another id: the account is found and written; its seal holds."""
    await hired(company)
    await left(company, "e2", 2)
    await company.run()
    name = await said(company, "e3", 3, "e-1@example.com", "E-7", department="Law", number="999999")
    await company.run()
    assert (await company.told(name))["desk", "department"] == Word.APPLIED
    assert (await company.told(name))["desk", "number"] == Word.SEALED
    assert company.desk.accounts["d1"] == {"email": "e-1@example.com", "department": "Law", "number": "010441"}
    assert await company.engine.links.find("hr", "E-7", ["desk"]) == ["d1"]


async def test_a_deletion_that_is_told_again_does_no_harm(company: Company) -> None:
    """Replayed after the person came back under the same id: the link is lost, and found again by the next event."""
    await hired(company)
    gone = await left(company, "e2", 2)
    await company.say("e3", at=3, department="Law")
    await company.run()
    await start(company.engine, await company.turns(gone), ())
    await company.run()
    assert await company.engine.links.all("hr", "E-1") == {}
    await company.say("e4", at=4, department="Ops")
    await company.run()
    assert company.desk.accounts["d1"]["department"] == "Ops"
    assert await company.engine.links.find("hr", "E-1", ["desk"]) == ["d1"]


async def test_an_account_that_is_gone_has_no_right_to_others(company: Company) -> None:
    """desk is a source for crm, too, say: with d1 goes its link to E-1 there, so another of desk's accounts may have that one."""
    await hired(company)
    await company.engine.links.set("desk", "d1", "crm", "E-1")
    terms, now = company.engine.terms["crm"], await company.engine.store.now()
    await company.engine.lanes.change(terms, "E-1", now, lambda lane: merge(lane, terms, {}, owner={"desk": "d1"}))
    await made_again(company)
    assert await company.engine.links.all("desk", "d1") == {}
    assert await company.engine.links.find("crm", "E-1", ["desk"]) == [""]
    assert (await company.lane("crm", "E-1")).owner == {"hr": "E-1"}


# ---------------------------------------------------------------- an account that is known by its id


@pytest.mark.parametrize("then", ["park", "{wait: 24h, then: park}"])
async def test_a_seal_stays_at_an_id_that_returns(company: Company, then: str) -> None:
    """crm knows people by the source's id.  Deleted there and made again under the same id, she is given no second badge; her own
    is given to her again."""
    company.configure(mapping=MAPPING.replace("on_no_account: park", f"on_no_account: {then}"))
    await hired(company)
    assert company.crm.accounts["E-1"]["badge"] == "010441"
    del company.crm.accounts["E-1"]
    lost = await company.say("e2", at=2, department="Law")
    await company.run()
    assert (await company.told(lost))["crm", "unit"] == ("parked" if then == "park" else "pending")
    company.crm.accounts["E-1"] = {}
    other = await company.say("e3", at=3, department="Ops", number="999999")
    await company.run()
    assert (await company.told(other))["crm", "badge"] == Word.SEALED
    assert company.crm.accounts["E-1"] == {"unit": "Ops"}
    same = await company.say("e4", at=4, number="010441")
    await company.run()
    assert (await company.told(same))["crm", "badge"] == Word.APPLIED
    assert company.crm.accounts["E-1"] == {"unit": "Ops", "badge": "010441"}


async def test_a_seal_waits_with_the_person(company: Company) -> None:
    """While there is no account it stands in the search lane, however long that takes."""
    await hired(company)
    del company.desk.accounts["d1"]
    await company.say("e2", at=2, department="Law")
    await company.run()
    assert set(seals(await company.lane("desk", search_account("hr", "E-1")))) == {"number"}
    assert seals(await company.lane("desk", "d1")) == {}


# ---------------------------------------------------------------- deleted while something is under way


async def test_what_is_wanted_of_an_account_that_is_nobodys_ends(company: Company) -> None:
    """The last change and the deletion come while desk is not served, and by then desk's account is gone, too: nobody is left to
    search for, so the value is parked, and the lane comes to rest."""
    await hired(company)
    name = await company.say("e2", at=2, department="Alumni")
    await propagate(company.engine)
    await left(company, "e3", 3)
    await propagate(company.engine)
    del company.desk.accounts["d1"]
    async with asyncio.timeout(10):
        await company.run()
    assert await reason(company, name, "department") == ("parked", "the account is gone")
    assert company.desk.log == ["PATCH /users/d1"]


async def test_the_last_change_and_the_deletion_in_one_batch(company: Company) -> None:
    """The change is written, and the successor may have the account all the same."""
    await hired(company)
    name = await company.say("e2", at=2, department="Alumni")
    await left(company, "e3", 3)
    await company.run()
    assert (await company.told(name))["desk", "department"] == Word.APPLIED
    heir = await said(company, "e4", 4, "e-1@example.com", "E-7", department="Law")
    await company.run()
    assert (await company.told(heir))["desk", "department"] == Word.APPLIED


async def test_wherever_a_parting_dies_the_next_one_ends_its_work(company: Company) -> None:
    """The link is gone at both ends, and the account belongs to nobody."""

    async def work(last: int) -> bool:
        store = company.engine.store
        await store.do("FLUSHDB")
        terms, now = company.engine.terms["desk"], await store.now()
        await company.engine.lanes.change(terms, "d1", now, lambda lane: merge(lane, terms, {}, owner={"hr": "E-1"}))
        await company.engine.links.set("hr", "E-1", "desk", "d1")
        dying = DyingStore(store, last)
        mortal = dataclasses.replace(company.engine, store=dying, links=Links(dying), lanes=Lanes(dying))
        lived = True
        try:
            await part_from_all(mortal, "hr", "E-1")
        except Unavailable:
            lived = False
        await part_from_all(company.engine, "hr", "E-1")
        assert (await company.lane("desk", "d1")).owner == {}
        assert await company.engine.links.all("hr", "E-1") == await company.engine.links.all("desk", "d1") == {}
        return lived

    assert await dies_everywhere(work) >= 4


async def test_a_search_that_dies_of_it_ends(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector that breaks on what a search answers, each time: at the third death what waits is parked as poison."""
    monkeypatch.setattr(company.desk, "accounts", {"d1": None})
    name = await company.say("e1", department="Sales")
    for _ in range(DEATHS + 1):
        await company.run()
        await company.lease_ends("desk", search_account("hr", "E-1"))
    assert await reason(company, name, "department") == ("parked", "poison")
    assert len(company.desk.log) == DEATHS


# ---------------------------------------------------------------- an operator's hand, and a visit under way


def meanwhile(company: Company, act: Callable[[], Awaitable[object]]) -> None:
    """While desk answers the next call, somebody does this."""
    drive, acts = company.desk.drive, [act]

    async def answers(flow: Flow[Any], *, patience: float) -> Any:
        try:
            return await drive(flow, patience=patience)
        finally:
            if acts:
                await acts.pop()()

    company.desk.drive = answers  # type: ignore[method-assign]


async def test_a_link_that_is_made_during_a_search_holds(company: Company) -> None:
    """The search finds d1 by the address; the operator knows better, and the value goes where the operator says."""
    company.desk.accounts["d9"] = {"email": "other@example.com"}
    name = await company.say("e1", department="Sales")
    meanwhile(company, lambda: link(company.engine, Who("hr", "E-1"), Who("desk", "d9")))
    await company.run()
    assert (await company.told(name))["desk", "department"] == Word.APPLIED
    assert [company.desk.accounts[each].get("department") for each in ("d1", "d9")] == [None, "Sales"]
    assert await company.engine.links.find("hr", "E-1", ["desk"]) == ["d9"]
    assert (await company.lane("desk", "d1")).owner == {}


@pytest.mark.parametrize("gone", [True, False])
async def test_a_visit_that_lost_its_lease_parts_nobody(company: Company, gone: bool) -> None:
    """It heard that the account is not there, or whose it is, and slept beyond its lease, while another visit began: nothing that
    it heard counts, and the other does it all."""
    await hired(company)
    if not gone:
        await part_from_all(company.engine, "hr", "E-1")
    lane = "d1" if gone else search_account("hr", "E-1")
    terms, links = company.engine.terms["desk"], company.engine.links
    name = await company.say("e2", at=2, department="Law", badge="7")

    async def another_begins() -> None:
        await company.lease_ends("desk", lane)
        now = await company.engine.store.now()
        await company.engine.lanes.change(terms, lane, now, lambda lane: begin(lane, terms, "another", now))

    if gone:
        company.desk.fail("PATCH", NoAccount("no such account"))
    meanwhile(company, another_begins)
    await company.once()
    assert await links.find("hr", "E-1", ["desk"]) == ["d1" if gone else ""]
    assert (await company.lane("desk", lane)).lease is not None
    await company.lease_ends("desk", lane)
    await company.engine.store.do("ZADD", keys.due("desk"), 0, lane)
    await company.run()
    assert (await company.told(name))["desk", "department"] == Word.APPLIED
    assert await links.find("hr", "E-1", ["desk"]) == ["d1"]


async def test_an_account_that_is_found_while_it_departs(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was not there when it was written; another worker finds it, and brings back what waits, before this one has cleared its
    lane: nothing is lost between the two."""
    await hired(company)

    async def parts(engine: Engine, system: str, account: str) -> int:
        beside = Floor()
        await deliver(engine, beside, system)
        await beside.empty()
        return await part_from_all(engine, system, account)

    monkeypatch.setattr("worker.engine.search.part_from_all", parts)
    company.desk.fail("PATCH", NoAccount("no such account"))
    name = await company.say("e2", at=2, department="Law")
    await company.run()
    assert company.desk.log[:2] == ["PATCH /users/d1", "GET /users"]
    assert (await company.told(name))["desk", "department"] == Word.APPLIED
    assert company.desk.accounts["d1"]["department"] == "Law"


async def test_an_account_that_was_there_is_searched_for_at_once(company: Company) -> None:
    """desk was never written, because it held all there was to say.  Then the account is made again under another id: nobody
    waits a minute, or is parked where nobody waits."""
    company.configure(mapping=MAPPING.replace("{wait: 24h, then: park}", "park"))
    company.desk.accounts["d1"]["number"] = "010441"
    await company.say("e1", number="010441")
    await company.run()
    assert company.desk.writes == 0
    company.desk.accounts["d5"] = company.desk.accounts.pop("d1")
    name = await company.say("e2", at=2, department="Law")
    await company.run()
    assert (await company.told(name))["desk", "department"] == Word.APPLIED
    assert company.desk.accounts["d5"]["department"] == "Law"


async def test_a_link_by_hand_that_leads_nowhere_is_searched_for_at_once(company: Company) -> None:
    """The operator mistyped: the value finds its account all the same."""
    company.configure(mapping=MAPPING.replace("{wait: 24h, then: park}", "park"))
    await link(company.engine, Who("hr", "E-1"), Who("desk", "d77"))
    name = await company.say("e1", department="Law")
    await company.run()
    assert (await company.told(name))["desk", "department"] == Word.APPLIED
    assert company.desk.accounts["d1"]["department"] == "Law"


@pytest.mark.parametrize("ident", ["?hr:E-2", "a\x1b[31mred", "two\nlines", "half \ud83d", "x" * 513, "\u2028"])
async def test_an_id_that_no_account_can_have(company: Company, ident: str) -> None:
    """A system that is broken, or not who we think, answers a search with what would lead one subject's values into another's
    search, or stand in keys, logs and on terminals: nobody was found, nothing is linked, and others go on."""
    company.desk.accounts = {ident: {"email": "e-1@example.com"}, "d-2": {"email": "e-2@example.com"}}
    name = await company.say("e1", department="Sales")
    await company.say("e2", subject="E-2", department="Research")
    await company.run()
    assert (await company.told(name))["desk", "department"] == "pending"
    assert "desk" not in await company.engine.links.all("hr", "E-1")
    assert company.desk.accounts[ident] == {"email": "e-1@example.com"}
    assert company.desk.accounts["d-2"]["department"] == "Research"
