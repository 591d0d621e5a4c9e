"""Whether all is well: one finding a line, with what to do about it.  Looks at our own parts; never asks a system."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum

import msgspec

from worker.cause import cause
from worker.config import Configuration
from worker.engine.engine import Engine
from worker.operate.targets import states
from worker.settings import Settings
from worker.store import keys, queues, server
from worker.store.beats import Beats
from worker.store.connection import EMPTY, Store
from worker.store.errors import Unavailable
from worker.store.keyring import misfit
from worker.telling.words import many, span, when
from worker.watch import STUCK

SKEW = 1_000
"""Milliseconds that our clock may differ from the store's: sources' times and stamps are compared."""
OVERDUE = int(STUCK * 1000)
"""Milliseconds for which due work may wait; a worker that cannot get it done by then ends itself."""
FULL = 0.8
"""Of the memory limit; above it the append-only file may soon not be rewritten."""

LATE_POLLS = 10
"""Periods for which a feed may go without being read to its end."""

POLICY = "set `maxmemory-policy noeviction`"
MORE = "start a `lockstep worker`, or more of them"

Ping = Callable[[], None]
"""Reaches the broker, or raises; blocking."""


class State(StrEnum):
    OK = "ok"
    """As it should be."""
    NOTE = "note"
    """Works, and should be known."""
    WRONG = "wrong"
    """Must be mended; the exit code is 1."""


class Finding(msgspec.Struct, frozen=True):
    """what: the part; says: what was found, never a secret; do: what to do, "" if nothing."""

    what: str
    state: State
    says: str
    do: str = ""


async def findings(settings: Settings, engine: Engine, ping: Ping) -> AsyncIterator[Finding]:
    """All that can be told, in the order in which one would look.  What needs a store is left out where none answers."""
    yield Finding("environment", State.OK, f"configuration in {settings.config}, durability {settings.durability}")
    store = engine.store
    for each in _configuration(engine.configuration):
        yield each
    yield await _broker(ping)
    try:
        now = await store.now()
    except Unavailable as error:
        yield Finding("store", State.WRONG, error.reason, "start it, or correct LOCKSTEP_REDIS_URL; until then 503 is answered")
        return
    parts: tuple[Awaitable[list[Finding]], ...] = (
        _store(store), _keys(store, settings), _server(store), _queues(engine, now), _targets(engine, now), _feeds(engine, now),
        _people(engine, now),
    )  # fmt: skip
    for part in parts:
        for each in await part:
            yield each


def _configuration(configuration: Configuration) -> list[Finding]:
    parts = many(len(configuration.systems), "system"), many(len(configuration.mappings), "mapping")
    loaded = f"revision {configuration.revision}, {', '.join(parts)}"
    found = [Finding("configuration", State.OK, loaded)]
    if configuration.warnings:
        found.append(Finding("configuration", State.NOTE, many(len(configuration.warnings), "warning"), "lockstep check"))
    return found


async def _broker(ping: Ping) -> Finding:
    try:
        await asyncio.to_thread(ping)
    except Exception as error:  # noqa: BLE001 - whatever its client raises, it cannot be used
        said = f"does not answer ({cause(error)})"
        return Finding("broker", State.WRONG, said, "start it, or correct LOCKSTEP_BROKER_URL; nothing is lost meanwhile")
    return Finding("broker", State.OK, "answers")


async def _store(store: Store) -> list[Finding]:
    found = []
    if unfit := await store.unfit():
        mend = "run the release that wrote it, or give LOCKSTEP_REDIS_URL another database"
        empty = unfit == EMPTY
        found.append(Finding("store", State.NOTE if empty else State.WRONG, unfit, "" if empty else mend))
    assurance = await store.durability.assurance()
    if assurance.problem:
        found.append(Finding("durability", State.WRONG, assurance.problem, "until then every webhook is answered 503"))
    elif assurance.warning:
        found.append(Finding("durability", State.NOTE, assurance.warning))
    else:
        found.append(Finding("durability", State.OK, "what is answered is on disk (appendfsync always)"))
    before, there, after = time.time() * 1000, await store.now(), time.time() * 1000
    skew = int(after - there if there > after else max(before - there, 0))  # what the way of the question explains is none
    if abs(skew) > SKEW:
        ahead = "ahead of" if skew > 0 else "behind"
        found.append(Finding("clock", State.WRONG, f"ours is {span(skew)} {ahead} the store's", "run NTP on both"))
    else:
        found.append(Finding("clock", State.OK, f"within {span(SKEW)} of the store's"))
    return found


async def _keys(store: Store, settings: Settings) -> list[Finding]:
    """Told only if they are wrong: then nothing else is worth to be looked at."""
    why = await misfit(store, settings.fingerprint_keys)
    return [Finding("fingerprint keys", State.WRONG, why, "no worker starts until then")] if why else []


async def _server(store: Store) -> list[Finding]:
    told = await server.ask(store)
    found = []
    if told.policy is None:
        found.append(Finding("memory", State.NOTE, "the store does not tell its policy", POLICY))
    elif told.policy != "noeviction":
        found.append(Finding("memory", State.WRONG, f"policy {told.policy}: seals can be evicted", POLICY))
    elif told.limit and told.memory > FULL * told.limit:
        full = told.memory >= told.limit
        used = "it is full: nothing can be written" if full else f"{told.memory / told.limit:.0%} of its limit is used"
        found.append(Finding("memory", State.WRONG, used, "raise `maxmemory`; a full store answers 503"))
    else:
        of = f" of {told.limit >> 20}" if told.limit else ""
        found.append(Finding("memory", State.OK, f"noeviction, {max(told.memory >> 20, 1)}{of} MiB used"))
    if told.replica:
        mend = "name the primary in LOCKSTEP_REDIS_URL; a failover is a restore (docs/operations.md)"
        found.append(Finding("store", State.WRONG, "it is a replica and takes no writes", mend))
    if told.written is False:
        found.append(Finding("append-only file", State.WRONG, "its last write failed", "look at the store's disk"))
    return found


async def _queues(engine: Engine, now: int) -> list[Finding]:
    events, lag = await queues.depth(engine.store, keys.EVENTS_DUE, now), await queues.outbox_lag(engine.store)
    found = [
        _queue("events", f"{events.waiting} waiting to be brought to their targets", events.oldest, now),
        _queue("outbox", f"{many(lag.entries, 'commit')} not in the records yet", lag.oldest, now),
    ]
    workers = "start `lockstep worker`: what is accepted waits for one"
    ticks = "start `lockstep tick`: without it what waits is noticed late"
    revision = engine.configuration.revision
    found.append(await _alive("workers", Beats(engine.store, keys.WORKERS), revision, now, workers))
    found.append(await _alive("tick", Beats(engine.store, keys.TICKS), revision, now, ticks))
    return found


async def _alive(what: str, beats: Beats, revision: str, now: int, mend: str) -> Finding:
    """revision: of the folder as it is now; a daemon reads it when it starts."""
    if alive := await beats.alive(now):
        others = [f"{name} has {beat.revision}" for name, beat in sorted(alive.items()) if beat.revision != revision]
        if not others:
            return Finding(what, State.OK, f"{len(alive)} alive")
        says = f"{len(alive)} alive, {len(others)} with another revision of the configuration: {', '.join(others)}"
        return Finding(what, State.WRONG, says, "restart it: a changed folder is read at the start")
    rounds = [beat.at for beat in (await beats.all()).values()]
    return Finding(what, State.WRONG, f"the last round was {when(max(rounds), now)}" if rounds else "none has ever run", mend)


def _queue(what: str, says: str, oldest: int, now: int) -> Finding:
    if oldest and now - oldest > OVERDUE:
        return Finding(what, State.WRONG, f"{says}, the oldest for {span(now - oldest)}", MORE)
    return Finding(what, State.OK, says)


async def _targets(engine: Engine, now: int) -> list[Finding]:
    found = []
    for each in await states(engine):
        what, owed = f"target {each.system}", f"something is owed to {many(each.lanes, 'account')}, {each.due} due"
        if each.pause is not None:
            ends = f"until {when(each.pause.until, now)}" if each.pause.until else "until it is resumed"
            by = f" by {each.pause.by}" if each.pause.reason == "operator" else ""
            says = f"paused{by} ({each.pause.reason}: {each.pause.why}) {ends}; {owed}"
            resume = f"lockstep targets resume {each.system}"
            mend = resume if each.pause.reason == "operator" else f"mend it; then it goes on by itself, or at once: {resume}"
            found.append(Finding(what, State.WRONG, says, mend))
        elif each.held > now:
            says = f"it asked us to wait until {when(each.held, now)}; {owed}"
            found.append(Finding(what, State.NOTE, says, "nothing is sent with this credential until then"))
        elif each.oldest and now - each.oldest > OVERDUE:
            says = f"{owed}, the oldest for {span(now - each.oldest)}"
            found.append(Finding(what, State.WRONG, says, MORE))
        else:
            found.append(Finding(what, State.OK, f"{owed}{', only watched' if each.mode == 'observe' else ''}"))
    return found + await _taken_out(engine, now)


async def _taken_out(engine: Engine, now: int) -> list[Finding]:
    """The systems that no configuration names any more, and to which something is owed for ever."""
    found = []
    for name in sorted(await queues.enrolled(engine.store) - set(engine.configuration.visited)):
        if waiting := (await queues.depth(engine.store, keys.due(name), now)).waiting:
            says = f"not in the configuration any more, and something is owed to {many(waiting, 'account')}"
            mend = "bring it back with `target: {mode: observe}`, and take it out when nothing is owed"
            found.append(Finding(f"target {name}", State.WRONG, says, mend))
    return found


async def _feeds(engine: Engine, now: int) -> list[Finding]:
    found = []
    for name, system in engine.configuration.systems.items():
        if system.poll is None:
            continue
        at, every = await engine.cursors.load(name), f"polled every {span(int(system.poll * 1000))}"
        what, why = f"feed {name}", f": {at.why}" if at.why else ""
        read = f"{every}, read to its end {when(at.whole, now)}" if at.whole else f"{every}, not yet read to its end"
        if at.begun and now - at.since > LATE_POLLS * int(system.poll * 1000):
            mend = f"mend it, or see `lockstep targets check {name}`; webhooks that were lost meanwhile are not made up for"
            found.append(Finding(what, State.WRONG, read + why, mend if at.why else MORE))
        elif not at.begun:
            found.append(Finding(what, State.NOTE, read, "wait for a worker and a tick: what was said before is not told"))
        else:
            found.append(Finding(what, State.NOTE if at.misses else State.OK, read + why))
    return found


async def _people(engine: Engine, now: int) -> list[Finding]:
    waiting = await queues.parked(engine.store)
    if not waiting:
        return [Finding("parked", State.OK, "nothing waits for an operator")]
    oldest = await engine.journal.parked(many=1)
    record = (await engine.journal.load(oldest))[0][1] if oldest else None
    since = f", the oldest accepted {when(record.at, now)}" if record is not None else ""
    return [Finding("parked", State.WRONG, f"waiting for an operator: {many(waiting, 'event')}{since}", "lockstep parked list")]
