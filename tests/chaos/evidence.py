"""What really happened, from the targets' own logs, and whether it keeps the promises.

Nothing here asks Lockstep.  A value names the event that said it, so the logs of sender and targets are enough.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.story import ALWAYS, ONCE, Event


@dataclass(slots=True)
class Request:
    """One request as a target saw it.  applied, answered: when, 0.0 if not."""

    number: int
    system: str
    method: str
    account: str
    attributes: dict[str, Any]
    arrived: float
    connection: int
    use: int
    applied: float = 0.0
    answered: float = 0.0


@dataclass(frozen=True, slots=True)
class Value:
    """A value that an account got, or that it was asked to take."""

    system: str
    subject: str
    attribute: str
    value: str


@dataclass(slots=True)
class Evidence:
    """asked: values in requests; applied: values as they were set, in that order."""

    asked: list[Value] = field(default_factory=list)
    applied: list[Value] = field(default_factory=list)

    def holds(self) -> dict[tuple[str, str, str], str]:
        """(system, subject, attribute) -> the value at the end."""
        return {(v.system, v.subject, v.attribute): v.value for v in self.applied}


def requests(log: Path) -> tuple[list[Request], list[Request]]:
    """All requests in the order of their arrival; and those that were applied, in that order."""
    arrived: dict[int, Request] = {}
    applied = []
    text = log.read_text()
    for line in text[: text.rfind("\n") + 1].splitlines():
        entry = json.loads(line)
        number, what, at = entry.pop("number"), entry.pop("what"), entry.pop("at")
        if what == "arrived":
            arrived[number] = Request(number=number, arrived=at, **entry)
        elif what == "applied":
            arrived[number].applied = at
            applied.append(arrived[number])
        else:
            arrived[number].answered = at
    return list(arrived.values()), applied


def of_target(log: Path) -> Evidence:
    arrived, applied = requests(log)
    return Evidence(_values(arrived), _values(applied))


def _values(of: Iterable[Request]) -> list[Value]:
    return [Value(r.system, r.account, name, value) for r in of if r.method != "GET" for name, value in r.attributes.items()]


def of_sandbox(system: str, log: Mapping[str, Any], users: Mapping[str, Any]) -> Evidence:
    """The log of the OneLogin sandbox and its users.  What was asked is what was applied, there."""
    subjects = {account: user["external_id"] for account, user in users.items()}
    applied = [
        Value(system, subjects[entry["account"]], entry["attribute"].removeprefix("custom_attributes."), entry["value"])
        for entry in log["applied"]
    ]
    return Evidence(applied, applied)


# ---------------------------------------------------------------- the promises


def newest(events: Sequence[Event]) -> dict[tuple[str, str], str]:
    """(subject, attribute) -> the value that the newest event says, of those that may be written again."""
    return {(e.subject, a): e.attributes[a] for e in sorted(events, key=lambda e: e.time) for a in ALWAYS if a in e.attributes}


def missing(systems: Sequence[str], events: Sequence[Event], evidence: Evidence) -> list[str]:
    """What the targets do not hold (yet): nothing may be lost, and the newest value wins."""
    holds = evidence.holds()
    problems = []
    for system in systems:
        for (subject, attribute), value in newest(events).items():
            got = holds.get((system, subject, attribute))
            if got != value:
                problems.append(f"{system} {subject} {attribute}: {got} is there, {value} is the newest")
        sealed = {e.subject for e in events if ONCE in e.attributes}
        problems += [f"{system} {who} {ONCE}: nothing was sealed" for who in sorted(sealed) if (system, who, ONCE) not in holds]
    return problems


def broken(events: Sequence[Event], evidence: Evidence) -> list[str]:
    """What must never have happened, whatever was killed."""
    times = {(e.subject, name, value): e.time for e in events for name, value in e.attributes.items()}
    problems = [f"{v} was never said" for v in evidence.asked if (v.subject, v.attribute, v.value) not in times]
    last: dict[tuple[str, str, str], Value] = {}
    for v in (v for v in evidence.applied if v.attribute in ALWAYS):
        before = last.setdefault((v.system, v.subject, v.attribute), v)
        if times[v.subject, v.attribute, v.value] < times[v.subject, v.attribute, before.value]:
            problems.append(f"{v} came after {before.value}, which is newer")
        last[v.system, v.subject, v.attribute] = v
    sealed: dict[tuple[str, str], str] = {}
    for v in (v for v in evidence.asked if v.attribute == ONCE):
        first = sealed.setdefault((v.system, v.subject), v.value)
        if v.value != first:
            problems.append(f"{v} was sent, and {first} before it")
    return problems
