"""Pace: what an operator sends in bulk leaves room for what is live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from worker.engine.engine import Engine

FLOOD = 5_000
"""Events waiting above which a bulk act waits too."""
PATIENCE = 0.5
"""Seconds until we look again."""


async def room(engine: Engine, waits: Callable[[], None]) -> None:
    """Wait until few events wait: live ones come first, and the endpoint must never be full for our sake.  waits: called each
    time that we looked in vain."""
    most = min(FLOOD, engine.journal.backlog // 2) if engine.journal.backlog else FLOOD
    while True:
        if await engine.journal.waiting() <= most:
            return
        waits()
        await asyncio.sleep(PATIENCE)
