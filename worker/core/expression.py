"""CEL expressions (cel.dev): compiled and typed at load, bounded in time and size when they run.

The only module that imports the CEL library.  No text of the library leaves it: its messages hold values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from cel_expr_python import cel

from connectors.contract import ABSENT, Absent, Json
from worker.core import refusal
from worker.core.bounds import METHODS, ExpressionFailed, chosen, weigh
from worker.core.cost import cost
from worker.core.path import spell
from worker.core.reads import Reads, reads
from worker.core.syntax import tree

LONGEST = 1024
"""Characters of one expression."""
EMPTY: Mapping[str, Json] = {}

__all__ = ["Condition", "ExpressionError", "ExpressionFailed", "Value", "compile_condition", "compile_value"]

# The library itself stops an evaluation after some ten thousand turns of its macros (RuntimeError), parses no deeper than
# 32, and matches regular expressions in linear time (RE2).  What the macros make in these turns is bounded by `cost`.


class ExpressionError(ValueError):
    """The text cannot be compiled.  position: character from 1, 0 for the whole."""

    def __init__(self, what: str, position: int = 0) -> None:
        super().__init__(f"at character {position}: {what}" if position else what)
        self.what = what
        self.position = position


@dataclass(frozen=True, slots=True)
class Compiled:
    """inputs: the paths that it reads from `attributes`.  unguarded: those of them whose absence makes it absent, because they
    are also read outside of `has(...)`."""

    text: str
    inputs: frozenset[str]
    subject: frozenset[str]
    unguarded: frozenset[str]
    _run: cel.Expression = field(repr=False)
    _needs: Mapping[str, Any] = field(repr=False)
    _calls: Mapping[str, list[int]] = field(repr=False)
    _check: Callable[[Mapping[str, Any]], None] | None = field(repr=False)

    def _evaluate(self, given: Mapping[str, Json | Mapping[str, Json]]) -> Json | Absent:
        data: dict[str, Any] = {root: chosen(names, given.get(root)) for root, names in self._needs.items()}
        weigh(data)
        if self._check is not None:
            self._check(data)
        try:
            answer = self._run.eval(data=data)
        except RuntimeError as error:  # the budget, or a value the library cannot hold
            raise ExpressionFailed(0, "too large" if "budget" in str(error) else "out of range") from None
        if answer.type() == cel.Type.ERROR:
            if (failed := self._failure(str(answer.value()))) is None:
                return ABSENT
            raise failed
        return cast("Json", answer.plain_value())

    def _failure(self, said: str) -> ExpressionFailed | None:
        """The library's words as one of our kinds; None for a missing key.  Only the name of a function is taken from them."""
        if said.startswith("NOT_FOUND: Key not found"):
            return None
        kind, functions = "wrong type", [m[1]] if (m := re.search(r"overloads found : ([^\s(]+)\(", said)) else []
        if (m := re.search(r"overloads found : \([^)]*\)\.(\w+)\(", said)) is not None:
            functions = [m[1]]
        for pattern, its_kind, its_functions in _SAID:
            if pattern in said:
                kind, functions = its_kind, [*its_functions]
                break
        places = [place for name in functions for place in self._calls.get(name, ())]
        return ExpressionFailed(places[0] if len(places) == 1 else 0, kind)


_SAID = (
    ("divide by zero", "division by zero", ("_/_",)),
    ("modulus by zero", "division by zero", ("_%_",)),
    ("Applying SELECT", "wrong type", ("SELECT",)),
    ("jump_condition", "wrong type", ("_?_:_",)),
    ("Index error", "bad index", ("_[_]",)),
    ("regular expression", "bad pattern", ("matches",)),
    ("bad pattern", "bad pattern", ("split",)),
    ("too large", "too large", ()),
    ("overflow", "out of range", ()),
    ("out of range", "out of range", ()),
    ("conversion", "bad conversion", ()),
    ("annot convert", "bad conversion", ()),
)


@dataclass(frozen=True, slots=True)
class Value(Compiled):
    """An expression that makes a value."""

    def __call__(self, attributes: Mapping[str, Json], subject: Mapping[str, Json] = EMPTY, event: Json = None) -> Json | Absent:
        """ABSENT if a key that it reads is missing.  Raises ExpressionFailed."""
        value = self._evaluate({"attributes": attributes, "subject": subject, "event": {} if event is None else event})
        weigh(value)
        return value


@dataclass(frozen=True, slots=True)
class Condition(Compiled):
    """An expression that is true or false."""

    def __call__(self, given: Mapping[str, Json | Mapping[str, Json]]) -> bool:
        """given: by variable.  False if a key that it reads is missing.  Raises ExpressionFailed."""
        value = self._evaluate(given)
        if value is ABSENT:
            return False
        if not isinstance(value, bool):
            raise ExpressionFailed(0, "not true or false")
        return value


ROOTS = frozenset({"attributes", "subject", "event"})


