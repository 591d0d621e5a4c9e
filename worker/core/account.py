"""How an attribute is read out of an account's JSON: its name is a path, its value is compared in canonical form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.contract import ABSENT, Capabilities, Json
from worker.core.path import parse
from worker.core.wire import canonical

Reader = Callable[[Mapping[str, Any], str], Json]
"""(account JSON, attribute name) -> canonical value; None where the path leads to nothing."""


def reader(capabilities: Capabilities) -> Reader:
    """How attributes are read out of the account JSON of a system that can do this."""
    wires, default = capabilities.wires, capabilities.wire

    def read(attributes: Mapping[str, Any], name: str) -> Json:
        value = parse(name).find(dict(attributes) if not isinstance(attributes, dict) else attributes)
        return None if value is ABSENT else canonical(value, wires.get(name, default))

    return read
