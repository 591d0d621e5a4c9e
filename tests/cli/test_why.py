"""`why`: the value now, whose it is, by which rule, what lost, what was tried, what is pending, the seal."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from connectors.contract import Failed, Response, Unanswered
from tests.cli.conftest import MAPPINGS, Command, World, said
from worker.core.lane import Seal
from worker.engine.engine import Engine
from worker.operate.named import Who
from worker.telling import why_text
from worker.telling.why import Why, why

VALUES = ("010442", "Research", "R&D", "OPS", "Operations", "Lead", "Engineer", "Boss", "ana@example.com", "ben@example.com")


def steady(out: str) -> str:
    """Without what differs from run to run: times, revisions and request ids."""
    out = re.sub(r"[\d-]{10} [\d:]{8} UTC, (just now|[\w ]+ ago)", "WHEN", out)
    return re.sub(r"request req-\d+", "request Q", re.sub(r"revision \w+", "revision R", out))


def asked(world: World, attribute: str) -> Why:
    """What is known of hr:E-1 at the directory, before it is told in words."""

    async def story(engine: Engine) -> Why:
        return await why(engine, Who("hr", "E-1"), "directory", attribute)

    answer = world.run(story)
    assert isinstance(answer, Why)
    return answer


def test_the_whole_answer_in_its_order(history: World, lockstep: Command) -> None:
    """Every sentence, in the order in which a person asks."""
    out = lockstep("why", "hr:E-1", "directory", "title").out
    expected = """\
title of account 7 of directory, for hr:E-1

It holds "••••" (4 characters), as we have believed since WHEN.
The value is from hr:evt-4, accepted WHEN. Its version is 2025-11-20 10:00:04.000000 UTC.
The rule is hr.yaml:11, `write: always`, revision R, which is in force:
    from  "••••" (4 characters)
It was applied: the target holds the value (at the first try, HTTP 200, request Q).
Before that it held the value of idp:e-1.
What lost to it:
    idp:e-2, version 2025-11-20 10:00:05.000000 UTC: outranked: another source has authority
The last attempts:
    WHEN  hr:evt-4  applied, at the first try, HTTP 200, request Q
    WHEN  idp:e-1  applied, at the first try, HTTP 200, request Q
Nothing is pending.
It is not sealed.
"""
    assert steady(out) == expected


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


@pytest.fixture
def found(world: World) -> World:
    """The directory had a number for Ana before HR sent one."""
    world.systems.accounts["directory"] = {"7": {"id": "7", "mail": "ana@example.com", "number": "9"}}
    world.accept("hr", said("evt-1", 1, number="010442"))
    world.work("directory")
    return world


def test_a_seal_of_what_was_there(found: World, lockstep: Command) -> None:
    """Somebody was there first: whose it is not, what the loser wanted, who sealed it and since when, and what to do."""
    out = lockstep("why", "hr:E-1", "directory", "number").out
    expected = """\
number of account 7 of directory, for hr:E-1

It holds a value of which only the fingerprint is kept, as we have believed since WHEN.
No event of ours wrote it: when hr:evt-1 was to be written the account was read first, and this was there.
The rule of hr:evt-1 is hr.yaml:9, `write: once`, revision R, which is in force:
    from  "••••" (6 characters)
Nothing was sent for it.
What lost to it:
    hr:evt-1, version 2025-11-20 10:00:01.000000 UTC: sealed (sealed as found): a write-once attribute already has its value; \
it wanted "••••" (6 characters)
Nothing is pending.
It is sealed since WHEN, as found: Lockstep sealed it for hr:evt-1, and writes no other value there.
If the value in directory is right, correct hr: until then what it says here ends `sealed`.
If that of hr:evt-1 is right, let it in:
    lockstep seals unseal hr:E-1 directory number --for hr:evt-1
