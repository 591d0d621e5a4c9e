"""docs/mapping.md: its examples load, its tables of keys are the models', and what it says expressions give is what they give."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from connectors.contract import ABSENT
from connectors.registry import CONNECTORS
from tests.test_docs import _texts
from worker.config import Configuration, ConfigurationError, entry, load, mapping_file, run_cases
from worker.config.duration import spelled
from worker.config.mappings import _step
from worker.core.bounds import METHODS, TEXT, WEIGHT
from worker.core.expression import LONGEST, ExpressionFailed, compile_value
from worker.core.lane import Policy
from worker.core.path import parse

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/mapping.md").read_text()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section(heading: str) -> str:
    """From a heading of any level to the next."""
    found = re.search(rf"^#+ {re.escape(heading)}$\n(.*?)(?=^#+ |\Z)", BLOCK.sub("", PAGE), re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def tables(heading: str) -> Iterator[list[list[str]]]:
    """The tables of a section: the head, then the rows, by cell."""
    for found in re.findall(r"(?:^\|.*\n?)+", section(heading), re.MULTILINE):
        lines = [re.split(r"\s*(?<!\\)\|\s*", line.strip())[1:-1] for line in found.splitlines()]
        yield [[cell.replace("\\|", "|") for cell in line] for line in (lines[0], *lines[2:])]


def rows(heading: str, head: str) -> list[list[str]]:
    """The rows of the table of a section whose first column has this name."""
    (found,) = (table[1:] for table in tables(heading) if table[0][0] == head)
    return found


def code(cell: str) -> str:
    """What stands in code, "" if the cell is words."""
    found = re.fullmatch(r"(`+) ?(.+?) ?\1", cell)
    return found[2] if found else ""


def blocks(language: str) -> list[str]:
    return [body for said, body in BLOCK.findall(PAGE) if said == language]


def loaded(folder: Path, **files: str) -> Configuration:
    """The whole files of the page, or others instead, with every reference set."""
    folder.mkdir(exist_ok=True)
    whole = {begins[1]: body for body in blocks("yaml") if (begins := re.match(r"# mappings/(\w+)\.yaml\n", body))}
    for name, body in {**whole, **files}.items():
        (folder / f"{name}.yaml").write_text(body)
    return load(folder, dict.fromkeys(re.findall(r"\$\{(\w+)\}", PAGE), SECRET), CONNECTORS)


# ---------------------------------------------------------------- examples


def test_the_whole_files_go_together(tmp_path: Path) -> None:
    """They load without a warning, and their cases pass."""
    configuration = loaded(tmp_path)
    assert configuration.warnings == ()
    assert {*configuration.mappings} == {"hr", "onelogin"}
    results = run_cases(configuration)
    assert len(results) == 2
    assert [(result.name, result.differences) for result in results if not result.passed] == []


def test_every_block_says_what_it_is() -> None:
    """Each is a whole file or a fragment that is loaded below."""
    marks = [body.partition("\n")[0] for body in blocks("yaml")]
    assert sorted(mark for mark in marks if not mark.startswith("# mappings/")) == ["# rules", "# verify"]
    assert len(marks) == 6


def fragment(mark: str) -> str:
    (body,) = (body for body in blocks("yaml") if body.startswith(f"# {mark}\n"))
    return body


def test_the_rules_load(tmp_path: Path) -> None:
    """As attributes of a target; what one leads to is what the page says of it."""
    rules = textwrap.indent(fragment("rules"), " " * 6)
    mapping = "version: 1\nsource: hr\ntargets:\n  portal:\n    account: {find: id, by: subject.id}\n    attributes:\n" + rules
    configuration = loaded(tmp_path, hr=mapping + CASE, authority="version: 1\nauthority: {}\n")
    assert len(configuration.mappings["hr"].targets[0].rules) == 8
    assert [result.differences for result in run_cases(configuration)] == [(), ()]


CASE = """
cases:
  - name: what the rules make
    given:
      subject: {id: "1"}
      attributes: {first: Ana, last: Costa, phones: [{type: work, value: " 49 30 1"}], grade: null, groups: [a, b], unit: "7"}
    expect:
      portal: {display_name: Ana Costa, name.familyName: Costa, phone: +49 30 1, level: 0, groups: "a,b", cost_center: 10-7,
               created_by: lockstep}
