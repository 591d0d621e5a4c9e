"""Plan: a visit decides what to call."""

from __future__ import annotations

import pytest

from connectors.contract import Wire
from tests.core.story import PRINTS, Story, at, replace, shown, terms, want
from worker.core.fingerprint import Fingerprints
from worker.core.lane import DEATHS, Again, Policy, suspect
from worker.core.merge import merge
from worker.core.park import poisoned
from worker.core.plan import begin, needs_read, plan
from worker.core.schedule import Retry

TWO_WAY = frozenset({"a"})


def first_call_after(story: Story, horizon: int) -> int:
    """When another visit may call next; the story's clock moves there."""
    for now in range(story.now, story.now + horizon, 500):
        planned = plan(story.lane, story.terms, "other", now, "acc")
        if planned is not None and planned[2]:
            return now
    raise AssertionError("nobody ever calls")


# ---------------------------------------------------------------- the lease


def test_nobody_calls_while_a_call_of_the_dead_may_still_land() -> None:
    """A visit calls at the end of its lease and is never heard of again; its call lands a late window after its start."""
    story = Story(readable=False, lease=30_000, late=20_000)
    story.wants("e1", 1, "A")
    assert story.plans() == ("a",)
    lands = story.now + 30_000 - 12_000 + 20_000
    story.wants("e2", 2, "B")
    assert first_call_after(story, 200_000) > lands


def test_a_read_under_a_lost_lease_decides_nothing() -> None:
    """v1 reads, loses its lease; v2 writes B; v1 must not judge by what it read before."""
    story = Story(whole=True)
    story.wants("e1", 1, "A")
    first = story.begins()
    story.now += story.terms.lease
    second = story.begins()
    assert plan(story.lane, story.terms, first, story.now, "acc", story.look(a="old")) is None
    assert story.plans(second, a="old") == ("a",)
    story.settles("applied")
    assert plan(story.lane, story.terms, first, story.now, "acc", story.look(a="old")) is None, "also when the lane is free again"


def test_nobody_takes_a_lane_that_is_leased_or_rests() -> None:
    """Neither to read nor to call, until the lease is over."""
    story = Story()
    story.wants("e1", 1, "A")
    story.begins()
    assert begin(story.lane, story.terms, "other", story.now) is None
    assert plan(story.lane, story.terms, "other", story.now, "acc") is None
    assert story.due == story.now + story.terms.lease


# ---------------------------------------------------------------- hints


def test_a_hint_between_the_read_and_the_plan_is_kept() -> None:
    """A person edits after the read was made: this plan must not answer for it."""
    story = Story(two_way=TWO_WAY)
    story.merges(hint="h1")
    token = story.begins()
    story.merges(hint="h2")
    story.plans(token, a="old")
    assert story.words == [("h1", "*", "seen")]
    assert story.lane.check == ("h2",)
    assert story.due == story.now


def test_a_hint_of_a_visit_that_died_is_served_by_the_next() -> None:
    """The lane is not idle while a hint is under way, and the next visit reads for it."""
    story = Story(two_way=TWO_WAY)
    story.merges(hint="h1")
    story.begins()
    assert story.due is not None
    story.now += story.terms.lease
    story.plans(story.begins(), a="X")
    assert story.words == [("h1", "*", "seen")]


def test_a_hint_of_a_visit_that_could_not_read_comes_back() -> None:
    """A release gives the hints back to the lane."""
    story = Story()
    story.merges(hint="h1")
    story.releases(story.begins())
    assert story.lane.check == ("h1",)


def test_a_hint_at_a_system_that_cannot_be_read_is_told() -> None:
    """It is not left in the lane, which would be due for ever."""
    story = Story(readable=False)
    story.merges(hint="h1")
    story.plans()
    assert story.words == [("h1", "*", "ignored")]
    assert story.due is None


# ---------------------------------------------------------------- two-way systems


def test_at_first_contact_what_is_wanted_wins() -> None:
    """What stood there before us loses to a value that is waiting, and the hint finds nothing new."""
    story = Story(two_way=TWO_WAY)
    story.wants("e1", 1, "A")
    story.merges(hint="h1")
    assert story.visits(a="old") == ("a",)
    assert story.words == [("h1", "*", "echo")]
    assert story.seen == []


