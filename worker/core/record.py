"""The record of an event: outcomes reach it one by one, in any order, and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from worker.core.event import ATTEMPTS, Event
from worker.core.lane import Note, Told
from worker.core.outcome import Outcome, Word

Outcomes = Mapping[tuple[str, str], Iterable[Outcome]]
"""(target, attribute) -> what was told, in the outbox's order."""

_ABSORBS = {Word.APPLIED: 0, Word.PARKED: 2, Word.PENDING: 3}


def _weight(outcome: Outcome) -> tuple[int, int, str]:
    """`applied` wins, then the earliest that is not `parked`, then `parked`; `pending` gives way to all, the latest last.  Of
    one millisecond any will do, as long as it is always the same one."""
    rank = _ABSORBS.get(outcome.word, 1)
    return rank, -outcome.at if outcome.word is Word.PENDING else outcome.at, f"{outcome.word} {outcome.reason} {outcome.tries}"


def outcomes_of(entries: Iterable[tuple[str, Iterable[Note]]]) -> dict[str, dict[tuple[str, str], list[Outcome]]]:
    """What the outbox says, by event and route.  entries: (position, notes); a position begins with the time, in milliseconds."""
    told: dict[str, dict[tuple[str, str], list[Outcome]]] = {}
    for position, notes in entries:
        at = int(position.partition("-")[0])
        for note in notes:
            if isinstance(note, Told):
                outcome = Outcome(note.word, note.reason, at, note.tries, note.status, note.request, note.until)
                told.setdefault(note.event, {}).setdefault((note.system, note.attribute), []).append(outcome)
    return told


def tell(event: Event, told: Outcomes, routes: Iterable[tuple[str, str]] | None = None, revision: str = "") -> Event:
    """routes: all (target, attribute) that this event concerns; they are told once, at the end of propagation."""
    outcomes = {target: dict(by_attribute) for target, by_attribute in event.outcomes.items()}
    attempts = event.attempts
    for (target, attribute), several in told.items():
        mine = outcomes.setdefault(target, {})
        for outcome in several:
            best = mine.get(attribute)
            if outcome.word is Word.PENDING or (target in attempts and attribute in attempts[target]):
                attempts = _attempted(attempts, target, attribute, outcome)
            if best is None or _weight(outcome) < _weight(best):
                mine[attribute] = outcome
    if routes is None:
        return replace(event, outcomes=outcomes, attempts=attempts)
    for target, attribute in routes:
        outcomes.setdefault(target, {}).setdefault(attribute, None)
    return replace(event, outcomes=outcomes, attempts=attempts, planned=True, revision=revision or event.revision)


def _attempted(
    attempts: dict[str, dict[str, tuple[Outcome, ...]]], target: str, attribute: str, outcome: Outcome
) -> dict[str, dict[str, tuple[Outcome, ...]]]:
    mine = attempts.get(target, {})
    all_ = {*mine.get(attribute, ()), outcome}  # the outbox may be folded again, and then from an earlier position
    last = sorted(all_, key=lambda one: (one.at, one.tries, one.word))[-ATTEMPTS:]
    return {**attempts, target: {**mine, attribute: tuple(last)}}
