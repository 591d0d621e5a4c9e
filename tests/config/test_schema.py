"""The JSON Schema agrees with the loader."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.registry import CONNECTORS
from worker.config.document import read
from worker.config.schema import KINDS, json_schema


def fits(value: Any, schema: Any, root: dict[str, Any]) -> bool:
    """The part of JSON Schema that the models use for structure: references, unions, objects, lists, closed words."""
    if schema is True or schema == {}:
        return True
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "anyOf" in schema and not any(fits(value, arm, root) for arm in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(value, arm, root) for arm in schema["oneOf"]) != 1:
        return False
    if "not" in schema and fits(value, schema["not"], root):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "const" in schema and value != schema["const"]:
        return False
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "null": type(None),
        "integer": int,
        "number": (int, float),
    }
    named = schema.get("type", [])
    words: list[str] = [named] if isinstance(named, str) else named
    if words and not any(isinstance(value, kinds[word]) for word in words):
        return False
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        rest = schema.get("additionalProperties", True)
        if any(name not in value for name in schema.get("required", [])):
            return False
        known = {k: properties.get(k, rest) for k in value}
        return all(known[k] is not False and fits(v, known[k], root) for k, v in value.items())
    return all(fits(v, schema.get("items", True), root) for v in value) if isinstance(value, list) else True


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_says_what_it_is(kind):
    """Editors ask for the dialect."""
    assert json_schema(kind)["$schema"].endswith("2020-12/schema")
    assert all(key in json_schema(kind) for key in ("type", "properties", "required"))


MAPPING = """
version: 1
source: hr
targets:
  one:
    account: [{find: email, by: subject.email, fold: case}]
    on_no_account: {wait: 24h, then: park}
    attributes: {a: x, b: {from: x, transform: [trim, {lookup: {a: b}, default: c}]}, c: {constant: {x: [1]}, write: once}}
cases: [{name: n, given: {subject: {id: 1}}, expect: {one: {a: {is: sealed}, b: x}}}]
"""
SYSTEMS = """
version: 1
systems:
  hr: {connector: http, source: {verify: {scheme: standard-webhooks, secrets: ["${X}"]}, carries: changes}}
  one:
    {connector: onelogin, base_url: "https://x", credentials: {client_id: x, client_secret: "${X}"}, budget: {calls: 1, per: 1h}}
"""


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        (
            "mapping",
            MAPPING,
            [
                ("find: email", "fnd: email"),
                ("write: once", "write: onec"),
                ("trim", "trimm"),
                ("sealed", "seald"),
                ("source: hr", ""),
            ],
        ),
        (
            "systems",
            SYSTEMS,
            [("credentials", "credentails"), ("hmac", "hmca"), ("carries", "carry"), ("connector: http", "connector: htp")],
        ),
        ("authority", "version: 1\nauthority: {one: {a: newest, b: [x]}}", [("newest", "newst"), ("authority", "autority")]),
    ],
)
def test_the_schema_takes_what_the_loader_takes(kind, text, wrong):
    """And refuses a wrong word, so that an editor shows it while it is typed."""
    schema = json_schema(kind, CONNECTORS)
    assert fits(read("f", text.encode()).value, schema, schema)
    for before, after in wrong:
        if before in text:
            assert not fits(read("f", text.replace(before, after, 1).encode()).value, schema, schema), (before, after)


def test_without_connectors_an_entry_may_have_keys_of_its_own():
    """The shared keys are still described."""
    schema = json_schema("systems")
    assert fits({"version": 1, "systems": {"x": {"connector": "own", "anything": 1}}}, schema, schema)
    assert not fits({"version": 1, "systems": {"x": {"connector": "own", "in_flight": "x"}}}, schema, schema)


def test_defaults_stand_as_a_person_writes_them():
    """`15s`, not 15.0."""
    properties = json_schema("systems")["properties"]["systems"]["additionalProperties"]["properties"]
    assert properties["deadline"]["default"] == "15s"
    assert properties["min_interval"]["default"] == "250ms"