def test_at_first_contact_an_equal_value_travels_on() -> None:
    """S says A, T holds A already: the chain of systems goes on beyond T, under S's name."""
    story = Story(two_way=TWO_WAY)
    story.wants("e1", 1, "A")
    assert story.visits() == ("a",)
    story = Story(two_way=TWO_WAY, whole=True)
    story.wants("e1", 1, "A")
    assert story.visits(a="A") == ()
    assert story.words == [("e1", "a", "unchanged")]
    assert [(note.origin, note.version, note.changed) for note in story.seen] == [("S", want("e1", 1, "A").version, ("a",))]


def test_at_first_contact_a_hint_publishes_what_is_there() -> None:
    """With the whole account, the name of what changed, the hint that led to it, and the version of the read."""
    story = Story(two_way=TWO_WAY)
    story.merges(hint="h1")
    story.visits(a="X", b="Y")
    (seen,) = story.seen
    assert (seen.origin, seen.changed, seen.attributes, seen.because) == ("T", ("a",), {"a": "X", "b": "Y"}, ("h1",))
    assert seen.version > want("e1", story.now - 1, "A").version
    assert story.words == [("h1", "*", "seen")]


def test_at_first_contact_an_empty_attribute_clears_nothing_elsewhere() -> None:
    """It is believed, and not published."""
    story = Story(two_way=TWO_WAY)
    story.merges(hint="h1")
    story.visits(a=None)
    assert story.words == [("h1", "*", "echo")]
    assert story.seen == []


def test_without_a_hint_first_contact_turns_nothing_into_belief() -> None:
    """The person's own webhook may be on its way, and must find news."""
    story = Story(two_way=TWO_WAY)
    story.wants("e1", 1, "A", "once")
    assert story.visits(a="X") == ()
    assert story.words == [("e1", "a", "sealed")]
    assert story.seen == []
    story.merges(hint="h1")
    story.visits(a="X")
    assert story.words == [("h1", "*", "seen")]


def test_what_a_value_loses_to_at_first_contact_is_published() -> None:
    """A hint asked, and the waiting value will not be written: neither one that only fills, nor one that is only watched."""
    losers: tuple[tuple[Policy, bool, str], ...] = (
        ("if_empty", False, "ignored"),
        ("once", False, "sealed"),
        ("always", True, "observed"),
    )
    for policy, observe, word in losers:
        story = Story(two_way=TWO_WAY, observe=observe)
        story.wants("e1", 1, "A", policy)
        story.merges(hint="h1")
        assert story.visits(a="X") == ()
        assert sorted(story.words) == [("e1", "a", word), ("h1", "*", "seen")]
        assert [note.attributes["a"] for note in story.seen] == ["X"]


def test_what_a_person_wrote_supersedes_what_is_older() -> None:
    """The look finds X where A was believed: X is newer than the value that waits."""
    story = Story(two_way=TWO_WAY)
    story.applies("e1", 1, "A")
    story.wants("e2", 2, "B")
    story.merges(hint="h1")
    assert story.visits(a="X") == ()
    assert story.words == [("e2", "a", "superseded"), ("h1", "*", "seen")]


def test_what_a_person_without_authority_wrote_is_put_back() -> None:
    """It is recorded as what the target holds, and the event of higher rank is asked for once more, by its version."""
    story = Story(two_way=TWO_WAY, ranks={"a": {"P": 2, "T": 1}})
    story.merges({"a": want("e1", 1, "A", source="P")}, owner={"P": "p-1"})
    story.visits()
    story.settles("applied")
    story.merges(hint="h1")
    story.visits(a="X")
    assert [note for note in story.notes if isinstance(note, Again)] == [
        Again("T", "a", "P", "p-1", want("e1", 1, "A").version, story.lane.rev - 1)
    ]
    assert story.seen == []
    story.wants("e1~1", 2, "A", source="P", replay=True)
    assert story.visits(a="X") == ("a",)


