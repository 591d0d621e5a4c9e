"""Links: which account of one system is which account of another.  A link is stored at both ends, and holds both ways."""

from __future__ import annotations

from collections.abc import Sequence

from worker.store import keys
from worker.store.connection import Store, pairs


class Links:
    """Pairs of accounts.  Writing them again does no harm."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def find(self, system: str, account: str, others: Sequence[str]) -> list[str]:
        """The accounts of one person in other systems, in the order of `others`; "" where no link is known."""
        if not others:
            return []
        answers = await self.store.do("HMGET", keys.links(system, account), *others)
        return [answer.decode() if answer else "" for answer in answers]

    async def all(self, system: str, account: str) -> dict[str, str]:
        """Every link of one account: system -> account."""
        links = pairs(await self.store.do("HGETALL", keys.links(system, account)))
        return {other.decode(): there.decode() for other, there in links.items()}

    async def set(self, system: str, account: str, other: str, there: str) -> None:
        await self.store.do("HSET", keys.links(system, account), other, there)
        await self.store.do("HSET", keys.links(other, there), system, account)

    async def remove(self, system: str, account: str, other: str) -> None:
        """Remove one link, at both ends."""
        (there,) = await self.find(system, account, [other])
        if there:
            await self.store.do("HDEL", keys.links(other, there), system)
        await self.store.do("HDEL", keys.links(system, account), other)
