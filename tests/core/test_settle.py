"""Settle: the class of an answer is the next step."""

from __future__ import annotations

import pytest

from tests.core.story import Answer, Story, shown, want
from worker.core.lane import Told
from worker.core.outcome import Word
from worker.core.plan import needs_read, plan
from worker.core.schedule import Retry
from worker.core.settle import release, settle


def test_a_settle_after_the_lease_changes_nothing() -> None:
    """v1's answer comes when v2 has the lane."""
    story = Story(readable=False)
    story.wants("e1", 1, "A")
    story.plans("v1")
    story.now += 10 * story.terms.late
    story.plans("v2")
    assert settle(story.lane, story.terms, "v1", story.now, "acc", {"a": Answer("applied")}, 0.0) is None
    assert release(story.lane, story.terms, "v1", story.now, 0) is None


def test_after_an_unanswered_call_the_lane_rests_until_it_cannot_land_any_more() -> None:
    """Nobody may send another value before that, whatever came since."""
    story = Story(readable=False, late=20_000)
    story.wants("e1", 1, "A")
    story.plans()
    started, story.now = story.now, story.now + 10_000
    story.settles("unsure")
    story.wants("e2", 2, "B")
    assert story.due == story.now + 20_000
    for now in range(story.now, started + 20_000, 500):
        assert plan(story.lane, story.terms, "other", now, "acc") is None


def test_an_answered_error_is_over_and_needs_no_rest() -> None:
    """It may have landed: where it can be read it is read, and a newer value may go at once."""
    story = Story()
    story.wants("e1", 1, "A")
    story.plans()
    story.settles("failed", jitter=0.5)
    assert needs_read(story.lane, story.terms, story.now)
    story.wants("e2", 2, "B")
    assert story.due is not None
    assert story.due <= story.now


def test_what_an_error_left_unknown_is_no_belief() -> None:
    """A applied; B answered 500 and landed, its repeat is refused: A is not believed any more."""
    story = Story(readable=False)
    story.applies("e1", 1, "A")
    story.wants("e2", 2, "B")
    story.plans()
    story.settles("failed")
    story.plans()
    story.settles("refused")
    story.wants("e3", 3, "A")
    assert story.plans() == ("a",)


def test_a_target_that_never_answers_ends_parked() -> None:
    """The tries are counted; the version is kept, nothing older follows."""
    story = Story(readable=False, retry=Retry(tries=5))
    story.wants("e2", 2, "A")
    for _ in range(5):
        assert story.plans() == ("a",)
        story.settles("unsure")
        story.now += 10 * story.terms.late
    assert story.plans() == ()
    assert [(note.word, note.reason, note.tries) for note in story.notes if isinstance(note, Told)] == [
        ("parked", "tried too often", 5)
    ]
    assert story.due is None
    assert story.wants("e1", 1, "B") == [("e1", "a", "superseded")]


def test_age_counts_while_calls_were_made() -> None:
    """After three hours of backoff an age of three hours is over, whatever the tries."""
    hour = 3_600_000
    story = Story(readable=False, retry=Retry(age=3 * hour))
    story.wants("e1", 1, "A")
    for _ in range(3):
        assert story.plans() == ("a",)
        story.settles(Answer("failed", wait=hour))
        assert story.due == story.now + hour
        story.now += hour
    assert story.plans() == ()
    assert story.words == [("e1", "a", "parked")]


def test_being_put_off_spends_neither_tries_nor_age() -> None:
    """Throttled, paused or unable to connect, for however long: it is called again."""
    story = Story(readable=False, retry=Retry(tries=2, age=1000))
    story.wants("e1", 1, "A")
    for _ in range(50):
        assert story.plans() == ("a",)
        story.settles(Answer("later", wait=86_400_000, quiet=True))
        assert story.notes == []
        story.now += 86_400_000
    assert story.a.wanted is not None
    assert (story.a.wanted.tries, story.a.wanted.spent) == (0, 0)


def test_a_wait_that_the_target_asked_for_is_obeyed_to_the_letter() -> None:
    """Retry-After, of a refusal to take it now and of an error alike."""
    for kind in ("later", "failed"):
        story = Story(readable=False)
        story.wants("e1", 1, "A")
        story.plans()
        story.settles(Answer(kind, wait=12_345))
        assert story.due == story.now + 12_345


