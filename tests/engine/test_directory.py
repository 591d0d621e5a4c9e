"""A target whose accounts can only be listed: the list is made once and not once an event, and believed when it is checked."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from connectors.contract import Account, Deferred, Failed, Flow, Halted, Listed, Refused, Request
from connectors.reading import expect, json_of
from tests.company import MAPPING, Company, Desk
from worker.core.event import Event
from worker.core.outcome import Outcome, Word
from worker.core.search import search_account
from worker.engine.directory import LONGEST, WAIT
from worker.store import keys
from worker.store.directory import Directories
from worker.telling.explain import explain

PAGE = 2


class Lists:
    """desk, if it could not be searched: pages of accounts.  spelled: where a read shows the address, "" if it does not."""

    def __init__(self, target: Any, *, spelled: str) -> None:
        self._target, self._spelled = target, spelled
        self.capabilities = dataclasses.replace(target.capabilities, finds=frozenset(), lists=frozenset({"email"}))
        self.authentication, self.write, self.definitions = target.authentication, target.write, target.definitions

    def find(self, key: str, value: str) -> Any:
        raise AssertionError(f"it is searched by {key}")

    def read(self, account: str) -> Flow[Account]:
        read = yield from self._target.read(account)
        shown = {self._spelled if name == "email" else name: value for name, value in read.attributes.items()}
        return Account({name: value for name, value in shown.items() if name})

    def directory(self) -> Flow[Sequence[Listed]]:
        found: list[Listed] = []
        for page in range(100):
            response = yield Request("GET", f"https://desk.example.com/users?page={page}")
            users: Any = json_of(expect(response, 200))
            found += [Listed(user["id"], {"email": user.get("email", "")}) for user in users]
            if len(users) < PAGE:
                break
        return found


class Pages(Desk):
    """Answers page after page, of the list not before `opened`."""

    opened = asyncio.Event()

    async def drive(self, flow: Flow[Any], *, patience: float) -> Any:
        if patience == LONGEST:
            await self.opened.wait()
        return await super().drive(flow, patience=patience)

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        if path != "/users":
            return super().answer(method, path, query, body)
        fault = next((each for each in self.faults if each[0] == "LIST"), None)
        self.log.append(f"LIST {query['page']}")
        if fault is not None:
            self.faults.remove(fault)
            raise fault[1]
        first = int(query["page"]) * PAGE
        return 200, [{"id": name, **there} for name, there in self.accounts.items()][first : first + PAGE]


def lists(company: Company, *, spelled: str = "email", mapping: str = MAPPING, **more: Any) -> None:
    company.desk = pages = Pages("desk", company.desk.accounts)
    pages.opened = asyncio.Event()
    pages.opened.set()
    company.configure(mapping=mapping, **more)
    engine = company.engine
    desk = engine.configuration.systems["desk"]
    there = {**engine.configuration.systems, "desk": dataclasses.replace(desk, target=Lists(desk.target, spelled=spelled))}
    engine.configuration = dataclasses.replace(engine.configuration, systems=there)


def made(company: Company) -> int:
    """How often the list was begun."""
    return company.desk.log.count("LIST 0")


async def run(company: Company) -> None:
    """Until nothing is due, and no list is being made.  Raises TimeoutError where that never comes."""
    async with asyncio.timeout(10):
        await company.run()
        while company.floor._beside:
            await asyncio.wait(company.floor._beside)
            await company.run()


async def later(company: Company, *subjects: str) -> None:
    """The list is old, and the subjects are looked for again."""
    await company.engine.store.do("HSET", keys.directory("desk"), "made:k", 1)
    for subject in subjects:
        await company.engine.store.do("ZADD", keys.due("desk"), 0, search_account("hr", subject))
        lane = await company.lane("desk", search_account("hr", subject))
        assert lane.search is not None
        assert lane.lease is None
    await run(company)


async def said(company: Company, name: str) -> Outcome:
    outcome = (await company.event(name)).outcomes["desk"]["department"]
    assert outcome is not None
    return outcome


@pytest.mark.parametrize(("spelled", "made_anew"), [("Email", False), ("", True)])
async def test_a_key_is_known_in_any_case(company: Company, spelled: str, made_anew: bool) -> None:
    """A system may list by `email` and show `Email`: then an old list is believed once it is checked.  One that does not show the
    address is asked for its list again."""
    lists(company, spelled=spelled)
    await company.say("e1", department="Sales")
    await run(company)
    await company.engine.store.do("HSET", keys.directory("desk"), "made:k", 1)
    name = await company.say("e2", "E-2", department="Law")
    await run(company)
    assert (await said(company, name)).word is Word.APPLIED
    assert made(company) == 1 + made_anew


async def test_the_list_is_made_once(company: Company) -> None:
    """Page after page for the first subject; the second is found in it, with one read; both are linked, and never looked for
    again."""
    lists(company)
    company.desk.accounts["d3"] = {"email": "e-3@example.com"}
    first = await company.say("e1", "E-1", department="Sales")
    await run(company)
    assert [line for line in company.desk.log if line.startswith("LIST")] == ["LIST 0", "LIST 1"]
    await company.say("e2", "E-3", department="Ops")
    await company.say("e3", "E-1", at=2, department="Law")
    await run(company)
    assert made(company) == 1
    assert company.desk.log.count("GET /users/d3") == 1
    assert [company.desk.accounts[each].get("department") for each in ("d1", "d2", "d3")] == ["Law", None, "Ops"]
    assert (await said(company, first)).word is Word.APPLIED
    assert await company.engine.links.find("hr", "E-3", ["desk"]) == ["d3"]


async def test_many_at_once_make_one_list(company: Company) -> None:
    """Who comes while it is made waits a moment, spends no look, and finds itself in it."""
    lists(company)
    assert isinstance(company.desk, Pages)
    company.desk.opened.clear()
    for number in range(20):
        company.desk.accounts[f"x{number}"] = {"email": f"x-{number}@example.com"}
        await company.say(f"x{number}", f"X-{number}", department="Sales")
    await company.run()
    waiting = [await company.lane("desk", search_account("hr", f"X-{number}")) for number in range(20)]
    now = await company.engine.store.now()
    assert sum(lane.search is not None and now < lane.search.after <= now + WAIT for lane in waiting) == 20
    assert all(lane.search is not None and lane.search.looks == 0 and lane.misses == 0 for lane in waiting)
    company.desk.opened.set()
    await run(company)
    assert sum("department" in each for each in company.desk.accounts.values()) == 1, "whoever makes it looks at once"
    for number in range(20):
        await company.engine.store.do("ZADD", keys.due("desk"), 0, search_account("hr", f"X-{number}"))
    await run(company)
    assert made(company) == 1
    assert [company.desk.accounts[f"x{number}"].get("department") for number in range(20)] == ["Sales"] * 20


async def test_who_is_not_in_a_young_list_is_not_there(company: Company) -> None:
    """No list is made for the sake of one event; once it is old it is, and then the subject is found."""
    lists(company)
    await company.say("e1", "E-1", department="Sales")
    await run(company)
    name = await company.say("e2", "E-9", department="Ops")
    await run(company)
    assert made(company) == 1
    assert ((await said(company, name)).word, (await said(company, name)).reason) == (Word.PENDING, "no account")
    company.desk.accounts["d9"] = {"email": "e-9@example.com"}
    await later(company, "E-9")
    assert made(company) == 2
    assert (await said(company, name)).word is Word.APPLIED


async def test_a_list_is_made_anew_after_a_rotation(company: Company) -> None:
    """Under the new fingerprint key nobody is found in the young list of the old one: that does not mean that nobody is there."""
    lists(company)
    await company.say("e1", "E-1", department="Sales")
    await run(company)
    assert made(company) == 1
    lists(company, key="l")
    name = await company.say("e2", "E-2", department="Law")
    await run(company)
    assert (await said(company, name)).word is Word.APPLIED
    assert made(company) == 1, "once more, by the worker that has the new key"


async def test_an_account_that_holds_the_key_no_more_is_not_believed(company: Company) -> None:
    """Ana's address went to another account since the list was made: hers is read, not written, and the list is made anew."""
    lists(company)
    await company.say("e2", "E-2", department="Ops")
    await run(company)
    company.desk.accounts["d7"] = {"email": "e-1@example.com"}
    company.desk.accounts["d1"]["email"] = "other@example.com"
    name = await company.say("e1", "E-1", department="Sales")
    await run(company)
    assert (await said(company, name)).reason == "no account"
    assert made(company) == 1, "the list is young"
    await later(company, "E-1")
    assert made(company) == 2
    assert (await said(company, name)).word is Word.APPLIED
    assert [company.desk.accounts[each].get("department") for each in ("d1", "d7")] == [None, "Sales"]


