"""Names of attributes that stand under a key of an object."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.keyed import attribute_of, key_of
from worker.core.path import parse


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_name_means_the_key_that_it_was_made_of(key: str) -> None:
    """Whatever a key is made of, its attribute leads back to it, and a mapping reads the name as the same two steps."""
    name = attribute_of("custom_attributes", key)
    assert key_of("custom_attributes", name) == key
    assert parse(name).segments == ("custom_attributes", key)


@pytest.mark.parametrize(
    "name",
    [
        "", "department", "custom", "custom_attributes", "custom_attributes.", "custom_attributes.a.b", "custom_attributesX.a",
        "custom_attributes[a]", 'custom_attributes[""]', 'custom_attributes["a"].b', r'custom_attributes["\x"]',
        'my.custom_attributes.a', 'custom_attributes["a"',
    ],
)  # fmt: skip
def test_what_stands_elsewhere_has_no_key(name: str) -> None:
    """A name that is not one key below the object means none."""
    assert key_of("custom_attributes", name) is None