def test_what_wins_by_rank_travels_behind_what_it_displaces() -> None:
    """A person's X went on to others under the time of its look; then P, who has the say here, tells an older value.  At others
    nobody outranks anybody, so it goes on under versions that are newer than what they were told."""
    story = Story(two_way=TWO_WAY, ranks={"a": {"P": 2, "T": 1}})
    story.merges(hint="h1")
    story.visits(a="X")
    versions = [story.seen[0].version]
    for event, time, value in (("e1", 1, "A"), ("e2", 2, "A"), ("e3", 3, "C"), ("e4", 2_000_000, "D"), ("e5", 3_000_000, "E")):
        story.wants(event, time, value, source="P")
        if story.visits():
            story.settles("applied")
        (relay,) = story.seen
        assert (relay.origin, relay.attributes) == ("P", {"a": value})
        versions.append(relay.version)
        story.now += story.terms.interval
    assert versions == sorted(set(versions))
    assert versions[-2] == at(2_000_000), "what is newer anyhow keeps its version"
    assert story.a.floor == ""


def test_a_clock_that_was_set_back_hides_no_change() -> None:
    """The second look has an earlier time than the first, and what it finds is news all the same: nobody else said anything."""
    story = Story(two_way=TWO_WAY)
    for found in ("X", "Y"):
        story.merges(hint=f"h {found}")
        story.visits(a=found)
        assert story.words == [(f"h {found}", "*", "seen")]
        story.now -= 5_000
    versions = [story.a.holds.version if story.a.holds else ""]
    story.merges(hint="h")
    story.visits(a="Z", b="B")
    assert [(note.changed, note.version > versions[0]) for note in story.seen] == [(("a",), True)]


def test_our_own_value_is_no_news() -> None:
    """What we wrote, sealed or not, comes back with the next look: `echo`."""
    policies: tuple[Policy, ...] = ("always", "once")
    for policy in policies:
        story = Story(two_way=TWO_WAY)
        story.applies("e1", 1, "A", policy)
        story.merges(hint="h1")
        story.visits(a="A")
        assert story.words == [("h1", "*", "echo")]
        assert story.seen == []


def test_a_relay_that_needs_the_account_waits_for_a_read() -> None:
    """The lane is due at once, reads, and the relay carries the whole account; the value is told `applied` before."""
    story = Story(two_way=TWO_WAY, relay_needs=TWO_WAY)
    story.wants("e1", 1, "A")
    story.plans()
    assert story.settles("applied") == [("e1", "a", "applied")]
    assert story.seen == []
    assert story.due == story.now
    story.visits(a="A", b="Y")
    assert [(note.attributes, note.origin) for note in story.seen] == [({"a": "A", "b": "Y"}, "S")]
    assert story.due is None


def test_a_relay_that_somebody_overtook_is_not_sent() -> None:
    """What is there now speaks for itself."""
    story = Story(two_way=TWO_WAY, relay_needs=TWO_WAY)
    story.wants("e1", 1, "A")
    story.plans()
    story.settles("applied")
    story.visits(a="X")
    assert not [note for note in story.seen if note.origin == "S"]


def test_a_relay_of_a_system_that_can_no_longer_be_read_goes_as_it_is() -> None:
    """The capability is gone with a change of the configuration: nothing is owed for ever."""
    story = Story(two_way=TWO_WAY, relay_needs=TWO_WAY)
    story.wants("e1", 1, "A")
    story.plans()
    story.settles("applied")
    story.terms = Story(two_way=TWO_WAY, relay_needs=TWO_WAY, readable=False).terms
    story.plans()
    assert [note.attributes for note in story.seen] == [{"a": "A"}]
    assert story.due is None


# ---------------------------------------------------------------- beliefs


def test_nothing_is_not_unknown() -> None:
    """X applied, A unanswered, then a clear, at a target that cannot be read: the clear is sent."""
    story = Story(readable=False)
    story.applies("e1", 1, "X")
    story.wants("e2", 2, "A")
    story.plans()
    story.settles("unsure")
    story.wants("e3", 3, None)
    story.now += 10 * story.terms.late
    assert story.plans() == ("a",)
    assert story.words == [("e2", "a", "superseded")]


def test_a_hidden_attribute_is_not_an_empty_one() -> None:
    """A write-once value landed, its visit died; the account is read, this attribute is not shown: no other value may go."""
    story = Story(hidden=frozenset("a"))
    story.wants("e2", 2, "B", "once")
    story.plans(story.begins(), a=None)
    story.wants("e1", 1, "A", "once")
    story.now += 10 * story.terms.late
    assert story.plans(story.begins(), a=None) == ("a",)
    assert story.a.sent == want("e2", 2, "B", "once", tries=1)


