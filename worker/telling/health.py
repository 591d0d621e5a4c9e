"""Whether one daemon does its work: what a container's health check asks.  The text says what is not well; "" if it is."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterable

from worker.store import keys, queues
from worker.store.beats import SILENT, Beats
from worker.store.connection import Store
from worker.store.pauses import Pauses
from worker.telling.doctor import OVERDUE
from worker.telling.words import span

PATIENCE = 2.0
"""Seconds between two looks at a list that is overdue: is anything of it getting done?"""


def answers(host: str, port: int, path: str) -> str:
    """An HTTP server on this machine, ready when it answers 200.  host: where it listens."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is compared, not bound
    connection = http.client.HTTPConnection(near, port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(4096)
    except (OSError, http.client.HTTPException) as error:
        return f"nothing answers at {near}:{port} ({type(error).__name__})"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"{path} answers {answer.status}{_reasons(body)}"


async def works(store: Store, systems: Iterable[str]) -> str:
    """Due work gets done: of what has been due for 30 s something is taken while one looks.  A paused target owes nothing."""
    paused = await Pauses(store).all()
    lists = {
        "events": keys.EVENTS_DUE,
        "feeds": keys.FEEDS_DUE,
        **{system: keys.due(system) for system in systems if system not in paused},
    }
    now = await store.now()
    first = {name: await queues.depth(store, key, now) for name, key in lists.items()}
    overdue = {name: depth for name, depth in first.items() if depth.oldest and now - depth.oldest > OVERDUE}
    if not overdue:
        return ""
    await asyncio.sleep(PATIENCE)
    stuck = [name for name, depth in overdue.items() if await queues.depth(store, lists[name], now) == depth]
    if not stuck:
        return ""
    oldest = min(overdue[name].oldest for name in stuck)
    return f"nothing gets done of what is due: {', '.join(stuck)}; the oldest for {span(now - oldest)}"


async def ticks(store: Store, host: str) -> str:
    """The tick of this host made a round a moment ago."""
    last = (await Beats(store, keys.TICKS).all()).get(host)
    now = await store.now()
    if last is None:
        return f"no tick of {host} has made a round"
    return "" if now - last.at <= SILENT[keys.TICKS] else f"the last round of {host} was {span(now - last.at)} ago"


async def stored(store: Store) -> str:
    """The store can be used, and keeps on disk what it answers."""
    unfit = await store.unfit()
    return unfit or (await store.durability.assurance()).problem


def _reasons(body: bytes) -> str:
    try:
        problems = json.loads(body).get("problems", [])
    except (ValueError, AttributeError):
        return ""
    return f": {'; '.join(map(str, problems))}" if problems else ""
