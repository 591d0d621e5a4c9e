"""Decide: what a visit makes of one attribute.  First what was left under way, then what a read shows, then what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from worker.core import version
from worker.core.lane import UNKNOWN, Attribute, Belief, Seal, Shown, Terms, Want, advance, belief, believe
from worker.core.merge import Say, against_seal, want_again
from worker.core.outcome import Word
from worker.core.relay import Relays
from worker.core.swing import over, turned, turned_away


@dataclass(frozen=True, slots=True)
class Spot:
    """One attribute, while a visit decides about it; `x` is changed.

    shown   what the read shows of it; None: it was not read, or cannot be
    hints   those that asked for this look
    at      the version of what this look finds
    """

    terms: Terms
    name: str
    x: Attribute
    now: int
    say: Say
    relays: Relays
    shown: Shown | None = None
    hints: Sequence[str] = ()
    at: str = ""

    def equal(self, print_: str | None, record: Want | Shown) -> bool:
        return self.terms.same(self.name, print_, record)

    def shows(self, print_: str | None) -> bool:
        return self.shown is not None and self.equal(print_, self.shown)

    def advance(self, record: Want) -> None:
        """The version moves on, the belief stays."""
        advance(self.x, record, self.name, self.terms, self.now)

    def settled(self, record: Want, print_: str | None) -> None:
        """The version moves on, and `print_` is the belief."""
        advance(self.x, record, self.name, self.terms, self.now, print_)

    def ended(self, record: Want, word: Word, reason: str = "") -> None:
        """It is not wanted any more."""
        self.x.wanted = None
        self.say(record, word, reason)

    @property
    def two_way(self) -> bool:
        return self.name in self.terms.two_way


def decide(spot: Spot) -> bool:
    """True: call it.  Else it was told why not, or it waits, or nothing is wanted."""
    if spot.x.swing is not None and over(spot.x.swing, spot.now):
        spot.x.swing = None
    _what_was_sent(spot)
    return _what_is_wanted(spot, _what_is_there(spot))


def sealing(x: Attribute, sent: Want) -> bool:
    """Whether this value seals its attribute by landing: it is write-once, or let through a seal, which binds every policy."""
    return sent.once or x.seal is not None


def applied(spot: Spot, sent: Want, shows: Shown | None = None) -> None:
    """What was sent has landed.  shows: what the answer shows of it, which becomes the belief, and travels on."""
    x = spot.x
    x.sent = None
    there = sent if shows is None or spot.equal(sent.print, shows) else replace(sent, value=shows.value, print=shows.print)
    spot.say(sent, Word.APPLIED, "" if there is sent else "shown in another form")
    spot.settled(sent, there.print)
    if sealing(x, sent):
        x.seal = Seal(sent.print, sent.event, spot.now)
    if spot.two_way:
        spot.relays.onward(spot.name, x, there)  # a chain of systems goes on


# ---------------------------------------------------------------- what was left under way


def _what_was_sent(spot: Spot) -> None:
    """It shows: applied.  It does not: wanted again.  Nobody can know: the belief is unknown, a write-once seal is unsure."""
    x, sent = spot.x, spot.x.sent
    if sent is None:
        return
    if spot.shows(sent.print):
        applied(spot, sent)
        return
    if spot.shown is None:
        not_resolved(spot.name, x, sent, spot.terms, spot.now, spot.say)
        return
    x.sent = None
    want_again(spot.name, x, replace(sent, tries=sent.tries + 1), spot.terms, spot.say)


def not_resolved(name: str, x: Attribute, sent: Want, terms: Terms, now: int, say: Say) -> None:
    """Nobody can know whether what was sent has landed; it is wanted again."""
    x.sent = None
    believe(x, UNKNOWN, now)
    if sealing(x, sent):
        x.seal = Seal(sent.print, sent.event, now, unsure=True)
    want_again(name, x, replace(sent, tries=sent.tries + 1), terms, say)


# ---------------------------------------------------------------- what a read shows


def _what_is_there(spot: Spot) -> str | None:
    """What a read shows that is not ours: a person, or another system.  Answers the belief to go on with."""
    x, shown, known = spot.x, spot.shown, belief(spot.x, spot.terms, spot.now)
    spot.relays.owed(spot.name, x, shown)
    if shown is None:
        return known
    if not spot.two_way or (x.holds is not None and spot.equal(x.holds.print, shown)):
        believe(x, shown.print, spot.now)
    elif known is UNKNOWN and (not spot.hints or _wins(spot)):
        pass  # first contact: what is wanted wins; without a hint the person's own may come yet
    elif known is UNKNOWN and not shown.print:
        holds = x.holds or Belief(version.NEVER, spot.terms.system, UNKNOWN)
        x.holds = Belief(holds.version, holds.source, shown.print, spot.now)  # empty all along: it clears nothing elsewhere
    else:
        _observed(spot, shown, first=known is UNKNOWN)
    return shown.print


def _wins(spot: Spot) -> bool:
    """Whether what is wanted is written over whatever is there."""
    x = spot.x
    return x.wanted is not None and x.wanted.policy == "always" and x.seal is None and not spot.terms.observe


def _observed(spot: Spot, shown: Shown, *, first: bool) -> None:
    """Something else than the belief is there.  first: there was no belief, so it may have been there before what is wanted."""
    terms, name, x = spot.terms, spot.name, spot.x
    if x.holds is not None:
        x.swing = turned(x.swing, x.holds.print, x.holds.at, shown.print, spot.now)
    me, holds, wanted = Belief(spot.at, terms.system, shown.print, spot.now), x.holds, x.wanted
    if holds is None or terms.weight(name, me) > terms.weight(name, holds):
        if wanted is not None and not wanted.once and not first and terms.weight(name, me) > terms.weight(name, wanted):
            spot.ended(wanted, Word.SUPERSEDED, "changed at the target since")
        x.holds = me
        spot.relays.observed.append(name)
    else:  # it has no say here: believe it, and put back what has
        x.holds = Belief(holds.version, holds.source, shown.print, spot.now)
        if wanted is None:
            spot.relays.outranked.append((name, holds))


# ---------------------------------------------------------------- what is wanted


def _what_is_wanted(spot: Spot, known: str | None) -> bool:
    x, wanted = spot.x, spot.x.wanted
    if wanted is None:
        return False
    if spot.terms.retry.over(wanted.tries, wanted.spent):
        spot.ended(wanted, Word.PARKED, "tried too often")
        if not wanted.once:
            spot.advance(wanted)  # nothing older may follow
        return False
    if wanted.after > spot.now:
        return False
    if x.seal is not None or wanted.once:
        return _against_its_seal(spot, wanted, x.seal)
    if wanted.policy == "if_empty" and known:
        spot.ended(wanted, Word.IGNORED, "not empty")
        if not spot.two_way:  # there the person's own webhook may be on its way, and must find news
            x.holds = x.holds or Belief(version.NEVER, spot.terms.system, known, spot.now)
        return False
    if wanted.replay and spot.shown is None:
        known = UNKNOWN  # a replay repairs what nobody can look at
    if known is not UNKNOWN and spot.equal(known, wanted):
        _unchanged(spot, wanted, known)
        return False
    if turned_away(x.swing, wanted.print, spot.terms.often):
        x.swing = None  # who releases it, or says it anew, has as many turns again
        spot.ended(wanted, Word.PARKED, f"it swings between {wanted.source} and {spot.terms.system}")
        spot.advance(wanted)
        return False
    return _called(spot, wanted)


def _against_its_seal(spot: Spot, wanted: Want, seal: Seal | None) -> bool:
    """Write-once: only into an empty attribute, only the sealed value, or the one that an operator lets through."""
    shown = spot.shown
    if seal is None:
        return _if_empty(spot, wanted)
    if wanted.replaces == seal.mark:
        replaceable = shown is None or not shown.print or seal.print is None or spot.shows(seal.print)
        return _called(spot, wanted) if replaceable else _if_empty(spot, wanted)
    if not spot.equal(seal.print, wanted):
        spot.ended(wanted, *against_seal(spot.name, seal, wanted, spot.terms))
        return False
    if seal.unsure:
        if shown is not None and not shown.print:
            spot.x.seal = None  # nothing of ours is under way, and it is empty: it never landed
        return _if_empty(spot, wanted)
    if spot.x.carried:
        return _if_empty(spot, wanted)
    if wanted.replay and shown is not None and not spot.shows(seal.print):
        return _called(spot, wanted)  # somebody changed it behind us
    _unchanged(spot, wanted, seal.print)
    return False


def _if_empty(spot: Spot, wanted: Want) -> bool:
    """What is there already is sealed as found.  A target that is only watched gets no seal: nobody has decided there yet."""
    x, shown = spot.x, spot.shown
    if shown is None or not shown.print:
        return _called(spot, wanted)
    ours = spot.shows(wanted.print)
    if not spot.terms.observe:
        x.seal = Seal(wanted.print if ours else shown.print, wanted.event, spot.now, found=not ours)
    if ours:
        _unchanged(spot, wanted, wanted.print)
        return False
    spot.ended(wanted, Word.SEALED, "another value is there" if spot.terms.observe else "sealed as found")
    if spot.two_way:
        spot.advance(wanted)  # the person's own webhook must find news
    else:
        spot.settled(wanted, shown.print)
    return False


def _unchanged(spot: Spot, wanted: Want, print_: str | None) -> None:
    spot.ended(wanted, Word.UNCHANGED)
    spot.settled(wanted, print_)
    if spot.two_way:
        spot.relays.onward(spot.name, spot.x, wanted)


def _called(spot: Spot, wanted: Want) -> bool:
    if spot.terms.observe:
        spot.ended(wanted, Word.OBSERVED)
    return not spot.terms.observe
