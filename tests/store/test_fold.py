"""The fold: what the lanes said reaches the records, wherever it dies; on fakeredis and on a real server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.core.story import at, terms
from tests.store.dying import DyingStore, dies_everywhere
from worker.core.event import Entry
from worker.core.lane import Again, Lane, Note, Seen, Told
from worker.core.outcome import Word
from worker.engine.fold import fold
from worker.store import keys
from worker.store.connection import Store
from worker.store.errors import Unavailable
from worker.store.journal import Journal
from worker.store.lanes import Lanes

KNOWN = terms()
OBSERVED = Seen("T", "acc", at(9), ("a",), {"a": "X"}, "T", ("hr:e1",))
NOTES: list[Note] = [Told("hr:e1", "T", "a", Word.APPLIED, tries=1), OBSERVED]


def engine(store: Store) -> Any:
    """All of an engine that the fold asks for."""
    return SimpleNamespace(journal=Journal(store), hint=lambda _: None)


async def said(store: Store, notes: list[Note]) -> None:
    """A lane's commit puts notes into the outbox."""

    def transition(lane: Lane) -> tuple[Lane, list[Note]]:
        return lane, notes

    await Lanes(store).change(KNOWN, "acc", 0, transition)


async def accepted(store: Store) -> str:
    entry = Entry(source="hr", id="e1", digest="aa", body=b"{}", subject="u-1")
    version = (await Journal(store).accept(entry)).version
    await Journal(store).tell("hr:e1", {}, routes=[("T", "a")])
    return version


async def word_of(store: Store, name: str) -> Word | None:
    event = await Journal(store).event(name)
    assert event is not None
    outcome = event.outcomes["T"]["a"]
    return None if outcome is None else outcome.word


async def observations(store: Store) -> list[str]:
    return [name for name in await Journal(store).since(0) if name.startswith("T:")]


async def test_outcomes_are_told_and_observations_accepted(store: Store) -> None:
    """An outcome reaches its event, what was seen becomes an event of that system, and the outbox is empty."""
    await accepted(store)
    await said(store, NOTES)
    await fold(engine(store))
    assert await word_of(store, "hr:e1") is Word.APPLIED
    (name,) = await observations(store)
    seen = await Journal(store).event(name)
    assert seen is not None
    assert (seen.version, seen.subject, seen.kind) == (at(9), "acc", "seen")
    assert (await Journal(store).outbox(10))[1] == []


async def test_wherever_the_fold_dies_the_next_one_ends_its_work(store: Store) -> None:
    """No outcome and no observation is lost, and none is there twice."""

    async def work(last: int) -> bool:
        await store.do("FLUSHDB")
        await accepted(store)
        await said(store, NOTES)
        lived = True
        try:
            await fold(engine(DyingStore(store, last)))
        except Unavailable:
            lived = False
        await fold(engine(store))
        assert await word_of(store, "hr:e1") is Word.APPLIED
        assert len(await observations(store)) == 1
        assert (await Journal(store).outbox(10))[1] == []
        return lived

    assert await dies_everywhere(work) >= 4


async def test_a_fold_that_lags_behind_does_not_move_the_position_back(store: Store) -> None:
    """Two folds at once: the slower one ends last."""
    await said(store, NOTES[:1])
    await said(store, NOTES[:1])
    _, entries = await Journal(store).outbox(10)
    first, second = (position for position, _ in entries)
    await Journal(store).folded(second)
    await Journal(store).folded(first)
    assert await store.do("GET", keys.FOLDED) == second.encode()


async def test_a_value_that_is_to_be_put_back_is_its_event_once_more(store: Store) -> None:
    """As its next replay, newer than the original, and for that one attribute only."""
    version = await accepted(store)
    await said(store, [Again("T", "a", "hr", "u-1", version, 7)])
    await fold(engine(store))
    repair = await Journal(store).event("hr:e1~1")
    assert repair is not None
    assert repair.version > version
    assert repair.version[:36] == version[:36]
    assert repair.replay
    assert repair.only == (("T", "a"),)


async def put_back(store: Store) -> list[tuple[str, str]]:
    """The attributes that are asked for once more: (event, attribute)."""
    events = await Journal(store).load(await Journal(store).since(0))
    return sorted((event.name, name) for _, event in events if event is not None and event.replay for _, name in event.only)


async def test_two_attributes_of_one_event_are_both_put_back(store: Store) -> None:
    """Somebody changed two at once, or at two systems at once, or the same one a second time: each is asked for, and by a fold
    that runs again not twice."""
    version = await accepted(store)
    again = [Again(system, name, "hr", "u-1", version, 7) for system in ("T", "U") for name in ("a", "b")]
    await said(store, [*again, Again("T", "a", "hr", "u-1", version, 9)])
    for _ in range(2):
        await fold(engine(store))
        await store.do("DEL", keys.FOLDED)
    assert sorted(name for _, name in await put_back(store)) == ["a", "a", "a", "b", "b"]


async def test_what_was_put_back_is_put_back_again_under_a_short_name(store: Store) -> None:
    """The repair is the one whose version stands there now; its own repair is one more turn of the event, no turn of a turn."""
    await said(store, [Again("T", "a", "hr", "u-1", await accepted(store), 7)])
    await fold(engine(store))
    repair = await Journal(store).event("hr:e1~1")
    assert repair is not None
    await said(store, [Again("T", "a", "hr", "u-1", repair.version, 9)])
    await fold(engine(store))
    assert [name for name, _ in await put_back(store)] == ["hr:e1~1", "hr:e1~2"]


async def test_of_a_change_that_was_relayed_in_parts_the_right_part_is_put_back(store: Store) -> None:
    """A relay goes on under the version that it has: one attribute with the plan and one with the settling are two events of one
    version, and only one of them speaks of what was changed."""
    parts = [Seen("U", "acc", at(9), (name,), {name: "X"}, "hr") for name in ("a", "b", "c")]
    await said(store, [*parts, Again("T", "b", "U", "acc", at(9), 7)])
    await fold(engine(store))
    await said(store, [Again("T", "b", "U", "acc", at(9), 7)])
    await fold(engine(store))
    repairs = [name for name, _ in await put_back(store)]
    assert {name.rpartition("~")[0] for name in repairs} == {name for name in await Journal(store).since(0) if "~" not in name}
