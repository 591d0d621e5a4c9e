"""`lockstep sandbox` and docs/sandboxes.md: every kind is started as a process, and what the page shows is done to it."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors import sandbox as shared
from connectors.sandbox import Fault
from tests.cli.conftest import Command
from worker import wiring
from worker.demo.sandbox import seed_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/sandboxes.md").read_text()
KINDS = wiring.sandboxes()
WRITTEN = "127.0.0.1:9000"
"""Where the examples expect a sandbox."""
NO_ANSWER = "no answer"
TAKES_ONE = {"-H": "header", "-d": "form", "-u": "user", "-X": "method", "--json": "json"}
"""The options of curl that the page uses; another one is an error here."""


def section(heading: str) -> str:
    """From one heading to the next of any level."""
    return re.split(r"^#+ ", PAGE.partition(f" {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def curls(text: str) -> list[str]:
    """The lines of the blocks of shell that are requests."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("curl ")]


def curl(line: str, at: str, token: str = "", *, without_credentials: bool = False) -> httpx.Response | None:
    """What curl would be answered; None if there is no answer.  at: where the sandbox listens."""
    given: dict[str, list[str]] = {name: [] for name in TAKES_ONE.values()}
    words = iter(shlex.split(line.replace(WRITTEN, at).replace("$TOKEN", token), comments=True)[1:])
    urls = []
    for word in words:
        if word.startswith("-"):
            given[TAKES_ONE[word]].append(next(words))
        else:
            urls.append(word)
    (url,) = urls
    headers = dict(each.split(": ", 1) for each in given["header"])
    content: bytes | None = None
    if given["json"]:
        headers |= {"Content-Type": "application/json", "Accept": "application/json"}
        content = given["json"][0].encode()
    elif given["form"]:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        content = "&".join(given["form"]).encode()
    auth = tuple(given["user"][0].split(":", 1)) if given["user"] else None
    if without_credentials:
        headers, auth = {name: value for name, value in headers.items() if name in ("Content-Type", "Accept")}, None
    method = given["method"][0] if given["method"] else "GET" if content is None else "POST"
    try:
        return httpx.request(method, url, headers=headers, content=content, auth=auth, trust_env=False)  # type: ignore[arg-type]
    except httpx.RemoteProtocolError:
        return None


@contextmanager
def playing(kind: str, *options: str) -> Iterator[str]:
    """The command as a process of its own; answers where it listens, once it does."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        at = f"127.0.0.1:{free.getsockname()[1]}"
    started = [sys.executable, "-m", "worker", "sandbox", kind, "--listen", at, *options]
    with subprocess.Popen(started, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 60
            while not _listens(at):
                assert process.poll() is None, process.stderr.read() if process.stderr else ""
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield at
        finally:
            process.terminate()


def _listens(at: str) -> bool:
    try:
        return httpx.get(f"http://{at}/__sandbox/faults", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_the_page_and_the_help_know_every_kind(lockstep: Command) -> None:
    """A connector's sandbox can be started, and is told of; with credentials and people."""
    assert tuple(re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)) == KINDS
    said = " ".join(lockstep("sandbox", "--help").out.split())
    assert f"{', '.join(KINDS[:-1])} or {KINDS[-1]}" in said


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_started_and_asked(kind: str) -> None:
    """The requests of the page are answered over HTTP, with Ana in the last answer, and refused without their credentials."""
    lines = curls(section(kind))
    assert lines
    with playing(kind) as at:
        token, said = "", ""
        for line in lines:
            answer = curl(line, at, token)
            assert answer is not None
            assert answer.status_code == 200, answer.text
            token, said = answer.json().get("access_token", token), answer.text
        assert "ana@example.com" in said
        refused = curl(lines[-1], at, without_credentials=True)
        assert refused is not None
        assert refused.status_code in (400, 401)
        users = httpx.get(f"http://{at}/__sandbox/users", trust_env=False).json()
        assert len(users) in (2, 3)


