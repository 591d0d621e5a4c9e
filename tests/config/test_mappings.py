"""A mapping file: what is compiled, and what is refused."""

from __future__ import annotations

import pytest

from connectors.contract import ABSENT, Wire
from worker.core.mapping import Facts, SearchKey, route
from worker.core.path import parse
from worker.core.rules import Computed, Constant, From, NoAccount


def test_short_and_long_forms_mean_the_same(folder):
    """A text is `from`, a word is a transform, one key needs no list."""
    folder.write(
        systems=(
            "version: 1\nsystems: {hr: {connector: fake, source: {verify: {secrets: ['${SECRET}']}}}, a: {connector: "
            "fake}, b: {connector: fake}}"
        ),
        hr="""
            version: 1
            source: hr
            targets:
              a:
                account: {find: email, by: subject.email}
                attributes: {x: y, z: {from: z, transform: trim}}
              b:
                account: [{find: email, by: subject.email}]
                on_no_account: {wait: 0s, then: park}
                attributes: {x: {from: y}, z: {from: z, transform: [trim]}}
        """,
    )
    a, b = folder.load().mappings["hr"].targets
    assert a.keys == b.keys
    assert a.on_no_account == b.on_no_account == NoAccount(0, "park")
    assert [(r.attribute, r.origin, [s.name for s in r.steps]) for r in a.rules] == [
        (r.attribute, r.origin, [s.name for s in r.steps]) for r in b.rules
    ]


def test_a_rule_is_what_the_file_says(two):
    """Origin, place, policy, null policy, default, transforms, and the wire type of the target's attribute."""
    configuration = two(
        """
        name.familyName: {from: last, on_null: clear, transform: [trim, {truncate: 3}, {lookup: {a: b}, default: null}]}
        '["odd key"]': {value: '"10-" + attributes.unit', write: if_empty}
        n: {constant: 7, write: once}
        d: {from: d, default: x}
        """,
        one="able: {wire: text}",
    ).load()
    family, odd, n, d = configuration.mappings["hr"].targets[0].rules
    assert (family.attribute, family.origin, family.on_null, family.place) == (
        "name.familyName",
        From(parse("last")),
        "clear",
        "hr.yaml:8",
    )
    assert [(s.name, s.argument) for s in family.steps] == [("trim", None), ("truncate", 3), ("lookup", {"a": "b"})]
    assert family.steps[2].default is None, "null is a default, and not the lack of one"
    assert (odd.attribute, odd.policy, odd.inputs) == ('["odd key"]', "if_empty", ("unit",))
    assert isinstance(odd.origin, Computed)
    assert (n.origin, n.policy, n.wire) == (Constant(7), "once", Wire.TEXT)
    assert (d.default, n.default) == ("x", ABSENT)


def test_a_compiled_mapping_routes(two):
    """From the file to the want, in one go."""
    configuration = two("title: job\nunit: {value: '\"10-\" + attributes.unit'}", when="when: 'subject.id != \"0\"'").load()
    mapping = configuration.mappings["hr"]
    (only,) = route(mapping, Facts("hr", {"id": "1", "email": "A@x"}, {"job": "Chief"}))
    assert [(w.attribute, w.value, w.place) for w in only.wants] == [("title", "Chief", "hr.yaml:8")]
    assert only.keys == (SearchKey("email", "A@x", ""),)
    (other,) = route(mapping, Facts("hr", {"id": "0"}, {"job": "Chief"}))
    assert [(u.reason, u.place) for u in other.others] == [("scope", "hr.yaml:8")]


