"""Search lanes: what waits for an account, and what a dead account leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.story import Story, replace, want, words
from worker.core.lane import Policy, Seal, Search, Told, copied, due, idle
from worker.core.merge import merge
from worker.core.plan import needs_read
from worker.core.schedule import ABSENT
from worker.core.search import (
    dropped,
    emptied,
    missed,
    not_found,
    owed,
    postponed,
    seals,
    search_account,
    searched_subject,
    taken_back,
    waiting,
)

HOUR = 3_600_000


def searching(then: str = "park", wait: int = 24 * HOUR, **more: object) -> Story:
    """Two write-once candidates wait for the account of one subject."""
    story = Story(**more)
    keys = Search((("email", "ana@example.com", "case"),), wait, then)  # type: ignore[arg-type]
    for event, time, value in (("e2", 2, "B"), ("e1", 1, "A")):
        story.merges({"a": want(event, time, value, "once", at=story.now)}, search=keys)
    return story


def not_there(story: Story, **more: bool) -> list[tuple[str, str, str]]:
    """A visit searches and finds nothing."""
    token = story.begins()
    step = not_found(story.lane, story.terms, token, story.now, "no account", **more)
    assert step is not None
    story.lane, story.notes = step
    return words(story.notes)


def test_a_search_lane_names_its_subject() -> None:
    """The subject may hold any character; an account's own lane is no search lane."""
    assert searched_subject(search_account("hr", "E:1/ä")) == ("hr", "E:1/ä")
    assert searched_subject("00u1") is None


def test_all_that_waits_arrives_and_nothing_is_left_behind() -> None:
    """Two candidates are poured in their order, and then they go from here."""
    story, there = searching(), Story()
    for name, record in waiting(story.lane):
        there.merges({name: record}, owner={"hr": "E-1"})
    assert there.a.wanted is not None
    assert (there.a.wanted.event, [record.event for record in there.a.behind]) == ("e1", ["e2"])
    token = story.begins()
    step = dropped(story.lane, story.terms, token, story.lane.rev)
    assert step is not None
    assert (waiting(step[0]), step[1]) == ([], [])
    assert due(step[0], story.terms, story.now) is None


def test_what_came_while_it_was_poured_drops_nothing() -> None:
    """It may be what the account, gone in the meantime, gives back: all of it stays, and is looked for at once."""
    story = searching()
    token = story.begins()
    since = story.lane.rev
    assert story.wants("e1", 1, "A", "once") == []
    step = dropped(story.lane, story.terms, token, since)
    assert step is not None
    assert ([record.event for _, record in waiting(step[0])], step[1]) == (["e1", "e2"], [])
    assert due(step[0], story.terms, story.now) == story.now


def test_pouring_again_does_no_harm() -> None:
    """The worker dies after pouring and before dropping: the next visit pours the same, and nobody is told twice."""
    story, there = searching(), Story()
    for _ in range(2):
        for name, record in waiting(story.lane):
            assert there.merges({name: record}) == []
    assert len(there.a.behind) == 1


def test_what_may_not_be_poured_is_parked_and_its_seals_stay() -> None:
    """The account found belongs to another subject: the wants are parked with the reason, the person's seal is kept."""
    story = searching()
    story.merges(seals={"b": Seal("k.b", "e0")})
    token = story.begins()
    step = dropped(story.lane, story.terms, token, story.lane.rev, refused="the account belongs to another subject")
    assert step is not None
    assert words(step[1]) == [("e1", "a", "parked"), ("e2", "a", "parked")]
    assert seals(step[0]) == {"b": Seal("k.b", "e0")}
    assert idle(step[0])


def test_an_account_that_is_not_there_is_looked_for_again() -> None:
    """After 1, 5 and 30 minutes, then hourly; the wants are told once that they wait."""
    story = searching()
    assert not_there(story) == [("e1", "a", "pending"), ("e2", "a", "pending")]
    waits = []
    for _ in range(5):
        assert story.due is not None
        waits.append(story.due - story.now)
        story.now = story.due
        assert not_there(story) == []
    assert waits == [*ABSENT, ABSENT[-1]]


