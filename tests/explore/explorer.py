"""The explorer: breadth first through every world that can be reached, so that the story of a failure is the shortest."""

from __future__ import annotations

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

    def __str__(self) -> str:
        return "\n".join([self.broken, *(f"  {number:2d}  {label}" for number, label in enumerate(self.story, 1))])


def explore(case: Case, most: int = 400_000) -> Explored:
    """Every world of this case, or the shortest way to one that breaks a promise.  Raises OverflowError above `most`."""
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
    if circle is not None:
        return Explored(len(worlds), "NEVER AT REST: from here it goes round in a circle", _story(case, worlds, parents, circle))
    return Explored(len(worlds), longest=longest)


def _broken(case: Case, world: World) -> str:
    if promises.at_rest(world, case):
        return promises.of_rest(case, world)
    return promises.of_world(case, world, decode(world.lane).attributes, dict(world.told))


def _stuck(case: Case, world: World) -> str:
    return "" if promises.at_rest(world, case) else "STUCK: something is under way, and nothing can happen"


def _longest(calm: list[list[int]]) -> tuple[int, int | None]:
    """The longest way without a fault, and a world from which such a way leads back to itself."""
    length: list[int] = [-1] * len(calm)
    on_the_way = -2
    stack: list[tuple[int, int]] = [(start, 0) for start in range(len(calm))]
    while stack:
        here, next_ = stack.pop()
        if next_ == 0:
            if length[here] == on_the_way:
                continue
            if length[here] >= 0:
                continue
            length[here] = on_the_way
        if next_ < len(calm[here]):
            stack.append((here, next_ + 1))
            there = calm[here][next_]
            if length[there] == on_the_way:
                return 0, there
            if length[there] == -1:
                stack.append((there, 0))
        else:
            length[here] = 1 + max((length[there] for there in calm[here]), default=-1)
    return max(length), None


def _story(case: Case, worlds: list[World], parents: list[int], end: int) -> tuple[str, ...]:
    labels: list[str] = []
    while end:
        before = parents[end]
        labels.append(next(move.label for move in Moves(case, case.terms(), worlds[before]) if move.world == worlds[end]))
        end = before
    return tuple(reversed(labels))
