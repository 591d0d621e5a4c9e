"""What an expression reads, found in its checked syntax tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.core.syntax import (
    CALL,
    COMPREHENSION,
    CONST,
    ID,
    IDENT,
    SELECT,
    STRING_VALUE,
    Fields,
    fields,
    message,
    messages,
    number,
    parts,
    text,
    tree,
)


@dataclass(slots=True)
class Reads:
    """chains: (root, names below it) of every place where a variable is read; a chain ends where the name is not written
    out.  tested: those that stand in `has(...)`.  computed: the positions at which a root is read as a whole or under a
    computed name.  shadowed: a root's name is used for the variable of a macro.  calls: function -> positions (from 1)."""

    chains: set[tuple[str, ...]] = field(default_factory=set)
    tested: set[tuple[str, ...]] = field(default_factory=set)
    untested: set[tuple[str, ...]] = field(default_factory=set)
    computed: list[tuple[str, int]] = field(default_factory=list)
    shadowed: list[str] = field(default_factory=list)
    calls: dict[str, list[int]] = field(default_factory=dict)


def reads(serialized: bytes, roots: frozenset[str]) -> Reads:
    """What the expression reads of these variables."""
    root, positions = tree(serialized)
    found = Reads()
    _walk(root, roots, positions, found)
    return found


def _walk(expr: Fields, roots: frozenset[str], positions: Mapping[int, int], found: Reads) -> None:
    chain, tested, rest = _chain(expr)
    if chain and chain[0] in roots:
        if len(chain) == 1:
            found.computed.append((chain[0], positions.get(number(expr, ID), 0)))
        else:
            found.chains.add(chain)
            (found.tested if tested else found.untested).add(chain)
    if CALL in expr:
        call = fields(message(expr, CALL))
        found.calls.setdefault(text(call, 2), []).append(positions.get(number(expr, ID), 0))
    elif SELECT in expr:
        found.calls.setdefault("SELECT", []).append(positions.get(number(expr, ID), 0))
    if COMPREHENSION in expr:
        loop = fields(message(expr, COMPREHENSION))
        found.shadowed += [name for each in (1, 8) if (name := text(loop, each)) in roots]
    for inner in rest:
        _walk(inner, roots, positions, found)


def _chain(expr: Fields) -> tuple[tuple[str, ...], bool, list[Fields]]:
    """The names of a select chain that begins at a variable, whether it is `has(...)`, and the parts that are no part of it;
    () if the expression is none, with all its parts."""
    names: list[str] = []
    tested = bool(SELECT in expr and number(fields(message(expr, SELECT)), 3))
    here = expr
    while True:
        if IDENT in here:
            return (text(fields(message(here, IDENT)), 1), *reversed(names)), tested, []
        if SELECT in here:
            select = fields(message(here, SELECT))
            names.append(text(select, 2))
            here = fields(message(select, 1))
            continue
        name = _index(here)
        if name is None:
            return (), False, list(parts(expr))
        names.append(name[1])
        here = name[0]


def _index(expr: Fields) -> tuple[Fields, str] | None:
    """`operand["name"]` as (operand, name)."""
    if CALL not in expr:
        return None
    call = fields(message(expr, CALL))
    args = list(messages(call, 3))
    if text(call, 2) != "_[_]" or len(args) != 2 or CONST not in args[1]:
        return None
    const = fields(message(args[1], CONST))
    return (args[0], text(const, STRING_VALUE)) if STRING_VALUE in const else None
