"""`lockstep targets check` at the five systems: what each sandbox is made to do wrong, and what an operator reads of it."""

from __future__ import annotations

import socket
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.chatwoot.sandbox import Sandbox as Chatwoot
from connectors.contract import Json
from connectors.descope.sandbox import Declared
from connectors.descope.sandbox import Sandbox as Descope
from connectors.looker.sandbox import ApiKey, UserAttribute
from connectors.looker.sandbox import Sandbox as Looker
from connectors.onelogin.sandbox import ApiCredential
from connectors.onelogin.sandbox import Sandbox as OneLogin
from connectors.sandbox import Fault
from connectors.tyk.sandbox import Sandbox as Tyk
from tests.cli.conftest import SECRET, Command
from tests.cli.served import Served

EMAIL = "ana@example.com"
OTHER = "${OTHER_TOKEN}"
READS = ("/login", "/token", "/search", "/filter")
"""What a POST may be about that writes nothing."""


@dataclass(frozen=True)
class Stand:
    """One system.

    play     its sandbox, whose credential is SECRET
    entry    its entry; {url} and {token} are filled in
    rules    what is written there and is well
    refused  what is said of a wrong secret
    """

    play: Callable[..., Any]
    entry: str
    rules: str
    refused: str


def onelogin(**more: Any) -> OneLogin:
    scopes = {"full": "Manage Users", "reads": "Read Users", "signs": "Authentication Only"}
    pairs = [ApiCredential(name, SECRET, scope) for name, scope in scopes.items()]
    return OneLogin([{"id": 1, "email": EMAIL}], ["building"], credentials=pairs, **more)


def looker(**more: Any) -> Looker:
    attributes = [
        UserAttribute("20", "unit"), UserAttribute("21", "cost", type="number"), UserAttribute("22", "pin", value_is_hidden=True),
        UserAttribute("23", "fixed", settable=False), UserAttribute("24", "sees", type="yesno"),
    ]  # fmt: skip
    keys = [ApiKey("full", SECRET), ApiKey("plain", SECRET, user_id="101", admin=False)]
    return Looker([{"id": "101", "email": EMAIL}], attributes, keys=keys, **more)


def descope(**more: Any) -> Descope:
    declared = {"unit": Declared(), "floor": Declared(2), "level": Declared(4, ("junior", "senior"))}
    return Descope([{"userId": "U1", "loginIds": ["ana"], "email": EMAIL}], declared, project="P2", key=SECRET, **more)


def tyk(**more: Any) -> Tyk:
    definitions: list[Mapping[str, Json]] = [
        {"Identifier": "unit"},
        {"Identifier": "badge", "WriteOnceReadMany": True},
        {"Identifier": "floor", "Type": 4},
    ]
    return Tyk([{"ID": 11, "Email": EMAIL, "First": "Ana"}], definitions, token=SECRET, **more)


def contacts(**more: Any) -> Chatwoot:
    people: list[Mapping[str, Json]] = [{"id": 201, "email": EMAIL}]
    defined = {"unit": "text", "age": "number"}
    return Chatwoot("contact", contacts=people, definitions=defined, platform_token="app-token", user_token=SECRET, **more)


def users(**more: Any) -> Chatwoot:
    people = [{"id": number, "email": f"p{number}@example.com"} for number in (101, 102)]
    return Chatwoot("user", users=people, platform_token=SECRET, user_token="agent-token", **more)


