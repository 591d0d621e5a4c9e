"""One connection's worth of Redis for one event loop: commands are collected and go out together.

All that is asked for while a round trip is under way leaves with the next one, in the order asked: at low load every
command leaves at once, at high load a pipeline carries hundreds.  A command whose answer was lost may have been executed:
every script is harmless when it is run again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hiredis
import redis.asyncio as aredis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    ClusterDownError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from worker.cause import cause
from worker.store import keys
from worker.store.durability import ANSWER, Durability, Mode
from worker.store.errors import Unavailable

SCHEMA_VERSION = b"1"
HERE = Path(__file__).parent
UNWRITABLE = ("MISCONF", "NOREPLICAS")
"""With these words the server begins an answer that says nothing of the command."""
UNFIT: Mapping[type[ResponseError], str] = {
    OutOfMemoryError: "OOM", ReadOnlyError: "READONLY", NoPermissionError: "NOPERM", ClusterDownError: "CLUSTERDOWN",
}  # fmt: skip
"""Likewise; the client has taken the word away and put a class in its place."""

EMPTY = "the store is empty"
"""Nobody has used it yet."""

Argument = bytes | str | int
Command = tuple[Argument, ...]


def connect(url: str) -> aredis.Redis:
    """A client that never retries by itself (a script that ran twice is a write that happened twice), and has no deadline of its
    own: whoever asks has one."""
    pool = aredis.BlockingConnectionPool.from_url(
        url, max_connections=4, timeout=2, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=1
    )
    return aredis.Redis(connection_pool=pool)


class Store:
    """Commands to Redis, collected into pipelines.  Belongs to the event loop in which it is first used."""

    def __init__(self, client: aredis.Redis, durability: Mode = "auto") -> None:
        self.redis = client
        self.durability = Durability(client, durability)
        self._scripts: dict[str, tuple[str, str]] = {}
        self._waiting: list[tuple[bytes, asyncio.Future[Any], bool]] = []
        self._flusher: asyncio.Task[None] | None = None
        self._clock: asyncio.Future[Any] | None = None

    async def run(self, script: str, keys: Sequence[str | bytes], args: Sequence[Argument] = (), *, durable: bool = False) -> Any:
        """Run `<script>.lua` of this folder.  `durable`: answer only once it is on disk.  Raises Unavailable."""
        sha, text = self._script(script)
        command = ("EVALSHA", sha, len(keys), *keys, *args)
        barrier = durable and await self._barrier()
        answer = await self._send(command, barrier)
        if isinstance(answer, NoScriptError):
            await self.do("SCRIPT", "LOAD", text)
            answer = await self._send(command, barrier)
        return self._checked(answer)

    async def do(self, *command: Argument) -> Any:
        """One plain command.  Raises Unavailable."""
        return self._checked(await self._send(command, False))

    async def now(self) -> int:
        """The store's clock in milliseconds since 1970; the only clock by which leases are judged."""
        if self._clock is None:  # whoever asks before it leaves is answered by the same one
            self._clock = self._send(("TIME",), False)
        seconds, micros = self._checked(await asyncio.shield(self._clock))  # who gives up does not end it for the others
        return int(seconds) * 1000 + int(micros) // 1000

    async def open(self) -> None:
        """Claim an empty store for this schema, or refuse one of another.  Raises Unavailable."""
        await self.do("SET", keys.SCHEMA, SCHEMA_VERSION, "NX")
        there = await self.do("GET", keys.SCHEMA)
        if there != SCHEMA_VERSION:
            raise Unavailable(
                f"the store has schema {there!r}, this release speaks {SCHEMA_VERSION!r}: "
                "run the release that wrote it, or give LOCKSTEP_REDIS_URL an empty database"
            )

    async def unfit(self) -> str:
        """Why this store cannot be read, without claiming it: it is empty, or of another schema; "" if it can.  Raises
        Unavailable."""
        there = await self.do("GET", keys.SCHEMA)
        if there is None:
            return EMPTY
        return "" if there == SCHEMA_VERSION else f"the store has schema {there!r}, this release speaks {SCHEMA_VERSION!r}"

    async def close(self) -> None:
        await self.redis.aclose(close_connection_pool=True)

    async def _barrier(self) -> bool:
        """Whether durable commands are followed by WAITAOF.  Raises Unavailable if the store keeps nothing on disk."""
        try:
            assurance = await self.durability.assurance()
        except RedisError as error:
            raise Unavailable(f"the store does not answer ({cause(error)})") from error
        if assurance.problem:
            raise Unavailable(assurance.problem)
        return assurance.barrier

    def _script(self, name: str) -> tuple[str, str]:
        if name not in self._scripts:
            text = (HERE / f"{name}.lua").read_text()
            self._scripts[name] = (hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), text)
        return self._scripts[name]

    def _send(self, command: Command, barrier: bool) -> asyncio.Future[Any]:
        # Spelled here, where it fails for whoever asks it: within a batch it would fail for all who ask meanwhile.
        spelled = _spelled(command)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((spelled, future, barrier))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return future

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting, self._clock = self._waiting, [], None
            commands = [spelled for spelled, _, _ in batch]
            barrier = any(waits for _, _, waits in batch)
            if barrier:
                commands.append(_WAITAOF)
            answers = await self._answers(commands)
            unsafe = barrier and not (isinstance(answers[-1], list) and answers[-1][0] >= 1)
            for (_, future, waits), answer in zip(batch, answers, strict=False):
                if not future.done():
                    future.set_result(Unavailable("the store did not confirm its disk (WAITAOF)") if waits and unsafe else answer)

    async def _answers(self, commands: Sequence[bytes]) -> list[Any]:
        """One round trip.  If it fails, each command is answered by the failure: whoever waits must not wait for ever."""
        pool = self.redis.connection_pool
        try:
            async with asyncio.timeout(ANSWER):  # one deadline for all its answers: one for each is a tenth of the work
                connection: AbstractConnection = await pool.get_connection()  # type: ignore[no-untyped-call]
                try:
                    await connection.send_packed_command(commands)
                    return [await _answer(connection) for _ in commands]
                finally:
                    await pool.release(connection)
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            # The other connections that wait in the pool are dead, too, if the server is: each would fail once, some day.
            await self._hang_up()
            return [Unavailable(f"the store does not answer ({cause(error)})")] * len(commands)
        except RedisError as error:
            return [error] * len(commands)
        except Exception as error:  # noqa: BLE001 - whatever else went wrong, whoever waits hears of it
            # An answer that was not read would be taken for that of the next command.
            await self._hang_up()
            return [error] * len(commands)

    async def _hang_up(self) -> None:
        """Close the connections that nobody uses.  One that cannot take its leave (TLS, to a server that hangs) is closed all the
        same, and raises: that must not keep the answer from whoever waits."""
        with contextlib.suppress(RedisError, OSError):
            await self.redis.connection_pool.disconnect(inuse_connections=False)

    def _checked(self, answer: Any) -> Any:
        if isinstance(answer, Unavailable):
            raise answer
        if isinstance(answer, ResponseError) and (word := _unfit(answer)):
            raise Unavailable(f"the store refuses writes ({word})") from answer
        if isinstance(answer, (RedisConnectionError, RedisTimeoutError)):
            raise Unavailable(f"the store does not answer ({cause(answer)})") from answer
        if isinstance(answer, Exception):
            raise answer
        return answer


