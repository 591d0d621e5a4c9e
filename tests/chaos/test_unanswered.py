"""A write-once value whose request was not answered: nothing is sent again before the target was asked what it holds."""

from __future__ import annotations

import time
from pathlib import Path

from tests.chaos import evidence
from tests.chaos.stage import stage, wait
from tests.chaos.story import ONCE, Event

SYSTEMS = ("directory", "badge")
STORIES = {
    "landed, closed": ({"done": "now", "answer": "cut"}, ["GET", "PUT", "GET"]),
    "lost, closed": ({"done": "never", "answer": "cut"}, ["GET", "PUT", "GET", "PUT"]),
    "landed late, closed": ({"done": "late", "answer": "cut"}, ["GET", "PUT", "GET"]),
    "landed late, silent": ({"done": "late", "answer": "silent"}, ["GET", "PUT", "GET"]),
}
"""What happens to the write, and what the target must see."""


def test_put_then_get(tmp_path: Path) -> None:
    """The target sees PUT, then GET, and never PUT, PUT; also on a connection that was used before and is closed by the server
    after the request arrived."""
    now = int(time.time() * 1_000_000)
    said = [Event(f"once-{n}", f"E-{n}", now, {ONCE: f"number-{n}"}) for n in range(len(STORIES) + 1)]
    with stage(tmp_path, onelogin=len(said)) as run:
        for event, (fault, _) in zip(said, STORIES.values(), strict=False):
            run.control(system="directory", account=event.subject, **fault)
        run.sandbox("faults", method="PUT", path="set_custom_attributes", drop=True)
        run.sandbox("faults", method="PUT", path="set_custom_attributes", drop=True, act=False)
        run.send(said)
        assert run.over(said, patience=90) == {"applied": 3 * len(said)}
        for event, (name, (_, seen)) in zip(said, STORIES.items(), strict=False):
            asked = run.requests("directory", event.subject)
            assert [request.method for request in asked] == seen, name
            assert {request.attributes[ONCE] for request in asked if request.method == "PUT"} == {event.attributes[ONCE]}
            cut = next(request for request in asked if request.method == "PUT")
            assert cut.use > 1, "the connection was used before"
        paths: dict[str, list[str]] = {}
        for request in run.sandbox("log")["requests"]:
            if "/users/" in request["path"]:
                paths.setdefault(request["path"].split("/users/")[1].split("/")[0], []).append(request["method"])
        assert sorted(paths.values()) == [["GET", "PUT"]] * 3 + [["GET", "PUT", "GET"], ["GET", "PUT", "GET", "PUT"]]


def test_late_write_meets_no_newer_one(tmp_path: Path) -> None:
    """A write whose answer was lost, and which lands late, lands before the newer value that was accepted meanwhile is sent."""
    now = int(time.time() * 1_000_000)
    older = [Event(f"older-{n}", f"E-{n}", now, {"department": f"older-{n}"}) for n in range(4)]
    newer = [Event(f"newer-{n}", f"E-{n}", now + 1, {"department": f"newer-{n}"}) for n in range(4)]
    with stage(tmp_path) as run:
        for system in SYSTEMS:
            run.control(system=system, times=len(older), done="late", answer="cut")
        run.send(older)
        wait("the writes are on their way", lambda: len([r for r in run.requests() if r.method != "GET"]) == 2 * len(older))
        run.send(newer)
        assert run.over([*older, *newer]).keys() <= {"applied", "superseded"}
        found = run.evidence()
        assert evidence.missing(SYSTEMS, newer, found) == []
        assert evidence.broken([*older, *newer], found) == []
        assert [v.value for v in found.applied if v.subject == "E-0"] == ["older-0"] * 2 + ["newer-0"] * 2