def test_what_is_not_over_says_when_it_goes_on() -> None:
    """`pending` with the reason, the status, the target's request id and the time of the next attempt."""
    story = Story(readable=False)
    story.wants("e1", 1, "A")
    story.plans()
    story.settles(Answer("failed", "server error", 500, "req-1", wait=7000))
    assert [note for note in story.notes if isinstance(note, Told)] == [
        Told("e1", "T", "a", Word.PENDING, "server error", 1, 500, "req-1", story.now + 7000)
    ]


def test_what_an_answer_shows_is_the_belief() -> None:
    """The target keeps the value in another form: that form is believed, so the next look finds nothing new."""
    story = Story(two_way=frozenset("a"))
    story.wants("e1", 1, " A ")
    story.plans()
    story.settles(Answer("applied", shows=shown("A")))
    assert [note.reason for note in story.notes if isinstance(note, Told)] == ["shown in another form"]
    story.merges(hint="h1")
    story.visits(a="A")
    assert story.words == [("h1", "*", "echo")]


@pytest.mark.parametrize("needs", [frozenset[str](), frozenset("a")], ids=["at once", "with the whole account"])
def test_what_an_answer_shows_is_what_travels_on(needs: frozenset[str]) -> None:
    """No later look would find it news, so the other systems hear now what this one made of the value."""
    story = Story(two_way=frozenset("a"), relay_needs=needs)
    story.wants("e1", 1, " A ")
    story.plans()
    story.settles(Answer("applied", shows=shown("A")))
    if needs:
        story.now += story.terms.interval
        story.visits(a="A", b="B")
    assert [(note.origin, note.changed, note.attributes["a"]) for note in story.seen] == [("S", ("a",), "A")]


def test_a_refusal_that_names_the_attribute_sends_the_others_at_once() -> None:
    """The one to blame is parked; the others go together again, and no try is spent."""
    story = Story(readable=False)
    for name in ("a", "b", "c"):
        story.wants("e1", 1, "A", name=name)
    story.plans()
    assert story.settles("again", b="refused") == [("e1", "b", "parked")]
    assert story.due is not None
    assert story.due <= story.now
    assert story.plans() == ("a", "c")
    assert {name: x.sent.tries for name, x in story.lane.attributes.items() if x.sent} == {"a": 0, "c": 0}


def test_a_target_that_seals_by_itself_is_believed() -> None:
    """`locked`: the value is told `sealed`, those behind it too, and nothing is sent any more; what is there is not known."""
    story = Story(readable=False)
    story.wants("e1", 1, "A", "once")
    story.wants("e2", 2, "B", "once")
    story.plans()
    assert story.settles("locked") == [("e1", "a", "sealed"), ("e2", "a", "sealed")]
    assert story.seal().found
    assert story.wants("e3", 3, "A", "once") == [("e3", "a", "sealed")]


def test_a_candidate_that_is_refused_makes_room() -> None:
    """No call of it can have landed: the next has its turn, and was told nothing until then."""
    story = Story(readable=False)
    story.wants("e1", 1, "A", "once")
    assert story.wants("e2", 2, "B", "once") == []
    story.plans()
    assert story.settles("refused") == [("e1", "a", "parked")]
    assert story.plans() == ("a",)
    assert story.settles("applied") == [("e2", "a", "applied")]


def test_a_refusal_does_not_lift_a_seal_that_may_hold() -> None:
    """No answer, then refused for good: no other value goes, and the same value says that an operator must look."""
    story = Story(readable=False)
    story.wants("e1", 1, "A", "once")
    story.plans()
    story.settles("unsure")
    story.now += 10 * story.terms.late
    assert story.plans() == ("a",)
    assert story.settles("refused") == [("e1", "a", "parked")]
    assert story.wants("e2", 2, "B", "once") == [("e2", "a", "sealed")]
    assert story.wants("e3", 3, "A", "once") == [("e3", "a", "parked")]


