"""The commands that act: they look first, need a reason, write the act down, and end with the code that their help promises."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SECRET, Command, World, said
from worker.store.acts import Act, Acts

COMMANDS = (
    "seals.list", "seals.show", "seals.unseal", "targets.list", "targets.pause", "targets.resume", "replay", "send",
    "parked.list", "parked.release", "parked.drop", "links.show", "links.remove", "links.set", "acts",
)  # fmt: skip


def examples(command: str) -> list[str]:
    help_ = importlib.import_module(f"worker.cli.{command}").command.help or ""
    return [line.strip() for line in help_.partition("Examples:")[2].splitlines() if line.strip()]


def acts(world: World) -> list[Act]:
    return world.run(lambda engine: Acts(engine.store).newest())  # type: ignore[no-any-return]


def waiting(world: World) -> int:
    return world.run(lambda engine: engine.journal.waiting())  # type: ignore[no-any-return]


def people(path: Path) -> Path:
    file = path / "people.jsonl"
    file.write_text("".join(json.dumps(said(f"p-{n}", n, department=f"D{n}")) + "\n" for n in range(3)))
    return file


def test_every_example_does_what_it_shows(
    history: World, lockstep: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each example of each help text runs, ends well, and prints; those that ask for JSON print JSON."""
    monkeypatch.chdir(tmp_path)
    people(tmp_path)
    for command in COMMANDS:
        lines = examples(command)
        assert lines, f"{command} has no example"
        for line in lines:
            assert shlex.split(line)[:1] == ["lockstep"]
            assert shlex.split(line)[1 : 1 + len(command.split("."))] == command.split(".")
            printed = lockstep(line=line)
            assert printed.code == 0, f"{line}: {printed.err}"
            assert printed.out or printed.err
            if "--json" in line:
                json.loads(printed.out)
            assert SECRET not in printed.out + printed.err


def test_looking_is_the_default(history: World, lockstep: Command) -> None:
    """Bulk commands print counts and change nothing; nothing is recorded, because nothing was done."""
    for line in (
        "replay --source hr", "parked release hr:evt-3", "parked drop hr:evt-3",
        "seals unseal hr:E-1 directory number --for evt-2",
    ):  # fmt: skip
        printed = lockstep(*line.split())
        assert printed.code == 0, printed.err
        assert "nothing was changed" in printed.err
    assert (waiting(history), acts(history)) == (0, [])


def test_acting_needs_a_reason(history: World, lockstep: Command) -> None:
    """Without one the command line is wrong, and nothing happens."""
    for line in (
        "replay --source hr --apply", "parked release hr:evt-3 --apply", "parked drop hr:evt-3 --apply",
        "seals unseal hr:E-1 directory number --for evt-2 --apply", "links set hr:E-2 directory:9",
        "links remove hr:E-1 directory:7", "targets pause directory",
    ):  # fmt: skip
        printed = lockstep(*line.split())
        assert (printed.code, printed.out) == (2, ""), line
        assert "--reason" in printed.err
    assert (waiting(history), acts(history)) == (0, [])


def test_unknown_names_end_with_the_nearest(history: World, lockstep: Command) -> None:
    """A system, an event, a subject or an attribute that is not there: 5, and what may be meant."""
    for line, said_ in (
        ("replay hr:evt-11", "did you mean 'hr:evt-1'"),
        ("replay --target directroy", "did you mean 'directory'"),
        ("replay --source directory", "is no source"),
        ("parked release evt-33", "did you mean 'evt-3'"),
        ("seals list hr", "is no target"),
        ("seals show hr:E-1 directory numbr", "did you mean 'number'"),
        ("seals show hr:E-77 directory number", "nothing is known of hr:E-77"),
        ("links show hrr:E-1", "did you mean 'hr'"),
        ("links remove hr:E-1 directory:9 --reason x", "hr:E-1 is linked to directory:7"),
        ("targets pause dir --reason x", "there is no system 'dir'"),
        ("send /dev/null --source hrr", "did you mean 'hr'"),
    ):  # fmt: skip
        printed = lockstep(*line.split())
        assert (printed.code, printed.out) == (5, ""), f"{line}: {printed}"
        assert said_ in printed.err, line
    assert acts(history) == []


