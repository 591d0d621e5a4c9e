"""`events` and `event`: what was accepted, and what became of it."""

from __future__ import annotations

import json

from tests.cli.conftest import Command, World, said
from worker.core.lane import Lane, Lease, Note, copied
from worker.store import keys
from worker.store.pauses import Reason


def names(printed: str) -> list[str]:
    return [each["name"] for each in json.loads(printed)]


def test_newest_first_with_counts(history: World, lockstep: Command) -> None:
    """Each event has a line: when, its name, its subject, and how many of its routes ended how."""
    out = lockstep("events").out.splitlines()
    assert [line.split()[3] for line in out] == ["hr:evt-5", "hr:evt-3", "idp:e-2", "hr:evt-4", "idp:e-1", "hr:evt-2", "hr:evt-1"]
    assert out[-1].endswith("E-1  3 applied")
    assert out[-2].endswith("2 superseded, 1 sealed")


def test_every_filter_takes_away(history: World, lockstep: Command) -> None:
    """Source, subject, outcome, target, time and limit; outcome and target together ask for one route that is both."""
    assert names(lockstep("events", "--source", "idp", "--json").out) == ["idp:e-2", "idp:e-1"]
    assert names(lockstep("events", "--subject", "hr:E-2", "--json").out) == ["hr:evt-5"]
    assert names(lockstep("events", "--source", "hr", "--subject", "E-2", "--json").out) == ["hr:evt-5"]
    assert names(lockstep("events", "--outcome", "parked", "--json").out) == ["hr:evt-3"]
    assert names(lockstep("events", "--outcome", "pending", "--target", "directory", "--json").out) == ["hr:evt-5"]
    assert names(lockstep("events", "--outcome", "pending", "--target", "crm", "--json").out) == []
    assert names(lockstep("events", "--target", "crm", "--limit", "1", "--json").out) == ["hr:evt-5"]
    assert names(lockstep("events", "--since", "2100-01-01T00:00:00Z", "--json").out) == []
    assert len(names(lockstep("events", "--since", "1h", "--json").out)) == 7


def test_names_that_are_not_there(history: World, lockstep: Command) -> None:
    """Exit 5 and the nearest name, on stderr; a bad time is a bad command line."""
    for arguments, near in (
        (("event", "hr:evt-9"), "hr:evt-5"), (("event", "evt-11"), "evt-1"), (("events", "--source", "hrr"), "hr"),
        (("events", "--target", "crn"), "crm"), (("events", "--subject", "idpp:u-1"), "idp"),
    ):  # fmt: skip
        printed = lockstep(*arguments)
        assert (printed.code, printed.out) == (5, "")
        assert f"did you mean '{near}'" in printed.err
    assert lockstep("events", "--since", "yesterday").code == 2


def test_one_event_with_every_route(history: World, lockstep: Command) -> None:
    """An outcome is told with its meaning, its time, and what is known of the call."""
    out = lockstep("event", "hr:evt-2").out
    assert "its version is 2025-11-20 10:00:01.000000 UTC" in out
    assert "directory  number  sealed: a write-once attribute already has its value" in out
    assert "directory  department  superseded: a newer value made it moot" in out
    applied = lockstep("event", "evt-1", "--json").json["routes"]
    assert {(r["target"], r["attribute"], r["outcome"], r["tries"], r["status"]) for r in applied} == {
        ("directory", "number", "applied", 1, 200),
        ("directory", "department", "applied", 1, 200),
        ("crm", "unit", "applied", 1, 200),
    }


def test_a_parked_route_says_why(history: World, lockstep: Command) -> None:
    """The reason has the place of the error and no value."""
    assert "crm  cost_center  parked (expression: wrong type at character 7)" in lockstep("event", "hr:evt-3").out


def test_an_account_that_is_not_found(history: World, lockstep: Command) -> None:
    """Pending, with the next search."""
    out = lockstep("event", "hr:evt-5").out
    assert "directory  department  pending until" in out
    assert "its account was searched for once and not found" in out


def test_not_brought_to_its_targets(world: World, lockstep: Command) -> None:
    """Accepted, and nothing more."""
    world.accept("hr", said("evt-1", 1, title="Lead"))
    assert "pending due now: it was not brought to its targets yet" in lockstep("event", "hr:evt-1").out


def test_a_paused_target(world: World, lockstep: Command) -> None:
    """What waits for a target that rests says who paused it and why."""

    async def pause(engine) -> None:
        await engine.pauses.pause("crm", Reason.OPERATOR, why="they move house", by="kim@ops")

    world.run(pause)
    world.accept("hr", said("evt-1", 1, level="3"))
    world.work("crm")
    assert "the target is paused (operator: they move house)" in lockstep("event", "hr:evt-1").out


