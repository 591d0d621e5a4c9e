"""`why`: the value now, whose it is, by which rule, what lost, what was tried, what is pending, the seal."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from connectors.contract import Failed, Response, Unanswered
from tests.cli.conftest import MAPPINGS, Command, World, said

VALUES = ("010442", "Research", "R&D", "OPS", "Operations", "Lead", "Engineer", "Boss", "ana@example.com", "ben@example.com")


def test_the_whole_answer_in_its_order(history: World, lockstep: Command) -> None:
    """Every sentence, in the order in which a person asks."""
    printed = lockstep("why", "hr:E-1", "directory", "title")
    told = re.sub(r"[\d-]{10} [\d:]{8} UTC, [\w ]+(?=[.\n;]|  )", "WHEN", printed.out)
    told = re.sub(r"revision \w+", "revision R", told)
    expected = """\
title of account 7 of directory, for hr:E-1

It holds "••••" (4 characters), as we have believed since WHEN.
The value is from hr:evt-4, accepted WHEN. Its version is 2025-11-20 10:00:04.000000 UTC.
The rule is hr.yaml:11, `write: always`, revision R, which is in force:
    from  "••••" (4 characters)
It was applied: the target holds the value (at the first try, HTTP 200).
Before that it held the value of idp:e-1.
What lost to it:
    idp:e-2, version 2025-11-20 10:00:05.000000 UTC: outranked: another source has authority
The last attempts:
    WHEN  hr:evt-4  applied, at the first try, HTTP 200
    WHEN  idp:e-1  applied, at the first try, HTTP 200
Nothing is pending.
It is not sealed.
"""
    assert told.replace("WHEN,", "WHEN") == expected


def test_the_same_from_every_side(history: World, lockstep: Command) -> None:
    """A subject of either source and the account itself have one answer."""
    answers = [
        lockstep("why", *who, "directory", "title", *more).out.partition("\n")[2]
        for who, more in ((["hr:E-1"], []), (["idp:u-1"], []), (["directory:7"], []), (["E-1"], ["--source", "hr"]))
    ]
    assert len({re.sub(r", [\w ]+ ago|, just now", "", answer) for answer in answers}) == 1


def test_each_step_of_the_rule(history: World, lockstep: Command) -> None:
    """Steps are recomputed from the event: their names are shown, their values masked."""
    steps = lockstep("why", "hr:E-1", "directory", "department", "--json").json["from"]["steps"]
    assert [(step["step"], step["value"]) for step in steps] == [
        ("from", '"••••" (5 characters)'), ("trim", '"••••" (3 characters)'), ("lookup", '"••••" (8 characters)'),
    ]  # fmt: skip


def test_no_value_without_reveal(history: World, lockstep: Command) -> None:
    """Neither in words nor in JSON, of no attribute; with it they are shown, and that is recorded."""
    for attribute in ("number", "department", "title"):
        for more in ((), ("--json",)):
            out = lockstep("why", "hr:E-1", "directory", attribute, *more).out
            assert not [value for value in VALUES if value in out]
    assert history.acts() == []
    assert '"Research"' in lockstep("why", "hr:E-1", "directory", "department", "--reveal").out
    (act,) = history.acts()
    assert (act.act, act.what) == ("why --reveal", {"subject": "hr:E-1", "target": "directory", "attribute": "department"})


def test_a_seal_of_ours(history: World, lockstep: Command) -> None:
    """Since when, by which event, and what lost to it."""
    out = lockstep("why", "hr:E-1", "directory", "number").out
    assert re.search(r"It is sealed, by hr:evt-1, since [\d-]{10} .*: this is its only value, for ever\.", out)
    assert "hr:evt-2, version 2025-11-20 10:00:01.000000 UTC: sealed: a write-once attribute already has its value" in out


def test_a_seal_of_what_was_there(world: World, lockstep: Command) -> None:
    """Somebody was there first: the value found is sealed, and it is not ours."""
    world.systems.accounts["directory"] = {"7": {"id": "7", "mail": "ana@example.com", "number": "9"}}
    world.accept("hr", said("evt-1", 1, number="010442"))
    world.work("directory")
    out = lockstep("why", "hr:E-1", "directory", "number").out
    assert "a value other than that of hr:evt-1 was there first, and is sealed as found" in out
    assert "It holds a value of which only the fingerprint is kept" in out
    assert "sealed (sealed as found)" in out


def test_a_seal_that_is_not_sure(world: World, lockstep: Command) -> None:
    """A write-once call without an answer at work: pending until its late window is over, and not sealed yet."""
    world.systems.accounts["directory"] = {"7": {"id": "7", "mail": "ana@example.com"}}
    world.systems.answers["directory"] = Unanswered("no answer in time")
    world.accept("hr", said("evt-1", 1, number="010442"))
    world.work("directory")
    out = lockstep("why", "hr:E-1", "directory", "number").out
    assert "hr:evt-1 is pending until" in out
    assert "its call was not answered, and may land yet" in out
    assert "It is not sealed." in out


def test_candidates_for_a_seal(world: World, lockstep: Command) -> None:
    """Who has its turn, and who stands behind."""
    world.systems.accounts["directory"] = {"7": {"id": "7", "mail": "ana@example.com"}}
    world.systems.answers["directory"] = Unanswered("no answer in time")
    world.accept("hr", said("evt-1", 2, number="1"))
    world.work("directory")
    world.accept("hr", said("evt-2", 1, number="2"))
    world.work("directory")
    out = lockstep("why", "hr:E-1", "directory", "number").out
    assert "hr:evt-2 is pending: it stands behind hr:evt-1, which may seal first." in out


def test_a_retry_with_its_reason(world: World, lockstep: Command) -> None:
    """An error was answered: the attempt with its status, and the next one's time."""
    world.systems.answers["crm"] = Failed("it answered 503", 120, status=503, request_id="req-9")
    world.accept("hr", said("evt-1", 1, level="3"))
    world.work("crm")
    out = lockstep("why", "hr:E-1", "crm", "level").out
    assert "What it holds is not known: nothing was ever settled here" in out
    assert "hr:evt-1  pending (it answered 503), at the first try, HTTP 503, request req-9" in out
    assert re.search(r"hr:evt-1 is pending until [\d-]{10} .*, in 1 min, after 1 try: ", out)


