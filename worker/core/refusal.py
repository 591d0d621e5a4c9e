"""Refusal: why an expression does not compile, in words for somebody who writes policies and no parsers."""

from __future__ import annotations

import re

_OPERATORS = {
    "=": "`=` is no operator; equality is `==`",
    "&": "`&` is no operator; it is `&&`",
    "|": "`|` is no operator; it is `||`",
}
_WORDS = {"and": "`and` is written `&&`", "or": "`or` is written `||`", "not": "`not` is written `!`"}
_KINDS = {
    "null_type": "null",
    "string": "text",
    "bool": "true or false",
    "int": "an integer",
    "double": "a number with a fraction",
}


def said(what: str) -> str:
    """The library's first line on it, without its place; where it is one that people meet, in our words."""
    if token := re.match(r"Syntax error: token recognition error at: '(.)", what):
        if token[1] in "'\"":
            return "a quotation mark is never closed"
        return _OPERATORS.get(token[1], f"`{token[1]}` means nothing in CEL outside of quotation marks")
    if missing := re.match(r"Syntax error: missing '(.)' at", what):
        return f"`{missing[1]}` is missing"
    if re.match(r"Syntax error: (?:mismatched|extraneous) input '<EOF>'|Syntax error: no viable alternative", what):
        expected = re.search(r"expecting '(.)'", what)
        return f"it ends too early: `{expected[1]}` is missing" if expected else "it ends too early"
    if surplus := re.match(r"Syntax error: (?:mismatched|extraneous) input '(.+?)' expecting", what):
        return _WORDS.get(surplus[1], f"`{surplus[1]}` cannot stand here")
    if overload := re.match(r"found no matching overload for '([^']+)' applied to '\((.*)\)'", what):
        operator = overload[1].replace("_", "").replace("[]", "[ ]") or overload[1]
        kinds = " and ".join(_KINDS.get(kind.strip(), kind.strip()) for kind in overload[2].split(","))
        return f"`{operator}` does not take {kinds}; string(...), int(...) and double(...) convert"
    return what
