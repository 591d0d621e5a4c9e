"""Whether the attributes that mappings write are there, can be written, and take what they get: rules against definitions.

Pure.  What a source will say is not known; what is certain is what stands in the mapping itself: constants, defaults, the tables
of lookups, and what its cases come to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.contract import ABSENT, Definition, Json, Target, Wire
from worker.config import Configuration, System
from worker.config.cases import outcomes
from worker.config.lint import never_written
from worker.config.problem import did_you_mean
from worker.core.path import PathError, parse
from worker.core.rules import Constant, Rule
from worker.core.transforms import NotTransformed
from worker.core.wire import DoesNotFit, convert
from worker.telling.doctor import Finding, State
from worker.telling.words import many

TEXT = frozenset({"", "string", "text"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Writes:
    """A rule that writes to the system.  samples: values that it surely comes to, as they are sent, each with where that can be
    seen: `hr.yaml:31`."""

    rule: Rule
    samples: tuple[tuple[Json, str], ...] = ()


def writes(configuration: Configuration, target: str) -> list[Writes]:
    """All that is written there, by whichever source."""
    found = []
    for source, mapping in configuration.mappings.items():
        cases = [
            (case.place, outcomes(case, mapping, configuration).get(target, {})) for case in configuration.cases.get(source, ())
        ]
        for each in mapping.targets:
            for rule in each.rules if each.target == target else ():
                of_cases = [(became[rule.attribute].value, place) for place, became in cases if rule.attribute in became]
                found.append(Writes(rule, (*((value, rule.place) for value in _certain(rule)), *of_cases)))
    return found


def against(system: System, definitions: Sequence[Definition], written: Iterable[Writes]) -> Iterator[Finding]:
    """What is wrong, then what should be known, then that the rest is well."""
    written = list(written)
    if definitions:
        yield from _listed(system.name, definitions, written)
    elif system.target is not None:
        yield from _unlisted(system.name, system.target, written)


def _listed(system: str, definitions: Sequence[Definition], written: Sequence[Writes]) -> Iterator[Finding]:
    what = f"{system} definitions"
    known = {_spelled(each.name): each for each in definitions}
    there = [(each, known[each.rule.attribute]) for each in written if each.rule.attribute in known]
    for rule in (each.rule for each in written if each.rule.attribute not in known):
        says = f"`{rule.attribute}` ({rule.place}) does not exist there, or cannot be written"
        do = "create it there, let our credentials set it, or correct the mapping"
        yield Finding(what, State.WRONG, says + did_you_mean(rule.attribute, known), do)
    for each, defined in there:
        yield from _mistyped(what, each, defined)
    locking = any(each.locks for each in definitions)
    for each, defined in there:
        yield from _noted(what, each.rule, defined, locking=locking)
    if len(there) == len(written):
        says = f"{many(len(definitions), 'attribute')}; all that is written there exists"
        others = [f"`{each.rule.attribute}` {defined.type}" for each, defined in there if defined.type not in TEXT]
        yield Finding(what, State.OK, says + (f"; not text: {', '.join(others)}" if others else ""))


def _mistyped(what: str, each: Writes, defined: Definition) -> Iterator[Finding]:
    """One is enough: whoever mends it looks at the others."""
    for value, place in each.samples:
        if not _fits(value, defined.type, each.rule.wire):
            says = f"`{each.rule.attribute}` ({each.rule.place}) is of type {defined.type} there, and gets {_kind(value)}"
            seen = f", see {place}" if place != each.rule.place else ""
            yield Finding(what, State.WRONG, says + seen, "correct the rule, or the type there")
            return


def _noted(what: str, rule: Rule, defined: Definition, *, locking: bool) -> Iterator[Finding]:
    """locking: the system itself locks some attributes."""
    named = f"`{rule.attribute}` ({rule.place})"
    if defined.locks and rule.policy != "once":
        says = f"{named} is `write: {rule.policy}`, and the system itself keeps the first value: a later one is `sealed`"
        yield Finding(what, State.NOTE, says, "take `write: once`, or unlock it there")
    elif locking and not defined.locks and rule.policy == "once":
        says = f"{named} is `write: once`, and the system itself does not lock it: a person can still change it there"
        yield Finding(what, State.NOTE, says, "lock it there, too, if it can be")
    if defined.hidden:
        overwritten = {
            "always": "what is there before us is overwritten unseen",
            "if_empty": "the first value is written over whatever is there",
            "once": "a value that is there is overwritten, and after a call without an answer an operator must look",
        }
        yield Finding(what, State.NOTE, f"{named} is hidden: no read shows it", overwritten[rule.policy])


def _unlisted(system: str, target: Target, written: Sequence[Writes]) -> Iterator[Finding]:
    """It keeps no list: what can never be an attribute there is known all the same."""
    what, wrong = f"{system} definitions", False
    for rule in (each.rule for each in written):
        if reason := never_written(target, rule.attribute):
            wrong = True
            yield Finding(what, State.WRONG, f"`{rule.attribute}` ({rule.place}): {reason}", "correct the mapping")
    if written and not wrong:
        yield Finding(what, State.OK, "it keeps no list: that an attribute is not there is known when we write")


# ---------------------------------------------------------------- values


def _certain(rule: Rule) -> Iterator[Json]:
    """The values of a rule that no event decides, as they are sent."""
    for value in (rule.origin.value if isinstance(rule.origin, Constant) else None, rule.default):
        if value is not None and value is not ABSENT:
            yield from _made(rule, value)
    if rule.steps and isinstance(table := rule.steps[-1].argument, Mapping):
        for value in table.values():
            yield from _sent(rule, value)


def _made(rule: Rule, value: Json) -> Iterator[Json]:
    try:
        for step in rule.steps:
            value = step.apply(value) if value is not None else None
    except NotTransformed:
        return  # it is parked, and a case would show it
    yield from _sent(rule, value)


def _sent(rule: Rule, value: Json) -> Iterator[Json]:
    try:
        yield convert(value, rule.wire)
    except DoesNotFit:
        return  # likewise


def _fits(value: Json, kind: str, wire: Wire) -> bool:
    """Whether an attribute of this type takes it.  Of a type that is not known here it is not known, and nothing is said."""
    if value in (None, ""):
        return True
    spoken = value if wire is Wire.TEXT and isinstance(value, str) else ""
    match kind:
        case "boolean":
            return isinstance(value, bool) or spoken.lower() in ("true", "false")
        case "number":
            return _number(value) is not None or _NUMBER.fullmatch(spoken) is not None
        case "integer":
            number = _number(value)
            return (number is not None and number == int(number)) or re.fullmatch(r"[+-]?[0-9]+", spoken) is not None
        case "string" | "text":
            return isinstance(value, str)
        case _:
            return True


def _number(value: Json) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _kind(value: Json) -> str:
    """What a value is, without the value."""
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def _spelled(name: str) -> str:
    """As a compiled mapping spells it; a name that is no path is one that no mapping can have."""
    try:
        return parse(name).text
    except PathError:
        return name
