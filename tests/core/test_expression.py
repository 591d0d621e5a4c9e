"""CEL expressions: what they read, what they make, and how they fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.contract import ABSENT
from worker.core.bounds import KINDS
from worker.core.expression import ExpressionError, ExpressionFailed, compile_condition, compile_value


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ('"10-" + attributes.unit', {"unit"}),
        ('attributes["unit"]', {"unit"}),
        ('attributes.a["b c"].d + attributes.`odd-key`', {'a["b c"].d', "odd-key"}),
        ("attributes.list[0].x", {"list"}),
        ("attributes.list.exists(x, x.attributes == subject.id)", {"list"}),
        ("attributes.table[attributes.key]", {"table", "key"}),
        ("has(attributes.a.b)", {"a.b"}),
        ("attributes.name.lower().trim()", {"name"}),
        ("[attributes.a, {'k': attributes.b}, attributes.c ? attributes.d : attributes.e]", {"a", "b", "c", "d", "e"}),
        ("subject.id", set()),
        ("event.data[0].attributes.x", set()),
        ("'attributes.x'", set()),
    ],
)
def test_what_an_expression_reads_is_known_before_it_runs(text, inputs):
    """The paths are those of the attributes, in their one spelling."""
    assert compile_value(text).inputs == inputs


@pytest.mark.parametrize(
    "text",
    [
        "attributes[attributes.x]",
        "attributes[subject.id]",
        "size(attributes)",
        '"x" in attributes',
        "attributes.exists(k, k == 'x')",
        "subject",
    ],
)
def test_a_computed_name_is_refused(text):
    """What such an expression reads could not be known."""
    with pytest.raises(ExpressionError, match="computed name"):
        compile_value(text)


def test_a_macro_may_not_hide_what_the_event_brings():
    """`attributes` means the attributes, everywhere."""
    with pytest.raises(ExpressionError, match="variable of the macro"):
        compile_value("[1].exists(attributes, attributes == 1)")


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("attributes.x +", 15),
        ("attributs.x", 1),
        ("1 +\n 2 +* 3", 9),
        ('b"x"', 0),
        ("1 + 'x'", 3),
        ("(" * 40 + "1" + ")" * 40, 0),
        ("x" * 2000, 0),
    ],
)
def test_what_cannot_be_compiled_is_refused_with_its_place(text, position):
    """A typing error is found at load, and so is what is no JSON value."""
    with pytest.raises(ExpressionError) as raised:
        compile_value(text)
    assert raised.value.position == position


def test_a_condition_is_true_or_false():
    """Anything else is refused: at load where the type is known, else when it runs."""
    with pytest.raises(ExpressionError, match="not true or false"):
        compile_condition("attributes.x + 'y'")
    with pytest.raises(ExpressionFailed, match="not true or false"):
        compile_condition("attributes.x")({"attributes": {"x": "yes"}})
    assert compile_condition("attributes.x")({"attributes": {"x": True}}) is True
    with pytest.raises(ExpressionError, match=r"^at character 1: unknown name"):
        compile_condition("attributes.x", frozenset({"event"}))


@pytest.mark.parametrize(
    ("text", "attributes", "value"),
    [
        ('"10-" + attributes.unit', {"unit": "7"}, "10-7"),
        ("attributes.a.b", {"a": {"b": [1, None, {"c": 1.5}]}}, [1, None, {"c": 1.5}]),
        ("attributes.a == null ? 'none' : 'some'", {"a": None}, "none"),
        ("attributes.a.trim().lower().replace(' ', '-').upper()", {"a": " Ana Ruiz "}, "ANA-RUIZ"),
        ("attributes.a.split(',').map(x, x.trim()).join(';')", {"a": "x, y"}, "x;y"),
        ("attributes.list.filter(x, x.n > 1)", {"list": [{"n": 1}, {"n": 2}]}, [{"n": 2}]),
        ("has(attributes.x) ? attributes.x : 'd'", {}, "d"),
        ("attributes.x", {}, ABSENT),
        ("attributes.a.x", {"a": {}}, ABSENT),
        ("attributes.a.x.y", {"a": {}}, ABSENT),
        ("attributes.n + 1", {"n": 1, "unread": 2**70}, 2),
        ("attributes.n == 2.0", {"n": 2}, True),
    ],
)
def test_what_an_expression_makes(text, attributes, value):
    """A missing key is absence, not an error; what is not read cannot disturb."""
    assert compile_value(text)(attributes) == value


SECRET = "s3cr3t-value"
LONG = "a" * 8000


@pytest.mark.parametrize(
    ("text", "attributes", "kind", "position"),
    [
        ("1 + attributes.a", {"a": SECRET}, "wrong type", 3),
        ("attributes.a.lower()", {"a": [SECRET]}, "wrong type", 19),
        ("'x' + attributes.a.b", {"a": SECRET}, "wrong type", 19),
        ("attributes.a ? 1 : 2", {"a": SECRET}, "wrong type", 14),
        ("1 / attributes.a", {"a": 0}, "division by zero", 3),
        ("1 % attributes.a", {"a": 0}, "division by zero", 3),
        ("1 / attributes.a / attributes.b", {"a": 0, "b": 0}, "division by zero", 0),
        ("attributes.a[7]", {"a": [SECRET]}, "bad index", 13),
        ("'x'.matches(attributes.a)", {"a": SECRET + "["}, "bad pattern", 12),
        ("int(attributes.a)", {"a": SECRET}, "bad conversion", 0),
        ("attributes.a + 1", {"a": 2**63 - 1}, "out of range", 0),
        ("attributes.a", {"a": 2**63}, "out of range", 0),
        ("attributes.a", {"a": "\0" + SECRET}, "no JSON value", 0),
        ("attributes.a", {"a": "\ud800"}, "no JSON value", 0),
        ("{1: attributes.a}", {"a": SECRET}, "no JSON value", 0),
        ("dyn(timestamp(attributes.a))", {"a": "2026-01-01T00:00:00Z"}, "no JSON value", 0),
        ("attributes.a.split(attributes.b)", {"a": SECRET, "b": ""}, "bad pattern", 19),
        ("attributes.a.replace('a', attributes.a).size()", {"a": LONG}, "too large", 0),
        ("attributes.a + attributes.a", {"a": LONG}, "too large", 0),
        ("attributes.a.map(x, 'some text').join(',').size()", {"a": [1] * 2000}, "too large", 0),
        ("attributes.a.all(x, attributes.a.all(y, attributes.a.all(z, true)))", {"a": [1] * 100}, "too large", 0),
        ("attributes.a", {"a": [LONG] * 5}, "too large", 0),
    ],
)
def test_an_expression_fails_with_a_kind_and_no_value(text, attributes, kind, position):
    """The place is told where one place only can have failed.  The library's own words hold values and never leave."""
    with pytest.raises(ExpressionFailed) as raised:
        compile_value(text)(attributes)
    assert (raised.value.kind, raised.value.position) == (kind, position)
    assert kind in KINDS
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_bomb_ends_in_time():
    """Nested loops and large texts stop at a budget, not at the end of memory."""
    nested: Any = [1] * 1000
    text = "attributes.a.map(x, attributes.a.map(y, attributes.a.map(z, attributes.b)))"
    with pytest.raises(ExpressionFailed, match="too large"):
        compile_value(text)({"a": nested, "b": "x" * 4000})


