"""What an expression reads: found in the checked syntax tree (cel.expr.CheckedExpr), which the CEL library gives out as
protobuf.  Knows that format's field numbers and nothing of the library.

Source: cel-spec, proto/cel/expr/checked.proto and syntax.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Fields = Mapping[int, list[bytes | int]]


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


# Expr: which kind of node stands under which field.
ID, CONST, IDENT, SELECT, CALL, LIST, STRUCT, COMPREHENSION = 2, 3, 4, 5, 6, 7, 8, 9
STRING_VALUE = 6  # of Constant


def reads(serialized: bytes, roots: frozenset[str]) -> Reads:
    """What the expression reads of these variables."""
    checked = _fields(_message(_fields(serialized), 2))  # google.protobuf.Any
    positions = {_number(entry, 1): _number(entry, 2) + 1 for entry in _messages(_fields(_message(checked, 5)), 4)}
    found = Reads()
    _walk(_fields(_message(checked, 4)), roots, positions, found)
    return found


def _walk(expr: Fields, roots: frozenset[str], positions: Mapping[int, int], found: Reads) -> None:
    chain, tested, rest = _chain(expr)
    if chain and chain[0] in roots:
        if len(chain) == 1:
            found.computed.append((chain[0], positions.get(_number(expr, ID), 0)))
        else:
            found.chains.add(chain)
            (found.tested if tested else found.untested).add(chain)
    if CALL in expr:
        call = _fields(_message(expr, CALL))
        found.calls.setdefault(_text(call, 2), []).append(positions.get(_number(expr, ID), 0))
    elif SELECT in expr:
        found.calls.setdefault("SELECT", []).append(positions.get(_number(expr, ID), 0))
    if COMPREHENSION in expr:
        loop = _fields(_message(expr, COMPREHENSION))
        found.shadowed += [name for number in (1, 8) if (name := _text(loop, number)) in roots]
    for inner in rest:
        _walk(inner, roots, positions, found)


def _chain(expr: Fields) -> tuple[tuple[str, ...], bool, list[Fields]]:
    """The names of a select chain that begins at a variable, whether it is `has(...)`, and the parts that are no part of it;
    () if the expression is none, with all its parts."""
    names: list[str] = []
    tested = bool(SELECT in expr and _number(_fields(_message(expr, SELECT)), 3))
    here = expr
    while True:
        if IDENT in here:
            return (_text(_fields(_message(here, IDENT)), 1), *reversed(names)), tested, []
        if SELECT in here:
            select = _fields(_message(here, SELECT))
            names.append(_text(select, 2))
            here = _fields(_message(select, 1))
            continue
        name = _index(here)
        if name is None:
            return (), False, list(_parts(expr))
        names.append(name[1])
        here = name[0]


def _index(expr: Fields) -> tuple[Fields, str] | None:
    """`operand["name"]` as (operand, name)."""
    if CALL not in expr:
        return None
    call = _fields(_message(expr, CALL))
    args = list(_messages(call, 3))
    if _text(call, 2) != "_[_]" or len(args) != 2 or CONST not in args[1]:
        return None
    const = _fields(_message(args[1], CONST))
    return (args[0], _text(const, STRING_VALUE)) if STRING_VALUE in const else None


def _parts(expr: Fields) -> Iterator[Fields]:
    """The expressions directly inside one."""
    if SELECT in expr:
        yield _fields(_message(_fields(_message(expr, SELECT)), 1))
    if CALL in expr:
        call = _fields(_message(expr, CALL))
        yield from _messages(call, 1)
        yield from _messages(call, 3)
    if LIST in expr:
        yield from _messages(_fields(_message(expr, LIST)), 1)
    if STRUCT in expr:
        for entry in _messages(_fields(_message(expr, STRUCT)), 2):
            yield from _messages(entry, 3)
            yield from _messages(entry, 4)
    if COMPREHENSION in expr:
        loop = _fields(_message(expr, COMPREHENSION))
        for number in (2, 4, 5, 6, 7):
            yield from _messages(loop, number)


# ---------------------------------------------------------------- protobuf's wire format


def _fields(message: bytes) -> Fields:
    """https://protobuf.dev/programming-guides/encoding/"""
    fields: dict[int, list[bytes | int]] = {}
    here = 0
    while here < len(message):
        tag, here = _varint(message, here)
        value: bytes | int
        match tag & 7:
            case 0:
                value, here = _varint(message, here)
            case 1:
                value, here = message[here : here + 8], here + 8
            case 2:
                length, here = _varint(message, here)
                value, here = message[here : here + length], here + length
            case 5:
                value, here = message[here : here + 4], here + 4
            case kind:
                raise AssertionError(f"wire type {kind} in an expression")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _varint(message: bytes, here: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[here]
        value |= (byte & 0x7F) << shift
        here += 1
        if byte < 0x80:
            return value, here
        shift += 7


def _message(fields: Fields, number: int) -> bytes:
    value = fields.get(number, [b""])[-1]
    assert isinstance(value, bytes)
    return value


def _messages(fields: Fields, number: int) -> Iterator[Fields]:
    for value in fields.get(number, []):
        assert isinstance(value, bytes)
        yield _fields(value)


def _text(fields: Fields, number: int) -> str:
    return _message(fields, number).decode()


def _number(fields: Fields, number: int) -> int:
    value = fields.get(number, [0])[-1]
    assert isinstance(value, int)
    return value
