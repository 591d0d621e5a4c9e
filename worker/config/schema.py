"""The JSON Schema of each file (2020-12), for editors: made from the models that the loader uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, assert_never

from connectors.contract import Connector
from worker.config.authority import AuthorityFile
from worker.config.duration import PATTERN, spelled
from worker.config.entry import Entry
from worker.config.mapping_file import MappingFile

Kind = Literal["mapping", "systems", "authority"]
KINDS: tuple[Kind, ...] = ("mapping", "systems", "authority")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: Kind, connectors: Mapping[str, Connector] | None = None) -> dict[str, Any]:
    """connectors: with them the keys of each are part of the schema of `systems`; without, an entry may have keys of its own."""
    match kind:
        case "mapping":
            schema = MappingFile.model_json_schema(by_alias=True)
        case "authority":
            schema = AuthorityFile.model_json_schema(by_alias=True)
        case "systems":
            schema = _systems(connectors or {})
        case _:
            assert_never(kind)
    return {"$schema": DIALECT, **_as_written(schema)}


def _as_written(schema: Any) -> Any:
    """Defaults as a person would write them: a duration with its unit; none where it is a whole section or nothing at all."""
    if isinstance(schema, list):
        return [_as_written(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    written = {
        key: {name: _as_written(inner) for name, inner in part.items()} if key in ("properties", "$defs") else _as_written(part)
        for key, part in schema.items()
    }
    if schema.get("pattern") == PATTERN and isinstance(schema.get("default"), float):
        written["default"] = spelled(schema["default"])
    elif "default" in schema and (
        schema["default"] is None or schema["default"] == "" or isinstance(schema["default"], dict | list)
    ):
        del written["default"]
    return written


def _systems(connectors: Mapping[str, Connector]) -> dict[str, Any]:
    shared = Entry.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = shared.pop("$defs", {})
    arms = [_arm(connector, shared, definitions) for connector in connectors.values()]
    entry = {"anyOf": arms} if arms else _open(shared, definitions)
    return {
        "title": "systems.yaml",
        "type": "object",
        "properties": {"version": {"const": 1}, "systems": {"type": "object", "additionalProperties": entry}},
        "required": ["version", "systems"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _open(shared: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Any key beside the shared ones."""
    for half in ("SourceEntry", "TargetEntry"):
        definitions[half] = {**definitions[half], "additionalProperties": True}
    return {**shared, "additionalProperties": True}


def _arm(connector: Connector, shared: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """One kind of system: the shared keys and its own."""
    own = connector.settings.model_json_schema(by_alias=True, ref_template=f"#/$defs/{connector.name}.{{model}}")
    own_definitions: dict[str, Any] = own.pop("$defs", {})
    definitions.update({f"{connector.name}.{name}": definition for name, definition in own_definitions.items()})
    properties = {**shared["properties"], **own.get("properties", {}), "connector": {"const": connector.name}}
    for half, model in (("source", "SourceEntry"), ("target", "TargetEntry")):
        properties[half] = _both(definitions[model], _model_of(own, half, own_definitions))
    return {
        "title": connector.name,
        "type": "object",
        "properties": properties,
        "required": ["connector", *(name for name in own.get("required", []) if name not in ("source", "target"))],
        "additionalProperties": False,
    }


def _model_of(own: dict[str, Any], half: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """The connector's own half, through a reference and an optional."""
    found: dict[str, Any] = own.get("properties", {}).get(half, {})
    for arm in (found, *found.get("anyOf", [])):
        if "$ref" in arm:
            found = definitions[arm["$ref"].rpartition(".")[2]]
    return found


def _both(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**shared["properties"], **own.get("properties", {})},
        "required": [*shared.get("required", []), *own.get("required", [])],
        "additionalProperties": False,
    }