def test_an_old_belief_is_not_known_until_it_is_seen_again() -> None:
    """Beyond `max_age` a value is written though it was believed; a write or a look makes the belief young again."""
    story = Story(max_age=1000)
    story.applies("e1", 1, "A")
    story.wants("e2", 2, "A")
    assert story.plans() == ()
    for event, time in (("e3", 3), ("e5", 5)):
        story.now += 2000
        story.wants(event, time, "A")
        assert story.plans() == ("a",)
        story.settles("applied")
        story.now += 500
        story.wants(f"{event}+", time + 1, "A")
        assert story.plans() == ()


def test_an_old_belief_that_is_seen_again_is_no_news() -> None:
    """A look at a two-way account after `max_age`: what stands there is what stood there, and nothing is published."""
    story = Story(two_way=TWO_WAY, max_age=1000)
    story.applies("e1", 1, "A")
    story.now += 5000
    story.merges(hint="h1")
    story.visits(a="A")
    assert story.words == [("h1", "*", "echo")]
    assert story.a.holds is not None
    assert story.a.holds.at == story.now


def test_fingerprints_of_an_older_key_still_compare() -> None:
    """After a rotation a belief of the old key equals the value, and a look makes it one of the current key."""
    rotated = Fingerprints({"new": b"another key", "k": b"a key of the tests"})
    story = Story(two_way=TWO_WAY)
    story.applies("e1", 1, "A")
    story.terms = Story(two_way=TWO_WAY, prints=rotated).terms
    story.wants("e2", 2, "A")
    assert story.plans() == ()
    assert story.words == [("e2", "a", "unchanged")]
    story.merges(hint="h1")
    story.visits(a="A")
    assert story.words == [("h1", "*", "echo")]
    assert story.a.holds is not None
    assert story.a.holds.print == rotated.of("T", "a", "A") != PRINTS.of("T", "a", "A")


def test_a_seal_of_an_older_key_still_binds() -> None:
    """Neither another value nor a second call of the same one after a rotation."""
    story = Story(readable=False)
    story.applies("e1", 1, "A", "once")
    story.terms = Story(readable=False, prints=Fingerprints({"new": b"another key", "k": b"a key of the tests"})).terms
    assert story.wants("e2", 2, "B", "once") == [("e2", "a", "sealed")]
    assert story.wants("e3", 3, "A", "once") == [("e3", "a", "unchanged")]


def test_a_value_that_was_wanted_before_a_rotation_equals_one_that_is_said_after_it() -> None:
    """The older candidate comes from a worker with the new key, and is sealed; the other stood behind it."""
    story = Story(readable=False)
    story.wants("e2", 2, "A", "once")
    story.terms = Story(readable=False, prints=Fingerprints({"new": b"another key", "k": b"a key of the tests"})).terms
    story.wants("e1", 1, "A", "once")
    assert story.visits() == ("a",)
    assert story.settles("applied") == [("e1", "a", "applied"), ("e2", "a", "unchanged")]


def test_after_a_rotation_values_compare_as_their_wire_type_says() -> None:
    """Where an attribute takes text, True and true are one value, by whichever key."""
    story = Story(readable=False, wire=lambda _: Wire.TEXT)
    story.merges({"a": replace(want("e1", 1, "True", "once"), print=shown("true").print)})
    assert story.visits() == ("a",)
    story.settles("applied")
    rotated = Fingerprints({"new": b"another key", "k": b"a key of the tests"})
    story.terms = Story(readable=False, wire=lambda _: Wire.TEXT, prints=rotated).terms
    again = replace(want("e2", 2, "True", "once"), print=shown("true", prints=rotated).print)
    assert story.merges({"a": again}) == [("e2", "a", "unchanged")]


# ---------------------------------------------------------------- policies


