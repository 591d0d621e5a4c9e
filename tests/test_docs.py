"""README and docs/: what they name is there, what they show loads, and their lists are complete."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from connectors.registry import CONNECTORS
from worker.cli import lockstep
from worker.config import inspect, run_cases
from worker.core.outcome import Word

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "connectors").rglob("*.md"))]
OURS = [
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("concepts", "first-mapping", "guarantees", "mapping", "operations", "sandboxes")),
]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
CODE = re.compile(r"(`+)(.+?)\1(?!`)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PLACE_OF_SECRETS = "/run/secrets/systems/"
ROW = re.compile(r"^\| (`+) ?(.+?) ?\1 \|", re.MULTILINE)
"""A line of a table whose first cell is code."""

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
each_of_ours = pytest.mark.parametrize("document", OURS, ids=lambda path: path.name)


def prose(document: Path) -> str:
    return FENCE.sub("", document.read_text())


def blocks(document: Path, language: str) -> Iterator[str]:
    return (body for said, body in FENCE.findall(document.read_text()) if said == language)


def section(document: Path, heading: str) -> str:
    """From one heading of the second level to the next."""
    return document.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


# ---------------------------------------------------------------- links and places


def anchors(document: Path) -> set[str]:
    """The names that a forge gives to headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(prose(document))}


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    """Each link to a file of ours finds it, and the heading that it names."""
    for link in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


@each_document
def test_no_place_of_ones_own_machine(document: Path) -> None:
    """Whoever reads has other folders; hosts are examples, vendors, this very machine or the endpoint among its containers."""
    text = document.read_text()
    assert not re.search(r"(?<![\w.$}])/(?:work|tmp|home|root|opt|Users|mnt)\b", text)
    hosts = set(re.findall(r"https?://([\w.-]*\w)", text))
    vendors = r".*\.(onelogin|okta|looker)\.com|(www\.)?standardwebhooks\.com|semver\.org|cel\.dev"
    known = rf"127\.0\.0\.1|localhost|endpoint|.*\bexample(\.com)?|{vendors}"
    assert {host for host in hosts if not re.fullmatch(known, host)} == set()


# ---------------------------------------------------------------- configuration that is shown


def test_the_configuration_in_the_readme_is_whole(tmp_path: Path) -> None:
    """Its blocks, put into a folder under the names that they begin with, load without a warning, and their cases pass."""
    names = []
    for block in blocks(ROOT / "README.md", "yaml"):
        name = re.match(r"# mappings/(\w+\.yaml)\n", block)
        assert name, "a block says which file it is"
        (tmp_path / name[1]).write_text(block)
        names.append(name[1])
    configuration, missing = inspect(tmp_path, {}, CONNECTORS)
    assert all(f"file {PLACE_OF_SECRETS}" in problem.text for problem in missing), "secrets stand where compose shows them"
    assert configuration.warnings == ()
    results = run_cases(configuration)
    assert results
    assert [(result.name, result.differences) for result in results if not result.passed] == []
    assert names == ["systems.yaml", "hr.yaml"]


# ---------------------------------------------------------------- commands that are named


def commands(text: str) -> Iterator[str]:
    """What follows the word `lockstep` in code."""
    code = [body for _, body in FENCE.findall(text)] + [code for _, code in CODE.findall(FENCE.sub("", text))]
    for line in "\n".join(code).splitlines():
        for found in re.findall(r"(?:^|[\s/])lockstep ([a-z][^#|]*)", line):
            yield found.strip()


