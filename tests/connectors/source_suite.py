"""What every source promises, whatever its system sends: a new source passes this, and its own tests are few."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Json, NotEvents, Said, Source, Unusable

CANARY = "v4lue-canary-0815"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@dataclass
class Stand:
    """body     a body with at least two events, or one where a body is an event
    says      what the events in it say
    unusable  elements that cannot be used, each with CANARY in it somewhere
    nothing   bodies that this source does not send
    secrets   words in `body` that MUST NOT be in its elements
    """

    source: Source
    body: Json
    says: list[Said]
    unusable: list[Json]
    nothing: list[Json]
    secrets: list[str] = field(default_factory=list)


def mutations(element: Any) -> list[Any]:
    """The element with one of its values, at any depth, replaced or gone."""
    if not isinstance(element, dict | list):
        return []
    found: list[Any] = []
    for key in list(element) if isinstance(element, dict) else range(len(element)):
        others = [None, True, -1, 7.5, 10**400, "", CANARY, "\ud800", [], {}, [CANARY], {"id": CANARY}, *mutations(element[key])]
        for other in others:
            mutated = copy.deepcopy(element)
            mutated[key] = other
            found.append(mutated)
        gone = copy.deepcopy(element)
        del gone[key]
        found.append(gone)
    return found


def told(source: Source, element: Json) -> str:
    """Why an element cannot be used; "" if it can."""
    try:
        assert isinstance(source.read(element), Said)
    except Unusable as error:
        return str(error)
    return ""


class SourceSuite:
    """Promises of a source; `stand` is a fixture of the file that runs them."""

    def test_it_is_a_source(self, stand: Stand) -> None:
        """It has every part of the contract."""
        assert isinstance(stand.source, Source)
        assert 200 <= stand.source.acknowledge < 300
        assert stand.source.carries in ("changes", "snapshot", "hint")

    def test_it_understands_what_its_system_sends(self, stand: Stand) -> None:
        """Each element of a body says what the system meant."""
        assert [stand.source.read(element) for element in stand.source.split(stand.body)] == stand.says

    def test_reading_is_pure(self, stand: Stand) -> None:
        """The same body and element say the same again, and neither is changed by reading it."""
        before = copy.deepcopy(stand.body)
        elements = stand.source.split(stand.body)
        kept = copy.deepcopy(elements)
        first = [stand.source.read(element) for element in elements]
        assert stand.source.split(stand.body) == kept == elements
        assert [stand.source.read(element) for element in elements] == first
        assert stand.body == before

    def test_an_element_survives_the_journal(self, stand: Stand) -> None:
        """An element that went through JSON and back says the same."""
        for element, said in zip(stand.source.split(stand.body), stand.says, strict=True):
            assert stand.source.read(json.loads(json.dumps(element))) == said

    def test_credentials_in_a_body_stay_out_of_its_elements(self, stand: Stand) -> None:
        """What must not be kept is gone before anything is kept."""
        assert all(secret in json.dumps(stand.body) for secret in stand.secrets)
        assert not [secret for secret in stand.secrets if secret in json.dumps(stand.source.split(stand.body))]

    def test_every_saying_carries_what_the_source_does(self, stand: Stand) -> None:
        """How far values are trusted is one thing for a source; a hint has none."""
        for said in stand.says:
            assert said.carries == stand.source.carries
            assert said.carries != "hint" or not said.attributes
            assert said.ignored or said.subject["id"]

    def test_what_cannot_be_used_is_told_without_its_values(self, stand: Stand) -> None:
        """An element that cannot be used names the place and never a value."""
        for element in stand.unusable:
            with pytest.raises(Unusable) as caught:
                stand.source.read(element)
            assert CANARY in json.dumps(element)
            assert CANARY not in str(caught.value)
            assert str(caught.value)

    def test_what_is_no_body_of_this_source_is_told_without_its_values(self, stand: Stand) -> None:
        """Another shape is NotEvents, which names the place and never a value."""
        for body in stand.nothing:
            with pytest.raises(NotEvents) as caught:
                stand.source.split(body)
            assert CANARY not in str(caught.value)

    def test_one_damaged_value_is_understood_or_unusable(self, stand: Stand) -> None:
        """Whatever one value is replaced with, an element is read or Unusable: never another error, never a value in it."""
        for element in stand.source.split(stand.body):
            for mutated in mutations(element):
                assert CANARY not in told(stand.source, mutated)

    @given(anything=JSON)
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_anything_at_all_is_understood_or_refused(self, stand: Stand, anything: Json) -> None:
        """Any JSON is split or NotEvents, and each element read or Unusable."""
        try:
            elements = stand.source.split(anything)
        except NotEvents:
            elements = [anything]
        for element in elements:
            assert isinstance(told(stand.source, element), str)
