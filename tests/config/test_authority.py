"""Who has a say where two write one attribute."""

from __future__ import annotations

import pytest

SYSTEMS = """
version: 1
systems:
  hr: {connector: fake, source: {verify: {secrets: ['${SECRET}']}}}
  crm: {connector: fake, source: {verify: {secrets: ['${SECRET}']}}}
  one: {connector: fake, source: {verify: {secrets: ['${SECRET}']}}}
  other: {connector: fake}
"""


def mapping(source: str, rules: str, target: str = "one") -> str:
    account = "account: {find: email, by: subject.email}"
    return f"version: 1\nsource: {source}\ntargets: {{{target}: {{{account}, attributes: {rules}}}}}\n"


@pytest.fixture
def three(folder):
    """`hr`, `crm` and `one` itself write `department` of `one`."""
    return folder.write(
        systems=SYSTEMS,
        hr=mapping("hr", "{department: d, title: t}"),
        crm=mapping("crm", "{department: d}"),
        one=mapping("one", "{d: department}", "other"),
    )


def said(text: str) -> str:
    return f"version: 1\nauthority: {{one: {{department: {text}}}}}"


def test_two_writers_need_a_word_about_authority(three):
    """The target itself is one where it is a source of that attribute; an attribute with one writer needs none."""
    (problem,) = three.problems()
    assert problem == (
        "crm.yaml:3:73: targets.one.attributes.department: `crm`, `hr` and `one` write `department` of `one`; "
        "say in authority.yaml who has a say: a list of them, or `newest`"
    )


def test_a_list_ranks_and_newest_does_not(three):
    """Higher is more."""
    assert three.write(authority=said("[hr, one, crm]")).load().ranks == {"one": {"department": {"hr": 3, "one": 2, "crm": 1}}}
    assert three.write(authority=said("newest")).load().ranks == {"one": {"department": {}}}


@pytest.mark.parametrize(
    ("authority", "problem"),
    [
        (said("[hr, crm]"), "authority.yaml:2:19: authority.one.department: `one` writes it, too; the list names them all"),
        (said("[hr]"), "authority.yaml:2:19: authority.one.department: `crm` and `one` write it, too; the list names them all"),
        (
            said("[hr, one, crm, other]"),
            "authority.yaml:2:46: authority.one.department[3]: `other` does not write `department` of `one`",
        ),
        (said("[hr, one, crm, hr]"), "authority.yaml:2:46: authority.one.department[3]: `hr` stands here twice"),
        (said("[]"), "authority.yaml:2:19: authority.one.department: at least one is needed here"),
        (said("newst"), "authority.yaml:2:19: authority.one.department: a list of all writers is needed here"),
        (said("hr"), "authority.yaml:2:19: authority.one.department: a list of all writers is needed here"),
        (
            said("newest").replace("department", "departmnt"),
            "authority.yaml:2:19: authority.one.departmnt: no mapping writes `departmnt` of `one` - did you mean `department`?",
        ),
        (
            said("newest").replace("one", "ome"),
            "authority.yaml:2:19: authority.ome.department: no mapping writes `department` of `ome` - did you mean `one`?",
        ),
        (
            "version: 1\nauthority: {one: {department: newest, '[\"department\"]': newest}}",
            'authority.yaml:2:39: authority.one.["department"]: `department` stands here twice',
        ),
        ("version: 1\nautority: {}", "authority.yaml:2:1: autority: unknown key `autority` - did you mean `authority`?"),
    ],
)
def test_what_is_wrong_with_authority(three, authority, problem):
    """A list names all writers, each once, and nobody else."""
    assert any(p.startswith(problem) for p in three.write(authority=authority).problems()), three.problems()


def test_newest_cannot_seal(folder):
    """`once` keeps the first; `newest` is the opposite. A list says who may seal first."""
    folder.write(
        systems=SYSTEMS, hr=mapping("hr", "{n: {from: n, write: once}}"), crm=mapping("crm", "{n: {from: n, write: once}}")
    )
    folder.write(authority="version: 1\nauthority: {one: {n: newest}}")
    assert folder.problems() == [
        "authority.yaml:2:19: authority.one.n: `newest` cannot be said of an attribute that is written once: a "
        "list says who may seal first"
    ]
    assert folder.write(authority="version: 1\nauthority: {one: {n: [hr, crm]}}").load().ranks == {
        "one": {"n": {"hr": 2, "crm": 1}}
    }