def test_the_faults_of_the_page() -> None:
    """Line by line, each request gets the status that stands behind it, and what is said to have landed has."""
    story = PAGE.partition("<!-- story: http -->")[2]
    lines = curls(story)
    assert len(lines) > 15
    with playing("http") as at:
        for line in lines:
            expected = line.rpartition("  # ")[2]
            answer = curl(line, at)
            assert (NO_ANSWER if answer is None else str(answer.status_code)) == expected, line
            if "Head" in line:
                assert httpx.get(f"http://{at}/__sandbox/users", trust_env=False).json()["d-ana"]["attributes"]["title"] == "Head"
        log = httpx.get(f"http://{at}/__sandbox/log", trust_env=False).json()
    assert [(each["attribute"], each["by"]) for each in log["applied"]] == [("phone", "person")]


def test_a_seed_is_what_it_holds(tmp_path: Path, lockstep: Command) -> None:
    """What is printed is a seed; edited, with a dataclass and a switch in it, it is played."""
    seed = lockstep("sandbox", "looker", "--show-seed").json
    assert seed == seed_of("looker")
    seed["keys"] = [{"client_id": "mine", "client_secret": "my-secret"}]
    seed["unconfirmed"] = {"sources": {"own": "Own"}, "unset": 204}
    seed["users"][0]["email"] = "zoe@example.com"
    file = tmp_path / "looker.json"
    file.write_text(json.dumps(seed))
    with playing("looker", "--seed", str(file)) as at:
        assert httpx.get(f"http://{at}/__sandbox/users", trust_env=False).json()["101"]["email"] == "zoe@example.com"
        login, _ = curls(section("looker"))
        mine = curl(login.replace("client_id=sandbox", "client_id=mine").replace("sandbox-secret", "my-secret"), at)
        theirs = curl(login, at)
        assert mine is not None
        assert theirs is not None
        assert (mine.status_code, theirs.status_code) == (200, 404)


CANARY = "canary-4711"


@pytest.mark.parametrize(
    ("held", "names"),
    [
        ("{", "not JSON; --show-seed prints what it takes"),
        ([CANARY], "not a JSON object"),
        ({"userz": [CANARY]}, "userz: there is no such key; known are users, shortnames, credentials"),
        ({"users": CANARY}, "users: "),
        ({"users": [{"email": CANARY}]}, "does each have its id?"),
        ({"users": [{"id": CANARY}]}, "does each have its id?"),
        ({"users": [{"id": 1, "custom_attributes": CANARY}]}, "is not as this system shows one"),
        ({"credentials": [{"client_id": CANARY, "password": CANARY}]}, "credentials.0.password"),
        ({"calls": CANARY}, "calls: "),
        ({"post": CANARY}, "post: "),
    ],
)
def test_what_is_no_seed_is_told(held: Any, names: str, tmp_path: Path, lockstep: Command) -> None:
    """By the file and the place in it, with exit code 2 and without a value."""
    file = tmp_path / "seed.json"
    file.write_text(held if isinstance(held, str) else json.dumps(held))
    printed = lockstep("sandbox", "onelogin", "--seed", str(file))
    assert printed.code == 2
    assert str(file) in printed.err
    assert names in printed.err
    assert CANARY not in printed.err


def test_a_port_that_is_taken_is_told(lockstep: Command) -> None:
    """And how to name another; it does not say that it listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        printed = lockstep("sandbox", "http", "--listen", place)
    assert printed.code == 3
    assert printed.err == f"{place}: Address already in use; stop what runs there, or name another place with --listen\n"


@pytest.mark.parametrize("words", [("nobody",), ("http", "--listen", "9000")])
def test_what_cannot_be_started_is_told(words: tuple[str, ...], lockstep: Command) -> None:
    """With the kinds that there are, or what an address looks like."""
    printed = lockstep("sandbox", *words)
    assert printed.code == 2
    assert "onelogin" in printed.err or "127.0.0.1:8080" in printed.err


def test_the_tables_are_complete() -> None:
    """Each control and each field of a fault stands on the page, and no other."""
    controls = {tuple(each.split(" /__sandbox/")) for each in re.findall(r"^\| `([A-Z]+ /__sandbox/\S+)` \|", PAGE, re.MULTILINE)}
    there = {(method, path) for line in re.findall(r"^([A-Z, ]+) +/__sandbox/(\S+) ", shared.stage.__doc__ or "", re.MULTILINE)
             for method in line[0].strip().split(", ") for path in line[1:]}  # fmt: skip
    assert len(there) > 8
    assert controls == there
    assert re.findall(r"^\| `(\w+)` \|", section("Faults"), re.MULTILINE) == [field.name for field in fields(Fault)]