GROUPS: list[Any] = [f"group-{number}" for number in range(2_000)]


@pytest.mark.parametrize(
    "text",
    [
        "attributes.groups.map(g, g)",
        'attributes.groups.map(g, attributes.note.split(" ").size())',
        "attributes.groups.filter(g, g in attributes.groups)",
        "attributes.groups.map(g, attributes.groups + attributes.groups).size()",
        "[attributes.note].map(a, a + a + a + a).map(a, a + a + a + a).map(a, a + a + a + a).map(a, a + a + a + a).size() > 0",
        "[attributes].map(a, a.note + a.note).map(a, a + a).map(a, a + a).map(a, a + a).map(a, a + a).map(a, a + a)[0].size()",
        "[attributes.groups].map(a, a + a + a).map(a, a + a + a).map(a, a + a + a).map(a, a + a + a)[0].size()",
    ],
)
def test_what_would_grow_is_not_begun(text):
    """A macro copies what it has made so far in each turn, and what it makes can grow with every turn and every macro after it:
    hundreds of megabytes of one webhook.  It is refused of what it would make, before it makes anything."""
    value = compile_value(text.replace("[attributes]", '[{"note": attributes.note}]'))
    given: dict[str, Any] = {"groups": [f"g{number}" for number in range(3_000)], "note": "a " * 4_000}
    never: Any = None  # nothing that could be run
    with pytest.raises(ExpressionFailed, match="too large"):
        replace(value, _run=never)(given)