def compile_value(text: str) -> Value:
    """Over `attributes`, `subject`, `event`.  Raises ExpressionError."""
    compiled, found = _compile(text, ROOTS)
    if compiled.return_type().name() in ("BYTES", "DURATION", "TIMESTAMP") or compiled.return_type().name().startswith("TYPE"):
        raise ExpressionError(
            f"the result is {compiled.return_type().name().lower()}, which is no JSON value; string(...) makes it text"
        )
    return Value(text, **_parts(compiled, found))


def compile_condition(text: str, roots: frozenset[str] = ROOTS) -> Condition:
    """roots: the variables that it may read.  Raises ExpressionError."""
    compiled, found = _compile(text, roots)
    if compiled.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
        raise ExpressionError(f"the result is {compiled.return_type().name().lower()}, not true or false")
    return Condition(text, **_parts(compiled, found))


# ---------------------------------------------------------------- compiling


def _parts(compiled: cel.Expression, found: Reads) -> dict[str, Any]:
    needs: dict[str, Any] = {}
    for root, *names in sorted(found.chains):
        here = needs.setdefault(root, {})
        for name in names[:-1]:
            here = here.setdefault(name, {}) if here is not None else None
            if here is None:
                break  # all of it is needed already
        if here is not None:
            here[names[-1]] = None
    for root, _ in found.computed:
        needs[root] = None
    paths = {chain: spell([*chain[1:]]) for chain in found.chains}
    return {
        "inputs": frozenset(path for chain, path in paths.items() if chain[0] == "attributes"),
        "subject": frozenset(path for chain, path in paths.items() if chain[0] == "subject"),
        "unguarded": frozenset(
            path
            for chain, path in paths.items()
            if chain[0] == "attributes" and not any(chain[: len(tested)] == tested for tested in found.tested)
        ),
        "_run": compiled,
        "_needs": needs,
        "_calls": found.calls,
        "_check": cost(tree(compiled.serialize())[0]),
    }


def _compile(text: str, roots: frozenset[str]) -> tuple[cel.Expression, Reads]:
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters")
    if any("\ud800" <= c <= "\udfff" or c == "\0" for c in text):
        raise ExpressionError("a character that is none")
    try:
        compiled = _environment(roots).compile(text)
    except RuntimeError as error:
        raise _refusal(text, str(error)) from None
    found = reads(compiled.serialize(), roots)
    for root in found.shadowed:
        raise ExpressionError(f"`{root}` names what the event brings; call the variable of the macro something else")
    for root, place in found.computed:
        if root != "event":
            raise ExpressionError(
                f'`{root}` is read under a computed name; write it out, as {root}.name or {root}["name"]', place
            )
    return compiled, found


def _refusal(text: str, said: str) -> ExpressionError:
    """The library's words on a text of ours: no value stands in them."""
    if "recursion" in said:
        return ExpressionError("nested too deep: at most 32 parentheses, operators or `? :` within one another")
    first = re.search(r"ERROR: <input>:(\d+):(\d+): (.*)", said)
    if first is None:
        return ExpressionError("no CEL expression")
    line, column, what = (
        int(first[1]),
        int(first[2]),
        first[3].removesuffix(" [INVALID_ARGUMENT]").replace(" (in container '')", ""),
    )
    if (unknown := re.match(r"undeclared reference to '([^']+)'", what)) is not None and unknown[1] in text:
        position = _whole_word(unknown[1], text) + 1
        odd = re.search(r"\b(attributes|subject|event)\.([\w.]*-[\w-]+)$", text[: position - 1 + len(unknown[1])])
        hint = f'; `-` is minus: write {odd[1]}["{odd[2]}"]' if odd and "." not in odd[2] else ""
        return ExpressionError(f"unknown name or function `{unknown[1]}`{hint}", position)
    before = sum(len(part) + 1 for part in text.split("\n")[: line - 1])
    return ExpressionError(refusal.said(what), max(before + column, 0))


def _whole_word(word: str, text: str) -> int:
    """Where it stands as a word of its own, counted from 0; else where it stands at all."""
    found = re.search(rf"(?<![\w.]){re.escape(word)}\b", text) or re.search(rf"\b{re.escape(word)}\b", text)
    return found.start() if found else text.index(word)


# ---------------------------------------------------------------- the environment


def _functions() -> list[cel.FunctionDecl]:
    text, texts = cel.Type.STRING, cel.Type.List(cel.Type.STRING)
    signatures = {
        "lower": (text, [text]),
        "upper": (text, [text]),
        "trim": (text, [text]),
        "replace": (text, [text, text, text]),
        "split": (texts, [text, text]),
        "join": (text, [texts, text]),
    }
    return [
        cel.FunctionDecl(
            name, [cel.Overload(id=f"lockstep_{name}", return_type=made, parameters=takes, is_member=True, impl=METHODS[name])]
        )
        for name, (made, takes) in signatures.items()
    ]


_environments: dict[frozenset[str], cel.Env] = {}


def _environment(roots: frozenset[str]) -> cel.Env:
    if roots not in _environments:
        kinds = {"event": cel.Type.DYN}
        variables = {root: kinds.get(root, cel.Type.Map(cel.Type.STRING, cel.Type.DYN)) for root in roots}
        _environments[roots] = cel.NewEnv(variables=variables, functions=_functions())
    return _environments[roots]