def test_a_replay_says_what_would_happen_and_then_does_it(history: World, lockstep: Command) -> None:
    """Counts, a forecast for each route, and after --apply the names; given again at once it finds them under way."""
    told = lockstep("replay", "hr:evt-1", "hr:evt-2", "--json").json
    assert (told["events"], told["targets"], told["applied"]) == (2, {"directory": 4, "crm": 2}, False)
    assert told["forecast"] == {"read first": 2, "superseded": 2, "waits": 1, "written": 1}
    done = lockstep("replay", "hr:evt-1", "--target", "crm", "--reason", "repair", "--apply")
    assert re.search(r"accepted +1: hr:evt-1~1", done.out)
    again = lockstep("replay", "hr:evt-1", "--target", "crm", "--reason", "repair", "--apply", "--json").json
    assert (again["under_way"], again["accepted"]) == (1, 0)
    history.work("crm")
    routes = lockstep("event", "hr:evt-1~1", "--json").json["routes"]
    assert [(route["target"], route["attribute"], route["outcome"]) for route in routes] == [("crm", "unit", "applied")]


def test_parked_values_are_listed_and_dropped(history: World, lockstep: Command) -> None:
    """Counts by reason first; whose, where, why, since when; and after the drop nothing is left to list."""
    listed = lockstep("parked", "list", "--json").json
    assert listed["parked"] == 1
    (row,) = listed["routes"]
    assert (row["event"], row["subject"], row["target"], row["attribute"]) == ("hr:evt-3", "hr:E-1", "crm", "cost_center")
    assert "cost_center" in lockstep("parked", "list").out
    printed = lockstep("parked", "drop", "--parked-for", row["reason"], "--reason", "not needed", "--apply")
    assert printed.out == "1 parked value dropped\n"
    assert lockstep("parked", "list", "--json").json["parked"] == 0
    assert lockstep("events", "--outcome", "dropped", "--json").json[0]["name"] == "hr:evt-3"


def test_unsealing_lets_the_value_through(history: World, lockstep: Command) -> None:
    """It says what it will replace, is accepted as a replay, and the target then has the value; a second time there is nothing to
    unseal."""
    line = ("seals", "unseal", "hr:E-1", "directory", "number", "--for", "hr:evt-2")
    assert "number of account 7 at directory is sealed, ours" in lockstep(*line).out
    done = lockstep(*line, "--reason", "typed wrong", "--apply")
    assert "accepted as hr:evt-2~1" in done.out
    assert "hr:evt-2~1 does this already" in lockstep(*line, "--reason", "typed wrong", "--apply").err
    history.work("directory")
    assert history.systems.accounts["directory"]["7"]["number"] == "9"
    assert lockstep("seals", "show", "hr:E-1", "directory", "number", "--json").json["event"] == "hr:evt-2~1"
    refused = lockstep(*line, "--reason", "typed wrong", "--apply")
    assert refused.code == 1
    assert "nothing to unseal" in refused.err


def test_links_are_shown_set_and_removed(history: World, lockstep: Command) -> None:
    """Both ends; a link that stands is not replaced unasked."""
    assert lockstep("links", "show", "directory:7", "--json").json["linked"] == {"hr": "E-1", "idp": "u-1"}
    refused = lockstep("links", "set", "hr:E-2", "directory:7", "--reason", "x")
    assert refused.code == 1
    assert "directory:7 is linked to hr:E-1" in refused.err
    assert lockstep("links", "set", "hr:E-2", "directory:7", "--replace", "--reason", "mixed up").code == 0
    assert lockstep("links", "show", "hr:E-1", "--json").json["linked"] == {}
    assert lockstep("links", "remove", "hr:E-2", "directory:7", "--reason", "wrong after all").code == 0
    assert lockstep("links", "show", "directory:7", "--json").json["linked"] == {"idp": "u-1"}


