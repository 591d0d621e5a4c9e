"""Search lanes: what waits for an account that is not known yet, and what a dead account leaves behind.

A search lane is the lane `?<source>:<subject>` of a target.  Its wants are poured into the account's lane when it is found;
when an account is gone, its wants and seals flow back.  Seals follow the person: a re-created account is not given a
second value.
"""

from __future__ import annotations

from msgspec.structs import replace

from worker.core.decide import not_resolved
from worker.core.lane import UNKNOWN, Attribute, Lane, Note, Seal, Search, Step, Terms, Want, copied, let_go, ours, told
from worker.core.merge import hint_told, next_candidate, teller, want_again
from worker.core.outcome import Word
from worker.core.schedule import look_again

MARK = "?"


def search_account(source: str, subject: str) -> str:
    """The name, among a target's accounts, of the lane in which this subject's account is searched for."""
    return f"{MARK}{source}:{subject}"


def searched_subject(account: str) -> tuple[str, str] | None:
    """(source, subject) if the lane of this name is a search lane."""
    if not account.startswith(MARK):
        return None
    source, _, subject = account[1:].partition(":")
    return source, subject


def waiting(lane: Lane) -> list[tuple[str, Want]]:
    """All that is wanted, best first: (attribute, record)."""
    return [(name, record) for name, x in lane.attributes.items() for record in (x.wanted, *x.behind) if record is not None]


def seals(lane: Lane) -> dict[str, Seal]:
    return {name: x.seal for name, x in lane.attributes.items() if x.seal is not None}


def taken_back(lane: Lane, terms: Terms, token: str, now: int, *, called: bool) -> Step | None:
    """The account is gone: what was under way is wanted again.  called: its call was told so, and did nothing; else it may have
    landed there, and nobody can look.  A write-once value of which that is not known is sealed, and follows the person: at the
    next account it passes, and no other does."""
    if not ours(lane, token):
        return None
    lane = copied(lane)
    notes: list[Note] = []
    for name, x in lane.attributes.items():
        say = teller(notes, terms, name)
        sent, x.sent = x.sent, None
        if sent is not None and called:
            want_again(name, x, sent, terms, say)
        elif sent is not None:
            not_resolved(name, x, sent, terms, now, say)
        if x.seal is not None:
            x.seal = replace(x.seal, unsure=False)
        next_candidate(name, x, terms, say)
    return lane, notes


def dropped(lane: Lane, terms: Terms, token: str, since: int, *, found: str = "", refused: str = "") -> Step | None:
    """The account is known, and all that waited here at the revision `since` is in its lane.  If anything was merged here since
    (it may be what that account, gone in the meantime, gives back) all of it stays, and is poured again.  found: the account, if
    it was searched for.  refused: why nothing was poured (then it is parked)."""
    if not ours(lane, token):
        return None
    whole = lane.rev == since
    lane = copied(lane)
    notes: list[Note] = []
    if whole:
        if refused:
            _tell(lane, terms, notes, Word.PARKED, refused)
        kept = seals(lane) if refused else {}  # seals follow the person
        lane.attributes = {name: Attribute(seal=seal) for name, seal in kept.items()}
    _answered(lane)
    if lane.search is not None:
        lane.search = replace(lane.search, looks=0, after=0, found=found)
    return lane, notes


def not_found(lane: Lane, terms: Terms, token: str, now: int, reason: str, *, ambiguous: bool = False) -> Step | None:
    """No account: wait and look again, or end as the policy says.  ambiguous: more than one, which no waiting mends."""
    if not ours(lane, token):
        return None
    lane = copied(lane)
    _answered(lane)
    return missed(lane, terms, now, reason, ambiguous=ambiguous)