def resolved(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words name, and the words after it."""
    command: click.Command = lockstep
    while isinstance(command, click.Group) and words:
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"there is no command {words[0]!r}"
        command, words = found, words[1:]
    return command, words


@each_of_ours
def test_commands_exist(document: Path) -> None:
    """Every `lockstep ...` names a command that has help, with options that it has."""
    for text in commands(document.read_text()):
        command, rest = resolved(text.split())
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
        assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= known, text
        assert CliRunner().invoke(command, ["--help"]).exit_code == 0, text


def test_the_readme_names_commands() -> None:
    """The test above sees those that matter most."""
    named = {text.split()[0] for text in commands((ROOT / "README.md").read_text())}
    assert {"why", "check", "explain", "doctor", "replay", "parked", "seals"} <= named


@each_of_ours
def test_goals_of_make_exist(document: Path) -> None:
    """Every `make ...` names a goal."""
    goals = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", document.read_text(), re.MULTILINE))
    assert named <= goals
    assert document.name != "README.md" or {"demo", "test", "up"} <= named


@each_of_ours
def test_files_exist(document: Path) -> None:
    """Every path of a file of ours, and every test that is named as proof."""
    for path in re.findall(r"`((?:tests|worker|connectors|docs|mappings|bench)/[\w./-]*)`", document.read_text()):
        assert (ROOT / path).exists(), path


# ---------------------------------------------------------------- the closed lists


def test_the_outcomes_are_all_there_are() -> None:
    """The table of outcomes has the words of the code, each once."""
    assert [word for _, word in ROW.findall(section(ROOT / "docs/concepts.md", "Outcomes"))] == [word.value for word in Word]


def listed(document: Path, heading: str) -> set[str]:
    """The reasons of a section; each stands there once."""
    reasons = [reason for _, reason in ROW.findall(section(document, heading))]
    assert len(reasons) == len(set(reasons)), "a reason is listed once"
    return set(reasons)


def test_the_reasons_are_all_there_are() -> None:
    """Each reason that is the worker's or that several connectors give stands in the table, and no other; `…` stands for what
    differs."""
    emitted = Reasons(shared()).texts
    assert len(emitted) > 80
    assert emitted - listed(ROOT / "docs/concepts.md", "Reasons") == set()
    assert listed(ROOT / "docs/concepts.md", "Reasons") - emitted == set()


@pytest.mark.parametrize("name", CONNECTORS)
def test_the_reasons_of_a_connector_are_all_there_are(name: str) -> None:
    """What only this system says stands in its README, and no other; what all say stands in docs/concepts.md alone."""
    common, room = shared(), room_of(name)
    emitted = Reasons({**common, **room}, told=room).texts - Reasons(common).texts
    told = listed(ROOT / f"connectors/{name}/README.md", "What it says")
    assert emitted
    assert emitted - told == set()
    assert told - emitted == set()


def test_reasons_are_found_wherever_they_are_born() -> None:
    """After a word, as an argument called `reason`, of an error that is raised, in a table."""
    source = """
REASONS = {1: "in a table"}
class Base(Exception):
    def __init__(self, reason, status=0): ...
class Late(Base): ...
class Row(Struct):
    kind: str
    reason: str = ""
LOCKED = "a constant"
def park(lane, reason): ...
def objection(x):
    return "of a function" if x else ""
def one(x):
    reason = "a variable"
    if text := objection(x):
        raise Late(text)
    raise Late(LOCKED)
    say(x, Word.PARKED, "after a word")
    say(x, Word.PARKED if x else Word.IGNORED, f"with {x} in it")
    park(x, "an argument")
    raise Late(x.text or "of an error")
    return Row("", reason="a field"), (Word.SEALED, "of a pair" if x else "")
"""
    assert Reasons({"one": ast.parse(source)}).texts == {
        "in a table", "a constant", "of a function", "a variable", "after a word", "with … in it", "an argument", "of an error",
        "a field", "of a pair",
    }  # fmt: skip


def test_the_alerts_are_all_there_are() -> None:
    """Each log event that is marked `alert` stands in the table that says what to do, and no other."""
    listed = {event for _, event in ROW.findall(section(ROOT / "docs/operations.md", "Alerts"))}
    trees = [ast.parse(path.read_text()) for path in (ROOT / "worker").rglob("*.py")]
    logged = {
        event
        for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
        if any(keyword.arg == "alert" for keyword in node.keywords)
        for event in _texts(node.args[0])
    }
    assert logged == listed


def shared() -> Mapping[str, ast.Module]:
    """The modules that are no connector's, whose texts reach the record of an event.  Not: what refuses a webhook before there is
    an event."""
    steps = ("propagate", "facts", "search", "calls", "visit", "deliver", "fold", "poll")
    lines = ("network/transport", "network/session", "network/tokens")
    files = [
        *(path for path in (ROOT / "worker/core").glob("*.py") if path.name != "strict.py"),
        *(ROOT / "worker/engine" / f"{name}.py" for name in steps),
        *(ROOT / "worker" / f"{name}.py" for name in (*lines, "store/budgets", "operate/parked", "config/language")),
        *(ROOT / "connectors").glob("*.py"),
    ]
    return {path.as_posix(): ast.parse(path.read_text()) for path in files}


def room_of(name: str) -> Mapping[str, ast.Module]:
    """The modules of one connector.  Its sandbox speaks in the system's place, not in ours."""
    room = ROOT / "connectors" / name
    files = [path for path in room.rglob("*.py") if "sandbox" not in path.relative_to(room).with_suffix("").parts]
    return {path.as_posix(): ast.parse(path.read_text()) for path in files}


class Reasons:
    """The texts that a few modules can give as reasons.

    modules  where the functions and errors are that take a reason
    told     those of them whose texts are asked for; all if it is not given
    """

    TABLES = ("REASONS", "_REASONS", "KINDS")

    def __init__(self, modules: Mapping[str, ast.Module], told: Mapping[str, ast.Module] | None = None) -> None:
        self.nodes = [node for module in modules.values() for node in ast.walk(module)]
        self.classes = {node.name: node for node in self.nodes if isinstance(node, ast.ClassDef)}
        self.functions = {node.name: node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        self.place = {"Unusable": 0}  # keeps its text, and calls it nothing
        for name, function in self.functions.items():
            if name != "__init__":
                self._takes(name, _parameters(function))
        for name in self.classes:
            self._takes(name, self._fields(name))
        self.texts = {
            text
            for module in (modules if told is None else told).values()
            for node, scopes in _scoped(module)
            for said in self._said(node)
            for text in self._resolved(said, scopes)
            if text
        }

    def _takes(self, name: str, parameters: list[str]) -> None:
        for word in ("reason", "refused", "ignored"):
            if word in parameters:
                self.place[name] = parameters.index(word)

    def _fields(self, name: str) -> list[str]:
        """What a class is made of; its parents' if it has none of its own."""
        node = self.classes.get(name)
        if node is None:
            return []
        for each in node.body:
            if isinstance(each, ast.FunctionDef) and each.name == "__init__":
                return _parameters(each)
        own = [each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
        return own or [field for base in node.bases if isinstance(base, ast.Name) for field in self._fields(base.id)]

    def _said(self, node: ast.AST) -> Iterator[ast.expr]:
        """Expressions that are reasons."""
        match node:
            case ast.Call(args=row):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in self.place:
                    yield from row[self.place[name] : self.place[name] + 1]
                    yield from (each.value for each in node.keywords if each.arg in ("reason", "refused", "ignored"))
                yield from _after_a_word(row)
            case ast.Tuple(elts=row):
                yield from _after_a_word(row)
            case ast.Assign(targets=[ast.Name(id="reason")], value=value):
                yield value
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in self.TABLES:
                yield from (each for each in ast.walk(value) if isinstance(each, ast.Constant))
            case ast.arguments(args=arguments, defaults=defaults):
                named = [each.arg for each in arguments[len(arguments) - len(defaults) :]]
                yield from (default for name, default in zip(named, defaults, strict=True) if name == "reason")
            case _:
                pass

    def _resolved(self, node: ast.expr, scopes: Scopes) -> Iterator[str]:
        """The texts that an expression can be: of a name, what it was given where it is used; of a call, what is returned."""
        for choice in _choices(node):
            match choice:
                case ast.Name(id=name):
                    for given in (value for scope in scopes for named, value in _given(scope) if named == name):
                        yield from self._resolved(given, scopes[1:])
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in self.functions:
                    returned = (each.value for each in ast.walk(self.functions[name]) if isinstance(each, ast.Return))
                    yield from (text for value in returned if value is not None for text in _texts(value))
                case _:
                    yield from _texts(choice)  # nothing if it is passed on and was born elsewhere


Scopes = tuple[ast.AST, ...]
"""The functions around a place, the innermost first, and the module."""


def _scoped(node: ast.AST, scopes: Scopes = ()) -> Iterator[tuple[ast.AST, Scopes]]:
    yield node, scopes
    inner = (node, *scopes) if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) else scopes
    for child in ast.iter_child_nodes(node):
        yield from _scoped(child, inner)


def _given(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that get a value here, with it; not in a function within."""
    ahead = [*ast.iter_child_nodes(scope)]
    while ahead:
        node = ahead.pop()
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.NamedExpr(target=ast.Name(id=name), value=value):
                yield name, value
            case _:
                pass
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            ahead += ast.iter_child_nodes(node)


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [each.arg for each in node.args.args if each.arg not in ("self", "cls")]


def _after_a_word(row: list[ast.expr]) -> Iterator[ast.expr]:
    return (after for before, after in pairwise(row) if _is_word(before))


def _is_word(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="Word")):
            return True
        case ast.IfExp(body=one, orelse=other):
            return _is_word(one) or _is_word(other)
        case _:
            return False


def _choices(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.IfExp(body=one, orelse=other):
            yield from (*_choices(one), *_choices(other))
        case ast.BoolOp(values=several):
            for each in several:
                yield from _choices(each)
        case _:
            yield node


def _texts(node: ast.expr) -> Iterator[str]:
    for choice in _choices(node):
        match choice:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
            case _:
                pass
