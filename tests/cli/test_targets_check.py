"""`lockstep targets check`: what is found at real servers (the sandboxes), what it says to do, and the exit code."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from connectors.http.sandbox import Sandbox as Directory
from connectors.onelogin.sandbox import ApiCredential
from connectors.onelogin.sandbox import Sandbox as OneLogin
from connectors.sandbox import Fault
from tests.cli.conftest import SECRET, Command
from tests.cli.served import Served

NUMBER = "custom_attributes.employee_number"


@pytest.fixture
def onelogin() -> Iterator[Served]:
    served = Served(
        OneLogin([{"id": 1, "email": "ana@example.com"}], ["employee_number"], credentials=[ApiCredential("id-1", SECRET)])
    )
    yield served
    served.stop()


@pytest.fixture
def directory() -> Iterator[Served]:
    served = Served(Directory([{"id": "u-1", "email": "ana@example.com"}], token=SECRET))
    yield served
    served.stop()


class Folder:
    """The configuration of these tests."""

    def __init__(self, path: Path, onelogin: Served, directory: Served) -> None:
        self.path, self.onelogin, self.directory = path, onelogin, directory
        self.write()

    def write(
        self, attributes: str = f"{NUMBER}: {{from: number, write: once}}", token: str = "${TOKEN}", more: str = ""
    ) -> None:
        systems = f"""
            version: 1
            systems:
              hr: {{connector: http, source: {{verify: {{scheme: standard-webhooks, secrets: ["${{HR_SECRET}}"]}}}}}}
              onelogin:
                connector: onelogin
                base_url: {self.onelogin.url}
                credentials: {{client_id: id-1, client_secret: "{token}"}}
              directory:
                connector: http
                base_url: {self.directory.url}
                auth: {{prefix: "Bearer ", value: "{token}"}}
                account:
                  find: {{email: {{get: "/users?email={{value}}", each: users, holds: email}}}}
                  read: {{get: "/users/{{id}}"}}
                target: {{write: {{patch: "/users/{{id}}"}}}}
                {more}
        """
        account = "account: {find: email, by: subject.email}"
        mapping = f"""
            version: 1
            source: hr
            targets:
              onelogin: {{{account}, attributes: {{{attributes}}}}}
              directory: {{{account}, attributes: {{title: title}}}}
        """
        (self.path / "systems.yaml").write_text(textwrap.dedent(systems))
        (self.path / "hr.yaml").write_text(textwrap.dedent(mapping))


@pytest.fixture
def folder(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, real_url: str, onelogin: Served,
    directory: Served,
) -> Folder:  # fmt: skip
    path = tmp_path / "online"
    path.mkdir()
    monkeypatch.setenv("LOCKSTEP_CONFIG", str(path))
    monkeypatch.setenv("LOCKSTEP_REDIS_URL", real_url)
    monkeypatch.setenv("OTHER_TOKEN", "another-secret")
    return Folder(path, onelogin, directory)


def found(lockstep: Command, *names: str, code: int = 0) -> dict[str, dict[str, str]]:
    printed = lockstep("targets", "check", *names, "--json")
    assert printed.code == code, printed.err
    assert SECRET not in printed.out + printed.err
    return {each["what"]: each for each in printed.json}


def test_all_is_well(folder: Folder, lockstep: Command) -> None:
    """Exit 0, a line for each part of each system; nothing is written, and a token is asked for once."""
    printed = lockstep("targets", "check")
    assert printed.code == 0, printed.out + printed.err
    lines = printed.out.splitlines()
    assert all(line.startswith("ok ") for line in lines), printed.out
    assert [" ".join(line.split()[1:3]) for line in lines[1:]] == [
        "onelogin access", "onelogin definitions", "onelogin accounts", "onelogin clock", "onelogin rate",
        "directory access", "directory definitions", "directory accounts", "directory clock", "directory rate",
    ]  # fmt: skip
    assert "all that is written there exists" in printed.out
    assert "can be searched by email, and read" in printed.out
    assert "a budget of 5,000 calls in 1 h; it says that " in printed.out
    assert folder.onelogin.writes == folder.directory.writes == []
    assert sum(each["path"].startswith("/auth/") for each in folder.onelogin.sandbox.log.requests) == 1


def test_one_system_can_be_asked_alone(folder: Folder, lockstep: Command) -> None:
    """And one that does not exist is answered with the nearest name."""
    assert set(found(lockstep, "hr")) == {"hr"}
    assert all(what.startswith("directory ") for what in found(lockstep, "directory"))
    assert folder.onelogin.sandbox.log.requests == type(folder.onelogin.sandbox.log.requests)()
    printed = lockstep("targets", "check", "onelogn")
    assert printed.code == 5
    assert "did you mean 'onelogin'?" in printed.err


def test_credentials_that_are_refused(folder: Folder, lockstep: Command) -> None:
    """Static or exchanged for a token: said once for each system, why in its connector's own words, and nothing that only a
    credential shows is said to be well."""
    folder.write(token="${OTHER_TOKEN}")
    told = found(lockstep, code=1)
    assert set(told) == {"hr", "onelogin access", "directory access", "directory definitions", "directory clock"}
    refused = [("onelogin", "the API credential is refused", "credentials"), ("directory", "the credentials are refused", "auth")]
    for system, reason, key in refused:
        each = told[f"{system} access"]
        assert (each["state"], each["says"]) == ("wrong", f"{reason} (HTTP 401)")
        assert each["do"].startswith(f"look at `base_url` and `{key}` in systems.yaml")


def test_a_scope_that_is_missing(folder: Folder, lockstep: Command) -> None:
    """Users may be read, the list of attributes may not: the one is wrong, the other well."""
    body = '{"message": "Insufficient permissions", "name": "Unauthorized", "statusCode": 401}'
    folder.onelogin.sandbox.faults.add(Fault(path="custom_attributes", times=0, status=401, act=False, body=body))
    told = found(lockstep, "onelogin", code=1)
    assert told["onelogin access"]["says"] == "the API credential lacks the scope Manage Users (HTTP 401)"
    assert told["onelogin accounts"]["state"] == "ok"


def test_attributes_that_do_not_exist(folder: Folder, lockstep: Command) -> None:
    """Each with its rule and the nearest name that there is."""
    folder.write('custom_attributes.employe_number: number, "custom_attributes[\\"cost center\\"]": unit, title: title')
    printed = lockstep("targets", "check", "onelogin")
    assert printed.code == 1
    wrong = [line for line in printed.out.splitlines() if line.startswith("wrong")]
    assert len(wrong) == 2
    assert (
        f"`custom_attributes.employe_number` (hr.yaml:5) does not exist there, or cannot be written - did you mean `{NUMBER}`?"
        in wrong[0]
    )
    assert wrong[0].endswith("->  create it there, let our credentials set it, or correct the mapping")
    assert '`custom_attributes["cost center"]`' in wrong[1]


def test_a_clock_that_is_wrong(folder: Folder, lockstep: Command) -> None:
    """More than a minute, either way."""
    folder.directory.clock.ahead = 600
    assert found(lockstep, "directory", code=1)["directory clock"]["says"] == "ours is 9 min behind its"
    folder.directory.clock.ahead = -3600
    assert found(lockstep, "directory", code=1)["directory clock"]["says"].startswith("ours is 1 h ahead of its")
    folder.directory.clock.ahead = 30
    assert found(lockstep, "directory")["directory clock"]["state"] == "ok"


def test_a_rate_that_is_nearly_used_up(folder: Folder, lockstep: Command) -> None:
    """Somebody else uses the credential: it is said, and is no fault."""
    folder.onelogin.sandbox.faults.add(Fault(path="/api/2/users", times=0, status=200, body="[]", headers={
        "X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "600", "Content-Type": "application/json"}))  # fmt: skip
    rate = found(lockstep, "onelogin", code=1)["onelogin rate"]
    assert rate["state"] == "note"
    assert "it says that 12 calls are left for 10 min" in rate["says"]
    assert "give Lockstep one of its own" in rate["do"]


def test_a_system_that_asks_us_to_wait(folder: Folder, lockstep: Command) -> None:
    """It is obeyed: noted, and the next check does not ask before."""
    folder.directory.sandbox.faults.add(Fault(status=429, act=False, headers={"Retry-After": "300"}))
    told = found(lockstep, "directory")
    assert (told["directory rate"]["state"], told["directory rate"]["says"]) == ("note", "throttled for 5 min (HTTP 429)")
    before = len(folder.directory.sandbox.log.requests)
    assert found(lockstep, "directory")["directory rate"]["says"].startswith("told to wait for ")
    assert len(folder.directory.sandbox.log.requests) == before


def test_a_system_that_is_not_there(folder: Folder, lockstep: Command) -> None:
    """No connection, an error, a hang: what was seen, and where to look."""
    folder.directory.stop()
    folder.onelogin.sandbox.faults.add(Fault(times=0, status=503, act=False))
    told = found(lockstep, code=1)
    assert told["directory connection"]["says"] == "no connection"
    assert "the port in `base_url`" in told["directory connection"]["do"]
    assert "directory access" not in told
    assert told["onelogin access"]["says"] == "no token: service unavailable (HTTP 503)"
    assert told["onelogin access"]["do"].startswith("ask again later")


def test_a_filter_that_is_ignored(folder: Folder, lockstep: Command) -> None:
    """A search for nobody that finds everybody would link whoever comes to the wrong account."""
    body = '{"users": [{"id": "u-1", "email": "ana@example.com"}]}'
    headers = {"Content-Type": "application/json"}
    folder.directory.sandbox.faults.add(Fault(path="/users", times=0, status=200, body=body, headers=headers))
    told = found(lockstep, "directory", code=1)
    assert told["directory accounts"]["says"] == "a search by email for nobody answers 1 account: the filter is ignored"