def pairs(answer: Any) -> dict[bytes, bytes]:
    """What HGETALL answers, and the fields of a stream's entry: a map in version 3 of the protocol, a flat list in version 2."""
    return answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2], strict=True))


def scores(answer: Any) -> list[float]:
    """The scores that ZRANGE ... WITHSCORES answers: of pairs in version 3 of the protocol, of one flat list in version 2."""
    flat = [part for pair in answer for part in pair] if answer and isinstance(answer[0], list | tuple) else answer
    return [float(score) for score in flat[1::2]]


def _unfit(answer: ResponseError) -> str:
    """The server's word for what is wrong with it, "" if it means the command."""
    for kind, word in UNFIT.items():
        if isinstance(answer, kind):
            return word
    first = str(answer).split(" ", 1)[0]
    return first if first in UNWRITABLE else ""


async def _answer(connection: AbstractConnection) -> Any:
    """The next answer; what the server has against a command is one, too."""
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


def _spelled(command: Command) -> bytes:
    """The command as it is sent.  Raises ValueError for text that has no UTF-8, without showing it."""
    try:
        spelled: bytes = hiredis.pack_command(command)  # type: ignore[arg-type] # its stub means a tuple of one
    except UnicodeEncodeError:
        raise ValueError("a lone surrogate in a command to the store") from None
    return spelled


_WAITAOF = _spelled(("WAITAOF", 1, 0, 2000))
"""The disk of the server itself, no replica's, within two seconds."""
