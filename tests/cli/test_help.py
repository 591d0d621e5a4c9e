"""The help and docs/commands.md: their examples run, and what they say of exit codes and output is true."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.conftest import MAPPINGS, Command, World, said
from worker.cli import lockstep as tree
from worker.cli._frame import Exit

LOOKING = ("check", "explain", "events", "event", "why", "doctor", "health")
NOT_WELL = {"lockstep doctor": 1, "lockstep doctor --json": 1, "lockstep health tick": 1}
"""Of the prepared store something is parked, and nothing ticks."""
DOCS = Path(__file__).parents[2] / "docs" / "commands.md"


def examples(command: click.Command) -> list[str]:
    """The lines of the `Examples:` block of a help text."""
    block = (command.help or "").partition("Examples:\n")[2]
    return [line.strip() for line in block.splitlines() if line.strip().startswith("lockstep ")]


def command_named(name: str) -> click.Command:
    found = tree.get_command(click.Context(tree), name)
    assert found is not None
    return found


def leaves(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command, by its full name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


@pytest.mark.parametrize("name", LOOKING)
def test_the_examples_of_the_help_run(
    name: str, history: World, lockstep: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line can be typed as it stands, and does what the help promises."""
    shutil.copytree(MAPPINGS, tmp_path / "mappings")
    (tmp_path / "event.json").write_text(json.dumps(said("evt-9", 9, title="Lead")))
    monkeypatch.chdir(tmp_path)
    lines = examples(command_named(name))
    assert lines, "every help has examples"
    for line in lines:
        words, _, redirected = line.partition(" < ")
        typed = (tmp_path / redirected).read_bytes() if redirected else b""
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed)))
        printed = lockstep(line=words)
        assert printed.code == NOT_WELL.get(line, 0), f"{line}: {printed.err}"
        assert printed.out or printed.code


def test_every_command_has_help_that_can_be_tried() -> None:
    """Examples that begin with the command's own name; and of those that look, a first sentence that fits into the list."""
    for name, command in leaves(tree):
        if name in LOOKING:
            assert command.get_short_help_str(60).endswith("."), name
            assert "..." not in command.get_short_help_str(60), name
        lines = examples(command)
        assert lines, name
        assert all(line.startswith(f"lockstep {name}") for line in lines), name


def test_the_documentation_knows_every_command() -> None:
    """docs/commands.md names each."""
    text = DOCS.read_text()
    assert [name for name, _ in leaves(tree) if f"`lockstep {name}" not in text] == []


def test_the_documented_exit_codes_are_all_there_are() -> None:
    """The table has each code once, under its number."""
    table = re.findall(r"^\| (\d+) \| (.+) \|$", DOCS.read_text(), re.MULTILINE)
    assert [int(code) for code, _ in table] == [*sorted(Exit), 130]


def keys_of(value: Any) -> set[str]:
    """Every key in a JSON document."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set[str]().union(*map(keys_of, value)) if isinstance(value, list) else set()


JSON_OF = {
    "events": "events", "event": "event hr:evt-1", "why": "why hr:E-1 directory department",
    "explain": "explain event.json --source hr", "check": "check", "doctor": "doctor", "targets list": "targets list",
    "parked list": "parked list", "replay": "replay hr:evt-1", "parked release": "parked release hr:evt-3",
    "seals list": "seals list directory", "links show": "links show hr:E-1", "send": "send event.jsonl --source hr",
    "acts": "acts",
}  # fmt: skip
"""A command line for each row of the table of JSON; `seals show` and `targets check` stand in the row of another."""


def test_the_documented_json_is_printed(
    history: World, lockstep: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each key that a row of docs/commands.md names is there, and every command of the table was tried."""
    (tmp_path / "event.json").write_text(json.dumps(said("evt-9", 9, title="Lead", department="OPS")))
    (tmp_path / "event.jsonl").write_text(json.dumps(said("evt-8", 8, title="Lead")))
    monkeypatch.chdir(tmp_path)
    section = DOCS.read_text().partition("## JSON\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (`.+?) \| (.+) \|$", section, re.MULTILINE))
    named = [re.findall(r"`([^`]+)`", names) for names in rows]
    assert {name for names in named for name in names} == {*JSON_OF, "seals show", "targets check"}
    for names, cell in zip(named, rows.values(), strict=True):
        promised = set(re.findall(r"`([^`]+)`", re.sub(r"\([^)]*\)", "", cell)))
        for line in (JSON_OF[name] for name in names if name in JSON_OF):
            printed = lockstep(*line.split(), "--json").json
            assert promised - keys_of(printed) == set(), line


def plain(text: str) -> str:
    """Without what differs from run to run: times of acceptance and calls, and the revision."""
    text = re.sub(r"[\d-]{10} [\d:]{8} UTC, (just now|(in )?\d+ \w+( ago)?)", "WHEN", text)
    return re.sub(r"\b[0-9a-f]{12}\b", "REVISION", text)


@pytest.mark.parametrize(
    "line",
    [
        "lockstep why hr:E-1 directory department",
        "lockstep why hr:E-1 directory number",
        "lockstep why hr:E-2 directory department",
        "lockstep event hr:evt-2",
        "lockstep explain event.json --source hr",
    ],
)
def test_what_the_documentation_shows_was_printed(
    line: str, history: World, lockstep: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The examples are real output."""
    (tmp_path / "event.json").write_text(json.dumps(said("evt-9", 9, title="Lead", department="OPS")))
    monkeypatch.chdir(tmp_path)
    block = re.search(rf"^\$ {re.escape(line)}\n(.*?)^```$", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    printed = lockstep(line=line).out
    assert block is not None
    assert plain(block[1]) == plain(printed)


def test_exit_codes(history: World, lockstep: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each code, from a command that looks."""
    assert lockstep("events").code == Exit.DONE
    assert lockstep("doctor").code == Exit.WRONG
    assert lockstep("events", "--limit", "none").code == Exit.USAGE
    assert lockstep("nothing").code == Exit.USAGE
    assert lockstep("check", str(tmp_path)).code == Exit.CONFIGURATION
    assert lockstep("event", "hr:nothing").code == Exit.NOT_FOUND
    monkeypatch.setenv("LOCKSTEP_REDIS_URL", "unix:///nowhere")
    assert lockstep("events").code == Exit.STORE
    monkeypatch.setenv("LOCKSTEP_CONFIG", str(tmp_path / "nowhere"))
    assert lockstep("events").code == Exit.CONFIGURATION


def test_shell_words() -> None:
    """What the help shows is split as a shell splits it."""
    for _, command in leaves(tree):
        for line in examples(command):
            assert shlex.split(line)[0] == "lockstep"