STANDS: Mapping[str, Stand] = {
    "onelogin": Stand(
        onelogin, 'base_url: "{url}", credentials: {client_id: full, client_secret: "{token}"}',
        "custom_attributes.building: x", "the API credential is refused (HTTP 401)",
    ),
    "looker": Stand(
        looker, 'base_url: "{url}", credentials: {client_id: full, client_secret: "{token}"}', "unit: x",
        "the API key is refused (HTTP 404)",
    ),
    "descope": Stand(
        descope, 'base_url: "{url}", credentials: {project_id: P2, management_key: "{token}"}', "customAttributes.unit: x",
        "the management key is refused: is it of the project `project_id`, and base_url of its region? (HTTP 401)",
    ),
    "tyk": Stand(
        tyk, 'base_url: "{url}/portal-api", credentials: {token: "{token}"}', "unit: x", "the credentials are refused (HTTP 401)"
    ),
    "contacts": Stand(
        contacts, 'kind: contact, account_id: 1, base_url: "{url}", credentials: {access_token: "{token}"}',
        "custom_attributes.unit: x", "the access token is not that of a user (HTTP 401)",
    ),
    "users": Stand(
        users, 'account_id: 1, base_url: "{url}", credentials: {access_token: "{token}", agents_token: "${AGENT_TOKEN}"}',
        "custom_attributes.unit: x", "the access token is not that of a platform app (HTTP 401)",
    ),
}  # fmt: skip

Told = Mapping[str, Sequence[Mapping[str, str]]]
"""part -> its findings: `state`, `says`, `do`."""


class Desk:
    """Where an operator sits: a sandbox, a configuration of it, and the command.

    sandbox  the one that was played last, at `url`
    """

    sandbox: Any

    def __init__(self, served: Served, folder: Path, lockstep: Command) -> None:
        self.url, self._served, self._folder, self._lockstep = served.url, served, folder, lockstep

    def check(
        self, name: str, rules: str = "", *, code: int = 0, token: str = "${TOKEN}", find: str = "email",
        faults: Sequence[Fault] = (), changed: Mapping[str, str] | None = None, ahead: float = 0.0, **played: Any,
    ) -> Told:  # fmt: skip
        """Play the system, write its configuration, run the command.  changed: what of the entry is replaced, and by what."""
        stand = STANDS[name]
        self.sandbox = stand.play(**played)
        self._served.play(self.sandbox, ahead)
        for fault in faults:
            self.sandbox.faults.add(fault)
        entry = stand.entry.replace("{url}", self._served.url).replace("{token}", token)
        for before, after in (changed or {}).items():
            assert before in entry
            entry = entry.replace(before, after)
        self._write(name, entry, rules or stand.rules, find)
        return self._run(name, code)

    def _write(self, name: str, entry: str, rules: str, find: str) -> None:
        kind = "chatwoot" if name in ("contacts", "users") else name
        systems = f"""
            version: 1
            systems:
              hr: {{connector: http, source: {{verify: {{scheme: standard-webhooks, secrets: ["${{HR_SECRET}}"]}}}}}}
              {name}: {{connector: {kind}, {entry}}}
        """
        mapping = f"""
            version: 1
            source: hr
            targets:
              {name}:
                account: {{find: {find}, by: subject.{find}}}
                attributes: {{{rules}}}
        """
        (self._folder / "systems.yaml").write_text(textwrap.dedent(systems))
        (self._folder / "hr.yaml").write_text(textwrap.dedent(mapping))

    def _run(self, name: str, code: int) -> Told:
        printed = self._lockstep("targets", "check", name, "--json")
        assert printed.code == code, printed.out + printed.err
        assert SECRET not in printed.out + printed.err
        told: dict[str, list[Mapping[str, str]]] = {}
        for each in printed.json:
            part = each["what"].removeprefix(f"{name} ")
            told.setdefault(part, []).append(each)
            assert each["state"] == "ok" or each["do"], f"{part}: nothing to do"
        return told


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One server for all of them: the sandbox behind it is exchanged."""
    served = Served(None)
    yield served
    served.stop()


@pytest.fixture
def desk(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, real_url: str, lockstep: Command,
    served: Served,
) -> Desk:  # fmt: skip
    folder = tmp_path / "online"
    folder.mkdir()
    given = {
        "LOCKSTEP_CONFIG": str(folder), "LOCKSTEP_REDIS_URL": real_url, "OTHER_TOKEN": "another-secret",
        "AGENT_TOKEN": "agent-token", "APP_TOKEN": "app-token",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return Desk(served, folder, lockstep)


def says(told: Told, part: str) -> list[tuple[str, str]]:
    return [(each["state"], each["says"]) for each in told.get(part, ())]


EVERY = pytest.mark.parametrize("name", STANDS)


@EVERY
def test_all_is_well(desk: Desk, name: str) -> None:
    """Each part is told once, and is well; nothing is written, and nobody is made."""
    told = desk.check(name)
    assert [*told] == ["access", "definitions", "accounts", "clock", "rate"]
    assert [each["state"] for found in told.values() for each in found] == ["ok"] * 5
    assert told["accounts"][0]["says"].endswith(" by email, and read")
    requests = desk.sandbox.log.requests
    assert all(each["method"] == "GET" or each["path"].partition("?")[0].endswith(READS) for each in requests)
    assert not desk.sandbox.log.applied


@EVERY
def test_a_secret_that_is_wrong(desk: Desk, name: str) -> None:
    """Why, in the words of its connector, and which keys of the entry to look at; what a credential shows is not claimed."""
    told = desk.check(name, token=OTHER, code=1)
    assert says(told, "access") == [("wrong", STANDS[name].refused)]
    assert "`credentials` in systems.yaml" in told["access"][0]["do"]
    assert "accounts" not in told


@EVERY
@pytest.mark.parametrize(
    ("status", "body", "word", "do"),
    [(503, "", "service unavailable (HTTP 503)", "ask again later"),
     (502, "", "bad gateway (HTTP 502)", "ask again later"),
     (200, "<html>Welcome", "unreadable answer (HTTP 200)", "something else than its API answers"),
     (302, "", "it answers with a redirection: is base_url right? (HTTP 302)", "look at `base_url`")],
)  # fmt: skip
def test_a_server_that_does_not_do_its_work(desk: Desk, name: str, status: int, body: str, word: str, do: str) -> None:
    """Down behind its gateway, or something else in its place: said once, and credentials are not said to be accepted."""
    told = desk.check(name, faults=[Fault(status=status, body=body, act=False, times=0)], code=1)
    (wrong,) = [each for found in told.values() for each in found if each["state"] == "wrong"]
    assert wrong["says"].removeprefix("no token: ") == word
    assert wrong["do"].startswith(do)
    assert "ok" not in [each["state"] for each in told.get("access", ())]


@EVERY
def test_a_server_that_is_not_there(desk: Desk, name: str) -> None:
    """Nobody listens, or not in TLS: where to look, and nothing else is asked."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        told = desk.check(name, changed={desk.url: f"http://127.0.0.1:{nobody.getsockname()[1]}"}, code=1)
    assert says(told, "connection") == [("wrong", "no connection")]
    told = desk.check(name, changed={"http://": "https://"}, code=1)
    assert says(told, "connection") == [("wrong", "no TLS connection")]
    assert "does it speak https" in told["connection"][0]["do"]
    assert told.keys() <= {"connection", "definitions"}


