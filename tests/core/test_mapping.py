"""The compiled mapping: what a source said becomes what its targets shall hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import ABSENT, Wire
from worker.core.authority import ranks
from worker.core.expression import compile_condition, compile_value
from worker.core.mapping import Facts, SearchKey, Traced, Unwanted, Wanted, route
from worker.core.outcome import Word
from worker.core.path import parse
from worker.core.rules import Computed, Constant, From, Key, NoAccount, Rule, SourceRules, TargetRules
from worker.core.transforms import lookup, plain


def from_(path: str, **more: Any) -> Rule:
    return Rule("a", From(parse(path)), "hr.yaml:1", **more)


def computed(text: str, **more: Any) -> Rule:
    value = compile_value(text)
    return Rule("a", Computed(value, tuple(map(parse, sorted(value.inputs)))), "hr.yaml:1", **more)


def said(rule: Rule, when: str = "", **facts: Any) -> Wanted | Unwanted | None:
    """What one rule makes of the facts; None if it does not speak."""
    mapping = SourceRules("hr", (TargetRules("t", (), (rule,)),), compile_condition(when) if when else None)
    routes = route(mapping, Facts("hr", {"id": "1"}, **facts))
    if not routes:
        return None
    ((spoken,),) = (routes[0].wants + routes[0].others,)
    return spoken


def wanted(value: Any) -> Wanted:
    return Wanted("a", value, "always", "hr.yaml:1")


def unwanted(word: Word, reason: str) -> Unwanted:
    return Unwanted("a", word, reason, "hr.yaml:1")


IGNORED_NULL = unwanted(Word.IGNORED, "null")


@pytest.mark.parametrize(
    ("rule", "attributes", "changes", "snapshot"),
    [
        (from_("x"), {"x": "v"}, wanted("v"), wanted("v")),
        (from_("x"), {"x": ""}, wanted(""), wanted("")),
        (from_("x"), {}, None, IGNORED_NULL),
        (from_("x"), {"x": None}, IGNORED_NULL, IGNORED_NULL),
        (from_("x", on_null="clear"), {}, None, wanted(None)),
        (from_("x", on_null="clear"), {"x": None}, wanted(None), wanted(None)),
        (from_("x", default="d"), {}, None, wanted("d")),
        (from_("x", default="d", on_null="clear"), {"x": None}, wanted("d"), wanted("d")),
        (from_("x", default=" D ", steps=(plain("trim"), plain("lower"))), {"x": None}, wanted("d"), wanted("d")),
        (from_("x", steps=(plain("first"),)), {"x": []}, IGNORED_NULL, IGNORED_NULL),
        (from_("x", steps=(plain("first"),), on_null="clear"), {"x": []}, wanted(None), wanted(None)),
        (from_("x", wire=Wire.TEXT), {"x": 7}, wanted("7"), wanted("7")),
        (computed("attributes.x + attributes.y"), {"x": "a", "y": "b"}, wanted("ab"), wanted("ab")),
        (computed("attributes.x + attributes.y"), {"x": "a"}, None, IGNORED_NULL),
        (computed("has(attributes.x) ? 'yes' : 'no'"), {"y": 1}, None, wanted("no")),
        (computed("subject.id + '!'"), {"y": 1}, wanted("1!"), wanted("1!")),
        (Rule("a", Constant("c"), "hr.yaml:1"), {}, wanted("c"), wanted("c")),
    ],
)
def test_absent_null_and_empty_are_three_things(rule, attributes, changes, snapshot):
    """Absent in `changes` says nothing; in a `snapshot` it is null; then default, null policy, transforms, wire type."""
    assert said(rule, attributes=attributes, carries="changes") == changes
    assert said(rule, attributes=attributes, carries="snapshot") == snapshot


@pytest.mark.parametrize(
    ("rule", "value", "reason"),
    [
        (from_("x", steps=(lookup({"a": "b"}),)), "s3cr3t", "transform: not in the lookup"),
        (from_("x", steps=(plain("trim"),)), 7, "transform: not text"),
        (from_("x", wire=Wire.TEXT), ["s3cr3t"], "does not fit"),
        (computed("1 + attributes.x"), "s3cr3t", "expression: wrong type at character 3"),
    ],
)
def test_what_cannot_be_made_is_parked_without_its_value(rule, value, reason):
    """One bad attribute is parked by itself, with a reason of the closed list."""
    assert said(rule, attributes={"x": value}) == unwanted(Word.PARKED, reason)


def test_one_bad_attribute_does_not_sink_the_others():
    """Each rule of a target speaks for itself."""
    rules = (from_("x", steps=(plain("trim"),)), Rule("b", From(parse("y"))))
    (only,) = route(SourceRules("hr", (TargetRules("t", (), rules),)), Facts("hr", {}, {"x": 7, "y": "v"}))
    assert [w.attribute for w in only.wants] == ["b"]
    assert [u.attribute for u in only.others] == ["a"]


@pytest.mark.parametrize(
    ("attributes", "spoken"),
    [
        ({"x": 1, "kind": "staff"}, wanted(1)),
        ({"x": 1, "kind": "contractor"}, unwanted(Word.IGNORED, "scope")),
        ({"x": 1}, unwanted(Word.IGNORED, "scope")),
        ({"kind": "contractor"}, None),
        ({"x": 1, "kind": {"no": "text"}}, unwanted(Word.PARKED, "when: wrong type")),
    ],
)
def test_who_is_out_of_scope_is_ignored(attributes, spoken):
    """An absent attribute makes `when` false; a rule of which the event says nothing has no outcome in any case."""
    assert said(from_("x"), 'attributes.kind + "" != "contractor"', attributes=attributes) == spoken


def test_of_what_a_look_found_only_the_rules_that_read_it_speak():
    """The whole account is known, so a rule may need more than what changed; `when` concerns every rule."""
    rules = (Rule("a", From(parse("name"))), computed("attributes.x + attributes.y"), Rule("c", From(parse("z"))))
    mapping = SourceRules(
        "one", (TargetRules("t", (), (rules[0], Rule("b", rules[1].origin), rules[2])),), compile_condition("attributes.w")
    )
    account: dict[str, Any] = {"name": {"familyName": "R"}, "x": "1", "y": "2", "z": "3", "w": True}

    def speaks(*changed: str) -> list[str]:
        routes = route(mapping, Facts("one", {"id": "1"}, account, "snapshot", changed=frozenset(changed)))
        return [w.attribute for r in routes for w in r.wants]

    assert speaks("name.familyName") == ["a"]
    assert speaks("y") == ["b"]
    assert speaks("z", "x") == ["b", "c"]
    assert speaks("w") == ["a", "b", "c"]
    assert speaks("other") == []


def test_a_hint_asks_for_nothing():
    """Its values are not trusted, whatever it carries."""
    assert route(SourceRules("hr", (TargetRules("t", (), (from_("x"),)),)), Facts("hr", {}, {"x": 1}, "hint")) == ()


def test_keys_without_a_value_are_skipped():
    """In order; what is no text or number cannot be searched for."""
    keys = tuple(
        Key(find, parse(by), "case" if find == "email" else "")
        for find, by in (("n", "attributes.n"), ("email", "subject.email"))
    )
    mapping = SourceRules("hr", (TargetRules("t", keys, (from_("x"),), NoAccount(5, "ignore")),))

    def keys_of(subject: Any, **attributes: Any) -> tuple[SearchKey, ...]:
        return route(mapping, Facts("hr", subject, {"x": 1, **attributes}))[0].keys

    assert keys_of({"email": "A@x"}, n=7) == (SearchKey("n", "7", ""), SearchKey("email", "A@x", "case"))
    assert keys_of({"email": ""}, n=None) == ()
    assert keys_of({}, n=True) == ()
    assert route(mapping, Facts("hr", {}, {"x": 1}))[0].on_no_account == NoAccount(5, "ignore")


def test_an_id_is_known_and_not_searched():
    """`find: id` says the account itself; keys after it are not needed, keys before it go first."""
    keys = (Key("email", parse("subject.email")), Key("id", parse("subject.id")))
    (only,) = route(SourceRules("hr", (TargetRules("t", keys, (from_("x"),)),)), Facts("hr", {"id": 42}, {"x": 1}))
    assert (only.account, only.keys) == ("42", ())


def test_an_id_that_no_account_can_have_is_none():
    """A value that would name the lane in which somebody else is searched for is no key; a key after it has its turn."""
    keys = (Key("id", parse("attributes.ref")), Key("email", parse("subject.email")))
    mapping = SourceRules("hr", (TargetRules("t", keys, (from_("x"),)),))
    (only,) = route(mapping, Facts("hr", {"id": "1", "email": "a@example.com"}, {"x": 1, "ref": "?hr:E-2"}))
    assert (only.account, only.keys) == ("", (SearchKey("email", "a@example.com", ""),))


def test_the_trace_tells_each_step():
    """`explain` and `why` show where a value came from and what was done with it."""
    steps: list[Traced] = []
    rule = from_("x", steps=(plain("trim"), plain("lower")), wire=Wire.TEXT, default=7)
    route(SourceRules("hr", (TargetRules("t", (), (rule,)),)), Facts("hr", {}, {"x": " A "}), steps=steps)
    assert [(s.step, s.before, s.after) for s in steps] == [("from", ABSENT, " A "), ("trim", " A ", "A"), ("lower", "A", "a")]
    steps.clear()
    rule = from_("x", wire=Wire.TEXT, default=7)
    route(SourceRules("hr", (TargetRules("t", (), (rule,)),)), Facts("hr", {}, {"x": None}), steps=steps)
    assert [(s.step, s.before, s.after) for s in steps] == [("from", ABSENT, None), ("default", None, 7), ("as text", 7, "7")]


def test_no_repr_shows_a_value_of_the_event():
    """Facts end in tracebacks."""
    assert "s3cr3t" not in repr(Facts("hr", {"id": "s3cr3t"}, {"x": "s3cr3t"}, "changes", {"x": "s3cr3t"}))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i), max_leaves=5
)


@given(st.dictionaries(st.sampled_from("xyz"), values), st.sampled_from(["changes", "snapshot"]), st.sampled_from(Wire))
def test_every_rule_ends_in_a_want_an_outcome_or_silence(attributes, carries, wire):
    """Whatever a source sends, mapping it raises nothing, and no rule speaks twice."""
    rules = (
        Rule("a", From(parse("x")), wire=wire, steps=(plain("trim"),)),
        Rule("b", From(parse('y[z eq "1"].x')), wire=wire, default="d"),
        Rule("c", computed("attributes.x + attributes.y").origin, wire=wire),
    )
    facts = Facts("hr", {}, attributes, carries)
    routes = route(
        SourceRules("hr", (TargetRules("t", (), rules),), compile_condition("!has(attributes.z) || attributes.z != 1")), facts
    )
    spoken = [w.attribute for r in routes for w in r.wants] + [u.attribute for r in routes for u in r.others]
    assert len(spoken) == len(set(spoken))
    if carries == "snapshot":
        assert sorted(spoken) == ["a", "b", "c"]


def test_ranks():
    """The first of a list has the most say; `newest` gives nobody a rank."""
    assert ranks({"a": ("hr", "one"), "b": "newest"}) == {"a": {"hr": 2, "one": 1}, "b": {}}
