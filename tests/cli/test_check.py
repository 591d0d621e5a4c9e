"""`check`: whether the configuration is right, without a store and without a system."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import MAPPINGS, SECRET, Command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the mappings, to be spoiled."""
    return Path(shutil.copytree(MAPPINGS, tmp_path / "folder"))


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_all_is_right(environment: Mapping[str, str], lockstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts of what was checked; nothing is asked of anybody."""

    def forbidden(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    printed = lockstep("check")
    assert printed.code == 0
    assert "6 systems, 3 mappings, 10 rules, 3 of 3 cases passed, 0 warnings" in printed.out
    told = lockstep("check", "--json").json
    assert told["loads"] is True
    assert all(case["passed"] for case in told["cases"])
    assert f"revision {told['revision']}" in printed.out


def test_a_case_that_fails(environment: Mapping[str, str], lockstep: Command, folder: Path) -> None:
    """Exit 1, its place, what was expected and what came."""
    spoil(folder / "hr.yaml", "directory: {department: Research}", "directory: {department: Sales}")
    printed = lockstep("check", str(folder))
    assert printed.code == 1
    assert "case 'a department has its long name' fails:" in printed.out
    assert 'directory department: expected "Sales", got "Research" (applied)' in printed.out
    assert "1 case of 3 failed" in printed.err
    told = lockstep("check", str(folder), "--json")
    assert told.code == 1
    assert [case["differences"][0]["attribute"] for case in told.json["cases"] if not case["passed"]] == ["department"]


def test_all_errors_of_all_files(environment: Mapping[str, str], lockstep: Command, folder: Path) -> None:
    """Exit 3; each with file, line and column, and the nearest word."""
    spoil(folder / "hr.yaml", "{from: number, write: once}", "{from: number, wriet: once}")
    spoil(folder / "idp.yaml", "title: title", "title: {form: title}")
    printed = lockstep("check", str(folder))
    assert printed.code == 3
    assert "hr.yaml:9:" in printed.out
    assert "did you mean `write`?" in printed.out
    assert "idp.yaml:8:" in printed.out
    told = lockstep("check", str(folder), "--json")
    assert told.code == 3
    assert {error["file"] for error in told.json["errors"]} >= {"hr.yaml", "idp.yaml"}
    assert all(error["line"] and error["column"] for error in told.json["errors"])


def test_a_missing_variable_is_named(environment: Mapping[str, str], lockstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the cases, which need no secret; exit 3, because nothing would start.  The secret of another is not in the text."""
    monkeypatch.delenv("HR_SECRET")
    printed = lockstep("check")
    assert printed.code == 3
    counts, _, behind = printed.out.partition("missing here:\n")
    assert "3 of 3 cases passed" in counts
    place = r"    systems.yaml:\d+:\d+: systems\.(hr|idp|ldap)\.\S+: the environment variable HR_SECRET is not set"
    assert [bool(re.fullmatch(place, line)) for line in behind.splitlines()] == [True, True, True]
    assert "3 references of systems.yaml lead nowhere" in printed.err
    assert SECRET not in printed.out + printed.err
    told = lockstep("check", "--json")
    assert told.code == 3
    assert (told.json["loads"], len(told.json["errors"]), len(told.json["cases"])) == (False, 3, 3)


def test_a_review_needs_no_secret(
    environment: Mapping[str, str], lockstep: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --without-secrets what is missing is no failure; a case that fails is one, with or without."""
    monkeypatch.delenv("HR_SECRET")
    printed = lockstep("check", "--without-secrets")
    assert (printed.code, printed.err) == (0, "")
    assert "HR_SECRET" not in printed.out
    spoil(folder / "hr.yaml", "directory: {department: Research}", "directory: {department: Sales}")
    assert lockstep("check", str(folder), "--without-secrets").code == 1
    assert lockstep("check", str(folder)).code == 1


def test_a_review_needs_what_is_no_secret(
    environment: Mapping[str, str], lockstep: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can stand in for an address: without it the system is not known, and nothing is said of what hangs on it."""
    monkeypatch.delenv("DIRECTORY_URL")
    monkeypatch.delenv("HR_SECRET")
    printed = lockstep("check", "--without-secrets")
    assert printed.code == 3
    missing = [line.rpartition("environment variable ")[2].split()[0] for line in printed.out.splitlines()]
    assert missing == ["HR_SECRET", "HR_SECRET", "DIRECTORY_URL", "HR_SECRET"]


def test_a_folder_that_is_not_there(environment: Mapping[str, str], lockstep: Command, tmp_path: Path) -> None:
    """It does not load, and says what is missing."""
    printed = lockstep("check", str(tmp_path / "nothing"))
    assert printed.code == 3
    assert "no such folder" in printed.out


def test_a_broken_environment(environment: Mapping[str, str], lockstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelled variable is an error of the environment, also here."""
    monkeypatch.setenv("LOCKSTEP_CONFG", "x")
    printed = lockstep("check")
    assert printed.code == 3
    assert "did you mean LOCKSTEP_CONFIG?" in printed.err


@pytest.mark.parametrize("kind", ["systems", "mapping", "authority"])
def test_json_schema(environment: Mapping[str, str], lockstep: Command, kind: str) -> None:
    """A schema that an editor can use, of each kind of file."""
    schema = json.loads(lockstep("check", "--schema", kind).out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "version" in schema["properties"]
