"""What holds for every transition, on lanes that a long and wild story has made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.story import ACCOUNT, encode, shown, terms, want
from worker.core.lane import Lane, Look, Note, Policy, Seal, Search, Terms, Told, due, idle, new
from worker.core.merge import merge
from worker.core.park import poisoned
from worker.core.plan import begin, needs_read, plan
from worker.core.schedule import Retry
from worker.core.search import dropped, emptied, not_found, taken_back
from worker.core.settle import Answer, release, settle

Transition = Callable[[Lane], tuple[Any, ...] | None]

decode = msgspec.json.Decoder(Lane).decode
names, values, tokens = st.sampled_from("ab"), st.sampled_from(["A", "B", None]), st.sampled_from(["v1", "v2"])
policies: st.SearchStrategy[Policy] = st.sampled_from(["always", "if_empty", "once"])
kinds = st.sampled_from(["applied", "refused", "locked", "alone", "again", "later", "failed", "unsure"])
worlds = st.builds(
    terms, readable=st.booleans(), whole=st.booleans(), many=st.booleans(), observe=st.booleans(),
    two_way=st.sampled_from([frozenset(), frozenset("ab")]), relay_needs=st.sampled_from([frozenset(), frozenset("a")]),
    hidden=st.sampled_from([frozenset(), frozenset("b")]), max_age=st.sampled_from([None, 1000]),
    ranks=st.sampled_from([{}, {"a": {"S": 2, "T": 1}}]), retry=st.just(Retry(tries=4)),
)  # fmt: skip


@st.composite
def steps(draw, known: Terms, now: int, *, searching: bool) -> tuple[Transition, bool]:
    """One transition, whatever the lane is: of an account's lane, or of a search lane; and whether it carries what is owed to
    other lanes."""
    token, name, event = draw(tokens), draw(names), draw(st.integers(1, 30))
    look = Look({n: shown(draw(values), n) for n in "ab" if n not in known.hidden}, {"a": "?", "b": "?"})
    wanted = want(f"e{event}", event, draw(values), draw(policies), name=name, replay=draw(st.booleans()))
    answers = {n: Answer(draw(kinds)) for n in "ab"}
    called = draw(st.booleans())
    keys = Search(((name, "x", ""),), wait=draw(st.sampled_from([0, 10**6])))
    seal = {name: Seal(shown("A", name).print, "e0")} if event == 30 else None
    both: list[Transition] = [
        lambda lane: merge(lane, known, {name: wanted}, owner={"S": "1"}, search=keys if searching else None),
        lambda lane: merge(lane, known, {}, seals=seal),
        lambda lane: begin(lane, known, token, now),
    ]
    of_search: list[Transition] = [
        lambda lane: not_found(lane, known, token, now, "no account"),
        lambda lane: dropped(lane, known, token, lane.rev),
        lambda lane: dropped(lane, known, token, lane.rev, refused="the account belongs to another subject"),
    ]
    of_account: list[Transition] = [
        lambda lane: merge(lane, known, {}, hint=f"h{event}"),
        lambda lane: plan(lane, known, token, now, ACCOUNT, look if needs_read(lane, known, now) else None),
        lambda lane: plan(lane, known, token, now, ACCOUNT, look if known.readable else None),
        lambda lane: settle(lane, known, token, now, ACCOUNT, {n: answers[n] for n in lane.attributes}, 0.5),
        lambda lane: release(lane, known, token, now, 100, "read failed", missed=True),
        lambda lane: poisoned(lane, known, token, now),
        lambda lane: taken_back(lane, known, token, now, called=called),
        lambda lane: emptied(lane, known, token, lane.rev),
    ]
    chosen: Transition = draw(st.sampled_from([*both, *(of_search if searching else of_account)]))
    return chosen, chosen in (of_search[1], of_account[-1])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_transition_keeps_these(data) -> None:
    """The lane that was given is as it was; the result survives the store; a lane is due if and only if it is not at rest;
    nobody stands behind nobody; applied again to its own result, a transition raises nothing and loses nobody."""
    known, now, lane, searching = data.draw(worlds), 1_000_000, new(), data.draw(st.booleans())
    for _ in range(data.draw(st.integers(1, 25))):
        now += data.draw(st.sampled_from([0, 10, known.lease, 3 * known.late]))
        transition, carries = data.draw(steps(known, now, searching=searching))
        before = encode(lane)
        result = transition(lane)
        assert encode(lane) == before
        if result is None:
            continue
        after: Lane = result[0]
        keeps(after, known, now)
        assert accounted(lane, after, result[1], carries)
        again = transition(after)
        assert encode(decode(encode(after))) == encode(after)
        if again is not None:
            keeps(again[0], known, now)
            assert accounted(after, again[0], again[1], carries)
        lane = replace_revision(after, lane.rev + 1)


def keeps(lane: Lane, known: Terms, now: int) -> None:
    resting = lane.lease is not None and (bool(lane.lease.token) or lane.lease.until > now)
    assert decode(encode(lane)) == lane
    assert (due(lane, known, now) is None) == (idle(lane) and not resting)
    for x in lane.attributes.values():
        assert x.wanted is not None or x.sent is not None or not x.behind


def accounted(before: Lane, after: Lane, notes: list[Note], carries: bool) -> bool:
    """Whoever stood in the lane stands there still, was told, or was carried to another lane."""
    told = {note.event for note in notes if isinstance(note, Told)}
    return standing(before, hints_only=carries) <= standing(after) | told


def standing(lane: Lane, *, hints_only: bool = False) -> set[str]:
    hints = set(lane.check) | set(lane.lease.check if lane.lease else ())
    records = (record.event for x in lane.attributes.values() for record in (x.wanted, x.sent, *x.behind) if record is not None)
    return hints if hints_only else hints | set(records)


def replace_revision(lane: Lane, revision: int) -> Lane:
    lane.rev = revision  # as the store does it
    return lane
