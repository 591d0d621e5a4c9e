"""Lanes in the store: value, notes and due time move in one step, or nothing does; on fakeredis and on a real server."""

from __future__ import annotations

import pytest

from tests.core.story import terms, want, words
from tests.store.dying import DyingStore, dies_everywhere
from worker.core.lane import Lane, Note, Step, Terms
from worker.core.merge import merge
from worker.core.plan import plan
from worker.core.settle import Answer, settle
from worker.store import keys
from worker.store.connection import Store
from worker.store.errors import Unavailable
from worker.store.journal import Journal
from worker.store.lanes import Lanes

KNOWN: Terms = terms()
NOW = 1_000_000


@pytest.fixture
def lanes(store: Store) -> Lanes:
    return Lanes(store)


async def merges(lanes: Lanes, event: str, time: int, value: str) -> None:
    def transition(lane: Lane) -> Step | None:
        return merge(lane, KNOWN, {"a": want(event, time, value)})

    assert await lanes.change(KNOWN, "acc", NOW, transition) is not None


async def outbox(lanes: Lanes) -> list[tuple[str, str, str]]:
    _, entries = await Journal(lanes.store).outbox(100)
    notes: list[Note] = [note for _, of_entry in entries for note in of_entry]
    return words(notes)


async def test_a_lane_its_notes_and_its_due_time_are_committed_together(lanes: Lanes) -> None:
    """After a merge that overtakes a value the lane wants the newer, the outbox says so of the older, and the lane is due."""
    await merges(lanes, "e1", 1, "A")
    await merges(lanes, "e2", 2, "B")
    _, lane = await lanes.load("T", "acc")
    assert lane.rev == 2
    assert lane.attributes["a"].wanted == want("e2", 2, "B")
    assert await outbox(lanes) == [("e1", "a", "superseded")]
    assert (await lanes.take("T", 1000, 10))[1] == ["acc"]


async def test_a_lane_at_rest_is_not_due(lanes: Lanes) -> None:
    """A due entry that was left over would make the next want wait for a lease."""
    await merges(lanes, "e1", 1, "A")
    await lanes.take("T", 60_000, 10)
    committed = await lanes.change(KNOWN, "acc", NOW, lambda lane: plan(lane, KNOWN, "v1", NOW, "acc"))
    assert committed is not None
    answers = {"a": Answer("applied")}
    await lanes.change(
        KNOWN, "acc", NOW, lambda lane: settle(lane, KNOWN, "v1", NOW, "acc", answers, 0.0), committed[0], loaded=True
    )
    assert await lanes.store.do("ZSCORE", keys.due("T"), "acc") is None


async def test_a_lost_race_applies_the_transition_to_what_is_there(lanes: Lanes) -> None:
    """A merge that was computed on an older lane is not written over the newer one."""
    await merges(lanes, "e1", 1, "A")
    raw, _ = await lanes.load("T", "acc")
    await merges(lanes, "e3", 3, "C")
    given: list[int] = []

    def transition(lane: Lane) -> Step | None:
        given.append(lane.rev)
        return merge(lane, KNOWN, {"a": want("e2", 2, "B")})

    assert await lanes.change(KNOWN, "acc", NOW, transition, raw, loaded=True) is not None
    assert given == [1, 2]
    _, lane = await lanes.load("T", "acc")
    assert lane.attributes["a"].wanted == want("e3", 3, "C")
    assert await outbox(lanes) == [("e1", "a", "superseded"), ("e2", "a", "superseded")]


async def test_revisions_compare_whole(lanes: Lanes) -> None:
    """Revision 1 is not the beginning of revision 10."""
    for time in range(1, 11):
        await merges(lanes, f"e{time}", time, "A")
    raw, lane = await lanes.load("T", "acc")
    assert lane.rev == 10
    assert raw is not None
    stale = raw.replace(b'{"rev":10,', b'{"rev":1,')
    given: list[int] = []

    def transition(lane: Lane) -> Step | None:
        given.append(lane.rev)
        return merge(lane, KNOWN, {})

    await lanes.change(KNOWN, "acc", NOW, transition, stale, loaded=True)
    assert given == [1, 10]


async def test_a_transition_without_a_right_to_act_writes_nothing(lanes: Lanes) -> None:
    """Another visit has the lane: neither value nor due time move."""
    await merges(lanes, "e1", 1, "A")
    before = await lanes.store.do("GET", keys.lane("T", "acc"))
    assert await lanes.change(KNOWN, "acc", NOW, lambda lane: settle(lane, KNOWN, "v9", NOW, "acc", {}, 0.0)) is None
    assert await lanes.store.do("GET", keys.lane("T", "acc")) == before


async def test_a_taken_lane_comes_again_if_its_visit_dies(lanes: Lanes) -> None:
    """Taking re-scores: nothing is to be released, and nothing expires."""
    await merges(lanes, "e1", 1, "A")
    assert (await lanes.take("T", 0, 10))[1] == ["acc"]
    assert (await lanes.take("T", 60_000, 10))[1] == ["acc"]
    assert (await lanes.take("T", 60_000, 10))[1] == []


async def test_wherever_a_caller_dies_belief_and_outbox_agree(lanes: Lanes) -> None:
    """What the lane forgot stands in the outbox, and what the outbox says the lane has done: no lost change, no stale one."""

    async def work(last: int) -> bool:
        await lanes.store.do("FLUSHDB")
        await merges(lanes, "e1", 1, "A")
        lived = True
        try:
            await merges(Lanes(DyingStore(lanes.store, last)), "e2", 2, "B")
        except Unavailable:
            lived = False
        _, lane = await lanes.load("T", "acc")
        wanted = lane.attributes["a"].wanted
        assert wanted is not None
        assert await outbox(lanes) == ([("e1", "a", "superseded")] if wanted.event == "e2" else [])
        return lived

    assert await dies_everywhere(work) >= 2
