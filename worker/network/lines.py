"""The lines of a process: one to each system that is asked or written, with the credentials, budget and limits of its entry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from connectors.contract import Authentication, Feed
from worker.config import Configuration, System
from worker.network.egress import Egress
from worker.network.transport import Exchange, Line
from worker.store.budgets import Gate
from worker.store.connection import Store

log = structlog.get_logger()


def lines(
    configuration: Configuration, store: Store, egress: Egress, on_exchange: Callable[[Exchange], None] | None = None
) -> dict[str, Line]:
    """on_exchange: is told of each; None: the log is.

    Belongs to the event loop in which it is called.  Raises ValueError for a base_url that is none."""
    gate = Gate(store)
    return {
        name: Line(
            name,
            system.base_url,
            authentication,
            gate,
            share=system.share,
            budget=system.budget,
            rate_headers=system.budget_headers,
            deadline=system.deadline,
            ca=system.ca,
            egress=egress,
            on_exchange=on_exchange or _note,
        )
        for name, system in configuration.systems.items()
        if (authentication := _authentication(system)) is not None
    }


def _authentication(system: System) -> Authentication | None:
    """None of a system that is never asked anything."""
    if system.target is not None:
        return system.target.authentication
    return system.source.authentication if system.poll is not None and isinstance(system.source, Feed) else None


@asynccontextmanager
async def opened(configuration: Configuration, store: Store, egress: Egress) -> AsyncIterator[dict[str, Line]]:
    """The same for a while, for a command that asks and prints what it hears."""

    def quiet(_: Exchange) -> None:
        """Its output is no log."""

    there = lines(configuration, store, egress, quiet)
    try:
        yield there
    finally:
        for line in there.values():
            await line.close()


def _note(exchange: Exchange) -> None:
    log.debug(
        "exchange", target=exchange.system, method=exchange.method, status=exchange.status, reason=exchange.reason or None,
        milliseconds=round(exchange.seconds * 1000),
    )  # fmt: skip
