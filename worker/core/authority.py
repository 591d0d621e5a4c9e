"""Authority: whose value wins when two sources write one attribute.  The higher the rank, the more authority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Precedence = Sequence[str] | Literal["newest"]
"""The sources of an attribute, the one with the most authority first; or the latest version wins, whose ever it is."""


def ranks(authority: Mapping[str, Precedence]) -> Mapping[str, Mapping[str, int]]:
    """attribute -> source -> rank.  `newest` is {}: all have the same rank, so the version decides."""
    return {
        attribute: {} if order == "newest" else {source: len(order) - place for place, source in enumerate(order)}
        for attribute, order in authority.items()
    }