def missed(lane: Lane, terms: Terms, now: int, reason: str, *, ambiguous: bool = False) -> Step:
    """The same for a lane that is a copy, and nobody's."""
    notes: list[Note] = []
    search = lane.search or Search()
    everything = waiting(lane)
    oldest = min((record.at for _, record in everything), default=now)
    if ambiguous or now >= oldest + search.wait:
        word = Word.PARKED if ambiguous or search.then == "park" else Word.IGNORED
        _tell(lane, terms, notes, word, reason)
        lane.attributes = {name: Attribute(seal=x.seal) for name, x in lane.attributes.items() if x.seal is not None}
        lane.search = replace(search, looks=0, after=0)
        return lane, notes
    after = min(now + look_again(search.looks + 1), oldest + search.wait)
    if search.looks == 0:
        for name, record in everything:
            notes.append(_waits(record, terms, name, reason, after))
    lane.search = replace(search, looks=search.looks + 1, after=after)
    return lane, notes


def postponed(lane: Lane, terms: Terms, token: str, until: int) -> Step | None:  # noqa: ARG001 - as every transition
    """It cannot be said yet whether there is an account: look again then.  No look is counted."""
    if not ours(lane, token):
        return None
    lane = copied(lane)
    _answered(lane)
    lane.search = replace(lane.search or Search(), after=until)
    return lane, []


def spellings(value: str, fold: str) -> tuple[str, ...]:
    """What is searched for, in this order: the value as it came and, where capitals do not matter, in lower case, which is how
    most systems keep an address.  Whether a search minds capitals is up to the system."""
    return tuple(dict.fromkeys((value, value.lower()))) if fold == "case" else (value,)


def ghost(lane: Lane, account: str) -> bool:
    """Whether a search has just found this account, that is, without its being there: an index may know the dead for a while."""
    return lane.search is not None and lane.search.found == account


def was_there(lane: Lane) -> bool:
    """Whether this account ever was there for us: it was written, or something is known of it."""
    return lane.wrote > 0 or any(x.holds is not None and x.holds.print is not UNKNOWN for x in lane.attributes.values())


def holds_key(shown: object, value: str, fold: str) -> bool:
    """Whether what an account shows at a key is what was searched for; servers that ignore a filter exist.  fold: `case`: in
    whatever case."""
    text = shown if isinstance(shown, str) else "" if shown is None else str(shown)
    return text.casefold() == value.casefold() if fold == "case" else text == value


def owed(lane: Lane) -> dict[str, list[tuple[str, Want]]]:
    """What a lane owes, by source: (attribute, record), best first."""
    by_source: dict[str, list[tuple[str, Want]]] = {}
    for name, record in waiting(lane):
        by_source.setdefault(record.source, []).append((name, record))
    return by_source


def emptied(lane: Lane, terms: Terms, token: str, since: int, *, returns: bool = False) -> Step | None:
    """The account is gone, and what it owed at the revision `since` was carried to the search lanes.  If anything was merged here
    since (it may be what was carried: somebody found the account again) all of it stays, and finds out for itself.  What came by
    a link that was removed is nobody's: parked, because there is nobody to search for.  returns: it is known by its id, and may
    be made again under it, so its seals stay here, too.  The revision goes on: a lane never starts again at 0."""
    if not ours(lane, token):
        return None
    if lane.rev != since:
        lane = copied(lane)
        _answered(lane)
        return lane, []
    hints = (*(lane.lease.check if lane.lease else ()), *lane.check)
    notes: list[Note] = [hint_told(hint, terms, Word.IGNORED, "the account is gone") for hint in dict.fromkeys(hints)]
    after = Lane(rev=lane.rev, attributes={}, owner={})
    for name, record in waiting(lane):
        if record.source not in lane.owner:
            notes.append(told(record, terms, name, Word.PARKED, "the account is gone"))
    if returns:
        after.attributes = {name: Attribute(seal=seal) for name, seal in seals(lane).items()}
        after.owner = lane.owner if after.attributes else {}
    return after, notes


def _answered(lane: Lane) -> None:
    """The visit is over, and nothing went wrong."""
    let_go(lane)
    lane.deaths = lane.misses = 0


def _tell(lane: Lane, terms: Terms, notes: list[Note], word: Word, reason: str) -> None:
    """All that waits is told so."""
    for name, record in waiting(lane):
        notes.append(told(record, terms, name, word, reason))


def _waits(record: Want, terms: Terms, name: str, reason: str, until: int) -> Note:
    return told(record, terms, name, Word.PENDING, reason, until=until)
