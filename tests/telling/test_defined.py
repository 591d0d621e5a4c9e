"""Rules against definitions: what is there, what is locked or hidden, and what surely does not fit."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from connectors.contract import Definition
from connectors.registry import CONNECTORS
from worker.config import load
from worker.telling.defined import against, writes

SYSTEMS = """
    version: 1
    systems:
      hr: {connector: http, source: {verify: {scheme: standard-webhooks, secrets: ["${HR_SECRET}"]}}}
      text: {connector: tyk, base_url: "https://portal.example/portal-api", credentials: {token: "${TOKEN}"}}
      json: {connector: descope, credentials: {project_id: P2, management_key: "${TOKEN}"}}
      bare: {connector: chatwoot, base_url: "https://chat.example", credentials: {access_token: "${TOKEN}"}}
"""
ENVIRON = {"TOKEN": "swordfish-token", "HR_SECRET": "whsec_" + "aGgh" * 8}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "systems.yaml").write_text(textwrap.dedent(SYSTEMS))
    return tmp_path


def told(folder: Path, system: str, rules: str, *definitions: Definition, cases: str = "[]") -> list[tuple[str, str]]:
    """(state, says) of each finding, for `rules` (one a line, from line 6 on)."""
    listed = textwrap.indent(textwrap.dedent(rules).strip(), "      ")
    account = "account: {find: id, by: subject.id}"
    mapping = f"version: 1\nsource: hr\ntargets:\n  {system}: # what goes there\n    {account}\n    attributes:\n{listed}\n"
    (folder / "hr.yaml").write_text(f"{mapping}cases: {cases}\n")
    configuration = load(folder, ENVIRON, CONNECTORS)
    found = list(against(configuration.systems[system], definitions, writes(configuration, system)))
    assert {each.what for each in found} <= {f"{system} definitions"}
    assert all(each.do for each in found if each.state != "ok")
    return [(str(each.state), each.says) for each in found]


def test_what_is_not_there_is_named_with_its_rule(folder: Path) -> None:
    """And with the nearest name; what is there is said to be well only if all is there."""
    badge = Definition("badge", type="text")
    assert told(folder, "text", "badge: x", badge) == [("ok", "1 attribute; all that is written there exists")]
    says = "`bagde` (hr.yaml:7) does not exist there, or cannot be written - did you mean `badge`?"
    assert told(folder, "text", "bagde: x", badge) == [("wrong", says)]


LOCKED, OPEN = Definition("badge", locks=True), Definition("team")


@pytest.mark.parametrize(
    ("rule", "note"),
    [
        ("badge: x", "is `write: always`, and the system itself keeps the first value: a later one is `sealed`"),
        ("badge: {from: x, write: once}", ""),
        ("team: x", ""),
        ("team: {from: x, write: once}",
         "is `write: once`, and the system itself does not lock it: a person can still change it there"),
    ],
)  # fmt: skip
def test_locks_and_write_once_go_together(folder: Path, rule: str, note: str) -> None:
    """A lock there with `always` here, and the other way: both work, and should be known."""
    notes = [says.partition(") ")[2] for state, says in told(folder, "text", rule, LOCKED, OPEN) if state == "note"]
    assert notes == ([note] if note else [])


def test_where_a_system_locks_nothing_nothing_is_said_of_it(folder: Path) -> None:
    """Most do not: then each `write: once` would be a note."""
    assert [state for state, _ in told(folder, "text", "team: {from: x, write: once}", OPEN)] == ["ok"]


@pytest.mark.parametrize("policy", ["always", "if_empty", "once"])
def test_what_no_read_shows_is_noted(folder: Path, policy: str) -> None:
    """With what that means for this rule."""
    states = told(folder, "text", f"pin: {{from: x, write: {policy}}}", Definition("pin", hidden=True))
    assert states[0] == ("note", "`pin` (hr.yaml:7) is hidden: no read shows it")


@pytest.mark.parametrize(
    ("system", "kind", "rule", "gets"),
    [
        ("text", "number", "{constant: high}", "text"),
        ("text", "number", '{constant: "-4.5e3"}', ""),
        ("text", "integer", '{constant: "4.5"}', "text"),
        ("text", "integer", '{constant: "4"}', ""),
        ("text", "boolean", "{constant: yes}", "text"),
        ("text", "boolean", "{constant: True}", ""),
        ("text", "text", '{constant: "4"}', ""),
        ("text", "number", '{from: x, default: "none"}', "text"),
        ("text", "number", "{from: x, transform: [{lookup: {a: \"1\", b: many}}]}", "text"),
        ("text", "number", "{from: x, transform: [{lookup: {a: \"1\", b: \"2\"}}, {suffix: kg}]}", ""),
        ("text", "dropdown", "{constant: whatever}", ""),
        ("text", "number", "x", ""),
        ("json", "number", '{constant: "4"}', "text"),
        ("json", "number", "{value: '4'}", ""),
        ("json", "boolean", '{constant: "true"}', "text"),
        ("json", "text", "{from: x, transform: [trim]}", ""),
    ],
)  # fmt: skip
def test_a_value_that_surely_does_not_fit(folder: Path, system: str, kind: str, rule: str, gets: str) -> None:
    """What stands in the mapping itself is held against the type, as it goes over the wire; of the rest nothing is claimed, nor
    of a type that only this system knows."""
    attribute = "size" if system == "text" else "customAttributes.size"
    found = told(folder, system, f"{attribute}: {rule}", Definition(attribute, type=kind))
    wrong = [says for state, says in found if state == "wrong"]
    assert wrong == ([f"`{attribute}` (hr.yaml:7) is of type {kind} there, and gets {gets}"] if gets else [])
    assert found[-1][1].endswith("exists" if kind == "text" else f"exists; not text: `{attribute}` {kind}")


def test_a_case_shows_what_a_rule_comes_to(folder: Path) -> None:
    """Its result is a value that is sure to come: the finding says where to see it, and never which it is."""
    cases = """
  - name: a level
    given: {subject: {id: E-1}, attributes: {level: swordfish}}
    expect: {json: {customAttributes.level: swordfish}}"""
    found = told(
        folder, "json", "customAttributes.level: level", Definition("customAttributes.level", type="number"), cases=cases
    )
    assert found[0] == ("wrong", "`customAttributes.level` (hr.yaml:7) is of type number there, and gets text, see hr.yaml:9")
    assert "swordfish" not in str(found)


UNLISTED = "it keeps no list: that an attribute is not there is known when we write"


@pytest.mark.parametrize(
    ("rule", "found"),
    [("custom_attributes.plan: x", [("ok", UNLISTED)]),
     ("password: x", [("wrong", "`password` (hr.yaml:7): Chatwoot has no such attribute, or it is not written")])],
)  # fmt: skip
def test_where_a_system_keeps_no_list_its_connector_is_asked(folder: Path, rule: str, found: Sequence[tuple[str, str]]) -> None:
    """A name that no call can carry is wrong whatever its value; of the others nothing is known."""
    assert told(folder, "bare", rule) == found