def test_a_target_is_paused_and_resumed(history: World, lockstep: Command) -> None:
    """The list says by whom, why and that it has no end; the other targets run."""
    assert lockstep("targets", "pause", "crm", "--reason", "maintenance").code == 0
    states: dict[str, Any] = {state["target"]: state for state in lockstep("targets", "list", "--json").json}
    assert (states["crm"]["pause"]["reason"], states["crm"]["pause"]["why"]) == ("operator", "maintenance")
    assert states["directory"]["state"] == "running"
    assert "until it is resumed: maintenance" in lockstep("targets", "list").out
    assert lockstep("targets", "resume", "crm").out == "crm goes on\n"
    assert lockstep("targets", "resume", "crm").out == "crm was not paused\n"


def test_a_file_is_sent(world: World, lockstep: Command, tmp_path: Path) -> None:
    """Each line that cannot be used is named with its number and why, the rest is accepted, and the end says so."""
    file = people(tmp_path)
    assert lockstep("send", str(file), "--source", "hr", "--dry-run", "--json").json["words"] == {"readable": 3}
    assert (waiting(world), acts(world)) == (0, [])
    assert lockstep("send", str(file), "--source", "hr").out == "3 lines: 3 new\n"
    file.write_text(file.read_text() + '{"no": json}\n')
    printed = lockstep("send", str(file), "--source", "hr")
    assert printed.code == 1
    assert printed.out.splitlines()[0] == "4 lines: 3 duplicate, 1 refused"
    assert printed.out.splitlines()[1].startswith("line 4  refused")
    assert "1 cannot be used; the others were accepted" in printed.err
    assert waiting(world) == 3


def test_a_file_that_is_one_document_is_told_so(world: World, lockstep: Command, tmp_path: Path) -> None:
    """A body over many lines is the mistake that everybody makes once: each line is refused, and the end says how to mend it."""
    file = tmp_path / "pretty.json"
    file.write_text(json.dumps({"id": "evt-1", "data": {"id": "E-1", "attributes": {"title": "Lead"}}}, indent=2))
    printed = lockstep("send", str(file), "--source", "hr")
    assert printed.code == 1
    assert "the file is one JSON document over many lines; a line must hold a whole body: jq -c . FILE" in printed.err
    assert printed.err.endswith("9 cannot be used\n")
    assert waiting(world) == 0


def test_every_act_is_recorded(history: World, lockstep: Command, tmp_path: Path) -> None:
    """Who, when, what and why, and never a value; also where it then cannot be done."""
    file = people(tmp_path)
    for line in (
        "replay hr:evt-1 --reason r1 --apply", "parked release hr:evt-3 --reason r2 --apply",
        "seals unseal hr:E-1 directory number --for evt-2 --reason r3 --apply", "links set hr:E-2 directory:9 --reason r4",
        "targets pause crm --reason r5", "targets resume crm --reason r6", f"send {file} --source hr --reason r7",
    ):  # fmt: skip
        assert lockstep(*line.split()).code == 0, line
    found = acts(history)
    assert [(act.act, act.why) for act in reversed(found)] == [
        ("replay", "r1"), ("parked release", "r2"), ("seals unseal", "r3"), ("links set", "r4"), ("targets pause", "r5"),
        ("targets resume", "r6"), ("send", "r7"),
    ]  # fmt: skip
    assert all("@" in act.by for act in found)
    shown = lockstep("acts").out
    assert "seals unseal" in shown
    assert "010442" not in shown
    assert "D1" not in shown


@pytest.mark.parametrize(("line", "near"), [("snad", "send"), ("parked relese", "release")])
def test_an_unknown_command_ends_with_the_nearest(lockstep: Command, line: str, near: str) -> None:
    """Of the same group."""
    printed = lockstep(*line.split())
    assert printed.code == 2
    assert f"Did you mean '{near}'?" in printed.err


def test_a_command_line_that_says_nothing_is_wrong(history: World, lockstep: Command) -> None:
    """A replay or a release of just everything must be said; names and criteria are not mixed."""
    for line in ("replay", "parked release", "parked drop", "replay evt-1 --source hr", "replay --since yesterday"):
        assert lockstep(*line.split()).code == 2, line