def test_the_time_runs_from_the_oldest_want_and_ends_as_the_policy_says() -> None:
    """The last look is at the very end; each want gets the word of the policy, and the seals stay."""
    for then, word in (("park", "parked"), ("ignore", "ignored")):
        story = searching(then, wait=2 * HOUR)
        story.merges(seals={"b": Seal("k.b", "e0")})
        end = story.now + 2 * HOUR
        while story.now < end:
            not_there(story)
            assert story.due is not None
            assert story.due <= end
            story.now = story.due
        assert not_there(story) == [("e1", "a", word), ("e2", "a", word)]
        assert story.due is None
        assert seals(story.lane) == {"b": Seal("k.b", "e0")}


def test_more_than_one_account_is_parked_at_once() -> None:
    """No waiting mends it."""
    assert not_there(searching("ignore"), ambiguous=True) == [("e1", "a", "parked"), ("e2", "a", "parked")]


def test_other_keys_are_searched_at_once() -> None:
    """A new event brings another e-mail address while the lane waits for its hour."""
    story = searching()
    not_there(story)
    assert story.due is not None
    assert story.due > story.now
    story.merges({"a": want("e3", 3, "C", "once")}, search=Search((("email", "ana@new.example", ""),), 24 * HOUR))
    assert story.due is not None
    assert story.due <= story.now


def gone(story: Story, token: str = "", *, called: bool = False) -> list[tuple[str, str, str]]:
    """The visit was told that there is no account."""
    step = taken_back(story.lane, story.terms, token or story.token, story.now, called=called)
    assert step is not None
    story.lane = step[0]
    return words(step[1])


def dying() -> Story:
    """What was sent is taken back from an account that is gone, beside what waits and what is sealed."""
    story = Story()
    story.merges({"a": want("e1", 1, "A", "once")}, owner={"S": "E-1", "crm": "C-9"})
    story.merges({"a": want("e2", 2, "B", "once", source="crm")})
    story.merges({"b": want("e3", 3, "C")}, seals={"c": Seal("k.c", "e0")})
    assert story.visits(a=None, b=None) == ("a", "b")
    assert story.merges({"d": want("e4", 4, "D")}) == []
    assert gone(story, called=True) == []
    return story


def test_a_dead_account_gives_back_what_it_owes() -> None:
    """Sent, wanted and those behind, best first, by source; the seals go with the person, and the revision goes on."""
    story = dying()
    assert {source: [(name, record.event) for name, record in records] for source, records in owed(story.lane).items()} == {
        "S": [("a", "e1"), ("b", "e3"), ("d", "e4")],
        "crm": [("a", "e2")],
    }
    assert seals(story.lane) == {"c": Seal("k.c", "e0")}
    story.merges(hint="h1")
    revision = story.lane.rev
    step = emptied(story.lane, story.terms, story.token, revision)
    assert step is not None
    after, notes = step
    assert (after.rev, after.attributes, after.owner) == (revision, {}, {})
    assert [(note.event, str(note.word)) for note in notes if isinstance(note, Told)] == [("h1", "ignored")]


def test_what_came_while_it_was_carried_empties_nothing() -> None:
    """It may be what was carried, because somebody found the account again: all of it stays, and finds out for itself."""
    story = dying()
    since = story.lane.rev
    assert story.merges({"b": want("e3", 3, "C")}) == []
    story.merges(hint="h1")
    step = emptied(story.lane, story.terms, story.token, since)
    assert step is not None
    after, notes = step
    assert (sorted(record.event for _, record in waiting(after)), notes) == (["e1", "e2", "e3", "e4"], [])
    assert (after.lease, after.check) == (None, ("h1",))
    assert (seals(after), after.owner) == ({"c": Seal("k.c", "e0")}, {"S": "E-1", "crm": "C-9"})
    assert due(after, story.terms, story.now) == story.now


def test_a_dead_account_of_which_all_was_carried_is_empty() -> None:
    """Nothing is owed, nobody owns it, it is not due; the revision is the only thing that stays."""
    story = Story()
    story.merges({"a": want("e1", 1, "A")}, owner={"S": "1"})
    story.begins()
    step = emptied(story.lane, story.terms, "v1", story.lane.rev)
    assert step is not None
    assert (step[0].rev, step[0].attributes, step[0].owner) == (story.lane.rev, {}, {})
    assert due(step[0], story.terms, story.now) is None


