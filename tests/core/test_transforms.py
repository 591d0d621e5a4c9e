"""The transforms of a rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Json
from worker.core import transforms
from worker.core.transforms import NotTransformed, join, lookup, plain, prefix, split, suffix, truncate

TABLE: dict[str, Json] = {"R&D": "Research", "7": 7, "true": None}


@pytest.mark.parametrize(
    ("step", "value", "result"),
    [
        (plain("trim"), " R&D\t", "R&D"),
        (plain("lower"), "ÄB", "äb"),
        (plain("upper"), ["a", "b"], ["A", "B"]),
        (plain("title"), "ana o'NEIL-ruiz de la CRUZ", "Ana O'neil-Ruiz De La Cruz"),
        (plain("text"), 7.0, "7"),
        (plain("text"), [True, "x"], ["true", "x"]),
        (plain("first"), [None, "a", "b"], "a"),
        (plain("first"), [], None),
        (plain("first"), "a", "a"),
        (prefix("10-"), "7", "10-7"),
        (suffix("@x"), ["a", "b"], ["a@x", "b@x"]),
        (truncate(2), "äöü", "äö"),
        (split(","), "a,b,,c", ["a", "b", "", "c"]),
        (split(","), "", []),
        (join("; "), ["a", None, 1], "a; 1"),
        (lookup(TABLE), "R&D", "Research"),
        (lookup(TABLE), 7, 7),
        (lookup(TABLE), True, None),
        (lookup(TABLE, "Other", defaulted=True), "x", "Other"),
        (lookup(TABLE, None, defaulted=True), "x", None),
        (lookup(TABLE), ["7", "R&D"], [7, "Research"]),
    ],
    ids=lambda v: v.name if isinstance(v, transforms.Step) else None,
)
def test_what_a_transform_makes(step, value, result):
    """Text transforms work on each element of a list, too."""
    assert step.apply(value) == result


@pytest.mark.parametrize(
    ("step", "value"),
    [
        (plain("trim"), 7), (plain("lower"), {"a": 1}), (plain("upper"), [1]), (plain("text"), {"a": 1}),
        (plain("text"), [[None]]),
        (prefix("x"), True), (truncate(1), 12), (split(","), ["a"]), (join(","), "a,b"), (join(","), [{}]),
        (lookup(TABLE), "secret value"),
        (lookup(TABLE, "d", defaulted=True), {"a": 1}),
    ],
    ids=lambda v: v.name if isinstance(v, transforms.Step) else None,
)  # fmt: skip
def test_what_a_transform_cannot_take(step, value):
    """The reason is a fixed text, which never holds the value."""
    with pytest.raises(NotTransformed) as raised:
        step.apply(value)
    assert raised.value.reason in ("not text", "no text form", "not a list", "not in the lookup")


@given(st.text(), st.sampled_from(["trim", "lower", "first", "text"]))
def test_these_do_nothing_the_second_time(value, name):
    """A value that went through comes through unchanged, so that a ring of two systems comes to rest."""
    once = plain(name).apply(value)
    assert plain(name).apply(once) == once


@given(st.lists(st.text(alphabet="ab c", min_size=1), min_size=1))
def test_split_undoes_join(parts):
    """With a separator that no part holds."""
    assert split(";").apply(join(";").apply([*parts])) == parts