@EVERY
def test_a_wrong_host(desk: Desk, name: str) -> None:
    """One that has no address (RFC 6761: .invalid never has)."""
    told = desk.check(name, changed={"http://127.0.0.1": "http://nowhere.invalid"}, code=1)
    assert says(told, "connection") == [("wrong", "its host name has no address")]


@EVERY
def test_no_calls_are_left(desk: Desk, name: str) -> None:
    """It is heeded, and said that nothing else was found out."""
    told = desk.check(name, faults=[Fault(status=429, act=False, times=0, headers={"Retry-After": "300"})])
    assert says(told, "rate") == [("note", "throttled for 5 min (HTTP 429)")]
    assert told["rate"][0]["do"].endswith("check again after that")
    assert "access" not in told


@EVERY
def test_a_clock_that_is_wrong(desk: Desk, name: str) -> None:
    """By ten minutes; the rest is found out all the same."""
    told = desk.check(name, ahead=-600, code=1)
    assert says(told, "clock") == [("wrong", "ours is 10 min ahead of its")]
    assert says(told, "accounts")[0][0] == "ok"


# ---------------------------------------------------------------- attributes


@pytest.mark.parametrize(
    ("name", "rule", "near"),
    [
        ("onelogin", "custom_attributes.bulding", " - did you mean `custom_attributes.building`?"),
        ("onelogin", "password", ""),
        ("looker", "units", " - did you mean `unit`?"),
        ("looker", "fixed", "; known: `cost`, `email`, `first_name`, `last_name`, `locale`, `pin`, `sees`, `unit`"),
        ("descope", "customAttributes.units", " - did you mean `customAttributes.unit`?"),
        ("tyk", "units", " - did you mean `unit`?"),
        ("tyk", "Role", "; known: `Email`, `First`, `Last`, `badge`, `floor`, `unit`"),
        ("contacts", "custom_attributes.units", " - did you mean `custom_attributes.unit`?"),
    ],
)
def test_an_attribute_that_cannot_be_written(desk: Desk, name: str, rule: str, near: str) -> None:
    """Because nobody made it, or nobody may set it: with its rule, and the nearest that can."""
    told = desk.check(name, f"{rule}: x", code=1)
    assert says(told, "definitions") == [("wrong", f"`{rule}` (hr.yaml:7) does not exist there, or cannot be written{near}")]