"""


def test_the_schemes_load(tmp_path: Path) -> None:
    """As `verify` of a source each; all there are."""
    entries = yaml.safe_load(fragment("verify"))
    assert {each["scheme"] for each in entries} == {"standard-webhooks", "hmac", "header"}
    for number, each in enumerate(entries):
        system = {"hr": {"connector": "http", "source": {"verify": each}}}
        (folder := tmp_path / str(number)).mkdir()
        (folder / "systems.yaml").write_text(json.dumps({"version": 1, "systems": system}))
        load(folder, {"SECRET": SECRET}, CONNECTORS)


# ---------------------------------------------------------------- keys


KEYS: list[tuple[str, str, type[BaseModel]]] = [
    ("Keys of every system", "key", entry.Entry),
    ("Keys of a source", "key", entry.SourceEntry),
    ("standard-webhooks", "key", entry.StandardWebhooksEntry),
    ("hmac", "key", entry.HmacEntry),
    ("header", "key", entry.HeaderEntry),
    ("Keys of a target", "key", entry.TargetEntry),
    ("Keys of a budget", "key", entry.BudgetEntry),
    ("Keys of retry", "key", entry.RetryEntry),
    ("Keys of a mapping", "key", mapping_file.MappingFile),
    ("Keys of a mapping's target", "key", mapping_file.TargetEntry),
    ("Accounts", "key", mapping_file.KeyEntry),
    ("Accounts", "key of `on_no_account`", mapping_file.OnNoAccountEntry),
    ("Rules", "key", mapping_file.RuleEntry),
    ("Cases", "key", mapping_file.CaseEntry),
    ("Cases", "key of `given`", mapping_file.GivenEntry),
]


@pytest.mark.parametrize(("heading", "head", "model"), KEYS, ids=lambda each: getattr(each, "__name__", each))
def test_the_keys_are_all_there_are(heading: str, head: str, model: type[BaseModel]) -> None:
    """Each key of the model has its row, under its default; what differs with the connector stands in words."""
    told = {code(key): default for key, default, _ in rows(heading, head)}
    assert [*told] == [field.alias or name for name, field in model.model_fields.items()]
    for name, field in model.model_fields.items():
        default = told[field.alias or name]
        if field.is_required():
            assert default == "required", name
        elif isinstance(field.default, float) and field.default:
            assert code(default) == spelled(field.default), name
        elif field.default not in (None, "", 0, PydanticUndefined) and not isinstance(field.default, BaseModel):
            assert code(default) == str(field.default), name
        else:
            assert default not in ("", "required"), name


def test_the_words_are_all_there_are() -> None:
    """Of write policies, of authority, of what a body carries."""
    assert {code(row[0]) for row in rows("Write policies", "`write`")} == {*get_args(Policy)}
    assert {code(row[0]) for row in rows("Keys of a source", "`carries`")} == {"changes", "snapshot", "hint"}


# ---------------------------------------------------------------- values


def document(heading: str) -> Any:
    """The JSON example of a section."""
    start = PAGE.index(f"\n### {heading}\n")
    found = re.search(r"^```json\n(.*?)^```$", PAGE[start:], re.MULTILINE | re.DOTALL)
    assert found
    return json.loads(found[1])


def same(a: object, b: object) -> bool:
    """As JSON: true is not 1, and 7 is not 7.0."""
    return json.dumps(a) == json.dumps(b)


def test_paths_lead_where_the_page_says() -> None:
    """Every row of the table."""
    account = document("Paths")
    for path, leads in ((code(cells[0]), cells[1]) for cells in rows("Paths", "path")):
        found = parse(path).find(account)
        assert found is ABSENT if leads == "absent" else same(found, json.loads(code(leads))), path


def test_transforms_make_what_the_page_says() -> None:
    """Every row of the table, and every transform has one."""
    of_yaml = TypeAdapter(mapping_file.StepEntry)
    names = set()
    for cells in rows("Transforms", "step"):
        text, takes, makes = map(code, cells[:3])
        step = _step(of_yaml.validate_python(yaml.safe_load(text)))
        names.add(step.name)
        assert same(step.apply(json.loads(takes)), json.loads(makes)), text
    assert names == {*mapping_file.TRANSFORMS}


def test_expressions_give_what_the_page_says() -> None:
    """Every row of the table."""
    event = document("Expressions")
    table = rows("Expressions", "expression")
    assert len(table) > 20
    for text, gives in ((code(cells[0]), cells[1]) for cells in table):
        value = compile_value(text)
        if gives.startswith("parked: "):
            with pytest.raises(ExpressionFailed) as failed:
                value(event["attributes"], event["subject"], event["event"])
            assert failed.value.kind == gives.removeprefix("parked: "), text
            continue
        found = value(event["attributes"], event["subject"], event["event"])
        assert found is ABSENT if gives == "absent" else same(found, json.loads(code(gives))), text


def test_the_bounds_and_methods_are_those_of_the_code() -> None:
    """Numbers that a page states grow old."""
    said = section("Expressions")
    for number in (LONGEST, TEXT, WEIGHT):
        assert f"{number} " in said
    assert [name for name in METHODS if not re.search(rf"`{name}\(.*?\)`", said)] == []


# ---------------------------------------------------------------- what check says


def told_by(module: str) -> set[str]:
    """The texts of problems, `…` for what differs."""
    tree = ast.parse((ROOT / "worker/config" / module).read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="problem" | "report"), args=[*_, text]):
                found |= {*_texts(text)}
            case ast.Assign(targets=[ast.Name(id="text" | "what")], value=text):
                found |= {*_texts(text)}
            case _:
                pass
    return found


def listed(heading: str) -> set[str]:
    return {code(cells[0]) for cells in rows(heading, "text")}


def test_what_the_lint_says_is_listed() -> None:
    """Each of its errors and warnings has a row, word for word."""
    said = told_by("lint.py")
    assert len(said) >= 15
    assert {squeezed(text) for text in said} - {squeezed(text) for text in listed("Errors") | listed("Warnings")} == set()


def test_what_is_listed_is_said() -> None:
    """No row is about a text that nothing says any more."""
    said = set[str]().union(*map(told_by, ("lint.py", "mappings.py", "authority.py", "systems.py", "load.py")))
    assert {squeezed(t) for t in listed("Errors") | listed("Warnings")} - {squeezed(t) for t in said} == set()


def squeezed(text: str) -> str:
    """Names and what hangs on them are one `…`, at the end none."""
    return re.sub(r"…+", "…", text.replace("`…`", "…")).rstrip("…")


def test_check_says_it_like_this(tmp_path: Path) -> None:
    """A problem is file:line:column, path and text, as the page has it."""
    with pytest.raises(ConfigurationError) as failed:
        loaded(tmp_path, authority="version: 1\nauthority:\n  onelogin: {title: [hr, onelogin], titel: newest}\n")
    assert str(failed.value) == (
        "authority.yaml:3:37: authority.onelogin.titel: no mapping writes `titel` of `onelogin` - did you mean `title`?"
    )