def test_seals_of_a_dead_account_bind_the_next_one() -> None:
    """A was sealed at the old account: at the re-created one another value is told `sealed`."""
    old, search, there = Story(), Story(), Story()
    old.applies("e1", 1, "A", "once")
    search.merges(seals=seals(old.lane), search=Search())
    there.merges({}, seals=seals(search.lane), owner={"hr": "E-1"})
    assert there.wants("e2", 2, "B", "once") == [("e2", "a", "sealed")]


def claimed(**more: Any) -> Story:
    """A was sent, and nobody answered; B, which is older, stands behind it."""
    story = Story(**more)
    story.wants("e2", 2, "A", "once")
    assert story.visits() == ("a",)
    story.settles("unsure")
    assert story.wants("e1", 1, "B", "once") == []
    story.now += story.terms.late + 1_000
    return story


@pytest.mark.parametrize("more", [{"readable": False}, {"hidden": frozenset("a")}, {}], ids=["unreadable", "hidden", "readable"])
def test_a_claim_that_may_have_landed_follows_the_person(more: dict[str, Any]) -> None:
    """Nobody answered, and then the account was gone: at the next one the claim's own value goes, whoever else waits there, and
    no other."""
    old, search, there = claimed(), Story(), Story(**more)
    assert gone(old, old.begins()) == []
    search.merges(seals=seals(old.lane), search=Search())
    for name, record in waiting(old.lane):
        search.merges({name: record})
    there.merges(seals=seals(search.lane))
    for name, record in waiting(search.lane):
        there.merges({name: record})
    there.now = old.now
    assert there.visits() == ("a",)
    assert there.a.sent is not None
    assert there.a.sent.event == "e2"
    assert there.settles("applied") == [("e2", "a", "applied"), ("e1", "a", "sealed")]


def test_it_stays_where_something_came_back_meanwhile() -> None:
    """The lane could not be emptied, and the account is made again under the same id, and empty: that does not show that the
    claim did not land."""
    story = claimed()
    token = story.begins()
    gone(story, token)
    step = emptied(story.lane, story.terms, token, story.lane.rev - 1)
    assert step is not None
    story.lane = step[0]
    assert story.visits(a=None) == ("a",)
    assert story.a.sent is not None
    assert story.a.sent.event == "e2"


def test_a_claim_that_surely_did_not_land_is_no_seal() -> None:
    """The write itself was answered that there is no account."""
    story = Story()
    story.wants("e1", 1, "A", "once")
    assert story.visits() == ("a",)
    assert gone(story, called=True) == []
    assert (seals(story.lane), [record.tries for _, record in waiting(story.lane)]) == ({}, [0])


def test_what_was_not_sure_of_a_dead_account_is_not_asked_any_more() -> None:
    """The second call of a claim was answered that there is no account; its first one may have landed there."""
    story = claimed(readable=False)
    assert story.visits() == ("a",)
    assert story.seal().unsure
    assert gone(story, called=True) == []
    assert not story.seal().unsure
    assert story.a.carried


def carried_to_a_new_account(**more: Any) -> Story:
    """A was sealed at the old one."""
    story = Story(**more)
    story.merges(seals={"a": Seal(want("e1", 1, "A").print, "e1")}, owner={"hr": "E-1"})
    return story


def test_the_sealed_value_is_given_to_the_new_account() -> None:
    """Whatever the policy of who says it now: the account is read, is empty, gets it, and is sealed; then it is `unchanged`."""
    policies: tuple[Policy, ...] = ("once", "always", "if_empty")
    for policy in policies:
        story = carried_to_a_new_account()
        story.wants("e2", 2, "A", policy)
        assert needs_read(story.lane, story.terms, story.now)
        assert story.visits() == ("a",)
        story.settles("applied")
        assert story.wants("e3", 3, "A", policy) == [("e3", "a", "unchanged")]
        assert story.wants("e4", 4, "B", policy) == [("e4", "a", "sealed")]


def test_what_is_there_already_is_seen_and_stays() -> None:
    """The same value: `unchanged`, without a call; another: sealed as found."""
    story = carried_to_a_new_account()
    story.wants("e2", 2, "A", "once")
    assert story.visits(a="A") == ()
    assert story.words == [("e2", "a", "unchanged")]
    other = carried_to_a_new_account()
    other.wants("e2", 2, "A", "once")
    assert other.visits(a="X") == ()
    assert other.words == [("e2", "a", "sealed")]
    assert other.seal().found


