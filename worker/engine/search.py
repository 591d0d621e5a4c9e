"""Search: the account of a subject is looked for, and what waits for it is poured into its lane; or the account is gone,
and what it owes flows back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

import structlog
from msgspec.structs import replace

from connectors.contract import ConnectorError, Flow, NoAccount, Target
from worker.core.event import Event
from worker.core.lane import Lane, Note, Seal, Search, Step, Terms, Want, ours
from worker.core.mapping import Facts
from worker.core.merge import merge
from worker.core.naming import can_be_account
from worker.core.park import poisoned
from worker.core.plan import begin
from worker.core.search import (
    dropped,
    emptied,
    ghost,
    holds_key,
    missed,
    not_found,
    owed,
    seals,
    search_account,
    searched_subject,
    spellings,
    taken_back,
    waiting,
    was_there,
)
from worker.engine.directory import Unlisted, listed, wait_for_list
from worker.engine.facts import KNOWN, facts_of, routes_of, search_of
from worker.engine.parting import part_from_all
from worker.engine.visit import Visit, give_back, said

log = structlog.get_logger()

T = TypeVar("T")


async def search(v: Visit, raw: bytes | None) -> None:
    """Visit a search lane: look at the link, search, look at the link and the lane again, pour, link, drop: in this order."""
    source, subject = searched_subject(v.account) or ("", "")

    def start(lane: Lane) -> Step | None:
        return poisoned(lane, v.terms, v.token, v.now) or begin(lane, v.terms, v.token, v.now)

    if not await v.change(start, raw):
        return
    _, lane = await v.engine.lanes.load(v.system, v.account)
    if not ours(lane, v.token):
        return  # it was poison
    try:
        linked = await _linked(v, source, subject)
        found = linked or await _found(v, lane.search or Search())
        if not linked and (linked := await _linked(v, source, subject)):
            found = linked  # while we searched
    except Unlisted:
        await wait_for_list(v)
        return
    except ConnectorError as error:
        await give_back(v, error)
        return
    match sorted(found):
        case [account]:
            await _pour(v, source, subject, account, searched=not linked)
        case []:
            await v.change(lambda lane: not_found(lane, v.terms, v.token, v.now, "no account"))
        case _:
            await v.change(lambda lane: not_found(lane, v.terms, v.token, v.now, "ambiguous", ambiguous=True))


async def _linked(v: Visit, source: str, subject: str) -> set[str]:
    (account,) = await v.engine.links.find(source, subject, [v.system])
    return {account} if account else set()


async def _found(v: Visit, keys: Search) -> set[str]:
    """Raises ConnectorError, Unlisted."""

    async def in_the_list(find: str, value: str, fold: str) -> set[str]:
        return await listed(v, find, value, fold)

    return await candidates(keys, v.target, v.terms, v.drive, in_the_list)


class Drive(Protocol):
    """Drives one flow of the connector.  Raises ConnectorError."""

    async def __call__(self, flow: Flow[T], /) -> T: ...


async def candidates(
    keys: Search, target: Target, terms: Terms, drive: Drive, in_the_list: Callable[[str, str, str], Awaitable[set[str]]]
) -> set[str]:
    """The accounts that the first telling key finds.  in_the_list: (key, value, fold) -> those that a list of all accounts shows.
    Raises what `drive` and `in_the_list` raise."""
    for find, value, fold in keys.keys:
        if find == KNOWN:
            found = {value} if not terms.readable or await _is_there(target, drive, value) else set()
        elif find in target.capabilities.lists:
            found = await in_the_list(find, value, fold)
        else:
            found = await _searched(target, terms, drive, find, value, fold)
        if unfit := {account for account in found if not can_be_account(account)}:
            log.warning("a search answered what can be no account's id", target=terms.system, key=find)
            found = found - unfit
        if found:
            return found
    return set()


async def _searched(target: Target, terms: Terms, drive: Drive, key: str, value: str, fold: str) -> set[str]:
    for spelling in spellings(value, fold):
        answers = await drive(target.find(key, spelling))
        if found := {answer.id for answer in answers if holds_key(answer.holds, value, fold)}:
            return found
        if answers:
            log.warning("a search answered only accounts that do not hold its key", target=terms.system, key=key)
    return set()


async def _is_there(target: Target, drive: Drive, account: str) -> bool:
    try:
        await drive(target.read(account))
    except NoAccount:
        return False
    return True


async def _pour(v: Visit, source: str, subject: str, account: str, *, searched: bool) -> None:
    """What waits goes into the account's lane; then the link is made; last of all it is dropped here.  Each step does no
    harm when it is done again."""
    _, lane = await v.engine.lanes.load(v.system, v.account)
    if not ours(lane, v.token):
        return  # what was found was found under a lease that is not ours any more
    since = lane.rev
    if not await _merge_into(v, account, waiting(lane), seals(lane), {source: subject}):
        reason = "the account belongs to another subject"
        await v.change(lambda lane: dropped(lane, v.terms, v.token, since, refused=reason))
        return
    if not any(find == KNOWN for find, _, _ in (lane.search or Search()).keys):
        await v.engine.links.set(source, subject, v.system, account)
    found = account if searched else ""
    await v.change(lambda lane: dropped(lane, v.terms, v.token, since, found=found))
    v.engine.hint([v.system])


async def _merge_into(
    v: Visit,
    account: str,
    records: Iterable[tuple[str, Want]],
    carried: dict[str, Seal],
    owner: dict[str, str],
    keys: Search | None = None,
    *,
    in_vain: str = "",
) -> bool:
    """Merge records, one after the other, into another lane of this system.  in_vain: an account that was not there; if the last
    search found it, that is as if it had found none."""
    terms, all_records = v.terms, list(records)

    def transition(lane: Lane) -> tuple[Lane, list[Note]] | None:
        step = merge(lane, terms, {}, owner=owner, seals=carried, search=keys)
        if step is None:
            return None
        lane, notes = step
        for name, record in all_records:
            merged = merge(lane, terms, {name: record})
            assert merged is not None
            lane, notes = merged[0], notes + merged[1]
        if in_vain and ghost(lane, in_vain):
            lane, more = missed(lane, terms, v.now, "no account")
            notes += more
        return lane, notes

    committed = await v.engine.lanes.change(terms, account, v.now, transition)
    if committed is not None:
        await said(v.engine, committed[1][1])
    return committed is not None


async def depart(v: Visit, reason: str, *, called: bool) -> None:
    """The account is gone: its wants and seals go to the search lanes of its subjects, all its links go, the lane is emptied, if
    nothing came back meanwhile; in this order.  One that was never there for us, though a search has just found it, is not
    searched for again at once.  called: a write was told so."""
    _, lane = await v.engine.lanes.load(v.system, v.account)
    in_vain = "" if was_there(lane) else v.account
    if not await v.change(lambda lane: taken_back(lane, v.terms, v.token, v.now, called=called)):
        return
    _, lane = await v.engine.lanes.load(v.system, v.account)
    if not ours(lane, v.token):
        return
    since, by_source, returns = lane.rev, owed(lane), False
    log.warning("an account is gone", target=v.system, reason=reason, wants=sum(map(len, by_source.values())))
    for source, subject in lane.owner.items():
        keys = await _keys_again(v, source, subject)
        there = search_account(source, subject)
        await _merge_into(v, there, by_source.get(source, []), seals(lane), {}, keys, in_vain=in_vain)
        linked = await v.engine.links.find(source, subject, [v.system])
        returns = returns or linked != [v.account]
        if linked == [v.account]:  # also one that is stored at this end only
            await v.engine.links.remove(source, subject, v.system)
    await part_from_all(v.engine, v.system, v.account)
    await v.change(lambda lane: emptied(lane, v.terms, v.token, since, returns=returns))
    v.engine.hint([v.system])


async def _keys_again(v: Visit, source: str, subject: str) -> Search:
    """The search keys of a subject, from the newest of its events that still tells them.  An id of which a read would not say
    that it is not there is none."""
    configuration = v.engine.configuration
    names = (await v.engine.journal.of_subject(source, subject))[-10:]
    for _, event in reversed(await v.engine.journal.load(names)):
        if event is not None and isinstance(facts := facts_of(configuration, _whole(event)), Facts):
            for r in routes_of(configuration, _whole(event), facts):
                if r.target == v.system and (r.keys or r.account):
                    return search_of(r if v.terms.readable else replace(r, account=""))
    return Search()


def _whole(event: Event) -> Event:
    """The event, not the one route that a repair of it points at."""
    return replace(event, only=())
