"""Turns: an event and its replays, and which of them speaks for a route now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from worker.core.event import ALL, Event, Routes, finished, meant
from worker.core.outcome import Outcome, Word
from worker.store.journal import Journal

PROBE = 8
"""Replays that are asked for at a time; they are numbered from 1."""


class Said(NamedTuple):
    """What became of a route, and the turn that says so.  outcome: None while it is not told yet."""

    turn: Event
    outcome: Outcome | None

    @property
    def word(self) -> Word:
        return Word.PENDING if self.outcome is None else self.outcome.word

    @property
    def starts_again(self) -> bool:
        """A replay is about it, and has not said anything yet."""
        return self.outcome is None and self.turn.replay


@dataclass(frozen=True, slots=True)
class Turns:
    """An event, and its replays in the order of their numbers."""

    original: Event
    replays: tuple[Event, ...] = ()

    @property
    def next(self) -> int:
        """The first number that is free after all that are taken."""
        return max((_number(turn) for turn in self.replays), default=0) + 1

    def routes(self) -> dict[tuple[str, str], Said]:
        """Every route of the event.  The newest turn that is about it speaks for it."""
        said: dict[tuple[str, str], Said] = {}
        for turn in sorted((self.original, *self.replays), key=lambda turn: turn.version):
            for target, attribute in list(said):
                if meant(turn.only, target, attribute):
                    if turn.planned:
                        del said[target, attribute]  # unless it says itself, below, what became of it
                    else:
                        said[target, attribute] = Said(turn, None)
            for target, by_attribute in turn.outcomes.items():
                for attribute, outcome in by_attribute.items():
                    said[target, attribute] = Said(turn, outcome)
        return said

    def parked(self) -> dict[tuple[str, str], Said]:
        """The routes that need an operator."""
        return {route: said for route, said in self.routes().items() if said.word is Word.PARKED}

    def ever(self, route: tuple[str, str], word: Word) -> bool:
        """Whether this was said of a route by any of the turns."""
        target, attribute = route
        outcomes = (turn.outcomes.get(target, {}).get(attribute) for turn in (self.original, *self.replays))
        return any(outcome is not None and outcome.word is word for outcome in outcomes)

    def under_way(self, only: Routes) -> Event | None:
        """A replay that is about all of these routes and is not over."""
        for turn in reversed(self.replays):
            about_all = not turn.only or (only and all(meant(turn.only, *route) for route in only))
            if about_all and not finished(turn):
                return turn
        return None

    def and_then(self, turn: Event) -> Turns:
        """The same, once this replay is accepted."""
        return Turns(self.original, (*self.replays, turn))


def limited(routes: Sequence[tuple[str, str]]) -> Routes:
    """What a replay of these routes is limited to.  `*` is the route of an event that had no others: all of it."""
    return () if (ALL, ALL) in routes else tuple(sorted(routes))


def _number(turn: Event) -> int:
    return int(turn.id.rpartition("~")[2])


async def turns_of(journal: Journal, events: Sequence[Event]) -> list[Turns]:
    """The turns of each of these events, in their order.  Of a replay those of its original, if that is still there.  Replays are
    looked for by their numbers up to the first that is not there; one that was given is a turn also where one before it was
    forgotten."""
    originals = await _originals(journal, events)
    replays: dict[str, list[Event]] = {event.name: [] for event in originals}
    asked, start = list(replays), 1
    while asked:
        names = [f"{name}~{turn}" for name in asked for turn in range(start, start + PROBE)]
        found = [event for _, event in await journal.load(names)]
        still = []
        for index, name in enumerate(asked):
            mine = found[index * PROBE : (index + 1) * PROBE]
            there = mine[: mine.index(None)] if None in mine else mine
            replays[name] += [event for event in there if event is not None]
            if len(there) == PROBE:
                still.append(name)
        asked, start = still, start + PROBE
    for given, original in zip(events, originals, strict=True):
        known = replays[original.name]
        if given.name != original.name and given.name not in {turn.name for turn in known}:
            known.append(given)
            known.sort(key=_number)
    return [Turns(event, tuple(replays[event.name])) for event in originals]


async def _originals(journal: Journal, events: Sequence[Event]) -> list[Event]:
    originals = list(events)
    while places := [place for place, event in enumerate(originals) if event.replay]:
        parents = await journal.load([originals[place].name.rpartition("~")[0] for place in places])
        for place, (_, parent) in zip(places, parents, strict=True):
            # An event that nobody remembers lives on in its replay, which is then the first of its own.
            originals[place] = replace(originals[place], replay=False) if parent is None else parent
    return originals
