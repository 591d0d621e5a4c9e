"""A write-once value whose request was not answered: nothing is sent again before the target was asked what it holds."""

from __future__ import annotations

import time
from pathlib import Path

from tests.chaos.stage import stage
from tests.chaos.story import ONCE, Event

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
        assert run.over(said, patience=30) == {"applied": 3 * len(said)}
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
