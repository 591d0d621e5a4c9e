"""What sandboxes with tokens and limits share: tokens that end, windows that count."""

from __future__ import annotations

import pytest

from connectors.sandbox import Tokens, Window


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.time", clock)
    monkeypatch.setattr("time.monotonic", clock)
    return clock


def test_a_token_is_its_owner_s_until_it_ends(clock: Clock) -> None:
    """Each is a secret of its own; the one that stands is answered with what is left of it."""
    tokens = Tokens[str](60)
    first, second = tokens.give("ana"), tokens.give("ben")
    assert first != second
    assert (tokens.owner(first), tokens.owner(second), tokens.owner("")) == ("ana", "ben", None)
    clock.now += 45.5
    assert tokens.standing("ana") == (first, 15)
    assert tokens.standing("cho") is None
    clock.now += 14.5
    assert (tokens.owner(first), tokens.standing("ana")) == (None, None)


def test_tokens_end_one_by_one_or_all_at_once(clock: Clock) -> None:
    """By whoever signs out, or by whoever plays a fault."""
    tokens = Tokens[str](60)
    first, second, third = (tokens.give(name) for name in ("ana", "ben", "cho"))
    tokens.revoke(first)
    assert [tokens.owner(each) for each in (first, second, third)] == [None, "ben", "cho"]
    tokens.expire()
    assert [tokens.owner(each) for each in (second, third)] == [None, None]


def test_a_window_begins_with_the_first_call(clock: Clock) -> None:
    """What is above the limit counts for nothing but itself, and the next window begins anew."""
    window = Window(2, 60.0)
    assert (window.remaining, window.seconds) == (2, 60.0)
    clock.now += 1000
    assert [window.count() for _ in range(3)] == [True, True, False]
    assert (window.remaining, window.seconds) == (0, 60.0)
    clock.now += 59.0
    assert (window.seconds, window.count()) == (1.0, False)
    clock.now += 1.0
    assert (window.count(), window.remaining, window.seconds) == (True, 1, 60.0)
    window.reset()
    assert (window.remaining, window.seconds) == (2, 60.0)


def test_no_calls_is_no_limit(clock: Clock) -> None:
    """As for a system that documents none."""
    window = Window(0, 60.0)
    assert all(window.count() for _ in range(1000))
