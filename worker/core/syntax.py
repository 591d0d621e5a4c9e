"""The checked syntax tree of an expression (cel.expr.CheckedExpr), which the CEL library gives out as protobuf.  Knows that
format's field numbers and nothing of the library.

Source: cel-spec, proto/cel/expr/checked.proto and syntax.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Fields = Mapping[int, list[bytes | int]]

# Expr: which kind of node stands under which field.
ID, CONST, IDENT, SELECT, CALL, LIST, STRUCT, COMPREHENSION = 2, 3, 4, 5, 6, 7, 8, 9
STRING_VALUE = 6  # of Constant


def tree(serialized: bytes) -> tuple[Fields, dict[int, int]]:
    """The root of the tree, and the position (from 1) of each node by its id."""
    checked = fields(message(fields(serialized), 2))  # google.protobuf.Any
    positions = {number(entry, 1): number(entry, 2) + 1 for entry in messages(fields(message(checked, 5)), 4)}
    return fields(message(checked, 4)), positions


def parts(expr: Fields) -> Iterator[Fields]:
    """The expressions directly inside one."""
    if SELECT in expr:
        yield fields(message(fields(message(expr, SELECT)), 1))
    if CALL in expr:
        call = fields(message(expr, CALL))
        yield from messages(call, 1)
        yield from messages(call, 3)
    if LIST in expr:
        yield from messages(fields(message(expr, LIST)), 1)
    if STRUCT in expr:
        for entry in messages(fields(message(expr, STRUCT)), 2):
            yield from messages(entry, 3)
            yield from messages(entry, 4)
    if COMPREHENSION in expr:
        loop = fields(message(expr, COMPREHENSION))
        for field in (2, 4, 5, 6, 7):
            yield from messages(loop, field)


# ---------------------------------------------------------------- protobuf's wire format


def fields(raw: bytes) -> Fields:
    """https://protobuf.dev/programming-guides/encoding/"""
    found: dict[int, list[bytes | int]] = {}
    here = 0
    while here < len(raw):
        tag, here = _varint(raw, here)
        value: bytes | int
        match tag & 7:
            case 0:
                value, here = _varint(raw, here)
            case 1:
                value, here = raw[here : here + 8], here + 8
            case 2:
                length, here = _varint(raw, here)
                value, here = raw[here : here + length], here + length
            case 5:
                value, here = raw[here : here + 4], here + 4
            case kind:
                raise AssertionError(f"wire type {kind} in an expression")
        found.setdefault(tag >> 3, []).append(value)
    return found


def _varint(raw: bytes, here: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[here]
        value |= (byte & 0x7F) << shift
        here += 1
        if byte < 0x80:
            return value, here
        shift += 7


def message(of: Fields, field: int) -> bytes:
    value = of.get(field, [b""])[-1]
    assert isinstance(value, bytes)
    return value


def messages(of: Fields, field: int) -> Iterator[Fields]:
    for value in of.get(field, []):
        assert isinstance(value, bytes)
        yield fields(value)


def text(of: Fields, field: int) -> str:
    return message(of, field).decode()


def number(of: Fields, field: int) -> int:
    value = of.get(field, [0])[-1]
    assert isinstance(value, int)
    return value