def test_a_rule_that_cannot_be_read_is_told_once(two):
    """A case that expects something of it is not one problem more."""
    cases = "[{name: n, given: {subject: {}}, expect: {one: {a: x, b: y}}}]"
    (problem,) = two("a: {value: 'attributes.x +'}\nb: x", cases=cases).problems()
    assert problem.startswith("hr.yaml:8:11: targets.one.attributes.a.value: ")


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (
            "a: {wriet: once, from: x}",
            "hr.yaml:8:11: targets.one.attributes.a.wriet: unknown key `wriet` - did you mean `write`?",
        ),
        ("a: {}", "hr.yaml:8:7: targets.one.attributes.a: a rule has one of `from`, `value`, `constant`; this one has none"),
        (
            "a: {from: x, value: y}",
            "hr.yaml:8:7: targets.one.attributes.a: a rule has one of `from`, `value`, `constant`; this one has from and value",
        ),
        ("a: [x]", "hr.yaml:8:7: targets.one.attributes.a: a path is needed here, or a rule: {from: ...}"),
        ("a:", "hr.yaml:8:9: targets.one.attributes.a: a value is missing"),
        ('a: "x[0]"', "hr.yaml:8:7: targets.one.attributes.a.from: a filter is needed between [ and ]"),
        ("a: {from: null}", "hr.yaml:8:11: targets.one.attributes.a.from: a text is needed here"),
        ("a: {constant: null}", "hr.yaml:8:7: targets.one.attributes.a: `constant: null` would say nothing"),
        ("a: {from: x, default: null}", "hr.yaml:8:7: targets.one.attributes.a: `default: null` would say nothing"),
        (
            "a: {from: x, on_null: clear, write: once}",
            "hr.yaml:8:7: targets.one.attributes.a: `on_null: clear` and `write: once` contradict",
        ),
        ("a: {from: x, write: onec}", "hr.yaml:8:20: targets.one.attributes.a.write: unknown word `onec` - did you mean `once`?"),
        ("a: {from: x..y}", "hr.yaml:8:11: targets.one.attributes.a.from: an attribute name expected at character 3"),
        ("a: x[", "hr.yaml:8:7: targets.one.attributes.a.from: the filter ends too early"),
        ("'a b': x", "hr.yaml:8:7: targets.one.attributes.a b: `.`, `[` or the end expected"),
        (
            "a: {value: 'attributes[subject.id]'}",
            "hr.yaml:8:11: targets.one.attributes.a.value: at character 1: `attributes` is read under a computed name",
        ),
        (
            "a: {value: '1 + \"x\"'}",
            "hr.yaml:8:11: targets.one.attributes.a.value: at character 3: `+` does not take an integer and text",
        ),
        ("a: x\n'[\"a\"]': y", 'hr.yaml:9:7: targets.one.attributes.["a"]: `a` and `a` are the same attribute; one rule must go'),
        ("a: x\na.b: y", "hr.yaml:9:7: targets.one.attributes.a.b: `a.b` and `a` are one inside the other"),
        (
            "a: {from: x, transform: trimm}",
            "hr.yaml:8:20: targets.one.attributes.a.transform: unknown word `trimm` - did you mean `trim`?",
        ),
        (
            "a: {from: x, transform: [{trunkate: 3}]}",
            "hr.yaml:8:32: targets.one.attributes.a.transform[0]: unknown transform `trunkate` - did you mean `truncate`?",
        ),
        (
            "a: {from: x, transform: [{truncate: 0}]}",
            "hr.yaml:8:33: targets.one.attributes.a.transform[0].truncate: at least 1 is needed here",
        ),
        (
            "a: {from: x, transform: [{lookup: {a: [1]}}]}",
            "hr.yaml:8:42: targets.one.attributes.a.transform[0].lookup.a: a text, a number,",
        ),
        (
            "a: {from: x, transform: [{lookup: {}}]}",
            "hr.yaml:8:33: targets.one.attributes.a.transform[0].lookup: at least one is needed here",
        ),
    ],
)
def test_a_wrong_rule_is_told_at_its_place(two, rules, problem):
    """With the nearest known word."""
    problems = two(rules).problems()
    assert [p for p in problems if p.startswith(problem)] == problems, problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "source: hr\ntargets: {hr: {account: ACCOUNT, attributes: {a: x}}}",
            "hr.yaml:3:11: targets.hr: a source that feeds itself",
        ),
        ("source: one\ntargets: {hr: {account: ACCOUNT, attributes: {a: x}}}", "hr.yaml:2:1: source: `one` is no source"),
        (
            "source: hrr\ntargets: {one: {account: ACCOUNT, attributes: {a: x}}}",
            "hr.yaml:2:1: source: unknown system `hrr` - did you mean `hr`?",
        ),
        (
            "source: hr\ntargets: {ome: {account: ACCOUNT, attributes: {a: x}}}",
            "hr.yaml:3:11: targets.ome: unknown system `ome` - did you mean `one`?",
        ),
        ("source: hr\ntargets: {web: {account: ACCOUNT, attributes: {a: x}}}", "hr.yaml:3:11: targets.web: `web` is no target"),
        ("source: hr\ntargets: {}", "hr.yaml:3:1: targets: at least one is needed here"),
        (
            "source: hr\ntargets: {one: {account: [], attributes: {a: x}}}",
            "hr.yaml:3:17: targets.one.account: at least one is needed here",
        ),
        (
            "source: hr\ntargets: {one: {account: {find: mail, by: subject.email}, attributes: {a: x}}}",
            "hr.yaml:3:27: targets.one.account.find: `one` cannot be searched by `mail` - did you mean `email`?",
        ),
        (
            "source: hr\ntargets: {one: {account: [{find: id, by: id}], attributes: {a: x}}}",
            "hr.yaml:3:38: targets.one.account[0].by: `by` is a path that begins with",
        ),
        (
            "source: hr\nwhen: 'attributes.x + \"\"'\ntargets: {one: {account: ACCOUNT, attributes: {a: x}}}",
            "hr.yaml:3:1: when: the result is string, not true or false",
        ),
        (
            "source: hr\ntargets: {one: {account: ACCOUNT, on_no_account: {wait: 1h, than: park}, attributes: {a: x}}}",
            "hr.yaml:3:86: targets.one.on_no_account.than: unknown key `than` - did you mean `then`?",
        ),
    ],
)
def test_a_wrong_mapping_is_told_at_its_place(folder, text, problem):
    """Systems, halves, keys, conditions."""
    folder.write(
        systems=(
            "version: 1\nsystems:\n  hr: {connector: fake, source: {verify: {secrets: ['${SECRET}']}}}\n  one: "
            "{connector: fake}\n  web: {connector: http}"
        ),
        hr="version: 1\n" + text.replace("ACCOUNT", "{find: email, by: subject.email}"),
    )
    assert any(p.startswith(problem) for p in folder.problems()), folder.problems()


