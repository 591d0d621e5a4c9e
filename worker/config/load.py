"""A folder becomes a configuration, as a whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.contract import Connector, Json
from worker.config import authority, lint, rings
from worker.config.document import Document, read
from worker.config.mappings import Case, MappingSource, mapping
from worker.config.problem import ConfigurationError, Problem
from worker.config.system import System
from worker.config.systems import systems
from worker.core.rules import SourceRules

SYSTEMS, AUTHORITY = "systems.yaml", "authority.yaml"
LARGEST = 1024 * 1024
"""Bytes of one file."""
DIGITS = 12
"""Of a revision; enough to tell a few thousand apart, short enough to be read out."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is in force.

    systems      by name
    mappings     by source
    ranks        target -> attribute -> source -> rank, higher is more; {} is `newest`
    revision     a digest of all files as they were understood: comments and layout do not change it, references do not enter it
    cases        by source
    two_way      for each source whose accounts we look at: the attributes that its mapping reads
    relay_needs  of those, the ones that are read together with another
    """

    systems: Mapping[str, System]
    mappings: Mapping[str, SourceRules]
    ranks: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    revision: str = ""
    warnings: tuple[Problem, ...] = ()
    cases: Mapping[str, tuple[Case, ...]] = field(default_factory=dict)
    two_way: Mapping[str, frozenset[str]] = field(default_factory=dict)
    relay_needs: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def targets(self) -> frozenset[str]:
        """The systems that a mapping names as target."""
        return frozenset(target.target for mapping in self.mappings.values() for target in mapping.targets)

    @property
    def sources(self) -> frozenset[str]:
        """The systems that may speak."""
        return frozenset(name for name, system in self.systems.items() if system.source is not None)

    @property
    def visited(self) -> Sequence[str]:
        """The systems whose accounts have lanes and are visited: to be written, or only to be looked at (`System.writable`)."""
        return [name for name, system in self.systems.items() if system.target is not None]

    @property
    def polled(self) -> Sequence[str]:
        """The systems whose feed is read."""
        return [name for name, system in self.systems.items() if system.poll is not None]


def load(folder: Path, environ: Mapping[str, str], connectors: Mapping[str, Connector]) -> Configuration:
    """Raises ConfigurationError with all problems of all files.  connectors: by the name that an entry gives."""
    configuration, missing = inspect(folder, environ, connectors)
    if missing:
        raise ConfigurationError(missing)
    return configuration


def inspect(
    folder: Path, environ: Mapping[str, str], connectors: Mapping[str, Connector]
) -> tuple[Configuration, Sequence[Problem]]:
    """The configuration, and what its references do not find.  With that it is to be looked over and its cases to be run, where
    secrets are none of one's business; not more.  Raises ConfigurationError with all problems, if there are others."""
    documents = {document.file: document for document in _documents(folder)}
    problems: list[Problem] = []
    if SYSTEMS not in documents:
        problems.append(Problem(SYSTEMS, 0, 0, "", f"not found in {folder}; it says which systems there are"))
    authority_document = documents.get(AUTHORITY)
    sources = [document for name, document in documents.items() if name not in (SYSTEMS, AUTHORITY)]
    systems_document = documents.get(SYSTEMS, Document(SYSTEMS))
    made, missing = (
        systems(systems_document, folder, environ, connectors, _targets(sources)) if SYSTEMS in documents else ({}, [])
    )
    known = _keys(systems_document.value, "systems")
    found = _one_a_source([s for document in sources if (s := mapping(document, made, known)) is not None])
    compiled = {name: source.mapping for name, source in found.items()}
    two_way = rings.two_way(compiled, made)
    whole = lint.Whole(made, found, two_way)
    ranks, faults = authority.ranking(authority_document, found, authority.writers(found.values(), two_way))
    problems += [problem for document in documents.values() for problem in document.problems]
    problems += lint.errors(whole)
    # While a file cannot be read, or a system not be made, what is said about writers would be guesses.
    if not problems:
        problems += faults
    if problems:
        raise ConfigurationError([*problems, *missing])
    configuration = Configuration(
        systems=made,
        mappings=compiled,
        ranks=ranks,
        revision=_revision(documents),
        warnings=tuple(sorted(set(lint.warnings(whole)))),
        cases={name: source.cases for name, source in found.items()},
        two_way=two_way,
        relay_needs=rings.relay_needs(compiled, made),
    )
    return configuration, sorted(missing)


def _documents(folder: Path) -> Iterator[Document]:
    """Every file of the folder, by name.  Raises ConfigurationError if there is no folder."""
    if not folder.is_dir():
        what = "a file; name the folder in which it stands" if folder.is_file() else "no such folder"
        raise ConfigurationError([Problem(str(folder), 0, 0, "", f"{what}; LOCKSTEP_CONFIG names the folder with systems.yaml")])
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.suffix == ".yml":
            document = Document(path.name)
            document.problems.append(Problem(path.name, 0, 0, "", "would not be read; rename it to .yaml"))
            yield document
        elif path.suffix == ".yaml":
            yield _read(path)


def _read(path: Path) -> Document:
    document = Document(path.name)
    try:
        with path.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        document.problems.append(Problem(path.name, 0, 0, "", error.strerror or "cannot be read"))
        return document
    if len(content) > LARGEST:
        document.problems.append(Problem(path.name, 0, 0, "", f"larger than {LARGEST} bytes"))
        return document
    return read(path.name, content)


def _keys(value: Json, section: str) -> list[str]:
    inside = value.get(section) if isinstance(value, dict) else None
    return list(inside) if isinstance(inside, dict) else []


def _targets(sources: list[Document]) -> frozenset[str]:
    return frozenset(name for document in sources for name in _keys(document.value, "targets"))


def _one_a_source(found: list[MappingSource]) -> dict[str, MappingSource]:
    """One mapping file a source."""
    by_source: dict[str, MappingSource] = {}
    for source in found:
        first = by_source.setdefault(source.mapping.source, source)
        if first is not source:
            source.document.report(
                ("source",), f"{first.document.file} is the mapping of `{source.mapping.source}`; one source has one file"
            )
    return by_source


def _revision(documents: Mapping[str, Document]) -> str:
    understood = {name: document.value for name, document in documents.items()}
    return hashlib.sha256(json.dumps(understood, sort_keys=True).encode()).hexdigest()[:DIGITS]
