"""Durability is found out, not hoped for: does the server have on disk what it has answered?

`always` (appendonly yes, appendfsync always) is believed only from CONFIG GET.  Otherwise WAITAOF follows each durable command,
where the server can (Redis 7.2, Valkey).  Otherwise nothing durable is accepted at all.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Literal

import redis.asyncio as aredis
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

Mode = Literal["auto", "always", "waitaof", "trust"]

ANSWER = 5.0
"""Seconds after which a store that has not answered counts as away."""
AGAIN = 10.0
"""Seconds for which an answer is believed: the server's settings may be changed under us."""

FIX = "set `appendonly yes` and `appendfsync always` in the store"


@dataclass(frozen=True, slots=True)
class Assurance:
    """barrier: follow each durable command with WAITAOF.  problem: why nothing durable may be accepted, "" if it may.
    warning: what an operator should be told all the same."""

    barrier: bool = False
    problem: str = ""
    warning: str = ""


class Durability:
    """Asks the server, and believes it for a few seconds."""

    def __init__(self, client: aredis.Redis, mode: Mode = "auto") -> None:
        self._client, self._mode = client, mode
        self._assurance: Assurance | None = None
        self._asked = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def assurance(self) -> Assurance:
        """Raises RedisError if the server does not answer."""
        if self._assurance is None or time.monotonic() - self._asked > AGAIN:
            # All who come meanwhile wait for one answer, and go on in the order in which they came: what is accepted is
            # stamped in that order.
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._find_out())
            await asyncio.shield(self._asking)
        assert self._assurance is not None
        return self._assurance

    async def _find_out(self) -> None:
        try:
            async with asyncio.timeout(ANSWER):
                self._assurance = await self._ask()
        except TimeoutError:
            raise RedisTimeoutError("no answer in time") from None
        self._asked = time.monotonic()

    async def _ask(self) -> Assurance:
        match self._mode:
            case "trust":
                return Assurance(warning="LOCKSTEP_DURABILITY=trust: nobody has checked that an accepted event is on disk")
            case "always":
                return (
                    Assurance()
                    if await self._fsyncs()
                    else Assurance(problem=f"the store does not fsync before it answers: {FIX}")
                )
            case "waitaof":
                return await self._barrier()
            case "auto":
                return Assurance() if await self._fsyncs() else await self._barrier()

    async def _fsyncs(self) -> bool:
        try:
            found = await self._client.config_get("append*")
        except ResponseError:  # CONFIG is not for us: then it is not known
            return False
        text = {_text(name): _text(value) for name, value in found.items()}
        return text.get("appendonly") == "yes" and text.get("appendfsync") == "always"

    async def _barrier(self) -> Assurance:
        try:
            await self._client.waitaof(0, 0, 1)
            await self._client.waitaof(1, 0, 1)
        except ResponseError:
            return Assurance(
                problem=f"the store keeps nothing on disk before it answers, and cannot be asked to (WAITAOF): {FIX}"
            )
        return Assurance(barrier=True, warning=f"each accepted event waits for WAITAOF; faster: {FIX}")


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