def test_if_empty_writes_into_nothing_only() -> None:
    """What is there is left alone, and is the belief from then on: the next such value needs no read."""
    story = Story()
    story.wants("e1", 1, "A", "if_empty")
    assert needs_read(story.lane, story.terms, story.now)
    assert story.visits(a="X") == ()
    assert story.words == [("e1", "a", "ignored")]
    story.wants("e2", 2, "B", "if_empty")
    assert not needs_read(story.lane, story.terms, story.now)
    assert story.plans() == ()
    assert story.wants("e0", 0, "C") == [], "no version moved"


def test_a_target_that_is_only_watched_is_never_called() -> None:
    """Reads leave, writes do not: belief, version and seal stay as they were."""
    story = Story(observe=True)
    for policy in ("always", "once", "if_empty"):
        story.wants("e1", 1, "A", policy, name=policy)
    assert story.visits() == ()
    assert sorted(story.words) == [("e1", name, "observed") for name in ("always", "if_empty", "once")]
    assert story.lane.attributes == {}


def test_a_replay_looks_before_it_believes() -> None:
    """Somebody changed the value behind us: the replay finds that out where it can, and forgets the belief where it cannot."""
    story = Story()
    story.applies("e1", 1, "A")
    story.wants("e1~1", 2, "A", replay=True)
    assert needs_read(story.lane, story.terms, story.now)
    assert story.visits(a="X") == ("a",)
    for blind in ({"readable": False}, {"hidden": frozenset("a")}):
        story = Story(**blind)
        story.applies("e1", 1, "A")
        story.wants("e1~1", 2, "A", replay=True)
        assert story.visits() == ("a",)


def test_a_replay_never_goes_back() -> None:
    """What came after its original stays."""
    story = Story()
    story.applies("e1", 1, "A")
    story.applies("e5", 5, "B")
    assert story.wants("e1~1", 2, "A", replay=True) == [("e1~1", "a", "superseded")]


def test_a_replay_repairs_a_sealed_value_and_brings_no_other() -> None:
    """The sealed value goes again where it is gone; where it stands the replay is `unchanged`; another value is `sealed`."""
    story = Story()
    story.applies("e1", 1, "A", "once")
    story.wants("e1~1", 2, "A", "once", replay=True)
    assert story.visits(a="A") == ()
    assert story.words == [("e1~1", "a", "unchanged")]
    story.wants("e1~2", 3, "A", "once", replay=True)
    assert story.visits(a="X") == ("a",)
    story.settles("applied")
    assert story.wants("e2~1", 4, "B", "once", replay=True) == [("e2~1", "a", "sealed")]


# ---------------------------------------------------------------- write-once


def test_somebody_was_there_first() -> None:
    """A foreign value is sealed as found; an equal one is ours from now on."""
    story = Story()
    story.wants("e1", 1, "A", "once")
    assert story.visits(a="X") == ()
    assert story.words == [("e1", "a", "sealed")]
    assert story.seal().found
    assert story.wants("e2", 2, "X", "once") == [("e2", "a", "unchanged")]


@pytest.mark.parametrize(("there", "word"), [("X", "sealed"), ("A", "unchanged")])
def test_watching_seals_nothing(there: str, word: str) -> None:
    """What is there is told as it would be, and sealed only by a target that is written to: whoever watches may still tidy up."""
    story = Story(observe=True)
    story.wants("e1", 1, "A", "once")
    assert story.visits(a=there) == ()
    assert story.words == [("e1", "a", word)]
    assert story.a.seal is None
    story.terms = terms()
    story.wants("e1~1", 2, "A", "once", replay=True)
    assert story.visits(a=None) == ("a",), "somebody emptied it meanwhile"


def test_a_search_lanes_candidates_arrive_in_their_order() -> None:
    """The oldest of the highest rank is the candidate, the others stand behind it."""
    story = Story()
    story.wants("e2", 2, "B", "once")
    story.wants("e1", 1, "A", "once")
    assert story.a.wanted == want("e1", 1, "A", "once")
    assert story.a.behind == (want("e2", 2, "B", "once"),)


def test_an_operator_lets_one_value_replace_what_was_found() -> None:
    """It goes though another value is there, and is sealed; once is once."""
    story = Story()
    story.wants("e1", 1, "A", "once")
    story.visits(a="X")
    found = story.seal().print
    story.wants("e2", 2, "B", "once", replaces=found)
    assert story.visits(a="X") == ("a",)
    story.settles("applied")
    assert not story.seal().found
    assert story.wants("e3", 3, "C", "once", replaces=found) == [("e3", "a", "sealed")]


