"""How much an expression would make of what it is given: worked out before it runs, of its syntax tree and its inputs' sizes.

The CEL library bounds the turns of all macros together, and neither what is made in a turn nor what is kept of it: a `map` copies
what it has so far in each turn, and `[x].map(a, a + a).map(a, a + a)` doubles with every few characters.  Units are characters
and elements that are made or copied; what is counted is never less than what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.core.bounds import TEXT, ExpressionFailed
from worker.core.syntax import CALL, COMPREHENSION, CONST, IDENT, LIST, SELECT, Fields, fields, message, messages, parts, text

MOST = 1_000_000
"""Units.  Measured: a twentieth of a second and 40 MB, where a `map` over 8,000 short texts took 1 GB.  One over 1,500 fits."""
TURNS = 10_000
"""Of all macros of one evaluation; the library itself allows no more."""
MATCHED = 16
"""Characters or elements that are looked at in the time in which one is made."""
SCALAR = frozenset({
    "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "-_", "_-_", "_*_", "_/_", "_%_",
    "contains", "startsWith", "endsWith", "int", "uint", "double", "bool",
})  # fmt: skip
"""Functions that answer one number or one truth, and look at no more than they are given."""


@dataclass(frozen=True, slots=True)
class Size:
    """weight: characters and elements of a value and of all in it.  many: its elements.  each: weight of the largest of them."""

    weight: float
    many: float
    each: float


ONE = Size(1, 1, 1)


@dataclass(slots=True)
class Scope:
    """data: by variable.  loops: the sizes of the variables of the macros around.  times: how often the place is come by."""

    data: Mapping[str, Any]
    loops: dict[str, Size] = field(default_factory=dict)
    times: float = 1
    spent: float = 0

    def spend(self, units: float) -> None:
        """Raises ExpressionFailed."""
        self.spent += self.times * units
        if self.spent > MOST:
            raise ExpressionFailed(0, "too large")


Sizing = Callable[[Scope], Size]


def cost(expr: Fields) -> Callable[[Mapping[str, Any]], None] | None:
    """A check of what the expression may make of the data that it is called with: it raises ExpressionFailed.  None where there
    is no macro: then the lengths of the expression and of its inputs bound it."""
    if not _loops(expr):
        return None
    sizing = _sizing(expr)

    def check(data: Mapping[str, Any]) -> None:
        sizing(Scope(data))

    return check


def _loops(expr: Fields) -> bool:
    return COMPREHENSION in expr or any(map(_loops, parts(expr)))


def _sizing(expr: Fields) -> Sizing:
    if COMPREHENSION in expr:
        return _loop(fields(message(expr, COMPREHENSION)))
    if CALL in expr:
        call = fields(message(expr, CALL))
        return _call(text(call, 2), [_sizing(each) for number in (1, 3) for each in messages(call, number)])
    if IDENT in expr:
        name = text(fields(message(expr, IDENT)), 1)
        return lambda scope: scope.loops[name] if name in scope.loops else measured(scope.data.get(name))
    if SELECT in expr:
        return _select(expr)
    if CONST in expr:
        length = len(message(expr, CONST))
        return lambda _: Size(length, length, 1)
    return _collected([_sizing(each) for each in parts(expr)], at_top=LIST in expr)


def _select(expr: Fields) -> Sizing:
    select = fields(message(expr, SELECT))
    name, operand = text(select, 2), fields(message(select, 1))
    inner = _sizing(operand)
    read = _read(expr)

    def sized(scope: Scope) -> Size:
        if read is not None and read[0] in scope.data and read[0] not in scope.loops:
            here: Any = scope.data
            for step in read:
                here = here.get(step) if isinstance(here, Mapping) else None
            return measured(here)
        of = inner(scope)
        return Size(of.weight, of.weight, of.weight)

    return sized if name else inner


def _read(expr: Fields) -> tuple[str, ...] | None:
    """The names of a chain that begins at a variable."""
    if IDENT in expr:
        return (text(fields(message(expr, IDENT)), 1),)
    if SELECT in expr:
        select = fields(message(expr, SELECT))
        before = _read(fields(message(select, 1)))
        return None if before is None else (*before, text(select, 2))
    return None


def _call(name: str, given: Sequence[Sizing]) -> Sizing:
    def sized(scope: Scope) -> Size:
        sizes = [each(scope) for each in given]
        weight = sum(size.weight for size in sizes)
        match name:
            case "_?_:_":
                return _larger(sizes[1:])
            case "_[_]":
                return Size(sizes[0].each, sizes[0].each, sizes[0].each)
            case "_||_" | "_&&_" | "!_" | "@not_strictly_false" | "size":
                return ONE
            case "@in" | "in":
                made, units = ONE, sizes[-1].many / MATCHED
            case "matches":
                made, units = ONE, weight / MATCHED
            case _ if name in SCALAR:
                made, units = ONE, min(size.weight for size in sizes) / MATCHED
            case "_+_":
                made, units = Size(weight, sum(s.many for s in sizes), max(s.each for s in sizes)), weight
            case "split":
                made, units = Size(2 * weight + 1, weight + 1, weight), 2 * weight + 1
            case "replace":
                most = min(TEXT, sizes[0].weight * (1 + sizes[2].weight))
                made, units = Size(most, most, 1), most
            case "join":
                most = min(TEXT, sizes[0].weight + sizes[0].many * (sizes[1].weight if len(sizes) > 1 else 0))
                made, units = Size(most, most, 1), most
            case _:
                most = 4 * weight + 32  # a character as bytes, a number as text
                made, units = Size(most, most, most), most
        scope.spend(units + 1)
        return made

    return sized


def _collected(given: Sequence[Sizing], *, at_top: bool) -> Sizing:
    """A list or a map that is written out."""

    def sized(scope: Scope) -> Size:
        sizes = [each(scope) for each in given]
        weight = sum(size.weight for size in sizes) + len(sizes)
        scope.spend(len(sizes))
        return Size(weight, len(sizes), max((size.weight for size in sizes), default=0) if at_top else weight)

    return sized


# Of Comprehension: 1 the variable, 2 what is gone through, 3 the accumulator, 4 its beginning, 5 go on?, 6 a turn, 7 the answer.
def _loop(loop: Fields) -> Sizing:
    variable, accumulator, second = text(loop, 1), text(loop, 3), text(loop, 8)
    over, begin, go_on, turn, answer = (_sizing(fields(message(loop, number))) for number in (2, 4, 5, 6, 7))
    grows = LIST in fields(message(loop, 4))

    def sized(scope: Scope) -> Size:
        through = over(scope)
        before, times = dict(scope.loops), scope.times
        begin(scope)
        scope.times = min(times * through.many, TURNS)
        element = Size(through.each, through.each, through.each)
        scope.loops |= {variable: element, accumulator: Size(0, 0, 0)}
        if second:
            scope.loops[second] = element
        go_on(scope)
        added = turn(scope)
        scope.times = times
        kept = ONE
        if grows:
            many = min(through.many, TURNS)
            kept = Size(many * added.weight, many * added.many, added.each)
            scope.spend(many * kept.many / 4)  # each turn copies references to what there is, half of it on average
        scope.loops[accumulator] = kept
        made = answer(scope)
        scope.loops = before
        return made

    return sized


def _larger(sizes: Sequence[Size]) -> Size:
    return Size(max(s.weight for s in sizes), max(s.many for s in sizes), max(s.each for s in sizes))


def measured(value: Any) -> Size:
    """The size of a JSON value."""
    if isinstance(value, str):
        return Size(len(value) + 1, len(value) + 1, 1)
    if isinstance(value, list):
        weights = [measured(each).weight + 1 for each in value]
    elif isinstance(value, Mapping):
        weights = [measured(each).weight + len(name) + 1 for name, each in value.items()]
    else:
        return ONE
    return Size(sum(weights) + 1, len(weights), max(weights, default=0))
