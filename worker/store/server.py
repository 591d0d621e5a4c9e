"""What the server of the store says of itself.  Where it says nothing (a proxy, a user without the right), nothing is known."""

from __future__ import annotations

from dataclasses import dataclass

from redis.exceptions import ResponseError

from worker.store.connection import Store


@dataclass(frozen=True, slots=True)
class Server:
    """policy: of eviction; written: the last write to the append-only file went well; each None where it is not told.
    replica: it takes no writes.  memory, limit: bytes, 0 where it is not told, and a limit of 0 where there is none."""

    version: str = ""
    policy: str | None = None
    appending: bool | None = None
    written: bool | None = None
    replica: bool = False
    memory: int = 0
    limit: int = 0


async def ask(store: Store) -> Server:
    """Raises Unavailable."""
    try:
        answer = await store.do("INFO")
    except ResponseError:
        return Server()
    fields = answer if isinstance(answer, dict) else _fields(answer)
    flag = {"1": True, "0": False, "ok": True, "err": False}
    return Server(
        version=str(fields.get("valkey_version") or fields.get("redis_version") or ""),
        policy=fields.get("maxmemory_policy"),
        appending=flag.get(str(fields.get("aof_enabled"))),
        written=flag.get(str(fields.get("aof_last_write_status"))),
        replica=fields.get("role") == "slave",
        memory=int(fields.get("used_memory", 0)),
        limit=int(fields.get("maxmemory", 0)),
    )


def _fields(answer: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in answer.decode().splitlines() if not line.startswith("#"))
    return {name: value for name, colon, value in lines if colon}
