"""Events as an operator looks for them, and the whole story of one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec

from worker.core.event import Event, Sighting
from worker.core.outcome import Outcome, Word
from worker.core.record import tell
from worker.engine.engine import Engine
from worker.operate.named import Who
from worker.telling.pending import Waiting, is_open, not_folded, still_pending
from worker.telling.place import place

PAGE = 500
_sighting = msgspec.json.Decoder(Sighting).decode

# ---------------------------------------------------------------- a list of events


@dataclass(frozen=True, slots=True)
class Filter:
    """since: milliseconds since 1970.  Of `outcome` and `target` both must hold of one route."""

    source: str = ""
    subject: Who | None = None
    outcome: Word | None = None
    target: str = ""
    since: int = 0

    def admits(self, event: Event) -> bool:
        if (self.source and event.source != self.source) or event.at < self.since:
            return False
        if self.outcome is None and not self.target:
            return True
        if not event.planned and not event.outcomes:
            return self.outcome is Word.PENDING and not self.target
        return any(
            target in (self.target or target, "*") and (self.outcome is None or word_of(outcome) is self.outcome)
            for target, by_attribute in event.outcomes.items()
            for outcome in by_attribute.values()
        )


async def chosen(engine: Engine, by: Filter, limit: int) -> list[Event]:
    """The newest events that the filter admits, newest first."""
    found: list[Event] = []
    async for names in _pages(engine, by):
        for _, event in await engine.journal.load(names):
            if event is not None and by.admits(event):
                found.append(event)
                if len(found) == limit:
                    return found
    return found


async def _pages(engine: Engine, by: Filter) -> AsyncIterator[Sequence[str]]:
    if by.subject is not None:
        names = (await engine.journal.of_subject(*by.subject))[::-1]
        for start in range(0, len(names), PAGE):
            yield names[start : start + PAGE]
        return
    offset = 0
    while names := await engine.journal.newest(PAGE, start=by.since, offset=offset):
        yield names
        offset += len(names)


def word_of(outcome: Outcome | None) -> Word:
    return Word.PENDING if outcome is None else outcome.word


def counts(event: Event) -> dict[Word, int]:
    """How many of its routes ended how, in the order of the list of outcomes."""
    if not event.planned and not event.outcomes:
        return {Word.PENDING: 1}
    words = [word_of(outcome) for by_attribute in event.outcomes.values() for outcome in by_attribute.values()]
    return {word: words.count(word) for word in Word if word in words}


# ---------------------------------------------------------------- one event


class Route(msgspec.Struct, frozen=True):
    """waits: why it is pending; None once it is over."""

    target: str
    attribute: str
    outcome: Outcome
    waits: Waiting | None = None
    attempts: tuple[Outcome, ...] = ()


class Story(msgspec.Struct, frozen=True):
    """An event, its routes, and its place among others.

    because  for what a look found, or what travels on: what led to it
    origin   for the same: where its values come from
    replays  of this event; original: of which it is one
    led_to   what looks found, and what travelled on, because of it
    """

    event: Event
    routes: tuple[Route, ...]
    because: tuple[str, ...] = ()
    origin: str = ""
    original: str = ""
    replays: tuple[str, ...] = ()
    led_to: tuple[str, ...] = ()


async def story(engine: Engine, event: Event) -> Story:
    """All that is known of an event, with what its lanes know of the routes that are not over."""
    now = await engine.store.now()
    event = tell(event, (await not_folded(engine)).get(event.name, {}))
    routes = []
    for target, by_attribute in event.outcomes.items():
        for attribute, outcome in by_attribute.items():
            waits = await still_pending(engine, event, target, attribute, now) if is_open(outcome) else None
            attempts = event.attempts.get(target, {}).get(attribute, ())
            routes.append(Route(target, attribute, outcome or Outcome(Word.PENDING), waits, attempts))
    if not event.planned and not routes:
        routes.append(Route("*", "*", Outcome(Word.PENDING), await still_pending(engine, event, "*", "*", now)))
    siblings = await engine.journal.of_subject(event.source, event.subject) if event.subject else []
    seen = _sighting(event.body) if event.kind == "seen" else None
    original = f"{event.source}:{event.id.rpartition('~')[0]}" if event.replay else ""
    return Story(
        event,
        tuple(routes),
        () if seen is None else seen.because,
        "" if seen is None else seen.origin,
        original,
        tuple(name for name in siblings if name.startswith(f"{event.name}~")),
        tuple(await _led_to(engine, event)),
    )


async def _led_to(engine: Engine, event: Event) -> list[str]:
    """Observations and relays at the systems that this event reached and that we also listen to."""
    found: list[str] = []
    for target in event.outcomes:
        if not engine.configuration.two_way.get(target):
            continue
        there = await place(engine, Who(event.source, event.subject), target)
        names = (await engine.journal.of_subject(target, there.account))[-PAGE:] if there.account else []
        for _, other in await engine.journal.load(names):
            if other is not None and other.kind == "seen" and event.name in _sighting(other.body).because:
                found.append(other.name)
    return found


FIELDS = (
    "name", "source", "id", "subject", "kind", "version", "at", "late", "polled", "replay", "unseal", "only", "revision",
    "planned",
)  # fmt: skip
"""What `--json` shows of an event's record as it is."""


def plain(told: Story, *, reveal: bool) -> dict[str, object]:
    """For `--json`: builtins; the body only if it may be seen."""
    event = told.event
    shown: dict[str, object] = {name: msgspec.to_builtins(getattr(event, name)) for name in FIELDS}
    shown["routes"] = [_plain_route(route) for route in told.routes]
    shown |= {name: list(getattr(told, name)) for name in ("because", "replays", "led_to")}
    shown |= {"origin": told.origin or None, "original": told.original or None}
    if reveal:
        shown["body"] = msgspec.json.decode(event.body)
    return shown


def _plain_route(route: Route) -> dict[str, object]:
    return {
        "target": route.target,
        "attribute": route.attribute,
        **plain_outcome(route.outcome),
        **({"reason": route.waits.reason, "until": route.waits.until, "tries": route.waits.tries} if route.waits else {}),
        "attempts": [plain_outcome(attempt) for attempt in route.attempts],
    }


def plain_outcome(outcome: Outcome) -> dict[str, object]:
    return {"outcome": str(outcome.word)} | {
        name: getattr(outcome, name) for name in ("reason", "at", "tries", "status", "request", "until")
    }
