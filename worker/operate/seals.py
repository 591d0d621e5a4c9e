"""Seals: what is write-once and has its value, and how an operator lets one other value through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from worker.core.event import Event, Routes
from worker.core.lane import Lane, Seal, Shown
from worker.core.mapping import Facts, Route, Wanted
from worker.core.search import searched_subject
from worker.engine.engine import Engine
from worker.engine.facts import facts_of, routes_of
from worker.operate.named import NotPossible, Unknown, Who, lane_of, nearest
from worker.operate.replay import start
from worker.operate.turns import Turns, turns_of

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed attribute of one account (or of somebody whose account is searched for)."""

    target: str
    account: str
    attribute: str
    seal: Seal
    owners: dict[str, str]
    """source -> its subject"""

    @property
    def kind(self) -> str:
        """`ours`; `found` (the target held it, or keeps it itself); `unsure` (its call may have landed)."""
        return "unsure" if self.seal.unsure else "found" if self.seal.found else "ours"


async def sealed(engine: Engine, target: str, cursor: int = 0) -> AsyncIterator[tuple[int, list[Sealed]]]:
    """All seals of a target, page by page, in no order; with the cursor to go on with, 0 at the end."""
    while True:
        cursor, accounts = await engine.lanes.scan(target, cursor, PAGE)
        loaded = await engine.lanes.load_many(target, accounts)
        page = [each for account, (_, lane) in zip(accounts, loaded, strict=True) for each in _of(target, account, lane)]
        yield cursor, page
        if cursor == 0:
            return


async def seal_of(engine: Engine, somebody: Who, target: str, attribute: str) -> Sealed:
    """Raises Unknown."""
    account = await lane_of(engine, somebody, target)
    if account is None:
        raise Unknown(f"nothing is known of {somebody} at {target}: no account is linked, and none is searched for")
    _, lane = await engine.lanes.load(target, account)
    for each in _of(target, account, lane):
        if each.attribute == attribute:
            return each
    has = [each.attribute for each in _of(target, account, lane)]
    raise Unknown(
        f"{attribute} of {somebody} at {target} has no seal{nearest(attribute, has)}"
        + (f"; sealed there: {', '.join(has)}" if has else "; nothing is sealed there")
    )


def _of(target: str, account: str, lane: Lane) -> list[Sealed]:
    return [Sealed(target, account, name, x.seal, lane.owner) for name, x in lane.attributes.items() if x.seal is not None]


@dataclass(frozen=True, slots=True)
class Unsealing:
    """What an unsealing is about.  confirms: the event's value is the sealed one.  under_way: the name of the same, if it was
    given already and is not over."""

    sealed: Sealed
    turns: Turns
    confirms: bool
    under_way: str = ""

    @property
    def only(self) -> Routes:
        return ((self.sealed.target, self.sealed.attribute),)


async def unsealing(engine: Engine, sealed: Sealed, event: Event) -> Unsealing:
    """What it would be to let this event's value replace the sealed one.  Raises NotPossible."""
    target, attribute = sealed.target, sealed.attribute
    (turns,) = await turns_of(engine.journal, [event])
    if engine.terms[target].observe:
        raise NotPossible(f"{target} only watches (`mode: observe`), so nothing is written there; seals do not bind it either")
    wanted = await _wanted(engine, turns.original, sealed)
    if wanted.value is None:
        raise NotPossible(f"{turns.original.name} clears {attribute}, and nothing cannot be sealed: name an event with a value")
    made = engine.print_of(target, attribute, wanted.value)
    confirms = engine.terms[target].same(attribute, sealed.seal.print, Shown(wanted.value, made))
    if confirms and not sealed.seal.unsure:
        raise NotPossible(f"{attribute} at {target} is sealed with the very value of {turns.original.name}: nothing to unseal")
    under_way = turns.under_way(((target, attribute),))
    return Unsealing(sealed, turns, confirms, under_way.name if under_way is not None and under_way.unseal else "")


async def unseal(engine: Engine, what: Unsealing) -> str:
    """Let it: the name of the replay that carries the value.  It replaces exactly the value that is sealed when it is merged,
    once; whatever else the target shows by then is sealed as found.  Where the target keeps a value that it did not show, it is
    sent over whatever is there, and the target has the last word."""
    return await start(engine, what.turns, what.only, unseal=True)


async def _wanted(engine: Engine, event: Event, sealed: Sealed) -> Wanted:
    """The value that the event has for the sealed attribute under the mapping in force.  Raises NotPossible."""
    facts = facts_of(engine.configuration, event)
    routes = routes_of(engine.configuration, event, facts) if isinstance(facts, Facts) else []
    route = next((route for route in routes if route.target == sealed.target), None)
    wanted = next((w for w in route.wants if w.attribute == sealed.attribute), None) if route else None
    if route is None or wanted is None:
        said = next((f" ({o.outcome}: {o.reason})" for o in route.others if o.attribute == sealed.attribute), "") if route else ""
        raise NotPossible(
            f"{event.name} has no value for {sealed.attribute} at {sealed.target} under the mapping in force{said}: "
            f"`lockstep event {event.name}` shows what it says"
        )
    if not await _same_account(engine, event, route, sealed.account):
        raise NotPossible(f"{event.name} is about somebody else: it does not lead to that account at {sealed.target}")
    return wanted


async def _same_account(engine: Engine, event: Event, route: Route, account: str) -> bool:
    if route.account:
        return route.account == account
    (linked,) = await engine.links.find(event.source, event.subject, [route.target])
    return account == linked if linked else searched_subject(account) == (event.source, event.subject)
