"""The mapping, compiled: what a source said becomes what its targets shall hold.  Pure; who may speak and what is there
already is the lane's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, assert_never

import msgspec

from connectors.contract import ABSENT, Absent, Carries, Json
from worker.core.expression import ExpressionFailed
from worker.core.lane import Policy
from worker.core.naming import can_be_account
from worker.core.outcome import Word
from worker.core.path import overlaps
from worker.core.rules import Computed, Constant, From, Key, NoAccount, Origin, Rule, SourceRules
from worker.core.transforms import NotTransformed
from worker.core.wire import DoesNotFit, convert, text_of

# ---------------------------------------------------------------- what goes in


@dataclass(frozen=True, slots=True)
class Facts:
    """What one event says.

    subject     identifiers of the subject
    attributes  nested JSON
    carries     `changes`: what is absent is not spoken of; `snapshot`: what is absent is null
    event       the event as the source sent it, for expressions
    changed     of what a look found, the paths that differ: only rules that read one of them speak
    """

    source: str
    subject: Mapping[str, Json] = field(repr=False)
    attributes: Mapping[str, Json] = field(repr=False)
    carries: Carries = "changes"
    event: Json = field(default=None, repr=False)
    changed: frozenset[str] | None = None


# ---------------------------------------------------------------- what comes out


class Wanted(msgspec.Struct, frozen=True):
    """value: as it goes over the wire, None clears.  place: the rule, `hr.yaml:12`."""

    attribute: str
    value: Json
    policy: Policy
    place: str


class Unwanted(msgspec.Struct, frozen=True):
    """The rule spoke, and nothing is wanted: the outcome is known already."""

    attribute: str
    outcome: Word
    reason: str
    place: str


class SearchKey(msgspec.Struct, frozen=True):
    """fold: `case` if capitals do not matter when the found account is compared with `value`."""

    find: str
    value: str
    fold: Literal["", "case"] = ""


class Route(msgspec.Struct, frozen=True):
    """What one event asks of one target.  account: its id there if a key says so, else ""."""

    target: str
    wants: tuple[Wanted, ...]
    others: tuple[Unwanted, ...]
    keys: tuple[SearchKey, ...]
    on_no_account: NoAccount
    account: str = ""


class Traced(msgspec.Struct, frozen=True):
    """One step of a rule, for `explain` and `why`.  before, after: values, ABSENT where there was none."""

    target: str
    attribute: str
    place: str
    step: str
    before: Json | Absent
    after: Json | Absent


Steps = list[Traced]


# ---------------------------------------------------------------- the way from one to the other


def route(mapping: SourceRules, facts: Facts, *, steps: Steps | None = None) -> tuple[Route, ...]:
    """Where this goes.  A target of which no rule speaks has no route.  steps: filled with a trace, if it is given."""
    if facts.carries == "hint":
        return ()
    barrier = _scope(mapping, facts, steps)
    routes = []
    whole: Json = None
    for target in mapping.targets:
        wants: list[Wanted] = []
        others: list[Unwanted] = []
        for rule in target.rules:
            spoken = _speak(rule, facts, mapping, barrier, target.target, steps)
            if type(spoken) is Wanted:
                wants.append(spoken)
            elif type(spoken) is Unwanted:
                others.append(spoken)
        if wants or others:
            if whole is None:
                whole = {"subject": dict(facts.subject), "attributes": dict(facts.attributes)}
            keys, account = _keys(target.keys, whole)
            routes.append(Route(target.target, tuple(wants), tuple(others), keys, target.on_no_account, account))
    return tuple(routes)


def _scope(mapping: SourceRules, facts: Facts, steps: Steps | None) -> tuple[Word, str] | None:
    """The outcome of every rule if the subject is not in the mapping's scope; None if it is."""
    if mapping.when is None:
        return None
    try:
        holds = mapping.when({"attributes": facts.attributes, "subject": facts.subject, "event": _event(facts)})
    except ExpressionFailed as error:
        return Word.PARKED, f"when: {error.kind}"
    if steps is not None:
        steps.append(Traced("*", "*", mapping.place, "when", ABSENT, holds))
    return None if holds else (Word.IGNORED, "scope")


def _event(facts: Facts) -> Json:
    """What was found by a look has no event of the source's: its keys are missing."""
    return {} if facts.event is None else facts.event


