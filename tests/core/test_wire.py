"""Values on the wire, and the form in which they are compared."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Wire
from worker.core.wire import DoesNotFit, canonical, convert

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4), max_leaves=8
)
wires = st.sampled_from(Wire)


@given(documents, wires)
def test_canonical_is_a_fixed_point(value, wire):
    """What was made canonical once is not changed by doing it again."""
    once = canonical(value, wire)
    assert json.dumps(canonical(once, wire)) == json.dumps(once)


@given(documents, wires)
def test_what_is_sent_compares_as_what_was_meant(value, wire):
    """A target that gives back what it was sent holds what was wanted, or the value is refused before it is sent."""
    try:
        sent = convert(value, wire)
    except DoesNotFit:
        return
    assert canonical(sent, wire) == canonical(value, wire)
    assert json.dumps(canonical(json.loads(json.dumps(sent)), wire)) == json.dumps(canonical(sent, wire))


@given(documents)
def test_text_is_all_that_goes_over_a_text_wire(value):
    """A scalar becomes text; a list or an object does not fit, whatever is in it."""
    if isinstance(value, list | dict):
        with pytest.raises(DoesNotFit):
            convert(value, Wire.TEXT)
    elif value is None:
        assert convert(value, Wire.TEXT) is None
    elif not isinstance(value, str) or value.isascii():
        assert isinstance(convert(value, Wire.TEXT), str)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (7.0, "7"),
        (1.5, "1.5"),
        ("010442", "010442"),
        ("", ""),
        ("True", "True"),
        (-0.0, "0"),
    ],
)
def test_the_text_of_a_scalar(value, sent):
    """Leading zeros and capitals of a text stay as they are; a number has one text."""
    assert convert(value, Wire.TEXT) == sent


@pytest.mark.parametrize("nothing", [None, "", []])
@pytest.mark.parametrize("wire", Wire)
def test_four_forms_of_nothing_are_one(nothing, wire):
    """Null, absent, empty text and an empty list compare equal."""
    assert canonical(nothing, wire) is None


@pytest.mark.parametrize(
    ("a", "b", "wire", "same"),
    [
        ("True", True, Wire.TEXT, True), ("True", True, Wire.JSON, False), (7, 7.0, Wire.JSON, True),
        ([{"a": 7}], [{"a": 7.0}], Wire.JSON, True),
        (7, "7", Wire.TEXT, True), (7, "7", Wire.JSON, False), ("7", "07", Wire.TEXT, False), (False, None, Wire.TEXT, False),
        (0, None, Wire.JSON, False), (1, True, Wire.JSON, False), ("Ana", "ana", Wire.TEXT, False),
    ],
)  # fmt: skip
def test_which_values_are_one_value(a, b, wire, same):
    """Equality is that of the attribute's wire type, and no looser."""
    assert (json.dumps(canonical(a, wire)) == json.dumps(canonical(b, wire))) is same


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\ud800": 1}, [float("nan")]])
@pytest.mark.parametrize("wire", Wire)
def test_what_json_cannot_say_does_not_fit(value, wire):
    """It would be refused, or changed, on its way."""
    with pytest.raises(DoesNotFit):
        convert(value, wire)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
@pytest.mark.parametrize("wire", Wire)
def test_whatever_a_target_answers_can_be_compared(value, wire):
    """Lenient where it comes from a read: it equals nothing that we would send."""
    assert canonical(value, wire) is not None