def test_an_operators_word_outlives_a_call_that_did_not_happen() -> None:
    """Put off, answered with an error, or its visit died: the value goes again, it does not find itself sealed out."""
    for answer in ("later", "failed", "unsure", ""):
        story = Story()
        story.wants("e1", 1, "A", "once")
        story.visits(a="X")
        story.wants("e2", 2, "B", "once", replaces=story.seal().print)
        assert story.visits(a="X") == ("a",)
        if answer:
            story.settles(answer)
        story.now += 10 * story.terms.late
        assert story.visits(a="X") == ("a",), answer


def test_a_refusal_of_an_operators_value_opens_no_seal() -> None:
    """A is sealed, B may replace it and is refused: C may not follow."""
    story = Story(readable=False)
    story.applies("e1", 1, "A", "once")
    story.wants("e2", 2, "B", "once", replaces=story.seal().print)
    assert story.plans() == ("a",)
    assert story.settles("refused") == [("e2", "a", "parked")]
    assert story.wants("e3", 3, "C", "once") == [("e3", "a", "sealed")]


def test_an_operators_word_does_not_reach_another_value_than_it_saw() -> None:
    """The operator let B replace X; meanwhile somebody wrote Y: Y stays, sealed as found."""
    story = Story()
    story.wants("e1", 1, "A", "once")
    story.visits(a="X")
    story.wants("e2", 2, "B", "once", replaces=story.seal().print)
    assert story.visits(a="Y") == ()
    assert story.words == [("e2", "a", "sealed")]
    assert story.seal().print == shown("Y").print


def test_an_operators_word_that_waits_behind_a_doubt_has_its_turn() -> None:
    """A may have landed and is tried again; the operator lets B replace it; A is parked after its last try: B goes."""
    story = Story(readable=False, retry=Retry(tries=1))
    story.wants("e1", 1, "A", "once")
    story.plans()
    story.settles("unsure")
    story.now += 10 * story.terms.late
    story.wants("e2", 2, "B", "once", replaces=want("e1", 1, "A").print)
    story.plans()
    assert story.words == [("e1", "a", "parked")]
    assert story.plans() == ("a",)
    assert story.a.sent is not None
    assert story.a.sent.value == "B"


def test_a_replay_resolves_a_doubt_about_a_seal() -> None:
    """Parked as poison while its value may have landed: the replay looks; equal is confirmed, empty is sent again, and
    another value is sealed as found.  Where nobody can look the same value goes again."""
    for there, called, word in (("A", (), "unchanged"), (None, ("a",), ""), ("X", (), "sealed")):
        story = poison(Story())
        assert story.seal().unsure
        assert story.wants("e2", 2, "B", "once") == [("e2", "a", "sealed")]
        story.wants("e1~1", 3, "A", "once", replay=True)
        assert story.visits(a=there) == called
        assert story.words == ([("e1~1", "a", word)] if word else [])
        assert story.a.seal is None or not story.seal().unsure
    story = poison(Story(readable=False))
    story.wants("e1~1", 3, "A", "once", replay=True)
    assert story.plans() == ("a",)


# ---------------------------------------------------------------- when


def test_after_a_write_an_account_rests_if_more_is_wanted() -> None:
    """A burst becomes few calls; the first write of a quiet account never waits."""
    story = Story(interval=250)
    story.wants("e1", 1, "A")
    assert (story.due or 0) <= story.now
    story.visits()
    story.settles("applied")
    assert story.due is None
    story.wants("e2", 2, "B")
    assert story.due == story.now + 250


def test_an_attribute_that_backs_off_does_not_delay_another() -> None:
    """`a` waits after an error; `b` is called at once, and `a` in its time."""
    story = Story(readable=False)
    story.wants("e1", 1, "A")
    story.plans()
    story.settles("failed", jitter=0.5)
    backoff = story.due
    assert backoff is not None
    assert backoff > story.now
    story.wants("e2", 2, "B", name="b")
    assert story.due is not None
    assert story.due <= story.now
    assert story.plans() == ("b",)
    story.settles("applied")
    assert story.due == backoff
    story.now = backoff
    assert story.plans() == ("a",)


