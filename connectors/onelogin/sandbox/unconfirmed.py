"""What OneLogin's documents leave open about v2 updates: each is a switch of the sandbox, so that a connector can be tried
against either truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """custom     an update that names some custom attributes unsets the others, or keeps them
    undefined  a custom attribute that is not defined is refused, or passed over
    answer     an update is answered with the user, or with no more than the id
    """

    custom: Literal["replaces", "keeps"] = "replaces"
    undefined: Literal["refuses", "passes"] = "refuses"
    answer: Literal["user", "id"] = "user"