def test_an_attribute_without_a_list(desk: Desk) -> None:
    """Chatwoot keeps none for users; what can be none of theirs is known all the same."""
    told = desk.check("users", "password: x", code=1)
    refusal = "`password` (hr.yaml:7): Chatwoot has no such attribute, or it is not written"
    assert says(told, "definitions") == [("wrong", refusal)]


@pytest.mark.parametrize(
    ("name", "rule", "kind"),
    [
        ("onelogin", "state: {constant: active}", "integer"),
        ("looker", "cost: {constant: high}", "number"),
        ("looker", "sees: {constant: maybe}", "boolean"),
        ("descope", 'customAttributes.floor: {constant: "4"}', "number"),
        ("tyk", "floor: {constant: ground}", "number"),
        ("contacts", "custom_attributes.age: {constant: old}", "number"),
        ("contacts", "blocked: {constant: no}", "boolean"),
    ],
)
def test_an_attribute_of_another_type(desk: Desk, name: str, rule: str, kind: str) -> None:
    """What a rule surely comes to is held against the type there."""
    told = desk.check(name, rule, code=1)
    attribute = rule.partition(":")[0]
    assert says(told, "definitions")[0] == ("wrong", f"`{attribute}` (hr.yaml:7) is of type {kind} there, and gets text")


@pytest.mark.parametrize(
    ("name", "rule", "note"),
    [
        ("tyk", "badge: x", "is `write: always`, and the system itself keeps the first value: a later one is `sealed`"),
        ("tyk", "unit: {from: x, write: once}",
         "is `write: once`, and the system itself does not lock it: a person can still change it there"),
        ("looker", "pin: x", "is hidden: no read shows it"),
    ],
)  # fmt: skip
def test_an_attribute_that_is_locked_or_hidden(desk: Desk, name: str, rule: str, note: str) -> None:
    """It works, and should be known."""
    notes = [text for state, text in says(desk.check(name, rule), "definitions") if state == "note"]
    assert notes == [f"`{rule.partition(':')[0]}` (hr.yaml:7) {note}"]


def test_what_the_dashboard_of_chatwoot_shows_exists(desk: Desk) -> None:
    """An additional attribute has no definition there."""
    told = desk.check("contacts", "additional_attributes.city: x")
    assert says(told, "definitions") == [("ok", "12 attributes; all that is written there exists")]


# ---------------------------------------------------------------- what a credential may do, and where it is