def test_a_call_without_an_answer(world: World, lockstep: Command) -> None:
    """It is said that the account rests, until when, and what was tried."""
    from connectors.contract import Unanswered

    world.systems.answers["crm"] = Unanswered("no answer in time")
    world.accept("hr", said("evt-1", 1, level="3"))
    world.work("crm")
    printed = lockstep("event", "hr:evt-1").out
    assert "crm  level  pending until" in printed
    assert "1 try: its call was not answered, and may land yet: the account rests until that is over" in printed
    assert "pending (no answer in time), at the first try" in printed


def test_a_call_without_an_answer_and_then_a_pause(world: World, lockstep: Command) -> None:
    """Nothing is found out before the pause ends, so it is not said to be due."""
    from connectors.contract import Failed

    async def pause(engine) -> None:
        await engine.pauses.pause("crm", Reason.CREDENTIALS, why="the credentials are refused")

    world.systems.answers["crm"] = Failed("server error", 600.0)
    world.accept("hr", said("evt-1", 1, level="3"))
    world.work("crm")
    world.run(pause)
    printed = lockstep("event", "hr:evt-1").out
    assert "whether its call landed, and the target is paused (credentials: the credentials are refused)" in printed


def test_a_target_that_asked_to_wait(world: World, lockstep: Command) -> None:
    """An account that rests is told of; that its target asked us to wait is the better reason, and the list of targets has it."""

    async def rest(engine) -> None:
        now = await engine.store.now()

        def rests(lane: Lane) -> tuple[Lane, list[Note]]:
            lane = copied(lane)
            lane.lease = Lease(now + 3_600_000)
            return lane, []

        await engine.lanes.change(engine.terms["crm"], "E-1", now, rests)

    async def ask(engine) -> None:
        await engine.store.run("limit", [keys.budget("crm")], ["", 7_200_000])

    world.accept("hr", said("evt-1", 1, level="3"))
    world.work("shop")
    world.run(rest)
    assert "the account rests: its last call failed, or may land yet" in lockstep("event", "hr:evt-1").out
    assert {row["held"] for row in lockstep("targets", "list", "--json").json} == {None}
    world.run(ask)
    assert "the target asked us to wait" in lockstep("event", "hr:evt-1").out
    assert "the target asked us to wait" in lockstep("why", "hr:E-1", "crm", "level").out
    (row,) = [line for line in lockstep("targets", "list").out.splitlines() if line.startswith("crm")]
    assert "told to wait until" in row


def test_settled_and_not_folded(world: World, lockstep: Command) -> None:
    """What a lane has said and no record has yet is told all the same."""
    world.accept("hr", said("evt-1", 1, level="3"))
    world.work("crm", fold_too=False)
    assert "crm  level  applied" in lockstep("event", "hr:evt-1").out


def test_a_change_that_was_seen_and_what_it_led_to(world: World, lockstep: Command) -> None:
    """A hint says which observations it led to, and the observation which hint it was."""
    world.systems.accounts["ldap"] = {"E-1": {"id": "E-1", "phone": "1"}}
    world.accept("ldap", said("h-1", 1, "E-1"))
    world.work("ldap")
    hint = lockstep("event", "ldap:h-1")
    assert "ldap  its account  seen: the look found something; observations follow" in hint.out
    (observation,) = lockstep("event", "ldap:h-1", "--json").json["led_to"]
    assert observation in hint.out
    assert "It is what a look of ours found, because of ldap:h-1." in lockstep("event", observation).out


def test_a_replay_and_its_original(history: World, lockstep: Command) -> None:
    """Each names the other."""
    from worker.core.derived import replayed

    async def replay(engine) -> None:
        event = await engine.journal.event("hr:evt-1")
        await engine.journal.accept(replayed(event, 1, only=(("crm", "unit"),)))

    history.run(replay)
    assert "It was replayed as hr:evt-1~1." in lockstep("event", "hr:evt-1").out
    assert "It is a replay of hr:evt-1, for crm unit only." in lockstep("event", "hr:evt-1~1").out


def test_an_id_of_two_sources(history: World, lockstep: Command) -> None:
    """Both are named."""
    history.accept("idp", said("evt-1", 9, "u-1", title="x"))
    printed = lockstep("event", "evt-1")
    assert printed.code == 5
    assert "hr:evt-1" in printed.err
    assert "idp:evt-1" in printed.err


def test_the_body_is_shown_only_on_demand(history: World, lockstep: Command) -> None:
    """`--reveal` shows it, and that it did is recorded."""
    assert "010442" not in lockstep("event", "hr:evt-1").out + lockstep("event", "hr:evt-1", "--json").out
    assert "010442" in lockstep("event", "hr:evt-1", "--reveal").out
    assert lockstep("event", "hr:evt-1", "--reveal", "--json").json["body"]["data"]["attributes"]["number"] == "010442"
    assert [act.act for act in history.acts()] == ["event --reveal", "event --reveal"]
