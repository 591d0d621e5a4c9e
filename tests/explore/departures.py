"""Departures: an account is deleted, what it owed and had sealed goes to the search lane of its person, and it comes back: as it
was, or made again and empty.  The order of the steps is that of worker/engine/search.py; each is one commit, and its visit may
die after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tests.explore.world import SUBJECT, Call, Visit, decode, standing
from worker.core.lane import Lane, Search, Step, Want, ours
from worker.core.merge import merge
from worker.core.plan import begin
from worker.core.search import dropped, emptied, owed, seals, taken_back, waiting

if TYPE_CHECKING:
    from tests.explore.moves import Move, Moves

SEARCHER = "s"
"""The token of the visit to the search lane."""
CHANGED = (("changed", ""),)


def of_account(m: Moves) -> Iterator[Move]:
    """It is deleted; it is back."""
    w, how = m.world, m.case.deleted
    if how and w.there and not w.deleted:
        versionless = tuple((name, ("", values)) for name, (_, values) in w.landed)  # versions die with it
        yield m.to("the account is DELETED", there=False, deleted=True, calm=False, landed=versionless)
    if not w.there and how == "comes back":
        yield m.to("the account is back, as it was", there=True)
    # Between a call and the look for it this would read as if the value had never landed, to anybody.
    noticed = bool(decode(w.search).attributes) or not (w.visits or w.calls or any(x.sent for x in m.lane.attributes.values()))
    if not w.there and how == "made again" and noticed:
        yield m.to("the account is made again, empty", there=True, target=tuple((name, "") for name, _ in w.target))


def of_call(m: Moves, call: Call, others: tuple[Call, ...]) -> Iterator[Move]:
    """What becomes of a call while there is no account: 404, or nobody hears."""
    if not call.token:
        yield m.to("a call finds no account", calls=others)
        return
    gone = tuple(v._replace(stage="not there when it was called") if v.token == call.token else v for v in m.world.visits)
    yield m.to("the call is answered 404", calls=others, visits=gone)
    if m.faults.losses:
        yield m.to(
            "the call finds no account, and its answer is LOST", calls=others, visits=m.answered(call, "unsure"), calm=False,
            faults=m.spend(losses=1),
        )  # fmt: skip


def goes_on(m: Moves, v: Visit, others: tuple[Visit, ...]) -> Iterator[Move]:
    """A visit that was told that there is no account, or that visits the search lane, takes its next step."""
    match v.stage:
        case "not there" | "not there when it was called":
            step = taken_back(m.lane, m.terms, v.token, v.now, called=v.stage != "not there")
            yield m.to(f"{v.token}: what was under way is taken back", *(step or ()), visits=(*others, v._replace(stage="gone")))
        case "gone" if ours(m.lane, v.token):
            records = [record for several in owed(m.lane).values() for record in several]
            search, notes = _merged(decode(m.world.search), m, records, seals_=seals(m.lane))
            after = v._replace(stage="unlink")
            yield m.to("what it owed and had sealed is carried", None, notes, search=search, visits=(*others, after))
        case "unlink" if not m.case.known:
            yield m.to("the link goes", linked=False, visits=(*others, v._replace(stage="empty")))
        case "unlink" | "empty":
            step = emptied(m.lane, m.terms, v.token, _since(m.lane, v), returns=m.case.known)
            what = "not its lease any more" if step is None else "emptied" if step[0] != m.lane else "left as it is"
            yield m.to(f"the lane is {what}", *(step or ()), visits=others)
        case "pour":
            search = decode(m.world.search)
            lane, notes = _merged(m.lane, m, waiting(search), seals_=seals(search), owner={**SUBJECT})
            yield m.to("what waited is poured", lane, notes, visits=(*others, v._replace(stage="link")))
        case "link":
            yield m.to("the link is made", linked=True, visits=(*others, v._replace(stage="drop")))
        case "drop":
            step = begin(decode(m.world.search), m.terms, SEARCHER, m.world.now)
            assert step is not None, "one visit at a time searches"
            step = dropped(step[0], m.terms, SEARCHER, _since(step[0], v))
            assert step is not None
            yield m.to("what was poured is dropped", None, step[1], search=standing(step[0], m.world.now), visits=others)
        case _:
            yield m.to(f"{v.token}: not its lease any more", visits=others)


def searches(m: Moves) -> Iterator[Move]:
    """Somebody waits in the search lane, and the account is there."""
    w = m.world
    if w.there and not any(v.token == SEARCHER for v in w.visits) and waiting(decode(w.search)):
        yield m.to("the account is found", visits=(*w.visits, Visit(SEARCHER, "pour", w.now)))


def merges(m: Moves, wants: dict[str, Want], label: str, **changes: Any) -> Move:
    """What a source says while no link is known."""
    step = merge(decode(m.world.search), m.terms, wants, search=Search())
    assert step is not None
    return m.to(f"{label}, to be searched for", None, step[1], search=standing(step[0], m.world.now), **changes)


def _merged(lane: Lane, m: Moves, records: Iterable[tuple[str, Want]], *, seals_: Any, owner: Any = None) -> Any:
    """As `_merge_into` of worker/engine/search.py.  A lane for `Moves.to`, or a search lane as it is stored."""
    step: Step | None = merge(lane, m.terms, {}, seals=seals_, owner=owner, search=None if owner else Search())
    assert step is not None
    lane, notes = step
    for name, record in records:
        step = merge(lane, m.terms, {name: record})
        assert step is not None
        lane, more = step
        notes = [*notes, *more]
    return (lane if owner else standing(lane, m.world.now)), notes


def noticed(visits: tuple[Visit, ...], lane: str) -> tuple[Visit, ...]:
    """This lane was committed to: a visit that has copied it and is to clear it must see that.  lane: `account` or `search`."""
    stages = ("unlink", "empty") if lane == "account" else ("link", "drop")
    return tuple(v._replace(answers=CHANGED) if v.stage in stages else v for v in visits)


def _since(lane: Lane, v: Visit) -> int:
    """The revision at which the visit copied the lane.  (Revisions stand still here, else no world would come twice.)"""
    return lane.rev - (v.answers == CHANGED)
