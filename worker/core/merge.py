"""Merge: wanted values flow into a lane; in any order and any number of times, the end is the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from worker.core.lane import BEHIND, HINTS, Attribute, Belief, Lane, Note, Seal, Search, Step, Terms, Told, Want, copied, told
from worker.core.outcome import Word

Say = Callable[[Want, Word, str], None]


def merge(
    lane: Lane,
    terms: Terms,
    wants: Mapping[str, Want],
    *,
    hint: str = "",
    owner: Mapping[str, str] | None = None,
    seals: Mapping[str, Seal] | None = None,
    search: Search | None = None,
) -> Step | None:
    """wants: attribute -> value; hint: an event that asks for a look; owner: source -> the subject that this account is of;
    seals: carried over from another lane of the same person; search: the subject's newest keys, for a lane without account.
    None: the account belongs to another subject of that source."""
    for source, subject in (owner or {}).items():
        if lane.owner.get(source, subject) != subject:
            return None
    lane = copied(lane)
    notes: list[Note] = []
    if owner:
        lane.owner = {**lane.owner, **owner}
    if search is not None:
        _search_by(lane, search)
    if hint:
        _look(lane, terms, hint, notes)
    for name, seal in (seals or {}).items():
        x = lane.attributes.setdefault(name, Attribute())
        x.seal = x.seal or seal
    for name, want in wants.items():
        x = lane.attributes.setdefault(name, Attribute())
        say = teller(notes, terms, name)
        if want.once or x.seal is not None:  # a seal binds every policy
            _merge_once(name, x, want, terms, say)
        else:
            merge_newest(name, x, want, terms, say)
        next_candidate(name, x, terms, say)
    return lane, notes


def teller(notes: list[Note], terms: Terms, name: str) -> Say:
    """Says, into `notes`, what became of a record of this attribute."""

    def say(record: Want, word: Word, reason: str) -> None:
        notes.append(told(record, terms, name, word, reason))

    return say


def merge_newest(name: str, x: Attribute, want: Want, terms: Terms, say: Say) -> None:
    """The newest of the highest rank is wanted; what it overtakes is told so."""
    if _under_way(name, want, x, terms, say):
        return
    top = max((record for record in (x.holds, x.sent) if record), key=lambda record: terms.weight(name, record), default=None)
    if top is not None and terms.weight(name, top) == terms.weight(name, want):  # it ended before: a re-run, or a relay
        if terms.same(name, top.print, want):
            say(want, Word.UNCHANGED, "")
        elif top.source == want.source:
            say(want, Word.PARKED, "ended before")
        else:
            say(want, *_two_values(top, want))
    elif top is not None and terms.weight(name, want) < terms.weight(name, top):
        say(want, *_why(top, want, name, terms))
    elif x.wanted is None:
        x.wanted = want
    else:
        x.wanted = _one_of(name, x.wanted, want, terms, say)


def _one_of(name: str, one: Want, other: Want, terms: Terms, say: Say) -> Want:
    """Which of two values is wanted: the end is the same as if they had been written one after the other.  The newer, but one
    that only fills an empty attribute (`if_empty`) and was not called yet finds the older one there, or what it has cleared."""
    older, newer = sorted((one, other), key=lambda record: terms.weight(name, record))
    if newer.policy == "if_empty" and not newer.tries and _equals(name, older, newer, terms):
        if older.print:
            say(newer, Word.IGNORED, "not empty")
            return older
        if older.policy == "always":
            newer = replace(newer, policy="always")
    say(older, *_why(newer, older, name, terms))
    return newer


def _equals(name: str, one: Want, other: Want, terms: Terms) -> bool:
    """Their sources have the same rank."""
    return terms.weight(name, one)[0] == terms.weight(name, other)[0]


def line_up(name: str, x: Attribute, behind: Sequence[Want], terms: Terms, say: Say) -> None:
    """The highest rank and then the oldest is the candidate; once its call has started it stays, whatever comes."""

    def first(record: Want) -> tuple[int, str]:
        rank, version = terms.weight(name, record)
        return -rank, version

    candidates = list(behind)
    if x.sent is None and x.seal is None:
        candidates = sorted([*candidates, *([x.wanted] if x.wanted else [])], key=first)
        x.wanted = candidates.pop(0) if candidates else None
    candidates.sort(key=first)
    for record in candidates[BEHIND:]:
        say(record, Word.PARKED, "too many candidates")
    x.behind = tuple(candidates[:BEHIND])


def next_candidate(name: str, x: Attribute, terms: Terms, say: Say) -> None:
    """Last step of every transition, so that nobody stands behind nobody: if the candidate is gone, the others are told, or
    the next has its turn."""
    if x.wanted is not None or x.sent is not None or not x.behind:
        return
    behind, x.behind = x.behind, ()
    if x.seal is None:
        line_up(name, x, behind, terms, say)
        return
    for record in behind:
        if x.wanted is None and _may_pass(name, x, x.seal, record, terms):
            x.wanted = record
        else:
            say(record, *against_seal(name, x.seal, record, terms))


def want_again(name: str, x: Attribute, record: Want, terms: Terms, say: Say) -> None:
    """A value that was sent is wanted once more; whatever came since may have overtaken it."""
    if record.once or x.seal is not None:
        others = (*x.behind, x.wanted) if x.wanted is not None else x.behind  # of a mapping that is not write-once any more
        x.wanted = record
        line_up(name, x, others, terms, say)
    else:
        merge_newest(name, x, record, terms, say)


def against_seal(name: str, seal: Seal, want: Want, terms: Terms) -> tuple[Word, str]:
    """What a value is told that meets a seal.  An unsure seal of this very value may have landed, or not: an operator must
    look."""
    if not terms.same(name, seal.print, want):
        return Word.SEALED, "sealed as found" if seal.found else ""
    return (Word.PARKED, "not known whether it landed") if seal.unsure else (Word.UNCHANGED, "")


def _merge_once(name: str, x: Attribute, want: Want, terms: Terms, say: Say) -> None:
    if _under_way(name, want, x, terms, say):
        return
    if x.wanted is not None or x.sent is not None:
        line_up(name, x, [*x.behind, want], terms, say)
    elif x.seal is not None and not _may_pass(name, x, x.seal, want, terms):
        say(want, *against_seal(name, x.seal, want, terms))
    else:
        x.wanted = want


def _may_pass(name: str, x: Attribute, seal: Seal, want: Want, terms: Terms) -> bool:
    """The operator's word for this very seal; the sealed value at another account than the one that it was sealed at; or a replay
    of the sealed value: it looks whether the value is there, and where nobody can know whether it ever landed, it goes again."""
    return want.replaces == seal.mark or (
        (x.carried or (want.replay and (seal.unsure or terms.readable))) and terms.same(name, seal.print, want)
    )


def _under_way(name: str, want: Want, x: Attribute, terms: Terms, say: Say) -> bool:
    """This version is wanted or sent already: silence if it is the same event merged again."""
    for record in (x.wanted, x.sent, *x.behind):
        if record is None or record.version != want.version:
            continue
        if record.event == want.event:
            return True
        if _equals(name, record, want, terms):
            same = terms.same(name, record.print, want)
            say(want, *((Word.UNCHANGED, "the same change by another way") if same else _two_values(record, want)))
            return True
    return False


def _two_values(there: Want | Belief, want: Want) -> tuple[Word, str]:
    """A change went two ways, or round a ring, and arrives as two values: no version says which is right."""
    return Word.PARKED, f"{there.source} and {want.source} make two values of one change"


def _why(winner: Want | Belief, loser: Want, name: str, terms: Terms) -> tuple[Word, str]:
    above = terms.weight(name, winner)[0] > terms.weight(name, loser)[0]
    return (Word.OUTRANKED, "") if above else (Word.SUPERSEDED, "")


def _look(lane: Lane, terms: Terms, hint: str, notes: list[Note]) -> None:
    if hint in lane.check:
        return
    hints = (*lane.check, hint)
    notes += [hint_told(late, terms, Word.SUPERSEDED, "the look that is due serves it too") for late in hints[HINTS:]]
    lane.check = hints[:HINTS]


def hint_told(hint: str, terms: Terms, word: Word, reason: str = "") -> Note:
    return Told(hint, terms.system, "*", word, reason)


def _search_by(lane: Lane, search: Search) -> None:
    """New keys are searched at once; who knows none takes none away."""
    old = lane.search
    if old is None:
        lane.search = search
    elif not search.keys:
        return
    elif old.keys != search.keys:
        lane.search = Search(search.keys, search.wait, search.then, old.looks)
    else:
        lane.search = replace(old, wait=search.wait, then=search.then)
