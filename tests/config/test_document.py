"""Strict YAML: JSON's scalars, no second meaning, a place for everything."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.config.document import DEEPEST, read


@pytest.mark.parametrize(
    ("yaml", "value"),
    [
        ("010442", "010442"),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("1e3", 1000.0),
        ("-0.5", -0.5),
        ("7", 7),
        ("-7", -7),
        (".5", ".5"),
        ("+1", "+1"),
        ("1.", "1."),
        ("12:30:00", "12:30:00"),
        ("true", True),
        ("True", "True"),
        ("false", False),
        ("null", None),
        ("~", "~"),
        ("'true'", "true"),
        ('"7"', "7"),
        (".nan", ".nan"),
        ("=", "="),
        ('""', ""),
        ("[]", []),
        ("{}", {}),
        ("[1, a, [b]]", [1, "a", ["b"]]),
        ("{010: 1, true: 2}", {"010": 1, "true": 2}),
    ],
)
def test_scalars_are_those_of_json(yaml, value):
    """Only true, false, null and JSON numbers are not text; keys are always text."""
    document = read("f.yaml", f"a: {yaml}".encode())
    assert document.problems == []
    assert document.value == {"a": value}
    assert repr(document.value) == repr({"a": value})


# A key may have 1,024 characters in YAML; two escapes do not make one character of another plane there.
texts = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(json_values)
def test_json_is_read_as_json(value):
    """A document that is JSON means what it means there."""
    document = read("f.yaml", json.dumps({"a": value}).encode())
    assert document.problems == [] or "\\u0000" in json.dumps(value)
    assert document.problems or document.value == {"a": value}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a: &x 1", "f.yaml:1:4: a: an anchor"),
        ("a: 1\nb: *x", "f.yaml:2:4: b: an alias"),
        ("a: !!str 1", "f.yaml:1:4: a: a tag"),
        ("when: !has(x)", "f.yaml:1:7: when: a tag"),
        ("a: {b: 1}\n<<: {c: 2}", "f.yaml:2:1: a merge key"),
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: a: this key stands here twice"),
        ("a: [{b: 1, b: 2}]", "f.yaml:1:12: a[0].b: this key stands here twice"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document"),
        ("%YAML 1.2\n---\na: 1", "f.yaml:1:1: a directive"),
        ("a:\nb: 1", "f.yaml:1:3: a: a value is missing"),
        ("a: {b}", "f.yaml:1:6: a.b: a value is missing"),
        ("[a]: 1", "f.yaml:1:1: a key must be text"),
        ("a: 1e999", "f.yaml:1:4: a: a number that is too large"),
        ('a: "\\ud800"', "f.yaml:1:4: a: a character that is none"),
        ('"\\ud800": 1', "f.yaml:1:1: a character that is none"),
        ("a: \x01", "f.yaml:1:1: a character that YAML does not allow"),
        ("", "f.yaml: the file is empty"),
        ("# nothing", "f.yaml: the file is empty"),
        ("a: " + "[" * DEEPEST + "]" * DEEPEST, f"f.yaml:1:35: nested deeper than {DEEPEST}"),
    ],
)
def test_what_has_a_second_meaning_is_refused_at_its_place(content, problem):
    """File, line, column and path; the text says what to do."""
    problems = [str(p) for p in read("f.yaml", content.encode(errors="surrogatepass")).problems]
    assert any(p.startswith(problem) for p in problems), problems


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a:\n\tb: 1", "f.yaml:2:1: a tab; indent with spaces"),
        ("a: @x", "f.yaml:1:4: a text that begins with this character must be quoted"),
        ("a: *", "f.yaml:1:5: a text that begins with this character must be quoted"),
        ("a: !<x", "f.yaml:1:7: a text that begins with this character must be quoted"),
        ("a:\n  b: 1\n c: 2", "f.yaml:3:2: this line fits nothing above it"),
        ("a: 1\n- b", "f.yaml:2:1: this line fits nothing above it"),
        ("a:\n  b: 1\n   c: 2", "f.yaml:3:5: no `:` can stand here: is the line indented too far"),
        ("a: b: c", "f.yaml:1:5: no `:` can stand here"),
        ('a: "x" + y', "f.yaml:1:8: text where the value has ended"),
        ("a:\n  b: [1", "f.yaml:2:8: the file ends before the `[` of line 2 is closed"),
        ("a: {b: 1", "f.yaml:1:9: the file ends before the `{` of line 1 is closed"),
        ("a: {b: c: d}", "f.yaml:1:9: `,` or `}` expected, because of the `{` in line 1"),
        ("a:\n  - [b: c}", "f.yaml:2:10: `,` or `]` expected, because of the `[` in line 2"),
        ('a: 1\nb: "c', "f.yaml:2:6: the quotation mark in line 2 is never closed"),
        ('a: "\\q"', "f.yaml:1:6: a backslash between double quotation marks begins an escape"),
        ("a: 1\nb\n", "f.yaml:3:1: in line 2 a key has no `:` behind it"),
        ("a: | x", "f.yaml:1:6: the text of a `|` or `>` begins on the next line"),
        ("a: - b", "f.yaml:1:4: a list with `-` begins on a line of its own"),
        (" a: 1\nb: 2", "f.yaml:2:1: what begins in the first line has ended: is that line indented"),
        ("a: ]", "f.yaml:1:4: a value is expected here: is there a bracket too many?"),
    ],
)
def test_what_is_no_yaml_is_said_in_words_for_people(content, problem):
    """No word of the parser's: what is wrong at this place, and what to do."""
    (found,) = read("f.yaml", content.encode()).problems
    assert str(found).startswith(problem)
    assert "while " not in found.text


def test_bytes_that_are_no_text():
    """The line is told, too."""
    assert str(read("f.yaml", b"a: 1\nb: \xff").problems[0]).startswith("f.yaml:2:1: not UTF-8")


def test_several_faults_are_told_at_once():
    """Not the first alone."""
    assert len(read("f.yaml", b"a: &x 1\nb: !t 2\na: 3\nc:\n").problems) == 4


def test_a_syntax_error_does_not_repeat_the_text():
    """A secret that was pasted into the file does not come out again."""
    for content in (b'a: "s3cr3t \\q"', b"a: 's3cr3t", b"a: s3cr3t: [", b"s3cr3t: @x", b"a: %s3cr3t"):
        assert all("s3cr3t" not in p.text for p in read("f.yaml", content).problems)
        assert read("f.yaml", content).problems