def test_many_go_together_where_the_target_can_and_the_refused_alone() -> None:
    """One that was refused among others goes alone, and after the others."""
    story = Story(readable=False)
    for name in ("a", "b", "c"):
        story.wants("e1", 1, "A", name=name)
    assert story.plans() == ("a", "b", "c")
    assert story.settles("alone") == []
    assert story.plans() == ("a",)
    story.settles("applied")
    story.wants("e2", 2, "B", name="c")
    assert story.plans() == ("c",)
    story = Story(readable=False, many=False)
    story.wants("e1", 1, "A", name="a")
    story.wants("e1", 1, "A", name="b")
    assert story.plans() == ("a", "b")


# ---------------------------------------------------------------- poison


def poison(story: Story) -> Story:
    """A write-once A is called, and three visits die with their lease."""
    story.wants("e1", 1, "A", "once")
    story.wants("e9", 9, "Z", name="b")
    for _ in range(DEATHS):
        assert poisoned(story.lane, story.terms, "p", story.now) is None
        story.visits(a=None)
        story.now += 10 * story.terms.late
        assert suspect(story.lane, story.now)
    step = poisoned(story.lane, story.terms, "p", story.now)
    assert step is not None
    story.lane, story.notes = step
    return story


def test_a_lane_that_kills_its_visits_is_parked() -> None:
    """At the third death all that it owes is parked; what may have landed stays sealed, and no version goes back."""
    story = poison(Story())
    assert sorted(story.words) == [("e1", "a", "parked"), ("e9", "b", "parked")]
    assert story.due is None
    assert not suspect(story.lane, story.now)
    assert story.wants("e5", 5, "Y", name="b") == [("e5", "b", "superseded")]


def test_poison_parks_hints_and_owed_relays_too() -> None:
    """Nothing that a lane owed ends in silence."""
    story = Story(two_way=TWO_WAY, relay_needs=TWO_WAY)
    story.wants("e1", 1, "A")
    story.plans()
    story.settles("applied")
    story.merges(hint="h1")
    for _ in range(DEATHS):
        story.begins()
        story.now += 10 * story.terms.late
    step = poisoned(story.lane, story.terms, "p", story.now)
    assert step is not None
    story.lane, story.notes = step
    assert sorted(story.words) == [("e1", "a", "parked"), ("h1", "*", "parked")]
    assert story.due is None


def test_a_visit_that_settles_clears_the_count() -> None:
    """Two deaths, then a success: the next two deaths are no poison."""
    story = Story()
    story.wants("e1", 1, "A")
    for _ in range(DEATHS - 1):
        story.visits(a=None)
        story.now += 10 * story.terms.late
    story.visits(a=None)
    story.settles("applied")
    assert story.lane.deaths == 0


def test_a_rest_is_no_death() -> None:
    """An unanswered call rests the lane; when that is over nobody died."""
    story = Story(readable=False)
    story.wants("e1", 1, "A")
    story.plans()
    story.settles("unsure")
    story.now += 10 * story.terms.late
    assert not suspect(story.lane, story.now)
    story.plans()
    assert story.lane.deaths == 0


def test_a_step_leaves_the_lane_it_was_given() -> None:
    """A commit that loses the race applies the transition again, to what is there: the first try may not have changed it."""
    story = Story()
    story.wants("e1", 1, "A")
    before = repr(story.lane)
    merge(story.lane, story.terms, {"a": want("e2", 2, "B")}, hint="h", owner={"S": "1"})
    begin(story.lane, story.terms, "v", story.now)
    plan(story.lane, story.terms, "v", story.now, "acc")
    assert repr(story.lane) == before


def test_an_observation_and_a_relay_are_two_events() -> None:
    """One look finds a person's change of `b` and our own value of `a`, which travels on under the name of its source."""
    story = Story(two_way=frozenset({"a", "b"}))
    story.applies("e1", 1, "Y", name="b")
    story.wants("e2", 2, "A")
    assert story.plans() == ("a",)
    story.merges(hint="h1")
    story.now += 10 * story.terms.late
    story.visits(a="A", b="X")
    assert sorted((note.origin, note.changed) for note in story.seen) == [("S", ("a",)), ("T", ("b",))]
