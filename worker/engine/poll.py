"""Poll: what a source lists that it has said is accepted like its webhooks, so that one that was lost is only late.

A page is read, its events are accepted, then the cursor moves.  Whoever dies on the way reads the page again, and the journal
knows its ids.  A poll is no probe: it leaves a paused system alone, and what becomes of it pauses nothing and resumes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import structlog
from msgspec.structs import replace

from connectors.contract import ConnectorError, Deferred, Failed, Feed, Page
from worker.config import System
from worker.core import intake
from worker.core.event import Entry, Event
from worker.core.outcome import Outcome, Word
from worker.core.version import micros
from worker.engine.admission import admit, tell_people
from worker.engine.engine import EVENTS, Engine
from worker.engine.floor import Floor
from worker.store.cursors import Cursor

log = structlog.get_logger()

MANY = 16
AGAIN = 30_000
"""Milliseconds after which one looks again whether the system is still paused, or the backlog still full."""
SHORTEST = 1_000
"""Milliseconds between two polls that failed, at least."""
STRIKES = 5
"""Polls in a row that failed, after which people are told."""
SECOND = 1_000_000
NEAR = 16
"""Events of a subject that are looked through for one that already led to a look."""
TOLD = "told already"


async def poll(engine: Engine, floor: Floor) -> bool:
    """Take the sources whose feeds are due, and start to read them.  True if there may be more."""
    lease = max((terms.lease for terms in engine.terms.values()), default=AGAIN)
    sources = await engine.cursors.take(lease, MANY)
    for source in sources:
        floor.start_beside(source, _poll(engine, source, lease))
    return len(sources) == MANY


async def _poll(engine: Engine, source: str, lease: int) -> None:
    """Read one feed to its end.  Each page is a step with one commit, and the lease begins anew with it; whoever lost the lease
    moves nothing."""
    system = engine.configuration.systems.get(source)
    if system is None or system.poll is None or not isinstance(system.source, Feed):
        await engine.cursors.leave(source)
        return
    known = await engine.cursors.load(source)
    at: Cursor | None = known if known.begun else replace(known, begun=await engine.store.now())
    more = True
    while more and at is not None:
        step = await _step(engine, system, system.source, at, system.poll)
        more = step.wait == 0
        at = await engine.cursors.move(source, at, step.after, await engine.store.now() + (step.wait or lease))


class _Step(NamedTuple):
    """Where a feed stands after one page.  wait: milliseconds until it is read again; 0: at once."""

    after: Cursor
    wait: int


async def _step(engine: Engine, system: System, feed: Feed, at: Cursor, period: float) -> _Step:
    """Read one page, and accept what is in it.  Raises what the journal raises."""
    now = await engine.store.now()
    pause = await engine.pauses.paused(system.name)
    if pause is not None:
        return _Step(replace(at, why="the system is paused"), max(AGAIN, pause.until - now))
    try:
        page = await engine.lines[system.name].drive(feed.feed(at.place), patience=engine.terms[system.name].lease / 1000 - 1)
    except ConnectorError as error:
        return _put_off(engine, system, at, error)
    words = await _accept(engine, system, page)
    if words["new"]:
        log.info("feed read", source=system.name, new=words["new"], duplicates=words["same"], told_already=words[TOLD])
    if words["full"]:
        return _Step(replace(at, why="the backlog is full"), AGAIN)
    after = replace(at, place=page.cursor, misses=0, why="it is not at its end" if page.more else "")
    if page.more:
        return _Step(after, 0 if page.elements else int(period * 1000))
    return _Step(replace(after, whole=now), int(period * 1000))


def _put_off(engine: Engine, system: System, at: Cursor, error: ConnectorError) -> _Step:
    """The cursor stays; the feed is read again when the error says, or ever later.  To be throttled is no failure."""
    throttled = isinstance(error, Deferred) and error.throttled
    misses = at.misses if throttled else at.misses + 1
    wait = (error.wait or 0.0) if isinstance(error, (Deferred, Failed)) else 0.0
    delay = 0 if throttled else engine.terms[system.name].retry.delay(misses, engine.jitter())
    if misses == STRIKES and not throttled:
        log.error("feed not read", alert=True, source=system.name, reason=error.reason, see="lockstep doctor")
    else:
        log.warning("feed not read", source=system.name, reason=error.reason)
    return _Step(replace(at, misses=misses, why=error.reason), max(int(wait * 1000), delay, SHORTEST))


async def _accept(engine: Engine, system: System, page: Page) -> Counter[str]:
    """Accept the events of a page, one after the other, because one may have told another.  What the journal said of each, or
    `told already`; with `full` it ends.  Raises what the journal raises."""
    source = system.source
    assert source is not None
    now = await engine.store.now() * 1000
    words: Counter[str] = Counter()
    for heard in intake.listed(page.elements, source, intake.Receipt(system.name, "", now, system.looks)):
        entry = await _unless_told(engine, heard, now)
        admitted = await admit(engine.journal, [entry], now, answered=False)
        tell_people(admitted)
        for _, word, error in admitted:
            if error is not None:
                raise error
            words[TOLD if word == "new" and entry.verdict is not None and entry.verdict.reason == TOLD else word] += 1
        if words["full"]:
            break
    if words["new"]:
        engine.hint([EVENTS])
    return words


async def _unless_told(engine: Engine, heard: intake.Heard, now: int) -> Entry:
    """The event; it is over if what it tells is known.  What is trusted with values, and what says that an account is gone, is
    no mere look: it is accepted in any case.  now: microseconds since 1970."""
    entry = heard.entry
    if not heard.looks:
        return entry
    known = await engine.journal.since_of_subject(entry.source, entry.subject, _second(entry), NEAR)
    return replace(entry, verdict=Outcome(Word.IGNORED, TOLD, now // 1000)) if covered(entry, known) else entry


def _second(entry: Entry) -> int:
    """When the second of this event begins, microseconds since 1970: a webhook may tell its time no closer."""
    return int(entry.time or 0) // SECOND * SECOND


def covered(entry: Entry, events: Sequence[Event]) -> bool:
    """Whether an event of its subject that is known leads to a look which shows what this one tells of.  events: of this source
    and subject, of its second or later.

    By the source's own clock what is of a later second came later, and so will its look.  Of the same second each webhook covers
    one event of the list: of two changes in a second, of which one webhook was lost, one is looked at."""
    if not entry.time:
        return False
    webhooks = told = 0
    for event in events:
        if event.kind != "said" or event.name == entry.name:
            continue
        of_its_second = micros(event.version) < _second(entry) + SECOND
        verdict = event.outcomes.get("*", {}).get("*")
        if verdict is not None:
            told += of_its_second and verdict.reason == TOLD
        elif not _given_up(event):
            if not of_its_second:
                return True
            webhooks += not event.polled
    return webhooks > told


def _given_up(event: Event) -> bool:
    """Nobody looked, and nobody will."""
    ends = event.outcomes.get(event.source, {}).values()
    return any(end is not None and end.word in (Word.PARKED, Word.DROPPED, Word.ERASED) for end in ends)