async def test_an_account_that_is_gone_is_not_believed(company: Company) -> None:
    """It was deleted since the list was made."""
    lists(company)
    await company.say("e2", "E-2", department="Ops")
    await run(company)
    del company.desk.accounts["d1"]
    name = await company.say("e1", "E-1", department="Sales")
    await run(company)
    assert (await said(company, name)).reason == "no account"
    assert company.desk.writes == 1


@pytest.mark.parametrize("more", [{"spelled": ""}, {"blind": True}], ids=["does not show it", "cannot be read"])
async def test_where_the_key_cannot_be_seen_only_a_young_list_is_believed(company: Company, more: dict[str, Any]) -> None:
    """An old one may point to somebody who has the address no more: it is made anew first."""
    lists(company, **more)
    await company.say("e2", "E-2", department="Ops")
    await run(company)
    assert company.desk.accounts["d2"]["department"] == "Ops"
    company.desk.accounts["d1"]["email"] = "other@example.com"
    company.desk.accounts["d7"] = {"email": "e-1@example.com"}
    await company.engine.store.do("HSET", keys.directory("desk"), "made:k", 1)
    name = await company.say("e1", "E-1", department="Sales")
    await run(company)
    assert made(company) == 2
    assert (await said(company, name)).word is Word.APPLIED
    assert [company.desk.accounts[each].get("department") for each in ("d1", "d7")] == [None, "Sales"]


