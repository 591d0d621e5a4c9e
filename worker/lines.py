"""The lines of a worker process: one to each target, with the credentials, budget and limits of its entry."""

from __future__ import annotations

import structlog

from worker.config import Configuration
from worker.settings import Settings
from worker.store.budgets import Gate
from worker.store.connection import Store
from worker.transport import Exchange, Line

log = structlog.get_logger()


def lines(settings: Settings, configuration: Configuration, store: Store) -> dict[str, Line]:
    """Belongs to the event loop in which it is called.  Raises ValueError for a base_url that is none."""
    gate = Gate(store)
    return {
        name: Line(
            name,
            system.base_url,
            system.target.authentication,
            gate,
            share=system.share,
            budget=system.budget,
            rate_headers=system.budget_headers,
            deadline=system.deadline,
            ca=system.ca,
            egress=settings.egress,
            on_exchange=_note,
        )
        for name, system in configuration.systems.items()
        if system.target is not None
    }


def _note(exchange: Exchange) -> None:
    log.debug(
        "exchange", target=exchange.system, method=exchange.method, status=exchange.status, reason=exchange.reason or None,
        milliseconds=round(exchange.seconds * 1000),
    )  # fmt: skip
