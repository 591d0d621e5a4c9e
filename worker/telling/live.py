"""Live: what only a system can tell is asked of it, over the worker's own line, under its budget.  A request that may change
something is never sent: it is what was to be found out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from connectors.contract import Account, Directory, Flow, Request, Target
from worker.core.lane import Search
from worker.core.search import holds_key
from worker.engine.engine import Engine
from worker.engine.search import candidates
from worker.network.transport import SAFE, Line

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for one question, its pages and a wait for the budget included: somebody sits at the terminal."""


class Live:
    """Asks on behalf of an explanation.  Raises ConnectorError."""

    def __init__(self, engine: Engine, lines: Mapping[str, Line]) -> None:
        self._engine, self._lines = engine, lines

    async def candidates(self, system: str, keys: Search) -> list[str]:
        """The accounts that the first telling key finds, as a visit would find them; but a list of all accounts is asked for
        anew and not kept."""

        async def drive(flow: Flow[T]) -> T:
            return await self._drive(system, flow)

        async def listed(key: str, value: str, fold: str) -> set[str]:
            target = self._target(system)
            assert isinstance(target, Directory), f"{system} says that it lists, and has no directory"
            there = await drive(target.directory())
            return {each.id for each in there if holds_key(each.keys.get(key), value, fold)}

        return sorted(await candidates(keys, self._target(system), self._engine.terms[system], drive, listed))

    async def read(self, system: str, account: str) -> Account:
        return await self._drive(system, self._target(system).read(account))

    async def change(self, system: str, flow: Flow[T]) -> Request | None:
        """The first request of a write that may change something; None if there is none."""
        return await self._drive(system, _until_it_changes(flow))

    async def _drive(self, system: str, flow: Flow[T]) -> T:
        return await self._lines[system].drive(flow, patience=PATIENCE)

    def _target(self, system: str) -> Target:
        target = self._engine.configuration.systems[system].target
        assert target is not None, f"{system} is written, and is no target"
        return target


def _until_it_changes(flow: Flow[T]) -> Flow[Request | None]:
    try:
        request = next(flow)
        while request.method in SAFE:
            request = flow.send((yield request))
        return request
    except StopIteration:
        return None
    finally:
        flow.close()
