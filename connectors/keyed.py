"""Attributes that stand under a key of an object (`custom_attributes`): how a mapping writes them, and which key it means.

A key of letters, digits and _ $ @ - follows a dot, any other stands in brackets, as a JSON string: `custom_attributes.unit`,
`custom_attributes["cost center"]`.
"""

from __future__ import annotations

import json
import re

_BELOW = re.compile(r'\.([\w$@-]+)|\[("(?:[^"\\]|\\.)+")\]')
_PLAIN = re.compile(r"[\w$@-]+")


def key_of(parent: str, attribute: str) -> str | None:
    """The key that the name of an attribute means; None if it stands elsewhere than under a key of `parent`."""
    found = _BELOW.fullmatch(attribute.removeprefix(parent)) if attribute.startswith(parent) else None
    if found is None:
        return None
    try:
        return found[1] or str(json.loads(found[2]))
    except ValueError:
        return None


def attribute_of(parent: str, key: str) -> str:
    """The name of the attribute under this key: the reverse of `key_of`."""
    return f"{parent}.{key}" if _PLAIN.fullmatch(key) else f"{parent}[{json.dumps(key, ensure_ascii=False)}]"
