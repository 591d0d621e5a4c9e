"""What single files cannot show."""

from __future__ import annotations

import pytest

from worker.config.lint import inverse
from worker.core.path import parse
from worker.core.rules import Constant, From, Rule
from worker.core.transforms import lookup, plain

SOURCE = "source: {verify: {secrets: ['${SECRET}']}}"


def back(attributes: str, target: str = "hr", source: str = "one") -> str:
    account = "account: {find: email, by: subject.email}"
    return f"version: 1\nsource: {source}\ntargets: {{{target}: {{{account}, attributes: {attributes}}}}}\ncases: []\n"


def about(problems: list[str], text: str) -> list[str]:
    return [p for p in problems if text in p]


# ---------------------------------------------------------------- errors


def test_writers_agree_about_once(two):
    """One that writes once and one that writes always would break each other's promise."""
    folder = two("n: {from: n, write: once}", more=f"  crm: {{connector: fake, {SOURCE}}}\n")
    folder.write(crm=back("{n: m}", "one", "crm"), authority="version: 1\nauthority: {one: {n: [hr, crm]}}")
    (problem,) = folder.problems()
    assert problem.startswith(
        "hr.yaml:8:7: targets.one.attributes.n: `write: once` here, `write: always` at crm.yaml:3; an attribute is written once"
    )


def test_clear_needs_a_target_that_can_clear(two):
    """Else the clear could never be applied."""
    (problem,) = two("n: {from: n, on_null: clear}", one="able: {clears: false}").problems()
    assert problem.startswith("hr.yaml:8:7: targets.one.attributes.n: `on_null: clear`, but `one` cannot clear an attribute")


@pytest.mark.parametrize(
    ("able", "problem"),
    [
        ("{readable: false}", "its accounts cannot be read; no rule here could ever speak"),
        ("{hidden: [a]}", "a read never shows `a`"),
    ],
)
def test_what_is_written_both_ways_can_be_read_back(two, able, problem):
    """A hint says look: what cannot be looked at cannot be a source."""
    folder = two("a: x", one=f"able: {able}, {SOURCE}").write(
        one=back("{x: a}"), authority="version: 1\nauthority: {one: {a: newest}, hr: {x: newest}}"
    )
    assert any(problem in p and p.startswith("one.yaml:2:1: source: what `one` says is only a hint") for p in folder.problems())


def test_one_name_for_what_is_read_and_written(two):
    """Under two names our own write would look like a person's change."""
    folder = two("name.familyName: x", one=SOURCE, more="  other: {connector: fake}\n").write(one=back("{y: name}", "other"))
    folder.write(authority="version: 1\nauthority: {one: {name.familyName: newest}}")
    (problem,) = folder.problems()
    assert problem.startswith(
        "hr.yaml:8:7: targets.one.attributes.name.familyName: `name.familyName` is written here, and `name` of `one` is read"
    )


def test_one_name_for_what_two_write(two):
    """Two lanes of one attribute could not be ordered."""
    folder = two("name.familyName: x", more=f"  crm: {{connector: fake, {SOURCE}}}\n").write(crm=back("{name: n}", "one", "crm"))
    (problem,) = folder.problems()
    assert problem.startswith(
        "hr.yaml:8:7: targets.one.attributes.name.familyName: `name.familyName` overlaps `name`, which is written at crm.yaml:3"
    )


# ---------------------------------------------------------------- warnings


CASE = "[{name: x, given: {subject: {}}, expect: {one: {}}}]"


