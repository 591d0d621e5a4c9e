"""Parked: what was refused for good and needs somebody.  It is released (it starts again, under the mapping in force) or
dropped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from worker.core.event import Event, ever_parked
from worker.core.outcome import Outcome, Word
from worker.engine.engine import Engine
from worker.operate.replay import Plan, Told, replay, unheard
from worker.operate.selection import PAGE, Chosen
from worker.operate.turns import Said, Turns, limited, turns_of

Route = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parked routes are meant; what is not given does not matter.

    events  names; of a replay its original means it too
    reason  as the outcome says it, whole
    """

    events: frozenset[str] = frozenset()
    target: str = ""
    reason: str = ""

    def means(self, turns: Turns, route: Route, said: Said) -> bool:
        named = not self.events or not self.events.isdisjoint({turns.original.name, said.turn.name})
        return named and self.target in ("", route[0]) and self.reason in ("", said.outcome.reason if said.outcome else "")


@dataclass(frozen=True, slots=True)
class Parked:
    """Routes of one event that are parked."""

    turns: Turns
    routes: dict[Route, Said]


async def parked(engine: Engine, wanted: Wanted) -> AsyncIterator[list[Parked]]:
    """What is parked, page by page, the oldest first.  What was released is not: its replay speaks for it."""
    seen: set[str] = set()
    names = await engine.journal.parked(many=0)  # at once: releasing takes them off the list that we walk
    for start in range(0, len(names), PAGE):
        events = [event for _, event in await engine.journal.load(names[start : start + PAGE]) if event is not None]
        page = []
        for turns in await turns_of(engine.journal, events):
            if turns.original.name in seen:
                continue
            seen.add(turns.original.name)
            routes = {route: said for route, said in turns.parked().items() if wanted.means(turns, route, said)}
            if routes:
                page.append(Parked(turns, routes))
        yield page


async def release(engine: Engine, wanted: Wanted, *, act: bool, told: Told = unheard) -> Plan:
    """Say what would become of it, or let it: each event runs again, limited to what is parked of it.  The record of the first
    turn keeps its word, and the replay speaks for the route from now on."""

    async def pages() -> AsyncIterator[list[Chosen]]:
        async for page in parked(engine, wanted):
            yield [Chosen(each.turns, limited(list(each.routes))) for each in page]

    return await replay(engine, pages(), act=act, told=told)


async def drop(engine: Engine, wanted: Wanted, *, act: bool, told: Callable[[int], None] = unheard) -> int:
    """Say how many routes would be dropped, or drop them: nothing is written, and their outcome is `dropped`."""
    now = await engine.store.now()
    count = 0
    async for page in parked(engine, wanted):
        for each in page:
            count += len(each.routes)
            if act:
                await _drop(engine, each, now)
        told(count)
    return count


async def _drop(engine: Engine, each: Parked, now: int) -> None:
    outcome = Outcome(Word.DROPPED, "by an operator", now)
    for turn in _speakers(each.routes.values()):
        mine = {route: [outcome] for route, said in each.routes.items() if said.turn.name == turn.name}
        after = await engine.journal.tell(turn.name, mine)
        if after is None or not ever_parked(after):
            await engine.journal.no_longer_parked([turn.name])


def _speakers(several: Iterable[Said]) -> list[Event]:
    return list({said.turn.name: said.turn for said in several}.values())
