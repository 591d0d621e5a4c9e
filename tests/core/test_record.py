"""The record of an event: outcomes arrive one by one, in any order, and again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.event import Event, finished
from worker.core.outcome import Outcome, Word
from worker.core.record import tell

HERE = ("T", "a")
outcomes = st.builds(Outcome, st.sampled_from(Word), st.sampled_from(["", "why"]), st.integers(1, 6), st.integers(0, 2))


def blank() -> Event:
    return Event(rev=1, digest="", version="", at=0)


def folded(told: list[Outcome]) -> Outcome | None:
    event = blank()
    for outcome in told:
        event = tell(event, {HERE: [outcome]})
    return event.outcomes["T"]["a"]


@settings(max_examples=200, deadline=None)
@given(st.lists(outcomes, min_size=1, max_size=6), st.data())
def test_the_final_word_does_not_depend_on_the_order(told: list[Outcome], data) -> None:
    """However the outbox is folded, and however often, the record ends with the same outcome."""
    once = folded(told)
    assert folded(data.draw(st.permutations(told))) == once
    assert folded([*told, *data.draw(st.lists(st.sampled_from(told), max_size=4))]) == once
    assert tell(blank(), {HERE: told}).outcomes["T"]["a"] == once


@given(st.integers(1, 9), st.integers(1, 9))
def test_folding_again_adds_no_attempt(pending: int, again: int) -> None:
    """The position of the fold was lost: entries that are folded once more leave the record as it was."""
    told = [*(Outcome(Word.PENDING, "server error", at, at) for at in range(pending)), Outcome(Word.APPLIED, at=pending)]
    once = tell(blank(), {HERE: told})
    assert tell(once, {HERE: told[-again:]}) == once
    assert tell(once, {HERE: told[:again]}) == once


def test_what_was_applied_stays_applied() -> None:
    """A re-run of propagation finds the value overtaken: the record does not forget that it was written."""
    event = tell(blank(), {HERE: [Outcome(Word.SUPERSEDED, at=1)]})
    event = tell(event, {HERE: [Outcome(Word.APPLIED, at=2)]})
    event = tell(event, {HERE: [Outcome(Word.UNCHANGED, at=3)]})
    assert event.outcomes["T"]["a"] == Outcome(Word.APPLIED, at=2)


def test_the_earliest_stays_and_parked_gives_way() -> None:
    """Of several words the first that is not `parked`; `pending` gives way to all of them, and the latest of it is shown."""
    assert folded([Outcome(Word.UNCHANGED, at=2), Outcome(Word.SUPERSEDED, at=1)]) == Outcome(Word.SUPERSEDED, at=1)
    assert folded([Outcome(Word.PARKED, at=1), Outcome(Word.SUPERSEDED, at=2)]) == Outcome(Word.SUPERSEDED, at=2)
    assert folded([Outcome(Word.PENDING, at=1), Outcome(Word.PENDING, at=3), Outcome(Word.PENDING, at=2)]) == Outcome(
        Word.PENDING, at=3
    )
    assert folded([Outcome(Word.PENDING, at=9), Outcome(Word.PARKED, at=1)]) == Outcome(Word.PARKED, at=1)


def test_an_event_is_over_when_every_route_is() -> None:
    """Routes that are known and not told, or pending, keep it open; outcomes before the routes are kept."""
    event = tell(blank(), {HERE: [Outcome(Word.APPLIED, at=1)]})
    assert not finished(event)
    event = tell(event, {}, routes=[HERE, ("T", "b")], revision="r1")
    assert (event.planned, event.revision, finished(event)) == (True, "r1", False)
    event = tell(event, {("T", "b"): [Outcome(Word.PENDING, at=2)]})
    assert not finished(event)
    event = tell(event, {("T", "b"): [Outcome(Word.SEALED, at=3)]})
    assert finished(event)


def test_the_last_attempts_are_kept() -> None:
    """Of a route that was not over at the first: the last five, the end among them; one that was over at once has none."""
    event = blank()
    for at in range(1, 9):
        event = tell(event, {HERE: [Outcome(Word.PENDING, "server error", at, at)]})
    event = tell(event, {HERE: [Outcome(Word.APPLIED, at=9, tries=9)], ("T", "b"): [Outcome(Word.APPLIED, at=9)]})
    assert [outcome.at for outcome in event.attempts["T"]["a"]] == [5, 6, 7, 8, 9]
    assert "b" not in event.attempts["T"]


def test_telling_leaves_the_record_it_was_given() -> None:
    """The commit may lose its race, and the function is applied to another record."""
    event = tell(blank(), {HERE: [Outcome(Word.PENDING, at=1)]})
    before = repr(event)
    tell(event, {HERE: [Outcome(Word.PENDING, at=2)], ("U", "b"): [Outcome(Word.APPLIED, at=2)]}, routes=[HERE])
    assert repr(event) == before