def test_a_value_that_may_have_landed_goes_again_and_no_other() -> None:
    """An older candidate comes meanwhile: it waits, and is told `sealed` only when the first is confirmed."""
    story = Story(readable=False)
    story.wants("e2", 2, "B", "once")
    story.plans()
    story.settles("unsure")
    story.now += 10 * story.terms.late
    assert story.wants("e1", 1, "A", "once") == []
    assert story.plans() == ("a",)
    assert story.a.sent is not None
    assert story.a.sent.value == "B"
    assert story.wants("e0", 0, "C", "once") == []
    assert story.settles("applied") == [("e2", "a", "applied"), ("e0", "a", "sealed"), ("e1", "a", "sealed")]


def test_a_refused_value_where_writers_do_not_agree_leaves_nobody_behind() -> None:
    """An ordinary value is under way and write-once ones stand behind it: whatever becomes of it, they have their turn."""
    for answer in ("applied", "refused", "later"):
        story = Story(readable=False)
        story.wants("e1", 1, "A")
        story.wants("e2", 2, "B", "once")
        story.plans()
        story.settles(answer)
        for _ in range(3):
            if story.due is not None:
                story.plans()
                story.settles("applied")
        assert story.due is None
        assert not story.a.behind


@pytest.mark.parametrize("whole", [False, True])
def test_reads_that_fail_too_often_park_what_is_owed(whole: bool) -> None:
    """Each rests the lane; too many in a row park wants and hints, and the versions are kept."""
    story = Story(whole=whole, retry=Retry(tries=3))
    story.wants("e3", 3, "A")
    story.merges(hint="h1")
    for _ in range(2):
        assert story.releases(story.begins(), 1000, missed=True) == []
        assert story.due == story.now + 1000
        story.now += 1000
    assert story.releases(story.begins(), 1000, missed=True) == [("h1", "*", "parked"), ("e3", "a", "parked")]
    assert story.due is None
    assert story.wants("e2", 2, "B") == [("e2", "a", "superseded")]


def test_a_read_that_works_forgets_the_misses() -> None:
    """Only misses in a row count."""
    story = Story(whole=True, retry=Retry(tries=2))
    story.wants("e1", 1, "A")
    story.releases(story.begins(), missed=True)
    story.visits(a="X")
    assert story.lane.misses == 0


def test_reads_that_fail_leave_a_doubt_sealed() -> None:
    """A write-once value may have landed and nobody can look: parked, and its seal is unsure."""
    story = Story(retry=Retry(tries=1))
    story.wants("e1", 1, "A", "once")
    story.visits(a=None)
    story.settles("failed")
    assert story.releases(story.begins(), missed=True) == [("e1", "a", "parked")]
    assert story.seal().unsure
    assert story.seal().print == want("e1", 1, "A").print


def test_a_visit_that_ends_without_a_decision_rests_the_lane() -> None:
    """And is no death."""
    story = Story()
    story.merges(hint="h1")
    story.releases(story.begins(), 5000)
    assert story.due == story.now + 5000
    assert story.lane.deaths == 0


def test_a_value_that_came_after_once_was_taken_out_is_not_lost() -> None:
    """A write-once value is under way, the mapping says `always` from now on, and the call fails: the later stands behind it."""
    for readable in (True, False):
        story = Story(readable=readable)
        story.wants("e1", 1, "A", "once")
        story.visits()
        assert story.wants("e2", 2, "B", "always") == []
        story.settles("failed")
        story.visits(a=None)
        sent = story.a.sent
        assert sent is not None
        assert (sent.event, [record.event for record in story.a.behind]) == ("e1", ["e2"])
        assert story.settles("applied") == [("e1", "a", "applied"), ("e2", "a", "sealed")]


def test_a_candidate_that_comes_later_does_not_shorten_the_backoff() -> None:
    """Once its call has started a candidate stays: the other, though of higher rank, stands behind it, and the lane is not due
    before the target wants to be asked again."""
    story = Story(ranks={"a": {"P": 2, "Q": 1}})
    story.wants("e1", 1, "A", "once", source="Q")
    story.visits()
    story.settles(Answer("failed", wait=5_000))
    assert story.wants("e2", 2, "B", "once", source="P") == []
    assert [record.event for record in story.a.behind] == ["e2"]
    assert story.due == story.now + 5_000
