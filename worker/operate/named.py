"""Names that an operator gives: of a system, an account, an event.  One that is not there is answered with the nearest."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from worker.config import Configuration
from worker.core.event import Event
from worker.core.mapping import Facts
from worker.core.search import search_account
from worker.engine.engine import Engine
from worker.engine.facts import facts_of, routes_of

NEWEST = 10
"""So many of a subject's events are asked for its account."""


class Unknown(Exception):
    """There is nothing of this name.  The text is for the operator."""


class NotPossible(Exception):
    """It cannot be done, or must not.  The text says why, and what to do."""


class Who(NamedTuple):
    """Somebody, as one system knows them: a subject of a source, or an account."""

    system: str
    id: str

    def __str__(self) -> str:
        return f"{self.system}:{self.id}"


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or "" if nothing is near."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def known_system(configuration: Configuration, name: str) -> str:
    """Raises Unknown."""
    if name not in configuration.systems:
        raise Unknown(f"there is no system {name!r}{nearest(name, configuration.systems)}")
    return name


def known_source(configuration: Configuration, name: str) -> str:
    """Raises Unknown."""
    sources = [system.name for system in configuration.systems.values() if system.source is not None]
    if known_system(configuration, name) not in sources:
        raise Unknown(f"{name!r} is no source; sources are {', '.join(sources)}")
    return name


def known_target(configuration: Configuration, name: str) -> str:
    """Raises Unknown."""
    targets = configuration.visited
    if known_system(configuration, name) not in targets:
        raise Unknown(f"{name!r} is no target; targets are {', '.join(targets)}")
    return name


def who(configuration: Configuration, text: str) -> Who:
    """`system:id`.  Raises Unknown."""
    system, colon, ident = text.partition(":")
    if not colon or not ident:
        example = next(iter(configuration.systems), "hr")
        raise Unknown(f"{text!r} names nobody: give system:id, for example {example}:{text.strip(':') or 'E-1'}")
    return Who(known_system(configuration, system), ident)


async def event_named(engine: Engine, text: str) -> Event:
    """An event by its name `source:id`, or by its id alone where only one source has it.  Raises Unknown."""
    names = dict.fromkeys([text, *(f"{source}:{text}" for source in engine.configuration.systems)])
    found = [event for _, event in await engine.journal.load(list(names)) if event is not None]
    match found:
        case [event]:
            return event
        case []:
            raise Unknown(f"there is no event {text!r}{nearest(text, await _lately(engine))}")
        case _:
            raise Unknown(f"{text!r} is an event of several sources: say which, {' or '.join(event.name for event in found)}")


async def _lately(engine: Engine) -> list[str]:
    names = await engine.journal.newest()
    return [*names, *(name.partition(":")[2] for name in names)]


async def lane_of(engine: Engine, somebody: Who, target: str) -> str | None:
    """The name, among a target's, of the lane that has what is known of somebody: an account's; or, while it is not found,
    the search lane's.  None if there is neither."""
    if somebody.system == target:
        return somebody.id
    (account,) = await engine.links.find(*somebody, [target])
    if account:
        return account
    names = (await engine.journal.of_subject(*somebody))[-NEWEST:]
    for _, event in reversed(await engine.journal.load(names)):
        account = account_said(engine.configuration, event, target) if event is not None else ""
        if account:
            return account
    searching = search_account(*somebody)
    raw, _ = await engine.lanes.load(target, searching)
    return searching if raw else None


def account_said(configuration: Configuration, event: Event, target: str) -> str:
    """The account at a target that the event itself names (`find: id`); "" if it names none."""
    facts = facts_of(configuration, event)
    routes = routes_of(configuration, event, facts) if isinstance(facts, Facts) else []
    return next((route.account for route in routes if route.target == target), "")
