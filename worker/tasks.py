"""The tasks of Celery, and the only file that imports it.  A message says "there is work at X" and carries no value: losing
one delays, doubling one changes nothing, and an empty broker is filled again from the due lists."""

from __future__ import annotations

import logging
import os
import signal
import warnings
from collections.abc import Callable

import structlog
from celery import Celery
from celery.apps.worker import Worker
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning
from celery.worker import WorkController, state
from celery.worker.consumer.consumer import CONNECTION_ERROR, CONNECTION_RETRY  # type: ignore[attr-defined] # not in the stubs
from celery.worker.request import Request
from kombu import Exchange, Queue

from worker import collector
from worker.engine.engine import EVENTS, FEEDS, OUTBOX
from worker.runner import Assemble, Runner
from worker.watch import STUCK

log = structlog.get_logger()

QUEUE = "lockstep"
DRAIN = 25.0
"""Seconds that a stopping worker gives its visits; compose's grace period is longer."""

Publish = Callable[[str], None]


def application(broker_url: str) -> Celery:
    """A Celery application that only knows hints: direct queues, json, no results, no countdowns (times live in the due
    lists), a prefetch that does not starve 5.6."""
    app = Celery("lockstep", broker=broker_url, set_as_current=False)
    app.conf.update(
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=16,
        task_create_missing_queues=False,
        task_default_queue=QUEUE,
        task_queues=[Queue(QUEUE, Exchange("", type="direct"), routing_key=QUEUE, no_ack=True)],
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,  # a broker that is full or loading its file is away, too
        broker_pool_acquire_timeout=5,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2},
        broker_transport_options={
            "global_keyprefix": "ls:",
            "ack_emulation": False,  # a lost hint is published again: the broker need not write down which ones are under way
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": not broker_url.startswith("redis+socket"),
            "health_check_interval": 15,
        },
    )
    return app


def publisher(app: Celery) -> Publish:
    """Publishes one hint; blocking."""

    def publish(name: str) -> None:
        match name:
            case _ if name == EVENTS:
                app.send_task("lockstep.propagate", queue=QUEUE)
            case _ if name == OUTBOX:
                app.send_task("lockstep.fold", queue=QUEUE)
            case _ if name == FEEDS:
                app.send_task("lockstep.poll", queue=QUEUE)
            case _:
                app.send_task("lockstep.deliver", (name,), queue=QUEUE)

    return publish


def ping(app: Celery) -> None:
    """Reach the broker once, as a worker must be able to: its queue is declared there, which a broker that is full refuses.
    Blocking.  Raises what its client raises."""
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=3)
        app.amqp.queues[QUEUE](connection.default_channel).declare()


class Hint(Request):
    """A message that was read has done its work: none waits to be acknowledged, none is restored when the broker comes back."""

    acknowledged = True


class Quiet(Worker):
    """Celery's program without talk of its own: logging and signals are as the command set them up."""

    def install_platform_tweaks(self, _: WorkController) -> None:
        """Its handlers of signals write to stdout."""

    def setup_logging(self, colorize: bool | None = None) -> bool:  # type: ignore[override] # noqa: ARG002 - the stub is wrong
        """True: somebody else has done it."""
        return True


def _ours(record: logging.LogRecord) -> bool:
    """Not what Celery says at each try while the broker is away: the watch says it once, and when it is back."""
    return record.msg not in (CONNECTION_ERROR, CONNECTION_RETRY) and not str(record.msg).startswith("Frequent restarts")


def _hush() -> None:
    """What nobody can act upon is not said: no pickle is read here, whoever runs it, and a hint that was under way when the
    broker went is worth nothing."""
    logging.getLogger("celery").setLevel(logging.WARNING)
    logging.getLogger("celery.worker.consumer.consumer").addFilter(_ours)
    for category in (SecurityWarning, CPendingDeprecationWarning):
        warnings.simplefilter("ignore", category)


def _stop(number: int, _: object) -> None:
    """Celery looks at this each second, also while its broker is away; 0 is the exit code.  A second Ctrl-C ends all at once."""
    state.should_stop = 0  # type: ignore[assignment] # the stub is wrong
    if number == signal.SIGINT:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def run_worker(app: Celery, assemble: Assemble, concurrency: int, stuck: float = STUCK, *, revision: str) -> int:
    """A worker, until SIGTERM: then it takes no more hints and finishes the visits that it has in flight.  Answers the exit code.
    stuck: seconds, see `watch.STUCK`.  revision: of the configuration in force, for the log.  Raises what `assemble` raises: a
    worker that cannot work does not start."""
    runner = Runner(assemble, stuck, lambda: ping(app))

    @app.task(name="lockstep.propagate", Request=Hint)
    def propagate() -> None:
        runner.wake(EVENTS)

    @app.task(name="lockstep.deliver", Request=Hint)
    def deliver(system: str) -> None:
        runner.wake(system)

    @app.task(name="lockstep.fold", Request=Hint)
    def fold() -> None:
        runner.wake(OUTBOX)

    @app.task(name="lockstep.poll", Request=Hint)
    def poll() -> None:
        runner.wake(FEEDS)

    runner.start()
    _hush()
    worker = Quiet(
        app=app,
        hostname=f"lockstep@{os.uname().nodename}",
        pool="threads",
        concurrency=concurrency,
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    collector.settle()
    log.info("worker ready", revision=revision)
    worker.start()
    log.info("worker drains")
    log.info("worker stops", drained=runner.drain(DRAIN))
    return worker.exitcode or 0
