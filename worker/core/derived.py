"""Events of our own making: what a look found, what travels on, and what runs once more."""

from __future__ import annotations

import hashlib

import msgspec

from worker.core import version
from worker.core.event import Entry, Event, Routes, Sighting
from worker.core.lane import Seen

_encode = msgspec.json.Encoder().encode


def sighting(note: Seen) -> Entry:
    """The event of an observation or a relay: `system:account:version`, and which attributes from where."""
    which = hashlib.sha256("\0".join((note.origin, *note.changed)).encode()).hexdigest()
    body = Sighting(note.account, note.attributes, note.changed, note.origin, note.because)
    return Entry(
        source=note.system,
        id=f"{note.account}:{note.version}:{which[:8]}",
        digest=which,
        body=_encode(body),
        subject=note.account,
        version=note.version,
        kind="seen",
    )


def replayed(event: Event, turn: int, *, only: Routes = (), unseal: bool = False, because: str = "") -> Entry:
    """The event once more, as `ID~turn`: newer than its original, and older than everything after it.  Of a replay, one more turn
    of its original.  because: tells two of them apart that ask for the same."""
    ident = f"{event.id.rpartition('~')[0] if event.replay else event.id}~{turn}"
    return Entry(
        source=event.source,
        id=ident,
        digest=hashlib.sha256(f"{event.digest}{ident}{only}{unseal}{because}".encode()).hexdigest(),
        body=bytes(event.body),
        subject=event.subject,
        version=event.version[: version.REPLAYED],
        kind=event.kind,
        only=only,
        unseal=unseal,
        replay=True,
    )