def test_what_said_no(history: World, lockstep: Command) -> None:
    """Nothing was ever settled: the last that spoke, its outcome and its rule."""
    out = lockstep("why", "hr:E-1", "crm", "cost_center").out
    assert "The last to speak was hr:evt-3" in out
    assert "parked (expression: wrong type at character 7): it cannot work as it is; it waits for an operator." in out
    assert "The rule is hr.yaml:16." in out
    assert out.count("hr:evt-3") == 1


def test_out_of_scope(world: World, lockstep: Command) -> None:
    """`when` said no."""
    world.accept("hr", said("evt-1", 1, employment="contractor", level="3"))
    world.work("crm")
    assert "hr:evt-1, accepted" in (out := lockstep("why", "hr:E-1", "crm", "level").out)
    assert "ignored (scope): the mapping asks for nothing here" in out


def test_nobody_has_spoken(world: World, lockstep: Command) -> None:
    """Then it is said who would have to."""
    out = lockstep("why", "hr:E-1", "crm", "phone").out
    assert "No event of this person has said anything about it; ldap would have to." in out


def test_a_refusal_after_a_value(history: World, lockstep: Command) -> None:
    """A refused newer value moved the version and not the value: both events are named."""
    history.systems.answers["crm"] = Response(422, json={})
    history.accept("hr", said("evt-6", 8, department="New"))
    history.work("crm")
    out = lockstep("why", "hr:E-1", "crm", "unit").out
    assert "The value is from hr:evt-1" in out
    assert "Settled last was hr:evt-6, of a newer version: parked" in out


def test_what_a_look_found(world: World, lockstep: Command) -> None:
    """A value that a person set at the system itself: the version is the time of the read."""
    world.systems.accounts["ldap"] = {"E-1": {"id": "E-1", "phone": "555"}}
    world.accept("ldap", said("h-1", 1, "E-1"))
    world.work("ldap", "crm")
    out = lockstep("why", "ldap:E-1", "ldap", "phone").out
    assert 'It holds "••••" (3 characters)' in out
    assert "It was found there by a look of ours, ldap:E-1:" in out
    assert "is pending due now: it was not brought to its targets yet." in lockstep("why", "ldap:E-1", "crm", "phone").out
    world.work("crm")
    onward = lockstep("why", "ldap:E-1", "crm", "phone").out
    assert "The value is from ldap:E-1:" in onward
    assert "The rule is ldap.yaml:" in onward


def test_another_revision_in_force(history: World, lockstep: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said which one planned it, and that the steps are those of the one in force."""
    shutil.copytree(MAPPINGS, changed := tmp_path / "changed")
    text = (changed / "hr.yaml").read_text()
    (changed / "hr.yaml").write_text(
        text.replace("OPS: Operations", '"R&D": Lab, OPS: Operations').replace('"R&D": Research, ', "")
    )
    (changed / "hr.yaml").write_text((changed / "hr.yaml").read_text().replace("{department: Research}", "{department: Lab}"))
    monkeypatch.setenv("LOCKSTEP_CONFIG", str(changed))
    out = lockstep("why", "hr:E-1", "directory", "department").out
    assert re.search(r"It was planned under revision \w+; in force is \w+, under which it reads as follows\.", out)
    assert "That is another value than the one held" in out


def test_names_that_are_not_there(history: World, lockstep: Command) -> None:
    """Exit 5, and the nearest."""
    for arguments, near in (
        (("hr:E-1", "directory", "tittle"), "title"),
        (("hr:E-1", "directry", "title"), "directory"),
        (("hrr:E-1", "directory", "title"), "hr"),
    ):
        printed = lockstep("why", *arguments)
        assert (printed.code, printed.out) == (5, "")
        assert near in printed.err
    assert lockstep("why", "E-1", "directory", "title").code == 5
