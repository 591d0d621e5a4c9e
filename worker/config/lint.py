"""What single files cannot show: systems, mappings and authority that do not go together.  Pure.

Errors stop the load.  A warning says what it costs, and the configuration is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from connectors.contract import Account, ConnectorError, Refused, Target
from worker.config.mappings import MappingSource
from worker.config.problem import Problem
from worker.config.system import System
from worker.core.expression import ROOTS
from worker.core.path import overlaps
from worker.core.rules import Constant, From, Rule
from worker.core.transforms import Step


@dataclass(frozen=True, slots=True)
class Placed:
    """One rule with all that it belongs to."""

    source: MappingSource
    system: System
    """The target."""
    rule: Rule

    def problem(self, text: str) -> Problem:
        return self.source.document.problem(self.source.rules[self.system.name, self.rule.attribute], text)


@dataclass(frozen=True, slots=True)
class Whole:
    """All that was loaded.  mappings: by source; two_way: as in the configuration."""

    systems: Mapping[str, System]
    mappings: Mapping[str, MappingSource]
    two_way: Mapping[str, AbstractSet[str]]

    def rules(self) -> Iterator[Placed]:
        for source in self.mappings.values():
            for target in source.mapping.targets:
                if (system := self.systems.get(target.target)) is not None and system.target is not None:
                    for rule in target.rules:
                        yield Placed(source, system, rule)


def errors(whole: Whole) -> Iterator[Problem]:
    """What makes the configuration wrong."""
    yield from _writers_disagree(whole)
    for placed in whole.rules():
        yield from _cannot_clear(placed)
        yield from _one_inside_another(placed, whole)
    yield from _cannot_be_looked_at(whole)


def warnings(whole: Whole) -> Iterator[Problem]:
    """What costs something."""
    for placed in whole.rules():
        yield from _once_unread(placed)
        yield from _if_empty_unread(placed)
        yield from _locks(placed)
        yield from _lookup_without_default(placed)
        yield from _a_root_too_many(placed)
        yield from _never_written(placed)
        yield from _not_inverse(placed, whole)
    yield from _cycles(whole)
    for source in whole.mappings.values():
        yield from _when_of_changes(source, whole)
        if not source.cases:
            yield source.document.problem(
                ("source",), "a mapping without `cases`: what a change of it does is seen only in production"
            )


# ---------------------------------------------------------------- errors


def _writers_disagree(whole: Whole) -> Iterator[Problem]:
    """Mappings that write one target attribute are all `once`, or none is."""
    first: dict[tuple[str, str], Placed] = {}
    for placed in whole.rules():
        other = first.setdefault((placed.system.name, placed.rule.attribute), placed)
        if (other.rule.policy == "once") != (placed.rule.policy == "once"):
            text = (
                f"`write: {placed.rule.policy}` here, `write: {other.rule.policy}` at {other.rule.place}; "
                "an attribute is written once by all or by none"
            )
            yield placed.problem(text)


def _cannot_clear(placed: Placed) -> Iterator[Problem]:
    target = placed.system.target
    if placed.rule.on_null == "clear" and target is not None and not target.capabilities.clears:
        yield placed.problem(
            f"`on_null: clear`, but `{placed.system.name}` cannot clear an attribute; take `ignore`, or a `default`"
        )


def _one_inside_another(placed: Placed, whole: Whole) -> Iterator[Problem]:
    """Two names for one place: what we write under the one would look like a person's change of the other."""
    name, attribute = placed.system.name, placed.rule.attribute
    for read in sorted(whole.two_way.get(name, ())):
        if read != attribute and overlaps(read, attribute):
            yield placed.problem(
                f"`{attribute}` is written here, and `{read}` of `{name}` is read as a source; use one name for both"
            )
    for other in whole.rules():
        if other.system is placed.system and other.rule.attribute < attribute and overlaps(other.rule.attribute, attribute):
            yield placed.problem(
                f"`{attribute}` overlaps `{other.rule.attribute}`, which is written at {other.rule.place}; use one name for both"
            )


def _cannot_be_looked_at(whole: Whole) -> Iterator[Problem]:
    """What such a system says is only a reason to look, so it must be possible to look."""
    for name, source in whole.mappings.items():
        system = whole.systems.get(name)
        if system is None or not system.looks:
            continue
        why = f"what `{name}` says is only a hint" + ("" if system.carries == "hint" else ", because it is a target too")
        if system.target is None or not system.target.capabilities.readable:
            yield source.document.problem(("source",), f"{why}, and its accounts cannot be read; no rule here could ever speak")
            continue
        for attribute in sorted(whole.two_way.get(name, ())):
            if not system.shows(attribute):
                yield source.document.problem(
                    ("source",), f"{why}, and a read never shows `{attribute}`; take it out of this mapping"
                )


# ---------------------------------------------------------------- warnings


def _once_unread(placed: Placed) -> Iterator[Problem]:
    if placed.rule.policy == "once" and not placed.system.shows(placed.rule.attribute):
        yield placed.problem(
            f"`write: once`, but `{placed.rule.attribute}` of `{placed.system.name}` cannot be read: a value that is there "
            "already is overwritten, and after a call without an answer an operator must look"
        )


