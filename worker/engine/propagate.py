"""Propagate: events become wanted values in the lanes of their targets.  Read this first, then deliver.py and fold.py."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from msgspec.structs import replace

from worker.core.event import Event
from worker.core.lane import Lane, Note, Search, Step, Terms, Want
from worker.core.mapping import Route, Wanted
from worker.core.merge import merge
from worker.core.outcome import Outcome, Word
from worker.core.search import search_account
from worker.engine.engine import OUTBOX, Alert, Engine, say_parked
from worker.engine.facts import Ended, Gone, Hinted, facts_of, routes_of, search_of
from worker.engine.parting import part_from_all
from worker.store.errors import Unavailable

log = structlog.get_logger()

BATCH = 64
LEASE = 5_000
"""Milliseconds after which an event whose propagation died is taken again.  Short, because nothing hangs on it: two that bring
the same event to its lanes do what one does."""


@dataclass(slots=True)
class Delivery:
    """What one event brings to one lane: values, or a hint."""

    system: str
    account: str
    event: str
    wants: Mapping[str, Want] = field(default_factory=dict)
    hint: str = ""
    owner: Mapping[str, str] | None = None
    search: Search | None = None
    unseal: bool = False


@dataclass(slots=True)
class Work:
    """One event on its way: what is known of its outcome, and where its values go.  gone: its account is, and loses its links."""

    event: Event
    raw: bytes
    told: dict[tuple[str, str], list[Outcome]] = field(default_factory=dict)
    routes: list[tuple[str, str]] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    gone: bool = False

    def end(self, target: str, attribute: str, word: Word, reason: str, now: int) -> None:
        self.routes.append((target, attribute))
        self.told.setdefault((target, attribute), []).append(Outcome(word, reason, now))

    def broken(self, error: BaseException, now: int, system: str = "*", attributes: Iterable[str] = ("*",)) -> None:
        """A fault of ours, in the code or in the mapping language, that would come again each time: it is parked, so that it
        holds up nobody else, and starts again once it is mended.  Raises what says that the store is away."""
        if isinstance(error, Unavailable) or not isinstance(error, Exception):
            raise error
        log.error("propagation failed", event_name=self.event.name, target=system, error=type(error).__name__, exc_info=error)
        for attribute in attributes:
            self.end(system, attribute, Word.PARKED, "a fault of ours", now)


async def propagate(engine: Engine) -> bool:
    """Take due events and bring each to its lanes.  True if there may be more."""
    now, names = await engine.journal.take(LEASE, BATCH)
    if not names:
        return False
    works = []
    for name, (raw, event) in zip(names, await engine.journal.load(names), strict=True):
        if event is None or raw is None:
            await engine.journal.tell(name, {}, routes=())  # its record is gone: it is not due any more
        else:
            works.append(Work(event, raw))
    asked = await asyncio.gather(*(ask(engine, work, now) for work in works), return_exceptions=True)
    for work, error in zip(works, asked, strict=True):
        if error is not None:
            work.deliveries.clear()
            work.broken(error, now)
    touched = await _merge_all(engine, works, now)
    await _part_all(engine, works, now)
    await asyncio.gather(
        *(engine.journal.tell(w.event.name, w.told, w.routes, engine.configuration.revision, w.raw) for w in works)
    )
    for work in works:
        _say(work)
    if touched:
        engine.hint([*touched, OUTBOX])
    return len(names) == BATCH


async def _part_all(engine: Engine, works: Sequence[Work], now: int) -> None:
    """Who is gone loses the links; last, because what was said just before would make its right to the accounts anew."""
    gone = [work for work in works if work.gone]
    parts = (part_from_all(engine, work.event.source, work.event.subject) for work in gone)
    for work, links in zip(gone, await asyncio.gather(*parts, return_exceptions=True), strict=True):
        if isinstance(links, BaseException):
            work.broken(links, now)
        else:
            log.info("deleted at its source", event_name=work.event.name, links=links)


async def ask(engine: Engine, work: Work, now: int) -> None:
    """What this event asks for, and of whom: fills `work`, and writes nothing."""
    event = work.event
    match facts_of(engine.configuration, event):
        case Ended(word, reason):
            work.end("*", "*", word, reason, now)
        case Hinted():
            work.routes.append((event.source, "*"))
            work.deliveries.append(Delivery(event.source, event.subject, event.name, hint=event.name))
        case Gone():
            work.gone = True
            work.end("*", "*", Word.IGNORED, "deleted at its source", now)
        case facts:
            if event.source not in engine.configuration.mappings:
                work.end("*", "*", Word.IGNORED, "no mapping", now)
            await _route(engine, work, routes_of(engine.configuration, event, facts), now)


async def _route(engine: Engine, work: Work, routes: Sequence[Route], now: int) -> None:
    event = work.event
    searched = [r.target for r in routes if not r.account]
    linked = dict(zip(searched, await engine.links.find(event.source, event.subject, searched), strict=True))
    for r in routes:
        for other in r.others:
            work.end(r.target, other.attribute, other.outcome, other.reason, now)
        wants = {w.attribute: _want(engine, event, r.target, w) for w in r.wants}
        work.routes += [(r.target, attribute) for attribute in wants]
        if not wants:
            continue
        account = r.account or linked[r.target]
        if account:
            delivery = Delivery(r.target, account, event.name, wants, owner={event.source: event.subject}, unseal=event.unseal)
        else:
            lane = search_account(event.source, event.subject)
            delivery = Delivery(r.target, lane, event.name, wants, search=search_of(r), unseal=event.unseal)
        work.deliveries.append(delivery)


def _want(engine: Engine, event: Event, target: str, wanted: Wanted) -> Want:
    return Want(
        version=event.version,
        source=event.source,
        event=event.name,
        print=engine.print_of(target, wanted.attribute, wanted.value),
        value=wanted.value,
        policy=wanted.policy,
        place=wanted.place,
        at=event.at,
        replay=event.replay,
    )


async def _merge_all(engine: Engine, works: Sequence[Work], now: int) -> set[str]:
    """All of the batch that goes into one lane is one commit.  Answers the systems that have something to do now."""
    by_lane: dict[tuple[str, str], list[Delivery]] = {}
    by_event = {work.event.name: work for work in works}
    for work in works:
        for delivery in work.deliveries:
            by_lane.setdefault((delivery.system, delivery.account), []).append(delivery)
    merges = (_merge_lane(engine, system, account, deliveries, now) for (system, account), deliveries in by_lane.items())
    merged = await asyncio.gather(*merges, return_exceptions=True)
    for ((system, _), deliveries), refused in zip(by_lane.items(), merged, strict=True):
        if isinstance(refused, BaseException):
            for delivery in deliveries:
                by_event[delivery.event].broken(refused, now, system, delivery.wants or ("*",))
    for delivery in (delivery for deliveries in merged if not isinstance(deliveries, BaseException) for delivery in deliveries):
        for attribute in delivery.wants:
            by_event[delivery.event].told.setdefault((delivery.system, attribute), []).append(
                Outcome(Word.PARKED, "the account belongs to another subject", now)
            )
    return {system for system, _ in by_lane}


async def _merge_lane(engine: Engine, system: str, account: str, deliveries: Sequence[Delivery], now: int) -> list[Delivery]:
    """Answers the deliveries that have no right to this account."""
    terms = engine.terms[system]
    refused: list[Delivery] = []

    def transition(lane: Lane) -> tuple[Lane, list[Note]]:
        refused.clear()
        notes: list[Note] = []
        after = lane
        for delivery in deliveries:
            step = enter(after, terms, delivery)
            if step is None:
                refused.append(delivery)
            else:
                after, more = step
                notes += more
        return after if after is not lane else replace(lane), notes

    committed = await engine.lanes.change(terms, account, now, transition)
    if committed is not None:
        engine.tell_people(committed[1][1])
    return refused


def enter(lane: Lane, terms: Terms, delivery: Delivery) -> Step | None:
    """What an event brings enters a lane.  None: it has no right to this account."""
    wants = {name: _may_replace(lane, name, want) for name, want in delivery.wants.items()} if delivery.unseal else delivery.wants
    return merge(lane, terms, wants, hint=delivery.hint, owner=delivery.owner, search=delivery.search)


def _may_replace(lane: Lane, name: str, want: Want) -> Want:
    x = lane.attributes.get(name)
    return replace(want, replaces=x.seal.mark) if x is not None and x.seal is not None else want


def _say(work: Work) -> None:
    event = work.event
    say_parked(
        (Alert(event.name, target, outcome.reason), attribute)
        for (target, attribute), outcomes in work.told.items()
        for outcome in outcomes
        if outcome.word is Word.PARKED
    )
    log.debug("propagated", event_name=event.name, routes=len(work.routes))
