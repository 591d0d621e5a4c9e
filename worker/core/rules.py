"""The rules of a mapping file, compiled: what the engine needs of it, with each rule's place in the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

import msgspec

from connectors.contract import ABSENT, Absent, Json, Wire
from worker.core.expression import Condition, Value
from worker.core.lane import Policy
from worker.core.path import Path
from worker.core.transforms import Step


@dataclass(frozen=True, slots=True)
class From:
    """The value at a path."""

    path: Path


@dataclass(frozen=True, slots=True)
class Computed:
    """The value of an expression."""

    value: Value
    paths: tuple[Path, ...]
    """What it reads of the attributes."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value for everybody, with every event."""

    value: Json


Origin = From | Computed | Constant


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a mapping: where one target attribute comes from."""

    attribute: str
    origin: Origin
    place: str = ""
    policy: Policy = "always"
    on_null: Literal["ignore", "clear"] = "ignore"
    default: Json | Absent = ABSENT
    steps: tuple[Step, ...] = ()
    wire: Wire = Wire.JSON

    @property
    def inputs(self) -> tuple[str, ...]:
        """The paths that it reads from the source's attributes."""
        match self.origin:
            case From(path):
                return (path.text,)
            case Computed(_, paths):
                return tuple(path.text for path in paths)
            case Constant():
                return ()
        assert_never(self.origin)


@dataclass(frozen=True, slots=True)
class Key:
    """A way to find the account: search `find` for what stands at `by` (a path that begins with `subject` or `attributes`).
    `find: id` is no search: the value is the account's id."""

    find: str
    by: Path
    fold: Literal["", "case"] = ""


class NoAccount(msgspec.Struct, frozen=True):
    """What becomes of wants whose account is not found.  wait: milliseconds for which it is looked for again, 0 for none."""

    wait: int = 0
    then: Literal["park", "ignore"] = "park"


PARK = NoAccount()


@dataclass(frozen=True, slots=True)
class TargetRules:
    """What a mapping says of one target."""

    target: str
    keys: tuple[Key, ...]
    rules: tuple[Rule, ...]
    on_no_account: NoAccount = PARK
    place: str = ""


@dataclass(frozen=True, slots=True)
class SourceRules:
    """A mapping: which attributes of a source go where, and how."""

    source: str
    targets: tuple[TargetRules, ...]
    when: Condition | None = None
    place: str = ""
