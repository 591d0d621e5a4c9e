"""A store whose caller dies: the nth command still reaches the server, and nobody hears its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from worker.store.connection import Argument, Store
from worker.store.errors import Unavailable


class DyingStore(Store):
    """Everything of `alive` but one life: the caller dies right after command number `last`."""

    def __init__(self, alive: Store, last: int) -> None:
        super().__init__(alive.redis, "trust")
        self.alive, self.left = alive, last

    async def run(self, script: str, keys: Sequence[str | bytes], args: Sequence[Argument] = (), *, durable: bool = False) -> Any:
        return self._heard(await self._once_more(self.alive.run(script, keys, args, durable=durable)))

    async def do(self, *command: Argument) -> Any:
        return self._heard(await self._once_more(self.alive.do(*command)))

    async def _once_more(self, command: Awaitable[Any]) -> Any:
        if self.left == 0:
            close = getattr(command, "close", None)
            if close is not None:
                close()
            raise Unavailable("the caller is dead")
        self.left -= 1
        return await command

    def _heard(self, answer: Any) -> Any:
        if self.left == 0:
            raise Unavailable("the caller died before it heard the answer")
        return answer


async def dies_everywhere(work: Callable[[int], Awaitable[bool]]) -> int:
    """Runs `work` with a caller that dies after command 1, 2, ..., until one lives to the end (`work` answers True).  How often
    it died."""
    for last in range(1, 100):
        if await work(last):
            return last - 1
    raise AssertionError("it never comes to its end")
