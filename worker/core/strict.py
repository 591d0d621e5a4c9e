"""JSON, strictly: what may enter, and the one spelling in which it is kept.

One parser for everything that comes from outside, so that no two parts of the product can read one body differently.  What
RFC 8259 leaves open and implementations disagree on (duplicate names, a byte order mark, lone surrogates, numbers that
overflow) is refused, and so is what only serves to exhaust the reader.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.contract import Json


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be; each number is the largest that is accepted."""

    depth: int = 32
    """Arrays and objects within one another."""
    keys: int = 1_000
    """Names in all objects together."""
    string: int = 16 * 1024
    """UTF-8 bytes of one string or name, unescaped."""


ORDINARY = Limits()
NUMBER = 1_024
"""Characters of one number.  Python itself refuses integers of 4,300 digits or more, and slows down before."""


class Malformed(Exception):
    """The document is refused.  `reason` says what and at which line and column, never a value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(raw: bytes, limits: Limits = ORDINARY) -> Json:
    """The value of one JSON document (RFC 8259) in UTF-8.

    Raises Malformed, and nothing else, for whatever is no JSON, repeats a name in an object, holds NaN, an infinity or a
    number that becomes one, a lone surrogate, a NUL, a byte order mark, or is above a limit.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Malformed("a byte order mark at line 1, column 1")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"not UTF-8 at byte {error.start}") from None
    # Ordinary bodies pass cheap bounds and are read once, by the C scanner; what its hooks do not see, the bounds do.
    # `_inspect` knows every rule, and the place.
    if _suspicious(raw, text, limits):
        _inspect(text, limits)
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        # `msg` is one of the decoder's fixed texts; after a colon some versions quote a character.
        what = error.msg.partition(":")[0].removesuffix(" at").removesuffix(" starting")
        raise Malformed(f"not JSON: {what} at line {error.lineno}, column {error.colno}") from None
    except _Suspect:
        _inspect(text, limits)
        raise Malformed("a number or name that JSON leaves open") from None
    return value


def encode(value: Json) -> bytes:
    """The one spelling of a value: UTF-8, names sorted by code point, no white space.  Two documents with the same content
    have the same bytes, so a digest of these is a digest of the content.  (1 and 1.0 are two contents.)"""
    return _ENCODER.encode(value).encode()


class _Suspect(Exception):
    """The decoder met something that the grammar allows and we do not."""


def _unique(pairs: list[tuple[str, Json]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Suspect
    return made


def _integer(text: str) -> int:
    if len(text) > NUMBER:
        raise _Suspect
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if len(text) > NUMBER or math.isinf(value):
        raise _Suspect
    return value


def _constant(_: str) -> float:
    raise _Suspect


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer, parse_float=_finite, parse_constant=_constant)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

# Possessive quantifiers: hostile input costs linear time.  A string may lack its end: the decoder will say so.
_STRING = r'"(?:[^"\\]++|\\.)*+"?'
_NO_STRUCTURE = re.compile(_STRING + r'|[^"\[\]{}:]++', re.DOTALL)
_PERILOUS_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def _suspicious(raw: bytes, text: str, limits: Limits) -> bool:
    """Something may be nested too deep, too many, too long, a NUL or a surrogate.  False is certain, True is not."""
    if len(raw) > limits.string and (b"\\" in raw or max(map(len, raw.split(b'"'))) > limits.string):
        return True
    if raw.count(b"{") + raw.count(b"[") > limits.depth or raw.count(b":") > limits.keys:
        structure = _NO_STRUCTURE.sub("", text)
        if structure.count(":") > limits.keys:
            return True
        depth = 0
        for mark in structure.replace(":", ""):
            depth += 1 if mark in "[{" else -1
            if depth > limits.depth:
                return True
    return b"\\u" in raw and _PERILOUS_ESCAPE.search(text) is not None


# A string with the colon that makes it a name; a bracket; a word.
_TOKEN = re.compile(rf"({_STRING})(?:[ \t\n\r]*+(:))?|([\[{{])|([\]}}])|([^\s\"\[\]{{}},:]++)", re.DOTALL)
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


def _inspect(text: str, limits: Limits) -> None:
    """Raise Malformed for the first thing in a document that goes against a rule beyond the grammar.  Lenient towards bad
    grammar, which the decoder judges."""
    open_: list[set[str]] = []  # the names so far of each array (none) and object around this place
    names = 0
    for token in _TOKEN.finditer(text):
        string, colon, opened, closed, word = token.groups()
        if opened:
            open_.append(set())
            if len(open_) > limits.depth:
                raise _refusal(f"nested deeper than {limits.depth}", text, token)
        elif closed:
            if open_:
                open_.pop()
        elif word:
            if len(word) > NUMBER:
                raise _refusal(f"a number or word longer than {NUMBER:,} characters", text, token)
            if word in _NOT_FINITE or (_FLOAT.fullmatch(word) and math.isinf(float(word))):
                raise _refusal("a number that is not finite", text, token)
        else:
            for fault in _faults_of_string(string, limits):
                raise _refusal(fault, text, token)
            if colon:
                names += 1
                if names > limits.keys:
                    raise _refusal(f"more than {limits.keys:,} names", text, token)
                name = _unescape(string)
                if open_ and name in open_[-1]:
                    raise _refusal("a name repeated in one object", text, token)
                if open_:
                    open_[-1].add(name)


_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_FLOAT = re.compile(r"-?[0-9]+(?=[.eE])(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def _faults_of_string(string: str, limits: Limits) -> Iterator[str]:
    plain = _unescape(string)
    if len(plain) > limits.string // 4 and len(plain.encode(errors="surrogatepass")) > limits.string:
        yield f"a string longer than {limits.string:,} bytes"
    if forbidden := _FORBIDDEN.search(plain):
        yield "a NUL in a string" if forbidden[0] == "\0" else "a lone surrogate in a string"


def _unescape(string: str) -> str:
    if "\\" not in string:
        return string[1:].removesuffix('"')
    try:
        return str(json.loads(string, strict=False))
    except json.JSONDecodeError:
        return string  # bad grammar: the decoder will refuse it


def _refusal(what: str, text: str, token: re.Match[str]) -> Malformed:
    line = text.count("\n", 0, token.start()) + 1
    column = token.start() - text.rfind("\n", 0, token.start())
    return Malformed(f"{what} at line {line}, column {column}")
