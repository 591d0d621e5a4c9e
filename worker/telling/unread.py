"""What stands in for the store where none answers: nothing is known, and nothing can be written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worker.core.lane import Lane, new
from worker.store.lanes import Lanes
from worker.store.links import Links


class NoLinks(Links):
    """No account is linked to any other."""

    def __init__(self) -> None:
        """Has no store."""

    async def find(self, system: str, account: str, others: Sequence[str]) -> list[str]:  # noqa: ARG002 - nothing is known of any
        return [""] * len(others)

    async def all(self, system: str, account: str) -> dict[str, str]:  # noqa: ARG002 - likewise
        return {}


class NoLanes(Lanes):
    """Every lane is an empty one."""

    def __init__(self) -> None:
        """Has no store."""

    async def load(self, system: str, account: str) -> tuple[Any, Lane]:  # noqa: ARG002 - nothing is known of any
        return None, new()
