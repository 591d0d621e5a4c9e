"""The tasks of Celery, and the only file that imports it.  A message says "there is work at X" and carries no value: losing
one delays, doubling one changes nothing, and an empty broker is filled again from the due lists."""

from __future__ import annotations

import logging
from collections.abc import Callable

import structlog
from celery import Celery
from celery.signals import setup_logging, worker_init, worker_shutdown
from kombu import Exchange, Queue

from worker import collector
from worker.engine import EVENTS, FEEDS, OUTBOX
from worker.runner import STUCK, Assemble, Runner

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
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=16,
        task_create_missing_queues=False,
        task_default_queue=QUEUE,
        task_queues=[Queue(QUEUE, Exchange("", type="direct"), routing_key=QUEUE)],
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
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


def ping(broker_url: str) -> None:
    """Reach the broker once; blocking.  Raises what its client raises."""
    with application(broker_url).connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=3)
        connection.default_channel  # noqa: B018 - over Redis only a channel finds out whether anybody is there


def run_worker(app: Celery, assemble: Assemble, concurrency: int, stuck: float = STUCK) -> None:
    """A worker, until SIGTERM: then it takes no more hints and finishes the visits that it has in flight.  stuck: seconds, see
    `runner.STUCK`.  Raises what `assemble` raises: a worker that cannot work does not start."""
    runner = Runner(assemble, stuck, lambda: ping(app.conf.broker_url))

    @app.task(name="lockstep.propagate")
    def propagate() -> None:
        runner.wake(EVENTS)

    @app.task(name="lockstep.deliver")
    def deliver(system: str) -> None:
        runner.wake(system)

    @app.task(name="lockstep.fold")
    def fold() -> None:
        runner.wake(OUTBOX)

    @app.task(name="lockstep.poll")
    def poll() -> None:
        runner.wake(FEEDS)

    def start(**_: object) -> None:
        collector.settle()
        log.info("worker ready")

    def stop(**_: object) -> None:
        log.info("worker drains")
        log.info("worker stops", drained=runner.drain(DRAIN))

    def keep_logging(**_: object) -> None:
        """Celery leaves logging as the command set it up."""
        logging.getLogger("celery").setLevel(logging.WARNING)

    setup_logging.connect(keep_logging, weak=False)
    worker_init.connect(start, weak=False)
    worker_shutdown.connect(stop, weak=False)
    runner.start()  # not in `start`: Celery logs what a receiver raises and goes on, with a worker that is deaf
    app.worker_main(
        [
            "--quiet",
            "worker",
            "--pool=threads",
            f"--concurrency={concurrency}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--loglevel=WARNING",
            "--hostname=lockstep@%h",
        ]
    )
