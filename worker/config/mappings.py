"""A mapping file becomes a compiled mapping and its cases; every rule keeps its place in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from connectors.contract import ABSENT, Absent, Json, Wire
from worker.config.document import Document
from worker.config.mapping_file import (
    CaseEntry,
    ExpectedEntry,
    JoinEntry,
    KeyEntry,
    LookupEntry,
    MappingFile,
    PrefixEntry,
    RuleEntry,
    SplitEntry,
    SuffixEntry,
    TargetEntry,
    TruncateEntry,
)
from worker.config.problem import Where, did_you_mean
from worker.config.shape import validate
from worker.config.system import System
from worker.core import transforms
from worker.core.expression import Condition, ExpressionError, compile_condition, compile_value
from worker.core.mapping import Facts
from worker.core.outcome import Word
from worker.core.path import Path, PathError, overlaps, parse
from worker.core.rules import Computed, Constant, From, Key, NoAccount, Origin, Rule, SourceRules, TargetRules


@dataclass(frozen=True, slots=True)
class Case:
    """A case of a mapping.  holds: target -> attribute -> value.  expect: target -> attribute -> a value, or an outcome."""

    name: str
    place: str
    facts: Facts
    holds: Mapping[str, Mapping[str, Json]]
    expect: Mapping[str, Mapping[str, Json | Word]]


@dataclass(slots=True)
class MappingSource:
    """One mapping with what is known of its file.  rules: (target, attribute) -> where the rule stands."""

    document: Document
    mapping: SourceRules
    cases: tuple[Case, ...] = ()
    rules: dict[tuple[str, str], Where] = field(default_factory=dict)


def mapping(document: Document, systems: Mapping[str, System], known: Sequence[str]) -> MappingSource | None:
    """The mapping in a file; what is wrong is in the document.  known: the names of all systems, those too that could not be
    made."""
    if document.value is None:
        return None
    file = validate(MappingFile, document.value, document)
    if file is None:
        return None
    return _Compiler(document, systems, known).compile(file)


class _Compiler:
    def __init__(self, document: Document, systems: Mapping[str, System], known: Sequence[str]) -> None:
        self.document, self.systems, self.known = document, systems, known
        self.rules: dict[tuple[str, str], Where] = {}
        self.unread: set[tuple[str, str]] = set()
        """The rules whose path or expression cannot be read: told once, there."""

    def compile(self, file: MappingFile) -> MappingSource | None:
        before = len(self.document.problems)
        source = self.systems.get(file.source)
        if file.source not in self.known:
            self.document.report(("source",), f"unknown system `{file.source}`{did_you_mean(file.source, self.known)}")
        elif source is not None and source.source is None:
            self.document.report(("source",), f"`{file.source}` is no source; give it a `source:` half in systems.yaml")
        when = self._when(file.when)
        targets = tuple(self._target(name, entry, file.source) for name, entry in file.targets.items())
        compiled = SourceRules(file.source, targets, when, self.document.place(("when",) if file.when else ("source",)))
        cases = tuple(self._case(index, case, compiled, source) for index, case in enumerate(file.cases))
        if len(self.document.problems) > before:
            return None
        return MappingSource(self.document, compiled, cases, self.rules)

    # ------------------------------------------------------------ rules

    def _when(self, text: str | None) -> Condition | None:
        if text is None:
            return None
        try:
            return compile_condition(text)
        except ExpressionError as error:
            self.document.report(("when",), str(error))
            return None

    def _target(self, name: str, entry: TargetEntry, source: str) -> TargetRules:
        where: Where = ("targets", name)
        system = self.systems.get(name)
        if name not in self.known:
            self.document.report(where, f"unknown system `{name}`{did_you_mean(name, self.known)}")
        elif name == source:
            self.document.report(where, "a source that feeds itself; take this target out")
        elif system is not None and not system.writable:
            self.document.report(where, f"`{name}` is no target; describe how it is written in systems.yaml")
        places: list[Where] = [(*where, "account", index) for index in range(len(entry.account))]
        if places[0] not in self.document.places:
            places = [(*where, "account")]  # one key may stand without a list
        keys = tuple(
            key for k, place in zip(entry.account, places, strict=True) if (key := self._key(k, system, place)) is not None
        )
        rules: list[Rule] = []
        for attribute, text_or_rule in entry.attributes.items():
            there: Where = (*where, "attributes", attribute)
            path = self._path(attribute, there)
            rule_entry = RuleEntry.model_validate({"from": text_or_rule}) if isinstance(text_or_rule, str) else text_or_rule
            origin = self._origin(rule_entry, there)
            if path is not None and origin is None:
                self.unread.add((name, path.text))
            if path is None or origin is None:
                continue
            self._alone(path.text, rules, there)
            self.rules[name, path.text] = there
            rules.append(
                Rule(
                    attribute=path.text, origin=origin, place=self.document.place(there), policy=rule_entry.write,
                    on_null=rule_entry.on_null, default=_given(rule_entry.default), steps=tuple(map(_step, rule_entry.transform)),
                    wire=system.wire(path.text) if system is not None else Wire.JSON,
                )
            )  # fmt: skip
        return TargetRules(name, keys, tuple(rules), _no_account(entry), self.document.place(where))

    def _alone(self, attribute: str, others: Sequence[Rule], where: Where) -> None:
        """One rule a target attribute, also where one is inside another."""
        for other in others:
            if overlaps(attribute, other.attribute):
                same = "the same attribute" if attribute == other.attribute else "one inside the other"
                self.document.report(where, f"`{attribute}` and `{other.attribute}` are {same}; one rule must go")

    def _key(self, entry: KeyEntry, system: System | None, where: Where) -> Key | None:
        path = self._path(entry.by, (*where, "by"))
        if path is not None and (len(path.segments) < 2 or path.segments[0] not in ("subject", "attributes")):
            self.document.report((*where, "by"), "`by` is a path that begins with `subject.` or `attributes.`")
            return None
        if system is not None and system.target is not None:
            able = system.target.capabilities
            finds = {"id", *able.finds, *able.lists}
            if entry.find not in finds:
                self.document.report(
                    (*where, "find"), f"`{system.name}` cannot be searched by `{entry.find}`{did_you_mean(entry.find, finds)}"
                )
        return Key(entry.find, path, entry.fold or "") if path is not None else None

    def _path(self, text: str, where: Where) -> Path | None:
        try:
            path = parse(text)
        except PathError as error:
            self.document.report(where, str(error))
            return None
        if not path.segments or not isinstance(path.segments[0], str):
            self.document.report(where, "a path begins with a name")
            return None
        return path

    def _origin(self, rule: RuleEntry, where: Where) -> Origin | None:
        if rule.from_:
            path = self._path(rule.from_, (*where, "from"))
            return From(path) if path is not None else None
        if not rule.value:
            return Constant(rule.constant)
        try:
            value = compile_value(rule.value)
        except ExpressionError as error:
            self.document.report((*where, "value"), str(error))
            return None
        return Computed(value, tuple(parse(text) for text in sorted(value.inputs)))

    # ------------------------------------------------------------ cases

    def _case(self, index: int, entry: CaseEntry, compiled: SourceRules, source: System | None) -> Case:
        where: Where = ("cases", index)
        looks = source is not None and source.looks
        given = entry.given
        facts = Facts(
            source=compiled.source,
            # What a look finds is an account, and the subject is all that is known of it.
            subject={**given.attributes, **given.subject} if looks else given.subject,
            attributes=given.attributes,
            carries=given.carries
            or ("snapshot" if looks or (source is not None and source.carries == "snapshot") else "changes"),
            event=given.event,
        )
        holds = self._by_target(given.holds, (*where, "given", "holds"), compiled)
        expect = self._by_target(
            {t: {a: e.is_ if isinstance(e, ExpectedEntry) else e for a, e in by.items()} for t, by in entry.expect.items()},
            (*where, "expect"),
            compiled,
        )
        return Case(entry.name, self.document.place(where), facts, holds, expect)

    def _by_target(
        self, named: Mapping[str, Mapping[str, JsonValue]], where: Where, compiled: SourceRules
    ) -> dict[str, dict[str, Json]]:
        """The same under the names of the mapping; a name that the mapping does not have would make a case that cannot fail."""
        attributes = {target.target: {rule.attribute for rule in target.rules} for target in compiled.targets}
        found: dict[str, dict[str, Json]] = {}
        for target, values in named.items():
            if target not in attributes:
                self.document.report(
                    (*where, target), f"`{target}` is no target of this mapping{did_you_mean(target, attributes)}"
                )
                continue
            for attribute, value in values.items():
                path = self._path(attribute, (*where, target, attribute))
                if path is None or (target, path.text) in self.unread:
                    continue
                if path.text not in attributes[target]:
                    what = f"no rule writes `{path.text}`{did_you_mean(path.text, attributes[target])}"
                    self.document.report((*where, target, attribute), what)
                else:
                    found.setdefault(target, {})[path.text] = value
            found.setdefault(target, {})
        return found


def _given(default: Json) -> Json | Absent:
    return ABSENT if default is None else default


def _no_account(entry: TargetEntry) -> NoAccount:
    policy = entry.on_no_account
    return NoAccount(0, policy) if isinstance(policy, str) else NoAccount(round(policy.wait * 1000), policy.then)


def _step(entry: object) -> transforms.Step:
    match entry:
        case str():
            return transforms.plain(entry)
        case PrefixEntry(prefix=text):
            return transforms.prefix(text)
        case SuffixEntry(suffix=text):
            return transforms.suffix(text)
        case SplitEntry(split=text):
            return transforms.split(text)
        case JoinEntry(join=text):
            return transforms.join(text)
        case TruncateEntry(truncate=length):
            return transforms.truncate(length)
        case LookupEntry(lookup=table):
            return transforms.lookup(table, entry.default, defaulted="default" in entry.model_fields_set)
        case _:
            raise AssertionError(f"a transform without an implementation: {type(entry).__name__}")