def _speak(
    rule: Rule, facts: Facts, mapping: SourceRules, barrier: tuple[Word, str] | None, target: str, steps: Steps | None
) -> Wanted | Unwanted | None:
    """What the rule makes of the facts; None if they say nothing about what it reads."""
    if facts.changed is not None and not _concerns(rule, facts.changed, mapping):
        return None
    try:
        value, name = _origin(rule.origin, facts)
        if value is ABSENT and facts.carries == "changes":
            return None
        if barrier is not None:
            return Unwanted(rule.attribute, *barrier, rule.place)
        if steps is not None:
            steps.append(Traced(target, rule.attribute, rule.place, name, ABSENT, value))
        if value is None or value is ABSENT:
            return _nothing(rule, value, target, steps)
        return _made(rule, value, target, steps)
    except ExpressionFailed as error:
        return Unwanted(rule.attribute, *(barrier or (Word.PARKED, f"expression: {error}")), rule.place)
    except NotTransformed as error:
        return Unwanted(rule.attribute, Word.PARKED, f"transform: {error.reason}", rule.place)
    except DoesNotFit as error:
        return Unwanted(rule.attribute, Word.PARKED, error.reason, rule.place)


def _concerns(rule: Rule, changed: frozenset[str], mapping: SourceRules) -> bool:
    """A change of what `when` reads concerns every rule: somebody came into scope, or left it."""
    inputs = rule.inputs
    if not inputs:
        return True
    scope = mapping.when.inputs if mapping.when is not None else ()
    return any(overlaps(one, other) for one in changed for other in (*inputs, *scope))


def _origin(origin: Origin, facts: Facts) -> tuple[Json | Absent, str]:
    """The value where the rule begins, and the name of this step."""
    attributes = facts.attributes
    match origin:
        case From(path):
            return path.find(attributes), "from"  # type: ignore[arg-type]
        case Computed(value, paths):
            if paths and facts.carries == "changes" and all(path.find(attributes) is ABSENT for path in paths):  # type: ignore[arg-type]
                return ABSENT, "value"
            return value(attributes, facts.subject, _event(facts)), "value"
        case Constant(constant):
            return constant, "constant"
    assert_never(origin)


def _nothing(rule: Rule, value: Json | Absent, target: str, steps: Steps | None) -> Wanted | Unwanted:
    """The value is null, or absent from a snapshot."""
    if rule.default is not ABSENT and rule.default is not None:
        if steps is not None:
            steps.append(Traced(target, rule.attribute, rule.place, "default", value, rule.default))
        return _made(rule, rule.default, target, steps)
    if rule.on_null == "clear":
        if steps is not None:
            steps.append(Traced(target, rule.attribute, rule.place, "on_null: clear", value, None))
        return Wanted(rule.attribute, None, rule.policy, rule.place)
    return Unwanted(rule.attribute, Word.IGNORED, "null", rule.place)


def _made(rule: Rule, value: Json, target: str, steps: Steps | None) -> Wanted | Unwanted:
    for step in rule.steps:
        before, value = value, step.apply(value)
        if steps is not None:
            steps.append(Traced(target, rule.attribute, rule.place, step.name, before, value))
        if value is None:  # the step left nothing: the null policy has the word, a default was for what the source left out
            if rule.on_null == "clear":
                return Wanted(rule.attribute, None, rule.policy, rule.place)
            return Unwanted(rule.attribute, Word.IGNORED, "null", rule.place)
    sent = convert(value, rule.wire)
    if steps is not None and sent != value:
        steps.append(Traced(target, rule.attribute, rule.place, f"as {rule.wire}", value, sent))
    return Wanted(rule.attribute, sent, rule.policy, rule.place)


def _keys(keys: tuple[Key, ...], whole: Json) -> tuple[tuple[SearchKey, ...], str]:
    """The search keys that the event has a value for, in order, and the account's id if one says it."""
    found: list[SearchKey] = []
    for key in keys:
        value = key.by.find(whole)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            continue
        try:
            text = text_of(value)
        except DoesNotFit:
            continue
        if key.find == "id":
            if can_be_account(text):
                return tuple(found), text
            continue
        found.append(SearchKey(key.find, text, key.fold))
    return tuple(found), ""
