"""The journal: every event that was accepted, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from worker.core import version
from worker.core.event import Accepted, Entry, Event, ever_parked, finished
from worker.core.lane import Note
from worker.core.outcome import Word
from worker.core.record import Outcomes, tell
from worker.store import keys
from worker.store.connection import Store, pairs

DAY = 24 * 60 * 60 * 1000

_decode = msgspec.json.Decoder(Event).decode
_encode = msgspec.json.Encoder().encode
_notes = msgspec.json.Decoder(list[Note]).decode


class Journal:
    """Events in the store.  `retention`: milliseconds for which a finished event is kept, its idempotency key with it, unless
    something of it is parked.  `backlog`: events waiting above which nothing new is taken."""

    def __init__(self, store: Store, *, retention: int = 30 * DAY, backlog: int = 0) -> None:
        self.store = store
        self.retention = retention
        self.backlog = backlog
        self._trimmed = 0
        """How many of the oldest entries stayed when they were last looked at."""

    async def accept(self, entry: Entry) -> Accepted:
        """Write an event down, once.  It is on disk before this answers.  Raises Unavailable."""
        due = entry.verdict is None
        parked = entry.verdict is not None and entry.verdict.word is Word.PARKED
        own = bool(entry.version)  # what we made ourselves is not refused for the backlog's sake
        word, stored = await self.store.run(
            "accept",
            [
                keys.event(entry.name),
                keys.CLOCK,
                keys.EVENTS_DUE,
                keys.JOURNAL,
                keys.subject(entry.source, entry.subject),
                keys.PARKED,
            ],
            [
                entry.name,
                entry.digest,
                _tail(entry),
                entry.time,
                version.AHEAD,
                f"{entry.sequence:020d}",
                entry.version,
                "1" if due else "",
                "1" if parked else "",
                "" if own or not self.backlog else self.backlog,
                "" if parked else self.retention,
                entry.id,
            ],
            durable=True,
        )
        return Accepted(word.decode(), stored.decode())

    async def take(self, lease: int, many: int) -> tuple[int, list[str]]:
        """The store's clock, and events that are due; they are due again after `lease` milliseconds."""
        now, *names = await self.store.run("take", [keys.EVENTS_DUE], [lease, many])
        return int(now), [name.decode() for name in names]

    async def load(self, names: Sequence[str]) -> list[tuple[bytes | None, Event | None]]:
        """Records as stored and as read, in the order of `names`; None for one that is gone."""
        if not names:
            return []
        raws = await self.store.do("MGET", *map(keys.event, names))
        return [(raw, _decode(raw) if raw else None) for raw in raws]

    async def event(self, name: str) -> Event | None:
        return (await self.load([name]))[0][1]

    async def tell(
        self,
        name: str,
        told: Outcomes,
        routes: Iterable[tuple[str, str]] | None = None,
        revision: str = "",
        raw: bytes | None = None,
    ) -> Event | None:
        """Outcomes reach the record.  With routes (the end of propagation) the event is no longer due.  None: it is gone."""
        settled_routes = None if routes is None else list(routes)
        while True:
            if raw is None:
                raw = await self.store.do("GET", keys.event(name))
            if not raw:
                if settled_routes is not None:
                    await self.store.do("ZREM", keys.EVENTS_DUE, name)
                return None
            before = _decode(raw)
            event = tell(before, told, settled_routes, revision)
            event.rev = before.rev + 1
            if ever_parked(event) - ever_parked(before):
                await self.store.do("ZADD", keys.PARKED, "NX", before.at, name)
            answer = await self.store.run(
                "commit",
                [keys.event(name), keys.EVENTS_DUE, keys.OUTBOX],
                [
                    f'{{"rev":{before.rev},',
                    _encode(event),
                    name if settled_routes is not None else "",
                    "",
                    "",
                    self.retention if finished(event) and not ever_parked(event) else "",
                ],
            )
            if answer == 1:
                if ever_parked(event) and finished(event):
                    await self._forget_if_seen_to(name)
                return event
            raw = answer

    async def _forget_if_seen_to(self, name: str) -> None:
        """What was parked of it was released or dropped before the rest of it was over."""
        if await self.store.do("ZSCORE", keys.PARKED, name) is None:
            await self.store.do("PEXPIRE", keys.event(name), self.retention)

    async def outbox(self, many: int) -> tuple[str, list[tuple[str, list[Note]]]]:
        """What was not folded yet: (position, notes) in order; the position up to which it was folded first."""
        folded = (await self.store.do("GET", keys.FOLDED) or b"0-0").decode()
        entries = await self.store.do("XRANGE", keys.OUTBOX, f"({folded}", "+", "COUNT", many)
        return folded, [(position.decode(), _notes(pairs(fields)[b"n"])) for position, fields in entries]

    async def folded(self, position: str) -> None:
        """All up to here has reached the records."""
        await self.store.run("folded", [keys.FOLDED, keys.OUTBOX], [position])

    async def of_version(self, source: str, subject: str, of: str) -> list[Event]:
        """The events of a subject that have this version: one that was said, or the parts of a relay."""
        time = version.micros(of)
        names = self._names(source, await self.store.do("ZRANGEBYSCORE", keys.subject(source, subject), time, time))
        return [event for _, event in await self.load(names) if event is not None and event.version == of]

    async def since_of_subject(self, source: str, subject: str, time: int, many: int) -> list[Event]:
        """The first of a subject's events whose versions are of this time (microseconds) or later, as far as they are there."""
        ids = await self.store.do("ZRANGEBYSCORE", keys.subject(source, subject), time, "+inf", "LIMIT", 0, many)
        return [event for _, event in await self.load(self._names(source, ids)) if event is not None]

    async def of_subject(self, source: str, subject: str) -> list[str]:
        """The names of a subject's events, oldest first."""
        return self._names(source, await self.store.do("ZRANGE", keys.subject(source, subject), 0, -1))

    @staticmethod
    def _names(source: str, ids: Sequence[bytes]) -> list[str]:
        return [f"{source}:{ident.decode()}" for ident in ids]

    async def since(self, start: int, end: int | None = None, *, offset: int = 0, many: int = 1000) -> list[str]:
        """Names of the events accepted between two times (milliseconds), oldest first."""
        stop = "+inf" if end is None else str(end)
        return [n.decode() for n in await self.store.do("ZRANGEBYSCORE", keys.JOURNAL, start, stop, "LIMIT", offset, many)]

    async def newest(self, many: int = 1000, *, start: int = 0, offset: int = 0) -> list[str]:
        """Names of the events accepted since a time (milliseconds), newest first."""
        return [n.decode() for n in await self.store.do("ZREVRANGEBYSCORE", keys.JOURNAL, "+inf", start, "LIMIT", offset, many)]

    async def parked(self, *, offset: int = 0, many: int = 1000) -> list[str]:
        """Names of events with something parked, oldest first.  many: 0 for all that follow."""
        return [n.decode() for n in await self.store.do("ZRANGE", keys.PARKED, offset, offset + many - 1 if many else -1)]

    async def no_longer_parked(self, names: Iterable[str]) -> None:
        """Somebody has seen to them: from now on they are forgotten as any other."""
        gone = list(names)
        if not gone:
            return
        await self.store.do("ZREM", keys.PARKED, *gone)
        for name, (_, event) in zip(gone, await self.load(gone), strict=True):
            if event is not None and finished(event):
                await self.store.do("PEXPIRE", keys.event(name), self.retention)

    async def waiting(self) -> int:
        """How many events are due or will be."""
        return int(await self.store.do("ZCARD", keys.EVENTS_DUE))

    async def trim(self, pages: int = 200, many: int = 500) -> int:
        """Forget the index entries of events whose record is gone: how many.  What is pending or parked has no time to live, so
        it stays; the next call goes on behind it, where this one ended after so many pages, or begins anew."""
        horizon = await self.store.now() - self.retention
        forgotten = 0
        for _ in range(pages):
            names = await self.since(0, horizon, offset=self._trimmed, many=many)
            records = await self.load(names)
            gone = [name for name, (raw, _) in zip(names, records, strict=True) if raw is None]
            if gone:
                await self.store.do("ZREM", keys.JOURNAL, *gone)
                await self.store.do("ZREM", keys.PARKED, *gone)
            forgotten += len(gone)
            self._trimmed += len(names) - len(gone)
            if len(names) < many:
                self._trimmed = 0
                break
        return forgotten


def _tail(entry: Entry) -> bytes:
    """The record after its first four fields, which the script writes."""
    event = Event(
        rev=0,
        digest="",
        version="",
        at=0,
        source=entry.source,
        id=entry.id,
        subject=entry.subject,
        kind=entry.kind,
        only=entry.only,
        unseal=entry.unseal,
        replay=entry.replay,
        polled=entry.polled,
        planned=entry.verdict is not None,
        outcomes={} if entry.verdict is None else {"*": {"*": entry.verdict}},
        body=msgspec.Raw(entry.body),
    )
    return b"," + _encode(event).removeprefix(b'{"rev":0,"digest":"","version":"","at":0,')
