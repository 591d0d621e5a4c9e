"""Merge: wanted values flow in, in any order and any number of times."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.story import Story, encode, replace, terms, want, words
from worker.core.lane import BEHIND, HINTS, Lane, Policy, Seal, Search, Terms, Told, Want, new
from worker.core.merge import merge

RANKS = {"a": {"P": 2, "Q": 1}}


def merged(wants: Sequence[Want], terms: Terms) -> tuple[Lane, list[tuple[str, str, str]]]:
    """All of them, one after the other."""
    lane, told = new(), list[tuple[str, str, str]]()
    for wanted in wants:
        step = merge(lane, terms, {"a": wanted})
        assert step is not None
        lane, told = step[0], told + words(step[1])
    return lane, told


def wishes(policies: Sequence[Policy], values: Sequence[str | None]) -> st.SearchStrategy[list[Want]]:
    one = st.builds(
        lambda time, value, policy, source: want(f"{source}{time}", time, value, policy, source=source),
        st.integers(1, 20), st.sampled_from(values), st.sampled_from(policies), st.sampled_from(["P", "Q"]),
    )  # fmt: skip
    return st.lists(one, min_size=1, max_size=12, unique_by=lambda wanted: wanted.version)


@settings(max_examples=150, deadline=None)
@given(
    wishes(["always"], ["A", "B", None]) | wishes(["once"], ["A", "B", "C"]) | wishes(["always", "if_empty"], ["A", "B"]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_the_order_of_merging_does_not_matter(wants: list[Want], ranked: bool, random) -> None:
    """Any order of any wants ends in the same lane, and each of them is told exactly once, or still stands in the lane."""
    known = terms(ranks=RANKS if ranked else {})
    lane, told = merged(wants, known)
    shuffled = list(wants)
    random.shuffle(shuffled)
    other, _ = merged(shuffled, known)
    assert encode(lane) == encode(other)
    x = lane.attributes["a"]
    standing = [record.event for record in (x.wanted, *x.behind) if record is not None]
    assert sorted(standing + [event for event, _, _ in told]) == sorted(wanted.event for wanted in wants)


@settings(max_examples=100, deadline=None)
@given(wishes(["always"], ["A", "B", None]), st.data())
def test_merging_again_changes_nothing(wants: list[Want], data) -> None:
    """What was merged may be merged any number of times more: the lane stays, and nobody is told anything better."""
    lane, _ = merged(wants, terms())
    for again in data.draw(st.lists(st.sampled_from(wants), max_size=5)):
        step = merge(lane, terms(), {"a": again})
        assert step is not None
        assert encode(step[0]) == encode(lane)
        assert all(word in ("superseded", "unchanged") for _, _, word in words(step[1]))


def test_the_same_event_again_is_met_with_silence() -> None:
    """A re-run of propagation tells an event nothing while its value is wanted or under way."""
    story = Story()
    story.wants("e1", 1, "A")
    assert story.wants("e1", 1, "A") == []
    story.plans()
    assert story.wants("e1", 1, "A") == []


def test_the_same_change_by_another_way_is_unchanged() -> None:
    """A relay that carries the version of a value that is already under way is told `unchanged`, or nobody would tell it."""
    story = Story()
    story.wants("e1", 1, "A")
    assert story.wants("relay", 1, "A") == [("relay", "a", "unchanged")]


def test_two_values_of_one_change_are_parked() -> None:
    """A change that arrives by two ways as two values: the first stays, wanted, under way or settled; the other is parked, and
    the sources of both are named."""
    for steps in range(3):
        for policy in ("always", "once"):
            story = Story()
            story.wants("e1", 1, "A", policy, source="P")
            if steps > 0:
                story.visits()
            if steps > 1 and policy == "always":
                story.settles("applied")
            assert story.wants("relay", 1, "B", policy, source="Q") == [("relay", "a", "parked")]
            assert [note.reason for note in story.notes if isinstance(note, Told)] == ["P and Q make two values of one change"]


def test_rank_goes_before_the_way_of_a_change() -> None:
    """Of a change that arrives by two ways the source with more say is heard, whichever came first."""
    for settled in (False, True):
        story = Story(ranks=RANKS)
        story.wants("e1", 1, "A", source="Q")
        if settled:
            story.visits()
            story.settles("applied")
            story.now += 1_000
        told = story.wants("relay", 1, "B", source="P")
        assert told == ([] if settled else [("e1", "a", "outranked")])
        assert story.visits() == ("a",)
        story.settles("applied")
        assert story.wants("e2", 1, "C", source="Q") == [("e2", "a", "outranked")]


def test_a_value_that_ended_before_is_not_written_again() -> None:
    """A version that is already settled says what became of it, whether its value stands or was parked."""
    story = Story()
    story.applies("e1", 1, "A")
    assert story.wants("e1", 1, "A") == [("e1", "a", "unchanged")]
    story.wants("e2", 2, "B")
    story.plans()
    story.settles("refused")
    assert story.wants("e2", 2, "B") == [("e2", "a", "parked")]
    assert story.due is None


def test_what_is_older_than_what_is_there_is_superseded() -> None:
    """A applied from the newer event; the older one arrives late."""
    story = Story()
    story.applies("e2", 2, "B")
    assert story.wants("e1", 1, "A") == [("e1", "a", "superseded")]


def test_an_unchanged_value_moves_the_version() -> None:
    """A is applied, a newer event says A again; what is older than that may not be written."""
    story = Story()
    story.applies("e1", 1, "A")
    story.wants("e3", 3, "A")
    assert story.plans() == ()
    assert story.words == [("e3", "a", "unchanged")]
    assert story.wants("e2", 2, "B") == [("e2", "a", "superseded")]


def test_a_parked_value_moves_the_version() -> None:
    """B is refused for good; what is older than B may not be written, though A is still there."""
    story = Story()
    story.applies("e1", 1, "A")
    story.wants("e3", 3, "B")
    story.plans()
    assert story.settles("refused") == [("e3", "a", "parked")]
    assert story.wants("e2", 2, "C") == [("e2", "a", "superseded")]


def test_a_lower_rank_has_no_say_once_a_higher_one_has_spoken() -> None:
    """Rank goes before version, also for a clear, which is speaking too."""
    story = Story(ranks=RANKS)
    story.applies("p1", 1, None, source="P")
    assert story.wants("q9", 9, "B", source="Q") == [("q9", "a", "outranked")]
    assert story.wants("p2", 2, "A", source="P") == []


def test_an_account_belongs_to_one_subject_of_a_source() -> None:
    """A second subject of the same source is not merged; a subject of another source is."""
    story = Story()
    story.merges({"a": want("e1", 1, "A")}, owner={"hr": "E-1"})
    assert merge(story.lane, story.terms, {"a": want("e2", 2, "B")}, owner={"hr": "E-2"}) is None
    story.merges({}, owner={"crm": "C-7"})
    assert story.lane.owner == {"hr": "E-1", "crm": "C-7"}


def test_carried_seals_follow_the_person_and_never_replace_one() -> None:
    """A seal that is carried over binds the new account, which may have that value only; where there is a seal already, that one
    stays."""
    story = Story()
    carried = Seal(want("e0", 1, "A").print, "e0")
    story.merges(seals={"a": carried})
    assert story.wants("e2", 2, "B", "once") == [("e2", "a", "sealed")]
    assert story.wants("e3", 3, "A", "once") == []
    assert story.wants("e4", 4, "B", "once") == []
    assert [record.event for record in story.a.behind] == ["e4"], "it waits until the value is there"
    story.merges(seals={"a": Seal(want("e9", 9, "Z").print, "e9")})
    assert story.seal() == carried


def test_a_seal_binds_every_policy() -> None:
    """A is sealed; another mapping writes the attribute as an ordinary one."""
    story = Story(readable=False)
    story.applies("e1", 1, "A", "once")
    assert story.wants("e2", 2, "B") == [("e2", "a", "sealed")]
    assert story.due is None


def test_no_more_candidates_than_can_be_kept() -> None:
    """One candidate, eight behind it; the youngest beyond that is parked, and says why."""
    story = Story()
    for time in range(1, BEHIND + 2):
        assert story.wants(f"e{time}", time, f"v{time}", "once") == []
    assert story.wants("e99", 99, "Z", "once") == [("e99", "a", "parked")]
    assert [note.reason for note in story.notes if isinstance(note, Told)] == ["too many candidates"]
    assert len(story.a.behind) == BEHIND


def test_hints_beyond_what_a_look_serves_by_name_are_superseded() -> None:
    """The look that is due serves them too; a hint that is merged again is kept once."""
    story = Story()
    for number in range(HINTS):
        assert story.merges(hint=f"h{number}") == []
    assert story.merges(hint="h0") == []
    assert story.merges(hint="late") == [("late", "*", "superseded")]
    assert len(story.lane.check) == HINTS


def test_a_value_that_only_fills_yields_to_one_that_is_waiting() -> None:
    """`if_empty` finds the waiting value there, in either order of merging: HR's value is not lost to a default."""
    for first, second in (("hr", "fill"), ("fill", "hr")):
        story = Story()
        wants = {"hr": want("hr", 1, "A"), "fill": want("fill", 2, "B", "if_empty")}
        told = story.merges({"a": wants[first]}) + story.merges({"a": wants[second]})
        assert told == [("fill", "a", "ignored")]
        assert story.a.wanted == wants["hr"]


def test_a_value_that_fills_what_a_waiting_clear_empties_is_written() -> None:
    """A clear, then `if_empty`: one after the other they would end with the second."""
    story = Story()
    story.wants("clear", 1, None)
    assert story.wants("fill", 2, "B", "if_empty") == [("clear", "a", "superseded")]
    assert story.visits(a="X") == ("a",)


def test_new_search_keys_are_searched_at_once_and_none_take_none_away() -> None:
    """Other keys make the lane due; the same keys keep its waiting time; a merge that knows no keys changes nothing."""
    story = Story()
    story.merges({"a": want("e1", 1, "A")}, search=Search((("email", "a@x", ""),), wait=10))
    story.lane.search = replace(story.lane.search, looks=3, after=99)  # type: ignore[type-var]
    story.merges({}, search=Search((("email", "a@x", ""),), wait=20))
    assert story.lane.search == Search((("email", "a@x", ""),), wait=20, looks=3, after=99)
    story.merges({}, search=Search())
    assert story.lane.search.keys
    story.merges({}, search=Search((("email", "b@x", ""),), wait=20))
    assert story.lane.search.after == 0