async def test_two_that_hold_one_key_are_told_apart_by_nobody(company: Company) -> None:
    """`parked (ambiguous)`, and neither is written."""
    lists(company)
    company.desk.accounts["d7"] = {"email": "e-1@example.com"}
    name = await company.say("e1", "E-1", department="Sales")
    await run(company)
    assert ((await said(company, name)).word, (await said(company, name)).reason) == (Word.PARKED, "ambiguous")
    assert company.desk.writes == 0


@pytest.mark.parametrize(("fold", "word"), [("", Word.PENDING), (", fold: case", Word.APPLIED)])
async def test_case_is_folded_where_the_rule_says_so(company: Company, fold: str, word: Word) -> None:
    """And only there."""
    lists(company, mapping=MAPPING.replace("by: subject.email", f"by: subject.email{fold}"))
    company.desk.accounts["d1"]["email"] = "E-1@Example.com"
    name = await company.say("e1", "E-1", department="Sales")
    await run(company)
    assert (await said(company, name)).word is word


async def test_no_key_stands_in_the_store_as_text(company: Company) -> None:
    """Of a system with a million accounts, few of which are anybody's business, fingerprints are kept."""
    lists(company)
    await company.say("e1", "E-1", department="Sales")
    await run(company)
    stored = await company.engine.store.do("HGETALL", keys.directory("desk"))
    assert len(stored) >= 3
    assert b"example.com" not in repr(stored).encode()


@pytest.mark.parametrize(
    ("error", "misses", "paused"),
    [
        (Deferred("no connection"), 0, False),
        (Deferred("throttled", 120.0, throttled=True), 0, False),
        (Failed("server error"), 1, False),
        (Refused("refused"), 1, False),
        (Halted("not allowed with these credentials"), 1, True),
    ],
    ids=lambda each: type(each).__name__,
)
async def test_a_list_that_cannot_be_made(company: Company, error: Any, misses: int, paused: bool) -> None:
    """Nobody asks again for a minute, or as long as the system said; who waits spends a try if the system is to blame."""
    lists(company)
    company.desk.fail("LIST", error)
    name = await company.say("e1", "E-1", department="Sales")
    await run(company)
    assert made(company) == 1
    assert (await company.engine.pauses.paused("desk") is not None) is paused
    await company.engine.pauses.resume("desk")
    claim = await Directories(company.engine.store, "k").claim("desk", "t")
    wait = getattr(error, "wait", None) or 60.0
    assert (wait - 5) * 1000 < claim.left <= wait * 1000
    await company.engine.store.do("ZADD", keys.due("desk"), 0, search_account("hr", "E-1"))
    await run(company)
    lane = await company.lane("desk", search_account("hr", "E-1"))
    assert (made(company), lane.misses) == (1, misses)
    assert lane.lease is not None
    assert lane.lease.until > await company.engine.store.now() + (wait - 10) * 1000
    await company.engine.store.do("DEL", keys.listing("desk"))
    rested = lane.lease.until - await company.engine.store.now()
    assert rested <= wait * 1000
    assert (await company.told(name))["desk", "department"] == "pending"


async def test_explain_says_how_it_is_found(company: Company) -> None:
    """The first page is drawn, and that it is asked for only where the list is old."""
    lists(company)
    name = await company.say("e1", "E-1", department="Sales")
    event: Event = await company.event(name)
    told = await explain(company.engine, event, await company.engine.store.now())
    desk = next(each for each in told.targets if each.target == "desk")
    assert [(each.key, each.url) for each in desk.searches] == [("email", "https://desk.example.com/users?page=0")]
    assert desk.notes == ("by email it is looked up in a list of all accounts, which is asked for only if it is old",)
