"""What a visit publishes of a system that is a source too: observations, and the relays of what we wrote there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from worker.core import version
from worker.core.lane import Attribute, Belief, Look, Note, Seen, Shown, Terms, Want
from worker.core.path import nest


class Relays:
    """Collects during one transition; the notes go into the outbox with its commit.

    An observation carries the whole account as read and names what changed: a mapping may need more than what changed.  A
    relay goes on under the version it has, never to the system that the value came from; where a rule needs more of the
    account it is owed (`Attribute.owes`) until a read has shown the account.
    """

    __slots__ = ("_account", "_look", "_onward", "_terms", "observed", "outranked")

    def __init__(self, terms: Terms, account: str, look: Look | None) -> None:
        self._terms, self._account, self._look = terms, account, look
        self._onward: dict[tuple[str, str], dict[str, Want]] = {}
        self.observed: list[str] = []
        """Attributes that a look found changed."""
        self.outranked: list[tuple[str, Belief]] = []
        """Attributes that somebody without authority changed, and the belief that is to be put back."""

    def onward(self, name: str, x: Attribute, record: Want) -> None:
        """`record` was applied, or found there: it travels on, behind all that was published before."""
        if x.floor and record.version <= x.floor:
            record = replace(record, version=version.after(x.floor))
            x.floor = record.version
        else:
            x.floor = ""
        if name in self._terms.relay_needs and self._look is None and self._terms.readable:
            x.owes = record
        else:
            self._onward.setdefault((record.version, record.source), {})[name] = record

    def owed(self, name: str, x: Attribute, shown: Shown | None) -> None:
        """A visit looked, or cannot: what was owed goes, unless somebody has changed it since."""
        if x.owes is None or (self._look is None and self._terms.readable):
            return
        if shown is None or self._terms.same(name, x.owes.print, shown):
            self._onward.setdefault((x.owes.version, x.owes.source), {})[name] = x.owes
        x.owes = None

    def notes(self, at: str, hints: Sequence[str]) -> list[Note]:
        """at: the version of the observation."""
        seen: list[Note] = []
        read: dict[str, Any] = dict(self._look.attributes) if self._look is not None else {}
        if self.observed:
            me = self._terms.system
            seen.append(Seen(me, self._account, at, tuple(self.observed), read, me, tuple(hints)))
        for (of, origin), records in self._onward.items():
            attributes = read
            for name, record in records.items():
                attributes = nest(attributes, name, record.value)
            because = tuple(dict.fromkeys(record.event for record in records.values()))
            seen.append(Seen(self._terms.system, self._account, of, tuple(records), attributes, origin, because))
        return seen