def test_where_the_new_account_cannot_be_read_only_the_sealed_value_goes() -> None:
    """And after a call without an answer the same again."""
    story = carried_to_a_new_account(readable=False)
    assert story.wants("e2", 2, "B", "once") == [("e2", "a", "sealed")]
    story.wants("e3", 3, "A", "once")
    assert story.visits() == ("a",)
    story.settles("unsure")
    story.now += story.terms.late + 1_000
    assert story.wants("e4", 4, "B", "once") == []
    assert story.visits() == ("a",)
    sent = story.a.sent
    assert sent is not None
    assert sent.event == "e3"
    assert story.settles("applied") == [("e3", "a", "applied"), ("e4", "a", "sealed")]


def test_an_account_that_may_return_keeps_its_seals() -> None:
    """It is known by its id: under the same id the same person has the same seal, and the account is still hers."""
    story = Story()
    story.merges({}, owner={"hr": "E-1"})
    story.applies("e1", 1, "A", "once")
    story.begins()
    step = emptied(story.lane, story.terms, "v2", story.lane.rev, returns=True)
    assert step is not None
    after = step[0]
    assert (seals(after), after.owner) == (seals(story.lane), {"hr": "E-1"})
    assert after.attributes["a"].carried
    assert due(after, story.terms, story.now) is None


def test_an_account_that_was_found_and_is_not_there_was_not_found() -> None:
    """What came back from it waits like what was never found, and ends as its policy says."""
    story = searching(wait=2 * HOUR)
    lane, notes = missed(copied(story.lane), story.terms, story.now, "no account")
    assert words(notes) == [("e1", "a", "pending"), ("e2", "a", "pending")]
    assert due(lane, story.terms, story.now) == story.now + ABSENT[0]
    _, notes = missed(lane, story.terms, story.now + 2 * HOUR, "no account")
    assert words(notes) == [("e1", "a", "parked"), ("e2", "a", "parked")]


def test_a_search_that_is_put_off_counts_no_look() -> None:
    """The list in which it looks is being made; what it waits for is told nothing."""
    story = searching()
    token = story.begins()
    step = postponed(story.lane, story.terms, token, story.now + 5_000)
    assert step is not None
    lane, notes = step
    assert notes == []
    assert lane.search is not None
    assert (lane.search.looks, due(lane, story.terms, story.now)) == (0, story.now + 5_000)
    assert postponed(lane, story.terms, token, story.now) is None, "the lease was given back"


def test_without_the_lease_a_search_changes_nothing() -> None:
    """Another visit has the lane by now."""
    story = searching()
    assert dropped(story.lane, story.terms, "v9", 0) is None
    assert not_found(story.lane, story.terms, "v9", story.now, "no account") is None
    assert emptied(story.lane, story.terms, "v9", 0) is None


def test_an_owner_conflict_found_while_pouring_changes_nothing() -> None:
    """The lane of the account is as it was: merge has no right."""
    there = Story()
    there.merges({}, owner={"hr": "E-2"})
    assert merge(there.lane, there.terms, {"a": want("e1", 1, "A")}, owner={"hr": "E-1"}) is None
    assert there.lane.attributes == {}


def test_a_search_lane_keeps_its_place_in_time_when_its_wants_grow() -> None:
    """A further want with the same keys does not make the lane search sooner."""
    story = searching()
    not_there(story)
    before = story.due
    assert story.lane.search is not None
    story.merges({"a": want("e3", 3, "C", "once", at=story.now)}, search=replace(story.lane.search, looks=0, after=0))
    assert story.due == before


def test_searches_that_failed_count_in_a_row() -> None:
    """One that is answered begins the count anew: nobody who is waited for is parked for a system that fails now and then."""
    story = searching()
    for end in (
        lambda token: not_found(story.lane, story.terms, token, story.now, "no account"),
        lambda token: postponed(story.lane, story.terms, token, story.now),
        lambda token: dropped(story.lane, story.terms, token, story.lane.rev),
    ):
        story.releases(story.begins(), missed=True)
        assert story.lane.misses == 1
        step = end(story.begins())
        assert step is not None
        story.lane = step[0]
        assert story.lane.misses == 0
