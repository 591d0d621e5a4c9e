"""The composition root: the environment and the configuration become the parts that the stories need."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from redis.exceptions import RedisError

from connectors.registry import CONNECTORS
from worker.absence import Absence
from worker.cause import cause
from worker.config import Configuration, Problem, inspect, json_schema, load
from worker.config.schema import Kind
from worker.core.fingerprint import Fingerprints
from worker.endpoint.ingress import Handshake, SourceEndpoint
from worker.engine.engine import Engine, Hint
from worker.engine.hints import Hints
from worker.settings import Settings
from worker.store.connection import Store, connect
from worker.store.errors import Unavailable
from worker.store.journal import Journal
from worker.store.keyring import vouch
from worker.store.lanes import Lanes
from worker.store.links import Links
from worker.store.pauses import Pauses
from worker.store.queues import enrol
from worker.telling.unread import NoLanes, NoLinks

if TYPE_CHECKING:
    from worker.network.transport import Line

NOWHERE = "redis://127.0.0.1:1"
"""Where no store is: a client of it that is never used opens no connection."""
log = structlog.get_logger()

OFFLINE_KEYS: Mapping[str, bytes] = {"offline": bytes(32)}


def settings(*, offline: bool = False) -> Settings:
    """Raises SettingsError."""
    return Settings.from_environ(os.environ, offline=offline)


def configuration(settings: Settings, environ: Mapping[str, str] = os.environ) -> Configuration:
    """environ: what `"${NAME}"` in `systems.yaml` refers to.  Raises ConfigurationError."""
    return load(settings.config, environ, CONNECTORS)


def inspected(settings: Settings) -> tuple[Configuration, Sequence[Problem]]:
    """As `config.inspect` says: with what its references do not find.  Raises ConfigurationError."""
    return inspect(settings.config, os.environ, CONNECTORS)


async def open_store(settings: Settings) -> Store:
    """Raises Unavailable, WrongKeys."""
    store = Store(connect(settings.redis_url), settings.durability)
    await store.open()
    await vouch(store, settings.fingerprint_keys)
    return store


async def wait_for_store(store: Store, stop: asyncio.Event | None = None) -> bool:
    """Open it, for a daemon: while it is away it is waited for.  False if `stop` came before."""
    absence = Absence("the store")
    while stop is None or not stop.is_set():
        try:
            await store.open()
        except Unavailable as error:
            absence.goes_on(error.reason)
            await asyncio.sleep(1)
        else:
            absence.is_over()
            return True
    return False


async def warn(store: Store) -> None:
    """Say loudly, at the start of a daemon, what an operator should know of the store.  One that does not answer says nothing."""
    with contextlib.suppress(RedisError):
        if warning := (await store.durability.assurance()).warning:
            log.warning("durability", note=warning)


def journal(store: Store, settings: Settings) -> Journal:
    return Journal(store, retention=settings.retention * 1000, backlog=settings.backlog)


def schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a kind of file, with the keys of every connector."""
    return json_schema(kind, CONNECTORS)


def sandboxes() -> tuple[str, ...]:
    """The kinds of systems that can be played: each connector brings a sandbox of its own."""
    return tuple(CONNECTORS)


@asynccontextmanager
async def operators_engine(settings: Settings, configuration: Configuration) -> AsyncIterator[Engine]:
    """An engine without lines: an operator's command never talks to a system."""
    store = await open_store(settings)

    def no_hint(_: object) -> None:
        """The tick sees what became due."""

    try:
        yield _engine(settings, configuration, store, {}, no_hint)
    finally:
        await store.close()


@asynccontextmanager
async def explaining_engine(settings: Settings, configuration: Configuration) -> AsyncIterator[tuple[Engine, str]]:
    """An engine that only reads the store; where none can be read it knows nothing, and the text says why."""
    why_not = ""
    if not settings.redis_url:
        why_not = "no store is named, and no embedded one runs"
    elif not settings.fingerprint_keys:
        why_not = "LOCKSTEP_FINGERPRINT_KEYS is not given, without which what the store holds cannot be compared"
    store = Store(connect(settings.redis_url or NOWHERE), settings.durability)
    try:
        if not why_not:
            try:
                why_not = await store.unfit()
            except Unavailable as error:
                why_not = error.reason
        engine = _engine(settings, configuration, store, {}, lambda _: None)
        if why_not:
            engine.lanes, engine.links = NoLanes(), NoLinks()
        yield engine, why_not
    finally:
        await store.close()


async def workers_engine(
    settings: Settings, configuration: Configuration, publish: Callable[[str], None]
) -> tuple[Engine, Hints]:
    """The engine of a worker process, in the loop that will run it; a store that is away is waited for.  Raises WrongKeys."""
    from worker.network.lines import lines

    store = Store(connect(settings.redis_url), settings.durability)
    await wait_for_store(store)
    await vouch(store, settings.fingerprint_keys)
    await enrol(store, configuration.visited)
    await warn(store)
    hints = Hints(store, publish, ThreadPoolExecutor(1, "hints"))
    return _engine(settings, configuration, store, lines(configuration, store, settings.egress), hints), hints


def _engine(settings: Settings, configuration: Configuration, store: Store, lines: Mapping[str, Line], hint: Hint) -> Engine:
    return Engine(
        configuration=configuration,
        store=store,
        journal=journal(store, settings),
        lanes=Lanes(store),
        links=Links(store),
        pauses=Pauses(store),
        lines=lines,
        prints=Fingerprints(settings.fingerprint_keys or OFFLINE_KEYS),
        hint=hint,
    )


def endpoints(configuration: Configuration) -> dict[str, SourceEndpoint]:
    """The sources, as the endpoint sees them."""
    return {
        name: SourceEndpoint(
            name=name,
            source=system.source,
            verify=system.verifier(),
            handshake=None if system.handshake is None else Handshake(system.handshake.get, system.handshake.answer),
            acknowledge=system.acknowledge,
            looks=system.looks,
        )
        for name, system in configuration.systems.items()
        if system.source is not None
    }


class Ready:
    """Whether this process could keep what it accepts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def problems(self) -> list[str]:
        try:
            assurance = await self._store.durability.assurance()
            await self._store.now()
        except Unavailable as error:
            return [error.reason]
        except Exception as error:  # noqa: BLE001 - whatever it is, this process is not ready
            return [f"the store does not answer ({cause(error)})"]
        return [assurance.problem] if assurance.problem else []

    async def warnings(self) -> list[str]:
        assurance = await self._store.durability.assurance()
        return [assurance.warning] if assurance.warning else []