def test_one_source_has_one_file(two):
    """Else nobody could say which rule speaks."""
    folder = two("a: x")
    (folder.path / "second.yaml").write_text((folder.path / "hr.yaml").read_text())
    assert folder.problems() == ["second.yaml:2:1: source: hr.yaml is the mapping of `hr`; one source has one file"]


def test_an_id_needs_no_search(two):
    """`find: id` is known to every system."""
    folder = two("a: x")
    path = folder.path / "hr.yaml"
    path.write_text(path.read_text().replace("{find: email, by: subject.email}", "{find: id, by: subject.id}"))
    (only,) = route(folder.load().mappings["hr"], Facts("hr", {"id": "u 1"}, {"x": 1}))
    assert (only.account, only.keys) == ("u 1", ())


def test_a_key_that_is_listed_is_a_key(two):
    """A system that only lists its accounts can be asked by what its list shows, and by nothing else."""
    folder = two("a: x", one="able: {finds: [], lists: [login]}")
    path = folder.path / "hr.yaml"
    (problem,) = folder.problems()
    assert problem == "hr.yaml:6:15: targets.one.account.find: `one` cannot be searched by `email`; known: `id`, `login`"
    path.write_text(path.read_text().replace("find: email", "find: login"))
    (key,) = folder.load().mappings["hr"].targets[0].keys
    assert key.find == "login"
