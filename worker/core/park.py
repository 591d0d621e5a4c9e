"""Parking: a lane that cannot be served gives up all that it owes, and says so."""

from __future__ import annotations

from worker.core.decide import sealing
from worker.core.lane import DEATHS, UNKNOWN, Lane, Note, Seal, Step, Terms, advance, held, let_go
from worker.core.merge import hint_told, teller
from worker.core.outcome import Word


def poisoned(lane: Lane, terms: Terms, token: str, now: int) -> Step | None:
    """The lane killed its visits: park all that it owes.  None if it did not, or if another is at work."""
    mine = held(lane, token, now, terms)
    if mine is None or mine.deaths < DEATHS:
        return None
    let_go(mine)
    mine.deaths = 0
    return mine, given_up(mine, terms, now, "poison")


def given_up(lane: Lane, terms: Terms, now: int, reason: str) -> list[Note]:
    """Park all that this lane owes; it must be a copy, and not leased.  What was sent may have landed: a write-once value stays
    sealed, unsure, and of any other the belief is not known any more."""
    notes: list[Note] = [hint_told(hint, terms, Word.PARKED, reason) for hint in lane.check]
    lane.check = ()
    for name, x in lane.attributes.items():
        say = teller(notes, terms, name)
        sent, records = x.sent, (x.sent, x.wanted, *x.behind, x.owes)
        if sent is not None and sealing(x, sent):
            x.seal = Seal(sent.print, sent.event, now, unsure=True)
        for record in records:
            if record is None:
                continue
            say(record, Word.PARKED, reason)
            if not record.once:  # parked moves the version: nothing older may follow
                advance(x, record, name, terms, now, UNKNOWN if record is sent else False)
        x.sent, x.wanted, x.behind, x.owes = None, None, (), None
    return notes
