"""Plan: a visit takes the lane, reads if it must, and decides what to call."""

from __future__ import annotations

from collections.abc import Sequence

from worker.core import version
from worker.core.decide import Spot, decide
from worker.core.lane import (
    UNKNOWN,
    Again,
    Attribute,
    Belief,
    Lane,
    Lease,
    Look,
    Note,
    Step,
    Terms,
    Want,
    belief,
    held,
    idle,
    let_go,
    ours,
)
from worker.core.merge import hint_told, next_candidate, teller
from worker.core.outcome import Word
from worker.core.relay import Relays

Plan = tuple[Lane, list[Note], tuple[str, ...]]


def needs_read(lane: Lane, terms: Terms, now: int) -> bool:
    """Whether the account must be read before anything is decided: somebody asked for a look, something was left under way,
    a value must find the attribute empty, or the whole account is written."""
    if not terms.readable:
        return False
    if lane.check or (lane.lease is not None and lane.lease.check) or (terms.whole and not idle(lane)):
        return True
    for name, x in lane.attributes.items():
        if x.owes is not None:
            return True
        if name in terms.hidden:
            continue
        if x.sent is not None:
            return True
        if x.wanted is not None and x.wanted.after <= now and _looks_first(x, x.wanted, terms, now):
            return True
    return False


def _looks_first(x: Attribute, wanted: Want, terms: Terms, now: int) -> bool:
    if wanted.replay or wanted.replaces is not None:
        return True
    if wanted.once or x.carried:
        return x.seal is None or x.seal.unsure or x.carried
    return wanted.policy == "if_empty" and belief(x, terms, now) is UNKNOWN


def begin(lane: Lane, terms: Terms, token: str, now: int) -> Step | None:
    """Take the lease, to read under it."""
    mine = held(lane, token, now, terms)
    return (mine, []) if mine is not None else None


def plan(lane: Lane, terms: Terms, token: str, now: int, account: str, look: Look | None = None) -> Plan | None:
    """Decide what to call.  now: when the visit took the lane, that is before the read.  The answer's attributes are in
    `sent`: from here on their calls may land; for a write-once value this is the claim."""
    if look is not None and not ours(lane, token):
        return None  # what was read was read under a lease that is not ours any more
    mine = held(lane, token, now, terms)
    if mine is None:
        return None
    lane, notes = mine, list[Note]()
    relays, at = Relays(terms, account, look), version.of_look(_seen_at(lane, terms, now), lane.rev, terms.system, account)
    hints: tuple[str, ...] = ()
    if lane.lease is not None and (look is not None or not terms.readable):
        hints = lane.lease.check  # this read began after they asked, or nobody can read: they are served
        lane.lease = Lease(lane.lease.until, lane.lease.token)
    calls = []
    for name in sorted({*lane.attributes, *(terms.two_way if look is not None else ())}):
        x = lane.attributes.get(name) or Attribute()
        shown = None if look is None else look.shown.get(name)
        say = teller(notes, terms, name)
        if decide(Spot(terms, name, x, now, say, relays, shown, hints, at)):
            calls.append(name)
        next_candidate(name, x, terms, say)
        if x != EMPTY:
            lane.attributes[name] = x
        else:
            lane.attributes.pop(name, None)
    notes += relays.notes(at, hints)
    notes += [_put_back(name, holds, lane, terms) for name, holds in relays.outranked]
    notes += [_hint_served(hint, terms, look, relays) for hint in hints]
    chosen = _together(lane, calls, terms)
    for name in chosen:
        x = lane.attributes[name]
        x.sent, x.wanted = x.wanted, None
    if look is not None:
        lane.misses = 0
    if not chosen:
        lane.deaths = 0
        let_go(lane)
    elif lane.lease is not None:
        lane.lease = Lease(now + terms.lease + terms.late, token, lane.lease.check)
    return lane, notes, chosen


def _seen_at(lane: Lane, terms: Terms, now: int) -> int:
    """The time of this look: not before that of an earlier one, though the store's clock was set back in between."""
    looks = [version.micros(x.holds.version) for x in lane.attributes.values() if x.holds and x.holds.source == terms.system]
    return max(now, *(time // 1000 for time in looks)) if looks else now


EMPTY = Attribute()


def _put_back(name: str, holds: Belief, lane: Lane, terms: Terms) -> Note:
    return Again(terms.system, name, holds.source, lane.owner.get(holds.source, ""), holds.version, lane.rev)


def _hint_served(hint: str, terms: Terms, look: Look | None, relays: Relays) -> Note:
    if look is None:
        return hint_told(hint, terms, Word.IGNORED, "its accounts cannot be read")
    return hint_told(hint, terms, Word.SEEN if relays.observed else Word.ECHO)


def _together(lane: Lane, names: Sequence[str], terms: Terms) -> tuple[str, ...]:
    """Many in one call where the target can; one that was refused among others goes alone."""
    if not terms.many:
        return tuple(names)
    lonely = [name for name in names if (wanted := lane.attributes[name].wanted) is not None and wanted.alone]
    return tuple(name for name in names if name not in lonely) or tuple(lonely[:1])