@pytest.mark.parametrize(
    ("name", "changed", "reason"),
    [
        ("onelogin", {"client_id: full": "client_id: signs"}, "the API credential lacks the scope Manage Users (HTTP 401)"),
        ("onelogin", {"client_id: full": "client_id: nobody"}, "the API credential is refused (HTTP 401)"),
        ("looker", {"client_id: full": "client_id: plain"},
         "Looker shows no e-mail addresses to the API key: its user needs the role Admin (HTTP 200)"),
        ("descope", {"project_id: P2": "project_id: P3"}, STANDS["descope"].refused),
        ("tyk", {"/portal-api": ""}, "there is no portal API at this address: does base_url end with /portal-api? (HTTP 404)"),
        ("contacts", {"${TOKEN}": "${APP_TOKEN}"},
         "the access token is that of a bot or a platform app; here a user's is needed (HTTP 401)"),
        ("contacts", {"account_id: 1": "account_id: 9"},
         "there is no such Chatwoot account at this address: are base_url and account_id right? (HTTP 404)"),
        ("users", {"${TOKEN}": "${AGENT_TOKEN}"}, "the access token is not that of a platform app (HTTP 401)"),
        ("users", {"${AGENT_TOKEN}": "${APP_TOKEN}"}, "the access token is not that of a user (HTTP 401)"),
    ],
)  # fmt: skip
def test_a_credential_that_may_not(desk: Desk, name: str, changed: Mapping[str, str], reason: str) -> None:
    """A scope, a role, a place: in the words of its connector, first of all that is said."""
    told = desk.check(name, changed=changed, code=1)
    assert says(told, "access") == [("wrong", reason)]
    assert next(iter(told)) == "access"


def test_a_credential_that_only_reads_is_let_in(desk: Desk) -> None:
    """What it may write is not claimed: it is known when we write."""
    told = desk.check("onelogin", changed={"client_id: full": "client_id: reads"})
    assert says(told, "access") == [("ok", "our credentials are accepted; what they may write is known when we write")]


@pytest.mark.parametrize(("permissible", "state", "code"), [([101], "note", 0), ([], "wrong", 1)])
def test_users_whom_a_platform_app_may_not_touch(desk: Desk, permissible: list[int], state: str, code: int) -> None:
    """Some of the agents, or none was granted."""
    told = desk.check("users", permissible=permissible, code=code)
    of = f"{2 - len(permissible)} of the first 2 accounts that are listed cannot be read"
    reason = "the platform app may not touch this user: it neither created the user nor was granted access"
    assert says(told, "accounts") == [(state, f"{of}: {reason}")]
    assert "README of the connector chatwoot" in told["accounts"][0]["do"]


@pytest.mark.parametrize(("token", "access"), [("${TOKEN}", "ok"), (OTHER, "wrong")])
def test_users_who_are_known_by_their_ids(desk: Desk, token: str, access: str) -> None:
    """There is no list to ask for: an account that nobody has tells whether the token is good."""
    alone = {"account_id: 1, ": "", ', agents_token: "${AGENT_TOKEN}"': ""}
    told = desk.check("users", changed=alone, find="id", token=token, code=int(access == "wrong"))
    assert says(told, "access")[0][0] == access


def test_nobody_is_made_by_looking_for_nobody(desk: Desk) -> None:
    """Chatwoot's users can be found by creating them; a version that would make up a password must not be asked for nobody."""
    creating = {"account_id: 1, ": "", ', agents_token: "${AGENT_TOKEN}"}': "}, options: {find_by_creating: true}"}
    told = desk.check("users", changed=creating, makes_passwords=True)
    assert says(told, "access")[0][0] == "ok"
    assert [*desk.sandbox.accounts()] == ["101", "102"]
    assert {each["method"] for each in desk.sandbox.log.requests} == {"GET"}


def test_onelogin_without_its_administrator(desk: Desk) -> None:
    """It answers 500 to each request for a token, and that is what it means."""
    told = desk.check("onelogin", faults=[Fault(path="/auth", status=500, act=False, times=0)], code=1)
    reason = "no token: server error; if it lasts: is the owner of the API credential still there? (HTTP 500)"
    assert says(told, "access") == [("wrong", reason)]
