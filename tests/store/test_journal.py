"""The journal, on fakeredis and on a real server."""

from __future__ import annotations

import asyncio

import pytest

from worker.core.event import Entry, finished
from worker.core.outcome import Outcome, Word
from worker.store import keys
from worker.store.connection import Store
from worker.store.journal import Journal


def entry(ident: str = "e1", digest: str = "aa", **fields: object) -> Entry:
    return Entry(source="hr", id=ident, digest=digest, body=b'{"id":"u-1"}', subject="u-1", **fields)  # type: ignore[arg-type]


@pytest.fixture
def journal(store: Store) -> Journal:
    return Journal(store, retention=60_000, backlog=3)


async def test_the_same_event_again_is_the_same(journal: Journal) -> None:
    """A second delivery answers the first's version and changes nothing."""
    first = await journal.accept(entry())
    again = await journal.accept(entry())
    assert (first.word, again.word) == ("new", "same")
    assert first.version == again.version
    assert len(first.version) == 46
    assert await journal.waiting() == 1


async def test_the_same_id_with_another_content_is_refused(journal: Journal) -> None:
    """An id that is known with another digest answers `other`, and the first stays."""
    await journal.accept(entry())
    assert (await journal.accept(entry(digest="bb"))).word == "other"
    stored = await journal.event("hr:e1")
    assert stored is not None
    assert stored.digest == "aa"


async def test_versions_rise_with_acceptance(journal: Journal) -> None:
    """Events without a time of their own are ordered by our stamp, which never repeats."""
    versions = [(await journal.accept(entry(f"e{i}"))).version for i in range(3)]
    assert versions == sorted(versions)
    assert len(set(versions)) == 3


async def test_a_source_time_orders_and_is_held_from_above_only(journal: Journal) -> None:
    """The past is not limited; a time more than five minutes ahead of us becomes our stamp, and the record says so."""
    past = await journal.accept(entry("old", time="0000000000000001"))
    ahead = await journal.accept(entry("ahead", time="9999999999999999"))
    ours = await journal.accept(entry("ours"))
    assert past.version.startswith("0000000000000001")
    assert past.version < ahead.version < ours.version
    record = await journal.event("hr:ahead")
    assert record is not None
    assert record.late


async def test_the_sequence_breaks_ties_of_one_time(journal: Journal) -> None:
    """Of two events with one time the higher sequence is the newer, whichever arrived first."""
    second = await journal.accept(entry("b", time="0000000000000005", sequence=2))
    first = await journal.accept(entry("a", time="0000000000000005", sequence=1))
    assert first.version < second.version


async def test_a_replay_is_newer_than_its_original_and_older_than_what_follows(journal: Journal) -> None:
    """A replay keeps all of the version but the counter."""
    original = await journal.accept(entry("e", time="0000000000000005"))
    replay = await journal.accept(entry("e~1", version=original.version[:36]))
    after = await journal.accept(entry("f", time="0000000000000006"))
    assert original.version < replay.version < after.version


async def test_above_the_backlog_nothing_is_taken(journal: Journal) -> None:
    """Beyond the stated backlog the answer is `full`, a duplicate of a stored event is still `same`."""
    for i in range(3):
        await journal.accept(entry(f"e{i}"))
    assert (await journal.accept(entry("e3"))).word == "full"
    assert (await journal.accept(entry("e0"))).word == "same"
    assert await journal.event("hr:e3") is None


async def test_an_event_is_over_when_all_its_routes_are_told(journal: Journal) -> None:
    """Outcomes that arrive before the routes are kept; the event leaves the due list with its routes."""
    await journal.accept(entry())
    _, names = await journal.take(1000, 10)
    assert names == ["hr:e1"]
    await journal.tell("hr:e1", {("looker", "a"): [Outcome(Word.APPLIED, at=1)]})
    event = await journal.tell("hr:e1", {}, routes=[("looker", "a"), ("looker", "b")])
    assert event is not None
    assert not finished(event)
    event = await journal.tell("hr:e1", {("looker", "b"): [Outcome(Word.SEALED, at=2)]})
    assert event is not None
    assert finished(event)
    assert await journal.waiting() == 0
    assert await journal.store.do("PTTL", "ls:{0}:event:hr:e1") > 0