@pytest.mark.parametrize(
    ("text", "many", "made"),
    [
        ("attributes.groups.map(g, g.upper()).size()", 1_000, 1_000),
        ('attributes.groups.filter(g, g.startsWith("group-1")).map(g, g.split("-")[1]).size()', 900, 111),
        ('attributes.groups.filter(g, g.matches("^group-[0-9]$")).join(",")', 900, ",".join(GROUPS[:10])),
        ("attributes.groups.exists(g, g in attributes.groups)", 1_500, True),
        ("attributes.groups.all(g, attributes.groups.exists_one(h, h == g))", 90, True),
        ("attributes.groups.map(g, attributes.groups.map(h, h)).size()", 60, 60),
        ('attributes.groups.map(g, {"name": g, "upper": g.upper()}).filter(g, g.upper != "").size()', 300, 300),
    ],
)
def test_what_people_write_fits(text, many, made):
    """Groups by the hundred, filtered, renamed, compared with each other."""
    assert compile_value(text)({"groups": GROUPS[:many]}) == made


def test_what_absence_can_reach_is_known():
    """An attribute under `has(...)` is guarded; lint warns of the others."""
    condition = compile_condition('!has(attributes.kind) || attributes.kind != "contractor" && attributes.unit == "7"')
    assert condition.unguarded == {"unit"}
    assert condition({"attributes": {}}) is True
    assert condition({"attributes": {"kind": "staff"}}) is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("attributes.a = 'x'", "at character 14: `=` is no operator; equality is `==`"),
        ("attributes.a and attributes.b", "at character 14: `and` is written `&&`"),
        ("attributes.a | attributes.b", "at character 14: `|` is no operator; it is `||`"),
        ("attributes.a + + 1", "at character 16: `+` cannot stand here"),
        ("'abc", "at character 1: a quotation mark is never closed"),
        ("(attributes.a", "at character 14: `)` is missing"),
        ("attributes.a ? 'x'", "at character 19: it ends too early: `:` is missing"),
        ("attributes.a +", "at character 15: it ends too early"),
        ("“x”", "at character 1: `“` means nothing in CEL outside of quotation marks"),
        ("'x' + 1", "at character 5: `+` does not take text and an integer; string(...), int(...) and double(...) convert"),
        ("size(attributes.a) + upper(attributes.b)", "at character 22: unknown name or function `upper`"),
        (
            "attributes.name + attributes.first-name",
            'at character 36: unknown name or function `name`; `-` is minus: write attributes["first-name"]',
        ),
    ],
)
def test_why_it_does_not_compile_is_said_in_words_for_people(text, said):
    """The place comes first; no token of a grammar, and what to write instead where people stumble."""
    with pytest.raises(ExpressionError) as raised:
        compile_value(text)
    assert str(raised.value) == said
