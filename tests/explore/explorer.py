"""The explorer: breadth first through every world that can be reached, so that the story of a failure is the shortest."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from tests.explore import promises
from tests.explore.moves import Moves
from tests.explore.world import Case, World, decode


@dataclass(slots=True)
class Explored:
    """worlds: how many there are.  broken: the promise that was broken first, "" if none.  story: the moves that lead there.
    longest: moves without a fault until the lane is at rest, from wherever that takes longest."""

    worlds: int
    broken: str = ""
    story: tuple[str, ...] = ()
    longest: int = 0

    def __bool__(self) -> bool:
        return bool(self.broken)

    def __str__(self) -> str:
        return "\n".join([self.broken, *(f"  {number:2d}  {label}" for number, label in enumerate(self.story, 1))])


def explore(case: Case, most: int = 400_000) -> Explored:
    """Every world of this case, or the shortest way to one that breaks a promise.  Raises OverflowError above `most`."""
    gc.disable()  # worlds are trees and all are kept: looking for garbage among them takes a third of the time
    try:
        return _explored(case, most)
    finally:
        gc.enable()


def _explored(case: Case, most: int) -> Explored:
    terms, first = case.terms(), case.beginning()
    number = {first: 0}
    worlds, parents = [first], [0]
    calm: list[list[int]] = []
    for here, world in enumerate(worlds):  # grows while it is walked through
        calm.append([])
        for move in Moves(case, terms, world):
            there = number.get(move.world)
            if there is None:
                there = number[move.world] = len(worlds)
                worlds.append(move.world)
                parents.append(here)
                broken = move.broken or _broken(case, move.world)
            else:
                broken = move.broken
            if broken:
                return Explored(len(worlds), broken, (*_story(case, worlds, parents, here), move.label))
            if move.calm:
                calm[here].append(there)
        if not calm[here] and (broken := _stuck(case, world)):
            return Explored(len(worlds), broken, _story(case, worlds, parents, here))
        if len(worlds) > most:
            raise OverflowError(f"{case.name}: more than {most} worlds")
    longest, circle = _longest(calm)
    if circle:
        story = (
            *_story(case, worlds, parents, circle[0]),
            "... and from here on, round and round:",
            *_round(case, worlds, circle),
        )
        return Explored(len(worlds), "NEVER AT REST", story)
    return Explored(len(worlds), longest=longest)


def _broken(case: Case, world: World) -> str:
    if promises.at_rest(world, case):
        return promises.of_rest(case, world)
    return promises.of_world(case, world, decode(world.lane).attributes, dict(world.told))


def _stuck(case: Case, world: World) -> str:
    return "" if promises.at_rest(world, case) else "STUCK: something is under way, and nothing can happen"


def _longest(calm: list[list[int]]) -> tuple[int, list[int]]:
    """The longest way without a fault; and, if such a way leads back to where it began, the worlds of this circle."""
    unseen, on_the_way = -1, -2
    length = [unseen] * len(calm)
    for start in range(len(calm)):
        way = [(start, iter(calm[start]))] if length[start] == unseen else []
        while way:
            here, rest = way[-1]
            length[here] = on_the_way
            there = next((there for there in rest if length[there] < 0), None)
            if there is None:
                length[here] = 1 + max((length[next_] for next_ in calm[here]), default=-1)
                way.pop()
            elif length[there] == on_the_way:
                worlds = [world for world, _ in way]
                return 0, worlds[worlds.index(there) :]
            else:
                way.append((there, iter(calm[there])))
    return max(length), []


def _round(case: Case, worlds: list[World], circle: list[int]) -> tuple[str, ...]:
    steps = zip(circle, [*circle[1:], circle[0]], strict=True)
    return tuple(_label(case, worlds[here], worlds[there]) for here, there in steps)


def _label(case: Case, here: World, there: World) -> str:
    return next(move.label for move in Moves(case, case.terms(), here) if move.world == there)


def _story(case: Case, worlds: list[World], parents: list[int], end: int) -> tuple[str, ...]:
    labels: list[str] = []
    while end:
        before = parents[end]
        labels.append(_label(case, worlds[before], worlds[end]))
        end = before
    return tuple(reversed(labels))
