"""The mapping language, lent to connectors."""

from __future__ import annotations

import pytest

from connectors.contract import ABSENT, Unusable
from worker.config.language import Language, NotCompiled


def test_paths_and_conditions_are_compiled():
    """Once, when the connector is made."""
    language = Language()
    assert language.path("a.b")({"a": {"b": 1}}) == 1
    assert language.path("")({"a": 1}) == {"a": 1}
    assert language.path("x")({"a": 1}) is ABSENT
    assert language.nest({"a": {"c": 2}}, "a.b", 1) == {"a": {"b": 1, "c": 2}}
    keep = language.condition('event.type == "user"')
    assert [keep({"event": {"type": "user"}}), keep({"event": {"type": "x"}}), keep({"event": {}})] == [True, False, False]


def test_what_cannot_be_decided_is_not_silently_false():
    """An event that may have been meant for us is parked for a person, and the text holds no value."""
    with pytest.raises(Unusable, match="a condition cannot be decided: wrong type") as raised:
        Language().condition("event.count > 1")({"event": {"count": "s3cr3t"}})
    assert "s3cr3t" not in str(raised.value)


def test_what_cannot_be_compiled_is_named():
    """So that the loader finds its place in the file."""
    for compile_, text in ((Language().path, "a["), (Language().condition, "attributes.x"), (Language().condition, "1 +")):
        with pytest.raises(NotCompiled) as raised:
            compile_(text)
        assert raised.value.fragment == text
    with pytest.raises(NotCompiled):
        Language().nest({}, "a..b", 1)
