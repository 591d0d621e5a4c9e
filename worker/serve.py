"""The daemons that are no Celery workers: the endpoint and the tick."""

from __future__ import annotations

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor

import structlog

from worker import collector, tasks, wiring
from worker.absence import Absence
from worker.config import Configuration
from worker.endpoint.exchange import Limits
from worker.endpoint.ingress import build_app
from worker.endpoint.listener import server
from worker.engine import tick
from worker.engine.engine import EVENTS
from worker.engine.hints import Hints
from worker.settings import Settings
from worker.store.connection import Store, connect
from worker.store.errors import Unavailable

log = structlog.get_logger()


async def serve(settings: Settings, configuration: Configuration, host: str, port: int) -> None:
    """Run the endpoint until a signal.  A store that is away does not end it: its senders are told 503."""
    store, absence = Store(connect(settings.redis_url), settings.durability), Absence("the store")
    try:
        await store.open()
    except Unavailable as error:
        absence.goes_on(error.reason)
    hints = _hints(store, settings)
    app = build_app(
        wiring.endpoints(configuration),
        wiring.journal(store, settings),
        wiring.Ready(store),
        hint=lambda: hints([EVENTS]),
        absence=absence,
        limits=Limits(),
    )
    await wiring.warn(store)
    collector.settle()

    def ready() -> None:
        log.info("endpoint ready", host=host, port=port, revision=configuration.revision)

    await server(app, ready=ready, host=host, port=port).serve()
    log.info("endpoint stops")
    await store.close()


async def keep_ticking(settings: Settings, configuration: Configuration) -> None:
    """Run the tick until a signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    store = Store(connect(settings.redis_url), settings.durability)
    if not await wiring.wait_for_store(store, stop):
        return
    log.info("tick ready", systems=len(configuration.visited), polled=len(configuration.polled), revision=configuration.revision)
    await tick.run(store, _hints(store, settings), wiring.journal(store, settings), configuration, stop)
    log.info("tick stops")
    await store.close()


def _hints(store: Store, settings: Settings) -> Hints:
    return Hints(store, tasks.publisher(tasks.application(settings.broker_url)), ThreadPoolExecutor(1, "hints"))
