"""Selection: which events an operator means, and which of their routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from worker.core.event import ALL, Event, Routes
from worker.core.mapping import Facts
from worker.core.outcome import Word
from worker.engine.engine import Engine
from worker.engine.facts import facts_of, routes_of
from worker.operate.named import Who
from worker.operate.turns import Turns, limited, turns_of

PAGE = 256


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which events are meant; what is not given does not matter.

    outcome  what became of a route, last of all: that of its newest replay.  Only these routes are meant
    target   with an outcome: at this target.  Alone: events that went there, or would under the mapping in force
    since, until  when they were accepted, milliseconds since 1970
    """

    source: str = ""
    subject: Who | None = None
    target: str = ""
    outcome: Word | None = None
    since: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """An event, and the routes of it that are meant: () for all."""

    turns: Turns
    only: Routes


async def chosen(engine: Engine, criteria: Criteria) -> AsyncIterator[list[Chosen]]:
    """The events meant, page by page, the first accepted first.  Replays are no events of their own."""
    async for names in _pages(engine, criteria):
        events = [event for _, event in await engine.journal.load(names) if event is not None and _meant(event, criteria)]
        page = [(turns, _routes(engine, turns, criteria)) for turns in await turns_of(engine.journal, events)]
        yield [Chosen(turns, only) for turns, only in page if only is not None]


async def _pages(engine: Engine, criteria: Criteria) -> AsyncIterator[Sequence[str]]:
    if criteria.subject is not None:
        names = await engine.journal.of_subject(*criteria.subject)
        for start in range(0, len(names), PAGE):
            yield names[start : start + PAGE]
        return
    until = await engine.store.now() if criteria.until is None else criteria.until  # what comes while we look is not meant
    offset = 0
    while names := await engine.journal.since(criteria.since, until, offset=offset, many=PAGE):
        yield [name for name in names if not criteria.source or name.startswith(f"{criteria.source}:")]
        offset += len(names)


def _meant(event: Event, criteria: Criteria) -> bool:
    return (
        not event.replay
        and criteria.source in ("", event.source)
        and event.at >= criteria.since
        and (criteria.until is None or event.at <= criteria.until)
    )


def _routes(engine: Engine, turns: Turns, criteria: Criteria) -> Routes | None:
    """What is meant of an event, None if nothing is.  Where a replay of just that is under way it is still meant, so that
    whoever gives a command twice is told so."""
    if criteria.outcome is None:
        return _all_there(engine, turns, criteria.target)
    said = {route: each for route, each in turns.routes().items() if criteria.target in ("", route[0])}
    told = [route for route, each in said.items() if each.word is criteria.outcome]
    again = [route for route, each in said.items() if each.starts_again and turns.ever(route, criteria.outcome)]
    return limited(told or again) if told or again else None


def _all_there(engine: Engine, turns: Turns, target: str) -> Routes | None:
    if not target:
        return ()
    went = any(there == target for there, _ in turns.routes())
    return ((target, ALL),) if went or target in _speaks_to(engine, turns.original) else None


def _speaks_to(engine: Engine, event: Event) -> set[str]:
    facts = facts_of(engine.configuration, event)
    return {route.target for route in routes_of(engine.configuration, event, facts)} if isinstance(facts, Facts) else set()
