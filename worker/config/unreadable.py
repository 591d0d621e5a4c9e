"""Unreadable: what keeps a text from being YAML, in words for somebody who writes policies.  No part of the text is in them."""

from __future__ import annotations

import re

import yaml

_INDENTED = "this line fits nothing above it; what belongs together begins in the same column"
_QUOTED = "a text that begins with this character must be quoted"
_FAULTS = (
    (r"found character '\\t'", "a tab; indent with spaces"),
    (r"that cannot start any token|scanning an (?:alias|anchor)|(?:parsing|scanning) a tag", _QUOTED),
    (r"<block end>, but found '<scalar>'", "text where the value has ended; put all of it between quotation marks"),
    (r"expected <block end>", _INDENTED),
    (
        r"mapping values are not allowed",
        "no `:` can stand here: is the line indented too far, or does the `:` belong to a text that must be quoted?",
    ),
    (r"parsing a flow (?:mapping|sequence): .*'<stream end>'", "the file ends before the `{open}` of line {line} is closed"),
    (
        r"parsing a flow (?:mapping|sequence)",
        "`,` or `{close}` expected, because of the `{open}` in line {line}; a text with a colon, comma or bracket must be quoted",
    ),
    (r"quoted scalar: found unexpected end of stream", "the quotation mark in line {line} is never closed"),
    (
        r"double-quoted scalar",
        "a backslash between double quotation marks begins an escape, and this is none; take single ones, or double it",
    ),
    (r"could not find expected ':'", "in line {line} a key has no `:` behind it"),
    (r"scanning a block scalar", "the text of a `|` or `>` begins on the next line"),
    (r"sequence entries are not allowed", "a list with `-` begins on a line of its own; in one line it is [a, b]"),
    (r"'<document start>'", "what begins in the first line has ended: is that line indented, or is there a bracket too many?"),
    (r"expected the node content", "a value is expected here: is there a bracket too many?"),
)


def said(error: yaml.MarkedYAMLError) -> str:
    """What is wrong, and what to do."""
    what = f"{error.context}: {error.problem}" if error.context and error.problem else error.problem or "no YAML"
    begun = error.context_mark or error.problem_mark
    opened, closed = ("[", "]") if "flow sequence" in what else ("{", "}")
    for pattern, text in _FAULTS:
        if re.search(pattern, what):
            return text.format(open=opened, close=closed, line=begun.line + 1 if begun else 1)
    return re.split(r" (?:'|\")", what)[0]  # no part of a value
