"""Cases: what a rule makes of an event, held against what a target holds."""

from __future__ import annotations

import pytest

from worker.config import run_cases

RULES = """
always: a
empty: {from: b, write: if_empty}
once: {from: c, write: once}
cleared: {from: d, on_null: clear}
short: {from: e, transform: [{lookup: {x: y}}]}
"""


def case(attributes: str, expect: str, holds: str = "{}", more: str = "") -> str:
    given = f"{{subject: {{id: 1}}, attributes: {attributes}, holds: {{one: {holds}}}{more}}}"
    return f"[{{name: n, given: {given}, expect: {{one: {expect}}}}}]"


@pytest.mark.parametrize(
    ("attributes", "holds", "expect"),
    [
        ("{a: v}", "{}", "{always: v}"),
        ("{a: v}", "{always: v}", "{always: v}"),
        ("{a: v}", "{always: v}", "{always: {is: unchanged}}"),
        ("{a: v}", "{always: w}", "{always: {is: applied}}"),
        ("{a: true}", "{always: 'True'}", "{always: {is: unchanged}}"),
        ("{a: 7}", "{}", "{always: '7'}"),
        ("{b: v}", "{}", "{empty: v}"),
        ("{b: v}", "{empty: ''}", "{empty: v}"),
        ("{b: v}", "{empty: w}", "{empty: {is: ignored}}"),
        ("{c: v}", "{}", "{once: v}"),
        ("{c: v}", "{once: v}", "{once: v}"),
        ("{c: v}", "{once: w}", "{once: {is: sealed}}"),
        ("{d: null}", "{cleared: v}", "{cleared: null}"),
        ("{d: null}", "{}", "{cleared: {is: unchanged}}"),
        ("{a: null}", "{}", "{always: {is: ignored}}"),
        ("{e: z}", "{}", "{short: {is: parked}}"),
        ("{}", "{}", "{}"),
    ],
)
def test_the_outcome_of_each_policy(two, attributes, holds, expect):
    """An attribute that is not spoken of is not in the outcome, and a target's outcome is compared as a whole."""
    configuration = two(RULES, one="able: {wire: text}", cases=case(attributes, expect, holds)).load()
    (result,) = run_cases(configuration)
    assert result.passed, result.differences
    assert (result.name, result.source) == ("n", "hr")


@pytest.mark.parametrize(
    ("expect", "differences"),
    [
        ("{always: w}", [("always", '"w"', '"v" (applied)')]),
        ("{always: 'V'}", [("always", '"V"', '"v" (applied)')]),
        ("{always: {is: sealed}}", [("always", "sealed", '"v" (applied)')]),
        ("{}", [("always", "no outcome", '"v" (applied)')]),
        ("{always: v, once: x}", [("once", '"x"', "no outcome")]),
        ("{always: null}", [("always", "null", '"v" (applied)')]),
    ],
)
def test_a_failing_case_shows_expected_and_got(two, expect, differences):
    """Cases may show values: they are the author's own."""
    (result,) = run_cases(two(RULES, cases=case("{a: v}", expect)).load())
    assert not result.passed
    assert [(d.attribute, d.expected, d.got) for d in result.differences] == differences
    assert result.place == "hr.yaml:13"


def test_a_true_is_not_a_one(two):
    """Where the wire is JSON, equality is JSON's."""
    (result,) = run_cases(two(RULES, cases=case("{a: [true]}", "{always: [1]}")).load())
    assert not result.passed


def test_a_case_may_carry_a_snapshot(two):
    """Then what is absent is null."""
    cases = case(
        "{}",
        "{always: {is: ignored}, empty: {is: ignored}, once: {is: ignored}, cleared: {is: unchanged}, short: {is: ignored}}",
        more=", carries: snapshot",
    )
    (result,) = run_cases(two(RULES, cases=cases).load())
    assert result.passed, result.differences


@pytest.mark.parametrize(
    ("cases", "problem"),
    [
        (case("{a: v}", "{alway: v}"), "cases[0].expect.one.alway: no rule writes `alway` - did you mean `always`?"),
        (case("{a: v}", "{}", "{alway: v}"), "cases[0].given.holds.one.alway: no rule writes `alway` - did you mean `always`?"),
        (case("{a: v}", "{always: v}").replace("one:", "ome:"), "cases[0].expect.ome: `ome` is no target of this mapping"),
        (case("{a: v}", "{always: {is: seald}}"), "cases[0].expect.one.always.is: unknown word `seald` - did you mean `sealed`?"),
        ("[{name: n, given: {subject: {}}, expect: {}}]", "cases[0].expect: at least one is needed here"),
    ],
)
def test_a_case_that_could_not_fail_is_refused(two, cases, problem):
    """A name that the mapping does not have would be compared with nothing."""
    assert any(problem in p for p in two(RULES, cases=cases).problems())
