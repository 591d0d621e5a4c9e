"""Runs the cases of the mappings: what a rule makes of an event, held against what a target holds.  Pure: no lane, no call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.contract import Json, Wire
from worker.config.load import Configuration
from worker.config.mappings import Case
from worker.core.mapping import Wanted, route
from worker.core.outcome import Word
from worker.core.rules import SourceRules
from worker.core.wire import canonical


@dataclass(frozen=True, slots=True)
class Got:
    """What became of one attribute.  value: what is wanted, None if nothing is, or if it is to be cleared."""

    word: Word
    value: Json = None
    reason: str = ""

    def __str__(self) -> str:
        if self.word in (Word.APPLIED, Word.UNCHANGED):
            return f"{_json(self.value)} ({self.word})"
        return f"{self.word} ({self.reason})" if self.reason else str(self.word)


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute that is not as expected.  Both are for people to read; cases may show values."""

    target: str
    attribute: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """place: `hr.yaml:31`."""

    name: str
    place: str
    source: str
    differences: tuple[Difference, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.differences


NOTHING_SAID = "no outcome"


def run_cases(configuration: Configuration) -> list[CaseResult]:
    """All cases of all mappings, in the order of the files."""
    return [
        CaseResult(case.name, case.place, source, tuple(_differences(case, configuration.mappings[source], configuration)))
        for source, cases in configuration.cases.items()
        for case in cases
    ]


def _differences(case: Case, mapping: SourceRules, configuration: Configuration) -> list[Difference]:
    """A target that the case expects something of is compared as a whole: what is not expected must not come out."""
    found = []
    became = outcomes(case, mapping, configuration)
    for target, expected in case.expect.items():
        got = became.get(target, {})
        for attribute in sorted({*expected, *got}):
            wire = configuration.systems[target].wire(attribute)
            if attribute not in expected:
                found.append(Difference(target, attribute, NOTHING_SAID, str(got[attribute])))
            elif attribute not in got:
                found.append(Difference(target, attribute, _spelled(expected[attribute]), NOTHING_SAID))
            elif not _fits(expected[attribute], got[attribute], wire):
                found.append(Difference(target, attribute, _spelled(expected[attribute]), str(got[attribute])))
    return found


def outcomes(case: Case, mapping: SourceRules, configuration: Configuration) -> dict[str, dict[str, Got]]:
    """target -> attribute -> what becomes of it at an account that holds what the case says, and nothing else."""
    became: dict[str, dict[str, Got]] = {}
    for r in route(mapping, case.facts):
        system = configuration.systems[r.target]
        holds = case.holds.get(r.target, {})
        of_target = became.setdefault(r.target, {})
        for other in r.others:
            of_target[other.attribute] = Got(other.outcome, None, other.reason)
        for wanted in r.wants:
            wire = system.wire(wanted.attribute)
            of_target[wanted.attribute] = _met(wanted, canonical(holds.get(wanted.attribute), wire), wire)
    return became


def _met(wanted: Wanted, held: Json, wire: Wire) -> Got:
    """The wanted value meets what the account holds."""
    same = canonical(wanted.value, wire) == held
    if wanted.policy == "if_empty" and held is not None:
        return Got(Word.IGNORED, None, "not empty")
    if wanted.policy == "once" and held is not None and not same:
        return Got(Word.SEALED, None, "sealed as found")
    return Got(Word.UNCHANGED if same else Word.APPLIED, wanted.value)


def _fits(expected: Json | Word, got: Got, wire: Wire) -> bool:
    if isinstance(expected, Word):
        return got.word is expected
    return got.word in (Word.APPLIED, Word.UNCHANGED) and _same(canonical(expected, wire), canonical(got.value, wire))


def _same(a: Json, b: Json) -> bool:
    """Equal as JSON: true is not 1."""
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_same(v, b[k]) for k, v in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


def _spelled(expected: Json | Word) -> str:
    return str(expected) if isinstance(expected, Word) else _json(expected)


def _json(value: Json) -> str:
    """As it may stand in the file."""
    return json.dumps(value, ensure_ascii=False)