That says what would happen; with `--reason` and `--apply` it happens, once.
"""
    assert steady(out) == expected


def test_what_to_do_about_a_seal_works(found: World, lockstep: Command) -> None:
    """The command in the answer is one that can be run as it stands, and leads to the value that it promises."""
    out = lockstep("why", "hr:E-1", "directory", "number").out
    (line,) = (line.strip() for line in out.splitlines() if line.startswith("    lockstep "))
    assert "the value of hr:evt-1 replaces it" in lockstep(line=line).out
    assert lockstep(line=f"{line} --reason 'typed wrong' --apply").code == 0
    found.work("directory")
    assert found.systems.accounts["directory"]["7"]["number"] == "010442"
    after = lockstep("why", "hr:E-1", "directory", "number").out
    assert "The value is from hr:evt-1~1" in after
    assert "It is sealed, by hr:evt-1~1, since" in after


def test_a_source_that_comes_to_agree_with_what_was_there(found: World, lockstep: Command) -> None:
    """The value found stays nobody's, and there is nothing to do; without a word that settled last was an older event."""
    found.accept("hr", said("evt-2", 2, number="010443"))
    found.accept("hr", said("evt-3", 3, number="9"))
    found.work("directory")
    out = lockstep("why", "hr:E-1", "directory", "number").out
    assert "No event of ours wrote it: when hr:evt-1 was to be written" in out
    assert "The same is said by hr:evt-3" in out
    assert "Nothing is to be done: source and target agree." in out
    assert "Settled last" not in out
    assert out.count("hr:evt-2") == 1


def test_the_seal_of_somebody_else_entirely(found: World, lockstep: Command) -> None:
    """What was changed behind a seal, what the system itself locks, and what is read no more, are told apart."""
    asked_now = asked(found, "number")
    key = (asked_now.print or "").partition(".")[0]

    def told(**other: object) -> str:
        return "\n".join(why_text.sentences(replace(asked_now, **other), reveal=False))

    changed = told(print=f"{key}.another")
    assert "but with another value than the one held: somebody changed it in directory since." in changed
    assert "No event of ours wrote it" not in changed
    assert "somebody changed it" in told(print="")
    assert "somebody changed it" not in told(print="older-key.another")  # two keys: it cannot be said
    assert re.search(r"It held a value of which only the fingerprint is kept when we looked, [\d-]{10} ", told(print=None))
    locked = told(print=None, seal=Seal(None, "hr:evt-1", asked_now.now, found=True))
    assert "directory itself keeps its first value. Only `lockstep seals unseal` lets another value in, once its lock" in locked
    assert "unseal" not in told(mode="observe")


def test_what_was_held_before(world: World, lockstep: Command) -> None:
    """It goes by when values were settled and by what they were: not by versions, and not an event that said the same."""
    world.systems.accounts["directory"] = {"7": {"id": "7", "mail": "ana@example.com"}}
    world.accept("idp", said("e-1", 5, "u-1", title="Engineer"))
    world.work("directory")
    world.accept("hr", said("evt-1", 1, title="Lead", department=None, number="1"))
    world.work("directory")
    world.accept("hr", said("evt-2", 2, title="Lead", department="OPS", number="1"))
    world.work("directory")
    title, department, number = (lockstep("why", "hr:E-1", "directory", name).out for name in ("title", "department", "number"))
    assert "Before that it held the value of idp:e-1." in title  # of a newer version, and of less authority
    assert "Before that it held nothing: hr:evt-1 had cleared it." in department
    assert "Before that" not in number


def test_an_older_event_that_says_the_same_later(world: World, lockstep: Command) -> None:
    """It is `unchanged`, and it was not there before."""
    world.systems.accounts["directory"] = {"7": {"id": "7", "mail": "ana@example.com"}}
    world.accept("hr", said("evt-2", 2, number="1"))
    world.work("directory")
    world.accept("hr", said("evt-1", 1, number="1"))
    world.work("directory")
    out = lockstep("why", "hr:E-1", "directory", "number").out
    assert "The value is from hr:evt-2" in out
    assert "Before that" not in out


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
    assert "No event about hr:E-1 is kept at all: is the id right?" in out


def test_somebody_has_spoken_of_another_attribute(history: World, lockstep: Command) -> None:
    """Then the id is right."""
    out = lockstep("why", "hr:E-1", "crm", "phone").out
    assert "No event of this person has said anything about it; ldap would have to." in out
    assert "is kept at all" not in out


def test_a_refusal_after_a_value(history: World, lockstep: Command) -> None:
    """A refused newer value moved the version and not the value: both events are named."""
    history.systems.answers["crm"] = Response(422, json={})
    history.accept("hr", said("evt-6", 8, department="New"))
    history.work("crm")
    out = lockstep("why", "hr:E-1", "crm", "unit").out
    assert "The value is from hr:evt-1" in out
    assert "Settled last was hr:evt-6, of a newer version: parked" in out
    assert "hr:evt-6, version" not in out, "it is told once"


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