def _if_empty_unread(placed: Placed) -> Iterator[Problem]:
    if placed.rule.policy == "if_empty" and not placed.system.shows(placed.rule.attribute):
        yield placed.problem(
            f"`write: if_empty`, but `{placed.rule.attribute}` of `{placed.system.name}` cannot be read: the first value is "
            "written over whatever is there"
        )


def _locks(placed: Placed) -> Iterator[Problem]:
    target = placed.system.target
    if target is None or not target.capabilities.locks:
        return
    locked = placed.rule.attribute in target.capabilities.locks
    if locked and placed.rule.policy != "once":
        yield placed.problem(
            f"`{placed.system.name}` itself keeps the first value of `{placed.rule.attribute}`, and this is not `write: once`: "
            "every later value is refused there, and parked"
        )
    elif not locked and placed.rule.policy == "once":
        yield placed.problem(
            f"`write: once`, but `{placed.system.name}` itself does not lock `{placed.rule.attribute}`: a person can still "
            "change it there, and it stays changed"
        )


def _lookup_without_default(placed: Placed) -> Iterator[Problem]:
    if any(step.name == "lookup" and step.default is ... for step in placed.rule.steps):
        yield placed.problem("a `lookup` without `default`: a value that is not in the table is parked, and waits for a person")


def _a_root_too_many(placed: Placed) -> Iterator[Problem]:
    """`from: attributes.title`, as an expression would say it, is a path to nothing, and without a case nobody notices."""
    origin = placed.rule.origin
    if isinstance(origin, From) and len(origin.path.segments) > 1 and origin.path.segments[0] in ROOTS:
        root = origin.path.segments[0]
        instead = "leave `attributes.` out" if root == "attributes" else f"`value` reads what stands in `{root}`"
        yield placed.problem(f"`from` begins at the event's attributes, so this reads one that is called `{root}`; {instead}")


def _never_written(placed: Placed) -> Iterator[Problem]:
    """A name that is no attribute there; that one is not defined there is known when the system is asked."""
    name, attribute = placed.system.name, placed.rule.attribute
    if placed.system.target is not None and (reason := never_written(placed.system.target, attribute)):
        yield placed.problem(f"`{name}` never takes `{attribute}`, and every value of it is parked: {reason}")


def never_written(target: Target, attribute: str) -> str:
    """Why no call can carry this attribute, whatever its value; "" if one can."""
    reasons = []
    for value in ("x", True, 1):
        try:
            for call in target.write("1", {attribute: value}, Account({})):
                call.flow.close()
        except Refused as refused:
            reasons.append(refused.reason)
        except ConnectorError:
            return ""  # it is not about the name
        else:
            return ""
    return reasons[0]


def _when_of_changes(source: MappingSource, whole: Whole) -> Iterator[Problem]:
    """`when` sees what the event says, and no more."""
    when = source.mapping.when
    system = whole.systems.get(source.mapping.source)
    if when is None or system is None or system.looks or system.carries != "changes" or not when.unguarded:
        return
    names = ", ".join(f"`{name}`" for name in sorted(when.unguarded))
    yield source.document.problem(
        ("when",),
        f"`when` reads {names}, and `{system.name}` sends only changes: an event that does not say it is `ignored (scope)`; "
        "`has(...)` tells whether it does",
    )


def _cycles(whole: Whole) -> Iterator[Problem]:
    """Systems that feed each other in a ring."""
    edges = {name: {t.target for t in source.mapping.targets} for name, source in whole.mappings.items()}
    told: set[frozenset[str]] = set()
    for start in sorted(edges):
        ring = _ring(start, edges)
        if ring is not None and frozenset(ring) not in told:
            told.add(frozenset(ring))
            yield whole.mappings[start].document.problem(
                ("source",),
                f"a ring of systems: {' -> '.join([*ring, start])}; it comes to rest if each attribute comes back as it left, "
                "else it is written in turns, until it is parked",
            )


def _ring(start: str, edges: Mapping[str, Iterable[str]]) -> list[str] | None:
    """The shortest way from a system back to itself."""
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for target in sorted(edges.get(way[-1], ())):
            if target == start:
                return way
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return None


def _not_inverse(placed: Placed, whole: Whole) -> Iterator[Problem]:
    """A -> B and B -> A of one attribute, and what comes back is not what left."""
    there, back = placed.source.mapping.source, placed.system.name
    if back not in whole.mappings or there > back or not isinstance(placed.rule.origin, From):
        return
    for target in whole.mappings[back].mapping.targets:
        for rule in target.rules:
            pair = (
                target.target == there and placed.rule.origin.path.text == rule.attribute and placed.rule.attribute in rule.inputs
            )
            if pair and not inverse(placed.rule, rule):
                yield placed.problem(
                    f"`{rule.attribute}` of `{there}` comes back from `{back}` ({rule.place}) by steps that do not undo these: "
                    "the two may swing between two values, until the attribute is parked"
                )


def inverse(there: Rule, back: Rule) -> bool:
    """Surely what comes back is what left: nothing is done to it on either way, or two lookups mirror each other."""
    if isinstance(there.origin, Constant) or not isinstance(back.origin, From):
        return False
    match there.steps, back.steps:
        case (), ():
            return True
        case (Step("lookup", _, dict(a), default=d),), (Step("lookup", _, dict(b), default=e),):
            return d is ... and e is ... and {v: k for k, v in a.items() if isinstance(v, str)} == b and len(a) == len(b)
        case _:
            return False
