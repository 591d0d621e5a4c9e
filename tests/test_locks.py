"""pyproject.toml and the two locks say the same, and a lock can be installed anywhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME, EVERYTHING = "requirements.lock", "requirements-dev.lock"


def pins(lock: str) -> dict[str, tuple[Requirement, frozenset[str]]]:
    """What a lock names: name -> (pin with its marker, hashes)."""
    text = "\n".join(line for line in (ROOT / lock).read_text().splitlines() if not line.startswith("#"))
    found: dict[str, tuple[Requirement, frozenset[str]]] = {}
    for entry in text.replace("\\\n", " ").splitlines():
        pin, *hashes = re.split(r"\s+--hash=", entry.strip())
        requirement = Requirement(pin)
        assert canonicalize_name(requirement.name) not in found, "one version a package, on every Python and platform"
        found[canonicalize_name(requirement.name)] = requirement, frozenset(hashes)
    return found


def group(name: str) -> list[Requirement]:
    """A dependency group with the groups that it includes."""
    found = []
    for each in PROJECT["dependency-groups"][name]:
        found += group(each["include-group"]) if isinstance(each, dict) else [Requirement(each)]
    return found


def wanted(lock: str) -> list[Requirement]:
    project = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["embedded"]]
    return [*map(Requirement, project), *group("build" if lock == RUNTIME else "dev")]


@pytest.mark.parametrize("lock", [RUNTIME, EVERYTHING])
def test_every_requirement_is_pinned_within_its_bounds(lock: str) -> None:
    """What pyproject.toml asks for is in the lock, in a version that it allows: else `make lock` was forgotten."""
    there = pins(lock)
    for requirement in wanted(lock):
        pin, _ = there[canonicalize_name(requirement.name)]
        (version,) = pin.specifier
        assert version.operator == "=="
        assert requirement.specifier.contains(version.version, prereleases=True), f"{requirement} is {version.version} in {lock}"


@pytest.mark.parametrize("lock", [RUNTIME, EVERYTHING])
def test_a_lock_has_hashes_and_names_no_place(lock: str) -> None:
    """Any index or mirror will do, because every file is known by its SHA-256."""
    for pin, hashes in pins(lock).values():
        assert hashes
        assert pin.url is None
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)
    assert not re.search(r"://|file:|--(extra-)?index-url|--find-links", (ROOT / lock).read_text())


def test_the_larger_lock_holds_the_smaller_one() -> None:
    """Tests run with the very files that are shipped."""
    everything = pins(EVERYTHING)
    for name, (pin, hashes) in pins(RUNTIME).items():
        assert (str(everything[name][0]), everything[name][1]) == (str(pin), hashes)


def test_the_baseline_is_not_shipped() -> None:
    """What only tests or the benchmark need is not in the image."""
    assert not {"fastapi", "pytest", "fakeredis", "mypy"} & pins(RUNTIME).keys()


def test_every_bound_has_an_upper_end_where_the_library_is_a_wall() -> None:
    """A new major version of what we stand on is taken deliberately."""
    open_ended = [
        each.name
        for each in map(Requirement, PROJECT["project"]["dependencies"])
        if not any(bound.operator == "<" for bound in each.specifier)
    ]
    assert open_ended == ["structlog"], "structlog counts years, so a number says nothing"