async def test_an_event_that_was_taken_comes_again_if_nobody_ends_it(journal: Journal) -> None:
    """Taking re-scores: a propagation that died is taken again after its lease."""
    await journal.accept(entry())
    assert (await journal.take(0, 10))[1] == ["hr:e1"]
    assert (await journal.take(60_000, 10))[1] == ["hr:e1"]
    assert (await journal.take(60_000, 10))[1] == []


async def test_an_event_is_found_by_subject_and_version(journal: Journal) -> None:
    """`why` finds the event of a belief by its version."""
    accepted = await journal.accept(entry())
    assert [event.name for event in await journal.of_version("hr", "u-1", accepted.version)] == ["hr:e1"]
    assert await journal.of_version("hr", "u-1", "0" * 46) == []
    assert await journal.of_subject("hr", "u-1") == ["hr:e1"]


async def finish(journal: Journal, name: str, outcome: Outcome) -> None:
    await journal.tell(name, {("T", "a"): [outcome]}, routes=[("T", "a")])


async def lives(journal: Journal, name: str) -> bool:
    """Whether its record has no time to live."""
    return int(await journal.store.do("PTTL", keys.event(name))) == -1


async def test_what_is_parked_is_not_forgotten_until_somebody_ends_it(journal: Journal) -> None:
    """Neither what was refused nor what could not be used when it came; released, they are forgotten as any other."""
    await journal.accept(entry("e1"))
    await finish(journal, "hr:e1", Outcome(Word.PARKED, "refused", at=2))
    await journal.accept(entry("e2", verdict=Outcome(Word.PARKED, "no subject", at=2)))
    assert await journal.parked() == ["hr:e1", "hr:e2"]
    assert [await lives(journal, name) for name in ("hr:e1", "hr:e2")] == [True, True]
    await journal.no_longer_parked(["hr:e1", "hr:e2"])
    assert [await lives(journal, name) for name in ("hr:e1", "hr:e2")] == [False, False]


async def test_what_is_not_over_is_not_forgotten_when_a_part_is_released(journal: Journal) -> None:
    """One attribute is parked and released, another is still owed; once that is over, too, it is forgotten as any other, also if
    the first is told once more."""
    await journal.accept(entry())
    refused = {("T", "a"): [Outcome(Word.PARKED, "refused", at=2)]}
    await journal.tell("hr:e1", refused, routes=[("T", "a"), ("T", "b")])
    await journal.no_longer_parked(["hr:e1"])
    assert await lives(journal, "hr:e1")
    await journal.tell("hr:e1", {("T", "b"): [Outcome(Word.APPLIED, at=3)]})
    assert not await lives(journal, "hr:e1")
    await journal.tell("hr:e1", refused)
    assert not await lives(journal, "hr:e1")
    assert await journal.parked() == []


async def test_what_was_applied_needs_nobody(journal: Journal) -> None:
    """A rerun was parked, because its value had been overtaken: the record goes by what was applied, and so do the lists."""
    await journal.accept(entry())
    await finish(journal, "hr:e1", Outcome(Word.APPLIED, at=2))
    await journal.tell("hr:e1", {("T", "a"): [Outcome(Word.PARKED, "ended before", at=3)]})
    assert await journal.parked() == []
    assert not await lives(journal, "hr:e1")


async def test_what_is_gone_is_trimmed_behind_what_stays(store: Store) -> None:
    """However much there is, and however much older that is still pending: the rest of the list is reached, in as many calls as
    it takes."""
    journal = Journal(store, retention=0)
    names = [f"hr:e{number}" for number in range(40)]
    for name in names:
        await journal.accept(entry(name.removeprefix("hr:")))
    for name in names[10:30]:
        await store.do("DEL", keys.event(name))
    await asyncio.sleep(0.002)
    assert [await journal.trim(pages=2, many=4) for _ in range(6)] == [0, 6, 8, 6, 0, 0]
    assert await journal.since(0) == [*names[:10], *names[30:]]


async def test_the_list_of_a_subject_is_bounded(store: Store) -> None:
    """A subject that speaks for years: what is forgotten leaves its list, too, and what is still pending stays, however old."""
    journal = Journal(store)
    await journal.accept(entry("first"))
    for number in range(600):
        await journal.accept(entry(f"e{number}"))
        await store.do("DEL", keys.event(f"hr:e{number - 20}"))
    names = await journal.of_subject("hr", "u-1")
    assert names[0] == "hr:first"
    assert names[-1] == "hr:e599"
    assert len(names) < 90
