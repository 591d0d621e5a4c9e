"""`authority.yaml`: which source has authority where two of them write one attribute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from worker.config.document import Document
from worker.config.mappings import MappingSource
from worker.config.problem import Problem, Where, did_you_mean
from worker.config.shape import Strict, validate
from worker.core.authority import Precedence, ranks
from worker.core.path import PathError, overlaps, parse

Writers = Mapping[tuple[str, str], Sequence[str]]
"""(target, attribute) -> the sources that write it."""


class AuthorityFile(Strict):
    """target -> attribute -> the sources, the one with the most authority first; or `newest`."""

    version: Literal[1]
    authority: dict[
        str,
        dict[
            str,
            Annotated[
                Annotated[list[str], Tag("<list>"), Field(min_length=1)] | Annotated[Literal["newest"], Tag("<word>")],
                Discriminator(
                    lambda value: "<list>" if isinstance(value, list) else "<word>" if value == "newest" else None,
                    custom_error_type="wrong_form",
                    custom_error_message="a list of all writers is needed here, as [hr, payroll], or newest",
                ),
            ],
        ],
    ]


def writers(mappings: Iterable[MappingSource], two_way: Mapping[str, AbstractSet[str]]) -> Writers:
    """Who writes what: the sources mapped to it, and the target itself where it is a source of that attribute."""
    found: dict[tuple[str, str], list[str]] = {}
    for source in mappings:
        for target in source.mapping.targets:
            for rule in target.rules:
                found.setdefault((target.target, rule.attribute), []).append(source.mapping.source)
    for (target_name, attribute), names in found.items():
        if any(overlaps(attribute, read) for read in two_way.get(target_name, ())):
            names.append(target_name)
    return found


def ranking(
    document: Document | None, mappings: Mapping[str, MappingSource], who: Writers
) -> tuple[dict[str, Mapping[str, Mapping[str, int]]], list[Problem]]:
    """target -> attribute -> source -> rank, and what is wrong: here, and at the rules that need a word about authority."""
    stated: dict[tuple[str, str], tuple[Precedence, Where]] = {}
    problems: list[Problem] = []
    if document is not None:
        stated = _read(document, who)
        problems += [p for key, (order, where) in stated.items() for p in _faults(document, key, order, where, mappings, who)]
    for (target, attribute), names in who.items():
        if len(names) > 1 and (target, attribute) not in stated:
            source = mappings[names[0]]
            problems.append(
                source.document.problem(
                    source.rules[target, attribute],
                    f"{_and(names)} write `{attribute}` of `{target}`; say in authority.yaml who has a say: "
                    "a list of them, or `newest`",
                )
            )
    made: dict[str, dict[str, Precedence]] = {}
    for (target, attribute), (order, _) in stated.items():
        made.setdefault(target, {})[attribute] = order
    return {target: ranks(by_attribute) for target, by_attribute in made.items()}, problems


def _read(document: Document, who: Writers) -> dict[tuple[str, str], tuple[Precedence, Where]]:
    if document.value is None:
        return {}
    file = validate(AuthorityFile, document.value, document)
    stated: dict[tuple[str, str], tuple[Precedence, Where]] = {}
    for target, by_attribute in (file.authority if file is not None else {}).items():
        for text, order in by_attribute.items():
            where: Where = ("authority", target, text)
            try:
                attribute = parse(text).text
            except PathError as error:
                document.report(where, str(error))
                continue
            if (target, attribute) not in who:
                targets = {t for t, _ in who}
                known = {a for t, a in who if t == target}
                near = did_you_mean(attribute, known) if target in targets else did_you_mean(target, targets)
                document.report(where, f"no mapping writes `{attribute}` of `{target}`{near}")
            elif (target, attribute) in stated:
                document.report(where, f"`{attribute}` stands here twice, in two spellings")
            else:
                stated[target, attribute] = (order if order == "newest" else tuple(order), where)
    return stated


def _faults(
    document: Document, key: tuple[str, str], order: Precedence, where: Where, mappings: Mapping[str, MappingSource], who: Writers
) -> list[Problem]:
    names = who[key]
    if order == "newest":
        once = any(
            rule.policy == "once"
            for name in names
            if name in mappings
            for target in mappings[name].mapping.targets
            if target.target == key[0]
            for rule in target.rules
            if rule.attribute == key[1]
        )
        text = "`newest` cannot be said of an attribute that is written once: a list says who may seal first"
        return [document.problem(where, text)] if once else []
    problems = []
    for index, name in enumerate(order):
        if name not in names:
            text = f"`{name}` does not write `{key[1]}` of `{key[0]}`{did_you_mean(name, names)}"
            problems.append(document.problem((*where, index), text))
        elif name in order[:index]:
            problems.append(document.problem((*where, index), f"`{name}` stands here twice"))
    if missing := [name for name in names if name not in order]:
        problems.append(
            document.problem(
                where, f"{_and(missing)} {'writes' if len(missing) == 1 else 'write'} it, too; the list names them all"
            )
        )
    return problems


def _and(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join(quoted) if len(quoted) < 3 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
