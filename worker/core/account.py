"""An account's JSON and the attributes in it: a name is a path, a value is compared in canonical form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from worker.core.path import Path, parse
from worker.core.wire import canonical

if TYPE_CHECKING:
    from connectors.contract import Capabilities, Json

_path: Callable[[str], Path] = lru_cache(maxsize=4096)(parse)


Reader = Callable[[Mapping[str, Any], str], "Json"]
"""(account JSON, attribute name) -> canonical value; None where the path leads to nothing."""


def reader(capabilities: Capabilities) -> Reader:
    """How attributes are read out of the account JSON of a system that can do this."""
    from connectors.contract import ABSENT

    wires, default = capabilities.wires, capabilities.wire

    def read(attributes: Mapping[str, Any], name: str) -> Json:
        value = _path(name).find(dict(attributes) if not isinstance(attributes, dict) else attributes)
        return None if value is ABSENT else canonical(value, wires.get(name, default))

    return read
