"""Plan: a visit decides what to call.  First what was left under way, then what a read shows, then what is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from worker.core import version
from worker.core.lane import (
    UNKNOWN,
    Again,
    Attribute,
    Belief,
    Lane,
    Lease,
    Look,
    Note,
    Seal,
    Shown,
    Step,
    Terms,
    Want,
    advance,
    belief,
    believe,
    held,
    idle,
    let_go,
    ours,
)
from worker.core.merge import Say, against_seal, hint_told, next_candidate, teller, want_again
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
    if wanted.once:
        return x.seal is None or x.seal.unsure
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
    relays = Relays(terms, account, look)
    hints: tuple[str, ...] = ()
    if lane.lease is not None and (look is not None or not terms.readable):
        hints = lane.lease.check  # this read began after they asked, or nobody can read: they are served
        lane.lease = Lease(lane.lease.until, lane.lease.token)
    calls = []
    for name in sorted({*lane.attributes, *(terms.two_way if look is not None else ())}):
        x = lane.attributes.get(name) or Attribute()
        shown = None if look is None else look.shown.get(name)
        say = teller(notes, terms, name)
        _what_was_sent(name, x, shown, terms, say, now, relays)
        known = _what_is_there(name, x, shown, hints, terms, say, now, relays, notes, account, lane)
        if _what_is_wanted(name, x, shown, known, terms, say, now, relays):
            calls.append(name)
        next_candidate(name, x, terms, say)
        if x != EMPTY:
            lane.attributes[name] = x
        else:
            lane.attributes.pop(name, None)
    notes += relays.notes(version.of_look(now, lane.rev, terms.system, account), hints)
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


EMPTY = Attribute()


def _hint_served(hint: str, terms: Terms, look: Look | None, relays: Relays) -> Note:
    if look is None:
        return hint_told(hint, terms, Word.IGNORED, "its accounts cannot be read")
    return hint_told(hint, terms, Word.SEEN if relays.observed else Word.ECHO)


def _what_was_sent(name: str, x: Attribute, shown: Shown | None, terms: Terms, say: Say, now: int, relays: Relays) -> None:
    """It shows: applied.  It does not: wanted again.  Nobody can know: the belief is unknown, a write-once seal is unsure."""
    sent = x.sent
    if sent is None:
        return
    if shown is not None and terms.same(name, sent.print, shown):
        applied(name, x, terms, say, now, relays)
        return
    x.sent = None
    if shown is None:
        believe(x, UNKNOWN, now)
        if sealing(x, sent):
            x.seal = Seal(sent.print, sent.event, now, unsure=True)
    want_again(name, x, replace(sent, tries=sent.tries + 1), terms, say)


def sealing(x: Attribute, sent: Want) -> bool:
    """Whether this value seals its attribute by landing: it is write-once, or let through a seal, which binds every policy."""
    return sent.once or x.seal is not None


def applied(name: str, x: Attribute, terms: Terms, say: Say, now: int, relays: Relays, shows: Shown | None = None) -> None:
    """The value landed.  shows: what the answer shows of it, which becomes the belief."""
    sent, x.sent = x.sent, None
    if sent is None:
        return
    say(sent, Word.APPLIED, "shown in another form" if shows is not None and not terms.same(name, sent.print, shows) else "")
    advance(x, sent, name, terms, now, sent.print if shows is None else shows.print)
    if sealing(x, sent):
        x.seal = Seal(sent.print, sent.event, now)
    if name in terms.two_way:
        relays.onward(name, x, sent)  # a chain of systems goes on


def _what_is_there(
    name: str, x: Attribute, shown: Shown | None, hints: Sequence[str], terms: Terms, say: Say, now: int,
    relays: Relays, notes: list[Note], account: str, lane: Lane,
) -> str | None:  # fmt: skip
    """What a read shows that is not ours: a person, or another system.  Answers the belief to go on with."""
    known = belief(x, terms, now)
    relays.owed(name, x, shown)
    if shown is None:
        return known
    if name not in terms.two_way or (x.holds is not None and terms.same(name, x.holds.print, shown)):
        believe(x, shown.print, now)
    elif known is UNKNOWN and (not hints or _wins(x, terms)):
        pass  # first contact: what is wanted wins; without a hint the person's own may come yet
    elif known is UNKNOWN and not shown.print:
        holds = x.holds or Belief(version.NEVER, terms.system, UNKNOWN)
        x.holds = Belief(holds.version, holds.source, shown.print, now)  # empty all along: it clears nothing elsewhere
    else:
        at = version.of_look(now, lane.rev, terms.system, account)
        _observed(name, x, shown, known, terms, say, now, relays, notes, at, lane)
    return shown.print


def _wins(x: Attribute, terms: Terms) -> bool:
    """Whether what is wanted is written whatever is there."""
    return x.wanted is not None and x.wanted.policy == "always" and x.seal is None and not terms.observe


def _observed(
    name: str, x: Attribute, shown: Shown, known: str | None, terms: Terms, say: Say, now: int, relays: Relays, notes: list[Note],
    at: str, lane: Lane,
) -> None:  # fmt: skip
    me, holds = Belief(at, terms.system, shown.print, now), x.holds
    if holds is None or terms.weight(name, me) > terms.weight(name, holds):
        newer = known is not UNKNOWN and x.wanted is not None and terms.weight(name, me) > terms.weight(name, x.wanted)
        if newer and x.wanted is not None and not x.wanted.once:
            say(x.wanted, Word.SUPERSEDED, "changed at the target since")
            x.wanted = None
        x.holds = me
        relays.observed.append(name)
    else:  # it has no say here: believe it, and put back what has
        x.holds = Belief(holds.version, holds.source, shown.print, now)
        if x.wanted is None:
            notes.append(Again(terms.system, name, holds.source, lane.owner.get(holds.source, ""), holds.version, lane.rev))


def _what_is_wanted(
    name: str, x: Attribute, shown: Shown | None, known: str | None, terms: Terms, say: Say, now: int, relays: Relays
) -> bool:
    """True: call it.  Else it is told why not, or it waits."""
    wanted, seal = x.wanted, x.seal
    if wanted is None:
        return False
    if terms.retry.over(wanted.tries, wanted.spent):
        x.wanted = None
        say(wanted, Word.PARKED, "tried too often")
        if not wanted.once:
            advance(x, wanted, name, terms, now)
        return False
    if wanted.after > now:
        return False
    if seal is not None or wanted.once:
        return _may_seal(name, x, wanted, seal, shown, terms, say, now, relays)
    if wanted.policy == "if_empty" and known:
        x.wanted = None
        say(wanted, Word.IGNORED, "not empty")
        if name not in terms.two_way:  # there the person's own webhook may be on its way, and must find news
            x.holds = x.holds or Belief(version.NEVER, terms.system, known, now)
        return False
    if wanted.replay and shown is None:
        known = UNKNOWN  # a replay repairs what nobody can look at
    if known is not UNKNOWN and terms.same(name, known, wanted):
        x.wanted = None
        _unchanged(name, x, wanted, known, terms, say, now, relays)
        return False
    return not _only_watched(x, wanted, terms, say)


def _may_seal(
    name: str, x: Attribute, wanted: Want, seal: Seal | None, shown: Shown | None, terms: Terms, say: Say, now: int, relays: Relays
) -> bool:
    """Write-once: only into an empty attribute, only the sealed value, or the one that an operator lets through."""
    if seal is not None and wanted.replaces is not None and wanted.replaces == seal.print:
        if shown is None or terms.same(name, seal.print, shown) or not shown.print:
            return not _only_watched(x, wanted, terms, say)
    elif seal is not None and not terms.same(name, seal.print, wanted):
        x.wanted = None
        say(wanted, *against_seal(name, seal, wanted, terms))
        return False
    elif seal is not None and not seal.unsure:
        if wanted.replay and shown is not None and not terms.same(name, seal.print, shown):
            return not _only_watched(x, wanted, terms, say)  # somebody changed it behind us
        x.wanted = None
        _unchanged(name, x, wanted, seal.print, terms, say, now, relays)
        return False
    elif seal is not None and shown is not None and not shown.print:
        x.seal = None  # nothing of ours is under way, and it is empty: it did not land
    if shown is not None and shown.print:  # somebody was there first
        x.wanted = None
        if terms.same(name, wanted.print, shown):
            x.seal = Seal(wanted.print, wanted.event, now)
            _unchanged(name, x, wanted, wanted.print, terms, say, now, relays)
        else:
            x.seal = Seal(shown.print, wanted.event, now, found=True)
            say(wanted, Word.SEALED, "sealed as found")
            advance(x, wanted, name, terms, now, False if name in terms.two_way else shown.print)  # there it is still news
        return False
    return not _only_watched(x, wanted, terms, say)


def _unchanged(name: str, x: Attribute, wanted: Want, print_: str | None, terms: Terms, say: Say, now: int, relays: Relays) -> None:
    say(wanted, Word.UNCHANGED, "")
    advance(x, wanted, name, terms, now, print_)
    if name in terms.two_way:
        relays.onward(name, x, wanted)


def _only_watched(x: Attribute, wanted: Want, terms: Terms, say: Say) -> bool:
    if not terms.observe:
        return False
    x.wanted = None
    say(wanted, Word.OBSERVED, "")
    return True


def _together(lane: Lane, names: Sequence[str], terms: Terms) -> tuple[str, ...]:
    """Many in one call where the target can; one that was refused among others goes alone."""
    if not terms.many:
        return tuple(names)
    lonely = [name for name in names if (wanted := lane.attributes[name].wanted) is not None and wanted.alone]
    return tuple(name for name in names if name not in lonely) or tuple(lonely[:1])
