"""SCIM paths and the filters in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import ABSENT
from worker.core.path import PathError, nest, overlaps, parse, spell

USER: dict[str, Any] = {
    "userName": "ana",
    "name": {"familyName": "Ruiz", "middleName": None},
    "emails": [
        {"type": "home", "value": "a@home.example", "primary": False, "rank": 2},
        {"type": "work", "value": "a@work.example", "primary": True, "rank": 1},
        {"type": "work", "value": "b@work.example"},
    ],
    "a.b": {"c": 1, "d e": [2]},
    "tags": ["x", "y"],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D", "manager": {"value": "26"}},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("userName", "ana"),
        ("name.familyName", "Ruiz"),
        ("name.middleName", None),
        ("name.nickName", ABSENT),
        ("userName.x", ABSENT),
        ("username", ABSENT),
        ('emails[type eq "work"].value', "a@work.example"),
        ('emails[type EQ "work" and not (primary eq true)].value', "b@work.example"),
        ('emails[type eq "none"].value', ABSENT),
        ('emails[type eq "none" or rank gt 1].value', "a@home.example"),
        ('emails[rank le 1 and value co "@" and value sw "a@" and value ew ".example"].rank', 1),
        ('emails[primary pr and type ne "home"].value', "a@work.example"),
        ("emails[primary eq 1].value", ABSENT),
        ("emails.rank", [2, 1]),
        ("emails.nothing", ABSENT),
        ('tags[value eq "y"]', "y"),
        ('["a.b"].c', 1),
        ('["a.b"]["d e"]', [2]),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "R&D"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "26"),
        ("", USER),
    ],
)
def test_a_path_leads_where_scim_says(text, found):
    """Absent, null and a value are three answers; a filter chooses the first element that matches."""
    assert parse(text).find(USER) == found
    assert (parse(text).find(USER) is None) == (found is None)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a..b", 3), (".a", 1), ("a.", 3), ("a b", 2), ("a[", 3), ("a[x]", 4), ('a[x eq "y"', 11), ("a[x like 1]", 4),
        ("a[x eq y]", 7), ("a[x eq NaN]", 7), ('a["b"', 3), ("a]", 2), ("a.[x pr]", 3), ('["\\q"]', 2), ("urn:x:", 7),
        ("a[x pr]b", 8),
        ("a[(x pr]", 8),
        ("a[" + "(" * 20 + "x pr" + ")" * 20 + "]", 19),
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused_with_its_place(text, position):
    """The position counts characters from 1."""
    with pytest.raises(PathError) as raised:
        parse(text)
    assert raised.value.position == position
    assert f"character {position}" in str(raised.value)


names = st.text(min_size=1, max_size=6)


@given(st.lists(names, min_size=1, max_size=5))
def test_every_name_can_be_spelled(segments):
    """Whatever the keys of a document are called, there is a path to them, and its text is its one spelling."""
    path = parse(spell(segments))
    assert path.segments == tuple(segments)
    assert parse(path.text) == path


@given(
    st.dictionaries(names, st.none() | st.dictionaries(names, st.integers()) | st.integers(), max_size=4),
    st.lists(names, min_size=1, max_size=4),
)
def test_what_was_nested_is_found_and_all_else_stays(doc, segments):
    """`nest` changes this place and no other, and never the document it was given."""
    before = repr(doc)
    after = nest(doc, spell(segments), "v")
    assert parse(spell(segments)).find(after) == "v"
    assert repr(doc) == before
    assert {k: v for k, v in after.items() if k != segments[0]} == {k: v for k, v in doc.items() if k != segments[0]}


def test_a_filter_nests_into_the_element_it_chooses_or_adds_it():
    """The added element has what the filter asks for, so that it is found the next time."""
    after = nest(USER, 'emails[type eq "work"].value', "new")
    assert [e["value"] for e in after["emails"]] == ["a@home.example", "new", "b@work.example"]
    added = nest({}, 'emails[type eq "work" and primary eq true].value', "new")
    assert added == {"emails": [{"type": "work", "primary": True, "value": "new"}]}


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        ("name", "name.familyName", True), ("name.familyName", "name.familyName", True), ("name", "names", False),
        ("name.givenName", "name.familyName", False), ("emails", 'emails[type eq "work"].value', True),
        ('emails[type eq "work"].value', 'emails[type eq "home"].value', False),
        ('emails[type eq "work"].value', 'emails[primary eq true].value', True),
        ('emails[type eq "work"].value', "emails.value", True), ('["name"]', "name", True),
    ],
)  # fmt: skip
def test_a_path_overlaps_what_is_above_or_below_it(a, b, answer):
    """Siblings do not overlap; two filters do unless they exclude each other."""
    assert overlaps(a, b) is answer
    assert overlaps(b, a) is answer