@pytest.mark.parametrize(
    ("rules", "more", "warning"),
    [
        (
            "a: {from: a, write: once}",
            {"one": "able: {readable: false}"},
            "cannot be read: a value that is there already is overwritten",
        ),
        (
            "a: {from: a, write: once}",
            {"one": "able: {hidden: [a]}"},
            "cannot be read: a value that is there already is overwritten",
        ),
        (
            "a: {from: a, write: if_empty}",
            {"one": "able: {hidden: [a]}"},
            "cannot be read: the first value is written over whatever is there",
        ),
        (
            "a: a",
            {"one": "able: {locks: [a]}"},
            "itself keeps the first value of `a`, and this is not `write: once`: every later value",
        ),
        ("a: {from: a, write: once}", {"one": "able: {locks: [b]}"}, "itself does not lock `a`: a person can still change it"),
        (
            "a: {from: a, transform: [{lookup: {x: y}}]}",
            {},
            "a `lookup` without `default`: a value that is not in the table is parked",
        ),
        (
            "a: a",
            {"when": "when: 'attributes.kind == 1'"},
            "`when` reads `kind`, and `hr` sends only changes: an event that does not say it",
        ),
        ("refused: a", {}, "`one` never takes `refused`, and every value of it is parked: no such attribute here"),
        ("a: attributes.title", {}, "this reads one that is called `attributes`; leave `attributes.` out"),
        ("a: subject.id", {}, "this reads one that is called `subject`; `value` reads what stands in `subject`"),
        ("a: a", {"cases": "[]"}, "a mapping without `cases`"),
    ],
)
def test_a_warning_says_what_it_costs(two, rules, more, warning):
    """The configuration is taken, and the warning is told, alone."""
    (only,) = two(rules, **{"cases": CASE, **more}).warnings()
    assert warning in only


@pytest.mark.parametrize(
    ("rules", "more"),
    [
        ("a: {from: a, write: once}", {}),
        ("a: {from: a, write: once}", {"one": "able: {locks: [a]}"}),
        ("a: {from: a, transform: [{lookup: {x: y}, default: z}]}", {}),
        ("a: a", {"when": "when: '!has(attributes.kind) || attributes.kind == 1'"}),
        ("a: a", {"when": "when: 'attributes.kind == 1'", "hr": "source: {carries: snapshot, verify: {secrets: ['${SECRET}']}}"}),
        ("a: a", {"when": "when: 'subject.kind == 1'"}),
        ("a: subject", {}),
        ("gone: a", {}),
    ],
)
def test_what_costs_nothing_is_not_warned_of(two, rules, more):
    """A warning that is always there is not read."""
    assert two(rules, cases=CASE, **more).warnings() == []


def test_a_ring_of_systems_is_named_once(two):
    """By all that are in it."""
    folder = two("a: x", one=SOURCE, more="  third: {connector: fake, " + SOURCE + "}\n")
    folder.write(one=back("{c: a}", "third"), third=back("{x: c}", "hr", "third"))
    folder.write(authority="version: 1\nauthority: {one: {a: newest}, third: {c: newest}, hr: {x: newest}}")
    (ring,) = about(folder.warnings(), "a ring of systems")
    assert ring.startswith("hr.yaml:2:1: source: a ring of systems: hr -> one -> third -> hr; it comes to rest if")


@pytest.mark.parametrize(
    ("there", "back_", "warned"), [("a: x", "{x: a}", False), ("a: {from: x, transform: lower}", "{x: a}", True)]
)
def test_a_pair_that_does_not_come_back_as_it_left(two, there, back_, warned):
    """Such a pair may swing between two values."""
    folder = two(there, one=SOURCE).write(one=back(back_), authority="version: 1\nauthority: {one: {a: newest}, hr: {x: newest}}")
    assert bool(about(folder.warnings(), "may swing between two values")) is warned


def test_which_steps_undo_each_other():
    """Nothing does, and two lookups that mirror each other do; everything else might not."""
    a, b = From(parse("a")), From(parse("b"))
    mirror = lookup({"x": "1", "y": "2"}), lookup({"1": "x", "2": "y"})
    assert inverse(Rule("b", a), Rule("a", b))
    assert inverse(Rule("b", a, steps=mirror[:1]), Rule("a", b, steps=mirror[1:]))
    assert not inverse(Rule("b", a, steps=mirror[:1]), Rule("a", b, steps=mirror[:1]))
    assert not inverse(Rule("b", a, steps=(lookup({"x": "1", "y": "1"}),)), Rule("a", b, steps=(lookup({"1": "y"}),)))
    assert not inverse(Rule("b", a, steps=mirror[:1]), Rule("a", b, steps=(lookup({"1": "x", "2": "y"}, "z", defaulted=True),)))
    assert not inverse(Rule("b", a, steps=(plain("trim"),)), Rule("a", b))
    assert not inverse(Rule("b", a), Rule("a", Constant("x")))
