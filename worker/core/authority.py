"""Authority: who has a say when two sources write one attribute.  Higher rank, more authority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Say = Sequence[str] | Literal["newest"]
"""The sources of an attribute, the first has the most say; or the latest version wins."""


def ranks(authority: Mapping[str, Say]) -> Mapping[str, Mapping[str, int]]:
    """attribute -> source -> rank.  `newest` is {}: all have the same rank, so the version decides."""
    return {
        attribute: {} if say == "newest" else {source: len(say) - place for place, source in enumerate(say)}
        for attribute, say in authority.items()
    }
