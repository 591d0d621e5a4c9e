"""Swings: a value that is turned away again and again is parked, and both writers are named."""

from __future__ import annotations

from tests.core.story import Story, encode
from worker.core.lane import Again
from worker.core.swing import OFTEN, WINDOW, Swing, over, turned, turned_away

TWO_WAY = frozenset({"a"})


def written_and_turned_away(story: Story, turn: int, value: str = "A", found: str = "X") -> None:
    """A source says `value` after the last look, it is written, and the next look finds something else."""
    story.now += 1_000
    assert story.wants(f"e{turn}", story.now + 1, value, source="Q") == []
    assert story.visits(a=found if turn > 1 else None) == ("a",), f"turn {turn}"
    story.settles("applied")
    story.now += 1_000
    story.merges(hint=f"h{turn}")
    story.visits(a=found)


def test_a_value_that_is_turned_away_too_often_is_parked() -> None:
    """So many times it is written; the next time it is not, and what the system made of it stays."""
    story = Story(two_way=TWO_WAY)
    for turn in range(1, OFTEN + 2):
        written_and_turned_away(story, turn)
        assert story.words == [(f"h{turn}", "*", "seen")]
    story.now += 1_000
    story.wants("last", story.now, "A", source="Q")
    assert story.visits(a="X") == ()
    assert [(note.event, note.word, note.reason) for note in story.notes] == [  # type: ignore[union-attr]
        ("last", "parked", "it swings between Q and T")
    ]
    assert story.due is None
    assert story.wants("older", story.now - 1, "B", source="Q") == [("older", "a", "superseded")], "its version moved on"


def test_what_is_parked_may_be_released() -> None:
    """Parking is the end of the swing: who says it anew is heard, and has as many turns again."""
    story = Story(two_way=TWO_WAY, often=1)
    for turn in (1, 2):
        written_and_turned_away(story, turn)
    story.wants("e3", story.now + 1, "A", source="Q")
    assert story.visits(a="X") == ()
    assert story.a.swing is None
    story.wants("e3~1", story.now + 2, "A", source="Q", replay=True)
    assert story.visits(a="X") == ("a",)


def test_what_is_put_back_too_often_is_parked() -> None:
    """An automation that has no say against a source of higher rank, and does not give in."""
    story = Story(two_way=TWO_WAY, ranks={"a": {"Q": 2, "T": 1}})
    story.applies("e0", 1, "A", source="Q", replay=False)
    repairs = 0
    while True:
        story.now += 1_000
        story.merges(hint=f"h{repairs}")
        story.visits(a="X")
        assert [type(note) for note in story.notes[:1]] == [Again], "it is outranked, and put back"
        repairs += 1
        story.wants(f"e0~{repairs}", 1 + repairs, "A", source="Q", replay=True)
        if story.visits(a="X") == ():
            break
        story.settles("applied")
        assert repairs <= OFTEN
    assert story.words == [(f"e0~{repairs}", "a", "parked")]
    assert repairs == OFTEN + 1


def test_another_value_is_no_swing() -> None:
    """A person who says something new is heard, however often the old one was turned away; and each value that a system keeps in
    a form of its own is turned away once."""
    story = Story(two_way=TWO_WAY, often=1)
    for turn in (1, 2):
        written_and_turned_away(story, turn)
    story.wants("new", story.now + 1, "B", source="Q")
    assert story.visits(a="X") == ("a",)
    other = Story(two_way=TWO_WAY, often=1)
    for turn in range(1, 6):
        other.now += 1_000
        other.wants(f"e{turn}", other.now + 1, f"A{turn}", source="Q")
        assert other.visits(a=f"a{turn - 1}" if turn > 1 else None) == ("a",)
        other.settles("applied")
        other.merges(hint=f"h{turn}")
        other.visits(a=f"a{turn}")


def test_what_swings_slowly_goes_on() -> None:
    """Within an hour it counts; so two people who disagree now and then are no swing."""
    story = Story(two_way=TWO_WAY, often=1)
    for turn in range(1, 5):
        written_and_turned_away(story, turn)
        story.now += WINDOW


def test_nothing_is_kept_of_an_ordinary_change() -> None:
    """A person changes what had been so for long: at rest the lane is as small as ever.  What did swing is forgotten by the
    first visit after the hour."""
    story = Story(two_way=TWO_WAY)
    story.applies("e1", 1, "A")
    story.now += WINDOW
    story.merges(hint="h1")
    story.visits(a="X")
    assert b"swing" not in encode(story.lane)
    story.now += 1_000
    story.merges(hint="h2")
    story.visits(a="A")
    assert b"swing" in encode(story.lane)
    story.now += WINDOW
    story.merges(hint="h3")
    story.visits(a="A")
    assert story.words == [("h3", "*", "echo")]
    assert b"swing" not in encode(story.lane)


def test_a_swing_is_between_two_values() -> None:
    """Either may be found; a third begins another, and a belief that was not known begins none."""
    first = turned(None, "A", 100, "X", 200)
    assert first == Swing("A", "X", 1, 200)
    assert turned(first, "X", 200, "A", 300) == Swing("A", "X", 2, 200)
    assert turned(first, "A", 250, "X", 300) == Swing("A", "X", 2, 200)
    assert turned(first, "X", 200, "B", 300) == Swing("X", "B", 1, 300)
    assert turned(first, None, 200, "A", 300) is None
    assert turned(first, "X", 200, "A", 200 + WINDOW) is None, "an hour is over, and what was believed is as old"
    assert turned(first, "X", 300, "A", 200 + WINDOW) == Swing("X", "A", 1, 200 + WINDOW)


def test_only_what_swings_is_turned_away() -> None:
    """Both values, none else, and not before it was too often."""
    swing = Swing("A", "X", 3, 200)
    assert turned_away(swing, "A", 2)
    assert turned_away(swing, "X", 2)
    assert not turned_away(swing, "B", 2)
    assert not turned_away(swing, "A", 3)
    assert not turned_away(None, "A", 0)
    assert over(swing, 200 + WINDOW)
    assert not over(swing, 199 + WINDOW)
