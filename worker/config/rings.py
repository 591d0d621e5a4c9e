"""What can go round a ring of systems: the attributes that a system is a source of and whose accounts we look at, and those of
them that its rules read together with others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from worker.config.system import System
from worker.core.path import spell
from worker.core.rules import Computed, Rule, SourceRules, TargetRules


def two_way(mappings: Mapping[str, SourceRules], systems: Mapping[str, System]) -> dict[str, frozenset[str]]:
    """For each source whose accounts we look at: the attributes that its mapping reads.  A change of what `when` reads
    concerns every rule, so that is among them."""
    return {
        name: frozenset(path for _, rule in _rules(mapping) for path in (*rule.inputs, *_scope(mapping)))
        for name, mapping in mappings.items()
        if name in systems and systems[name].looks
    }


def relay_needs(mappings: Mapping[str, SourceRules], systems: Mapping[str, System]) -> dict[str, frozenset[str]]:
    """Of those, the ones that are read together with another attribute: by the rule, by `when`, or by a key of the account."""
    needs: dict[str, frozenset[str]] = {}
    for name, mapping in mappings.items():
        if name in systems and systems[name].looks:
            needs[name] = frozenset(
                path
                for target, rule in _rules(mapping)
                for path in (*rule.inputs, *_scope(mapping))
                if {*rule.inputs, *_scope(mapping), *_beside(mapping, rule), *_key_inputs(target)} - {path}
            )
    return needs


def _rules(mapping: SourceRules) -> Iterator[tuple[TargetRules, Rule]]:
    for target in mapping.targets:
        for rule in target.rules:
            yield target, rule


def _scope(mapping: SourceRules) -> frozenset[str]:
    return mapping.when.inputs if mapping.when is not None else frozenset()


def _beside(mapping: SourceRules, rule: Rule) -> Iterator[str]:
    """What expressions read of the subject: of a look that is the account, whose id is always known."""
    if mapping.when is not None:
        yield from mapping.when.subject - {"id"}
    if isinstance(rule.origin, Computed):
        yield from rule.origin.value.subject - {"id"}


def _key_inputs(target: TargetRules) -> Iterator[str]:
    """What the keys read of an account."""
    for key in target.keys:
        text = spell([*key.by.segments[1:]])
        if text != "id":
            yield text
