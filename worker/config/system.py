"""A system as configured: what the worker knows of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from connectors.contract import Budget, Carries, Source, Target, Wire
from worker.core.signature import Verifier


@dataclass(frozen=True, slots=True)
class Retry:
    """first, cap, age: seconds."""

    first: float = 1.0
    cap: float = 900.0
    tries: int = 30
    age: float = 259200.0


@dataclass(frozen=True, slots=True)
class BudgetHeaders:
    """The headers of an answer that say how many calls are left, and until when."""

    remaining: str
    reset: str
    reset_is: Literal["epoch", "seconds"]


@dataclass(frozen=True, slots=True)
class Handshake:
    """The header of the sender's test request, and the key of the answer."""

    get: str
    answer: str


@dataclass(frozen=True, slots=True)
class System:
    """One entry of `systems.yaml`.

    connector       the name of its kind
    settings        the connector's own keys, validated
    target, source  its halves, None if it has not that half
    verify          how its webhooks are told from others'; None without a source
    poll            seconds between two readings of its feed; None: it is not read, or there is none
    looks           what it says is a hint: it is a target too, or says nothing else
    carries         how far its values are trusted, as its connector says before any event comes
    share           the name of the credential whose budget is used
    deadline, late_window, min_interval, max_age: seconds
    """

    name: str
    connector: str
    settings: BaseModel = field(repr=False)
    target: Target | None = field(default=None, repr=False)
    source: Source | None = field(default=None, repr=False)
    verify: Verifier | None = field(default=None, repr=False)
    handshake: Handshake | None = None
    poll: float | None = None
    looks: bool = False
    carries: Carries = "changes"
    budget: Budget | None = None
    share: str = ""
    budget_headers: BudgetHeaders | None = None
    deadline: float = 15.0
    late_window: float = 60.0
    in_flight: int = 8
    min_interval: float = 0.25
    retry: Retry = Retry()
    max_age: float | None = None
    mode: Literal["apply", "observe"] = "apply"
    ca: Path | None = None

    @property
    def acknowledge(self) -> int:
        """The 2xx that its sender expects."""
        return self.source.acknowledge if self.source is not None else 202

    @property
    def base_url(self) -> str:
        """Empty if its connector has none."""
        return str(getattr(self.settings, "base_url", None) or "")

    @property
    def writable(self) -> bool:
        """It can be written to: it has a target half, and its entry does not leave out how (then it is only read)."""
        return self.target is not None and getattr(self.settings, "target", ...) is not None

    def verifier(self) -> Verifier:
        """Of a system that is a source."""
        assert self.verify is not None, f"{self.name} is no source"
        return self.verify

    def wire(self, attribute: str) -> Wire:
        """The wire type of one of its attributes."""
        if self.target is None:
            return Wire.JSON
        able = self.target.capabilities
        return able.wires.get(attribute, able.wire)

    def shows(self, attribute: str) -> bool:
        """A read shows this attribute."""
        return self.target is not None and self.target.capabilities.readable and attribute not in self.target.capabilities.hidden
