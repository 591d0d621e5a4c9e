"""Search lanes: what waits for an account that is not known yet, and what a dead account leaves behind.

A search lane is the lane `?<source>:<subject>` of a target.  Its wants are poured into the account's lane when it is found;
when an account is gone, its wants and seals flow back.  Seals follow the person: a re-created account is not given a
second value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from worker.core.decide import sealing
from worker.core.lane import UNKNOWN, Attribute, Lane, Note, Seal, Search, Step, Terms, Want, copied, let_go, ours, told
from worker.core.merge import hint_told, teller
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


def left_seals(lane: Lane, now: int, *, called: bool) -> dict[str, Seal]:
    """The seals that follow the person when the account is gone.  A claim whose call may have landed is one of them: at the next
    account its own value passes, and no other, so it is not asked any more whether it did.  called: the calls of what is in
    `sent` were answered just now that there is no account, so none of them has landed."""
    left = {name: replace(seal, unsure=False) for name, seal in seals(lane).items()}
    for name, x in lane.attributes.items():
        if not called and x.sent is not None and sealing(x, x.sent):
            left[name] = Seal(x.sent.print, x.sent.event, now)
    return left


def dropped(
    lane: Lane, terms: Terms, token: str, poured: Iterable[tuple[str, Want]], *, found: str = "", refused: str = ""
) -> Step | None:
    """The account is known, and what waited here is in its lane.  found: the account, if it was searched for.  refused: why it
    was not poured (then it is parked)."""
    if not ours(lane, token):
        return None
    lane = copied(lane)
    notes: list[Note] = []
    gone = {(name, record.version) for name, record in poured}
    if refused:
        _tell(lane, terms, gone, notes, Word.PARKED, refused)
    for name, x in list(lane.attributes.items()):
        left = [record for record in (x.wanted, *x.behind) if record is not None and (name, record.version) not in gone]
        if left or (refused and x.seal is not None):  # seals follow the person
            lane.attributes[name] = Attribute(wanted=left[0] if left else None, behind=tuple(left[1:]), seal=x.seal)
        else:
            del lane.attributes[name]
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
        _tell(lane, terms, {(name, record.version) for name, record in everything}, notes, word, reason)
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
    """What a lane owes, by source: (attribute, record), best first.  What was sent is wanted again."""
    by_source: dict[str, list[tuple[str, Want]]] = {}
    for name, x in lane.attributes.items():
        for record in (x.sent, x.wanted, *x.behind):
            if record is not None:
                by_source.setdefault(record.source, []).append((name, record))
    return by_source


def emptied(
    lane: Lane, terms: Terms, token: str, carried: Iterable[tuple[str, Want]], *, stay: Mapping[str, Seal] | None = None
) -> Step | None:
    """The account is gone, and what it owed was carried to the search lanes.  What was merged meanwhile stays, and finds out
    for itself; what came by a link that was removed is nobody's: parked, because there is nobody to search for.  stay: it is
    known by its id, and may be made again under it, so its seals stay here, too.  The revision goes on: a lane never starts again
    at 0."""
    if not ours(lane, token):
        return None
    hints = (*(lane.lease.check if lane.lease else ()), *lane.check)
    notes: list[Note] = [hint_told(hint, terms, Word.IGNORED, "the account is gone") for hint in dict.fromkeys(hints)]
    gone = {(name, record.version) for name, record in carried}
    after = Lane(rev=lane.rev, attributes={}, owner={})
    for name, x in lane.attributes.items():
        left = []
        for record in (x.sent, x.wanted, *x.behind):
            if record is None or (name, record.version) in gone:
                continue
            if record.source in lane.owner:
                left.append(record)
            else:
                notes.append(told(record, terms, name, Word.PARKED, "the account is gone"))
        seal = None if stay is None else stay.get(name, x.seal)
        if left or seal is not None:
            after.attributes[name] = Attribute(wanted=left[0] if left else None, behind=tuple(left[1:]), seal=seal)
    if after.attributes:
        after.owner = lane.owner
    return after, notes


def _answered(lane: Lane) -> None:
    """The visit is over, and nothing went wrong."""
    let_go(lane)
    lane.deaths = lane.misses = 0


def _tell(lane: Lane, terms: Terms, which: set[tuple[str, str]], notes: list[Note], word: Word, reason: str) -> None:
    for name, x in lane.attributes.items():
        say = teller(notes, terms, name)
        for record in (x.wanted, *x.behind):
            if record is not None and (name, record.version) in which:
                say(record, word, reason)


def _waits(record: Want, terms: Terms, name: str, reason: str, until: int) -> Note:
    return told(record, terms, name, Word.PENDING, reason, until=until)
