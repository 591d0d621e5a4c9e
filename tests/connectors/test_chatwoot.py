"""Chatwoot in the contract suites: users that are listed, users that are asked for, contacts by either way of finding them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors import chatwoot
from connectors.chatwoot import Chatwoot
from connectors.chatwoot.sandbox import Sandbox
from connectors.chatwoot.sandbox.gate import NotFound
from connectors.contract import Budget, Json, Said, Source
from tests.connectors import source_suite, target_suite
from tests.connectors.source_suite import CANARY
from tests.connectors.stands import SECRET, Stand, target_of
from worker.config import load
from worker.config.language import Language
from worker.core.signature import Hmac

BASE = {"base_url": "https://chat.example"}
USERS: list[dict[str, Json]] = [
    {"id": 101, "email": "ana@example.com", "name": "Ana", "custom_attributes": {"kept": "yes"}},
    {"id": 102, "email": "o'brien+x&y@example.com", "name": "Bo"},
    {"id": 103, "email": "twin@example.com", "name": "Cy"},
    {"id": 104, "email": "twin@example.com", "name": "Di"},
]
CONTACTS: list[dict[str, Json]] = [
    {"id": 101, "email": "ana@example.com", "identifier": "E_1", "phone_number": "+4915112345678"},
    {"id": 102, "email": "o'brien+x&y@example.com", "identifier": "EX1", "custom_attributes": {"kept": "yes"}},
    {"id": 103, "email": "ana@example.com.example", "phone_number": "+491700000000"},
    {"id": 104, "name": "Twin", "phone_number": "+491700000000"},
]
CONTACT_ENTRY = {**BASE, "kind": "contact", "account_id": 3, "credentials": {"access_token": SECRET}}


def users(entry: Mapping[str, Any], not_found: NotFound) -> Stand:
    platform = SECRET if "agents_token" in entry["credentials"] else entry["credentials"]["access_token"]
    return Stand(
        target_of(Chatwoot(), {**BASE, **entry}),
        Sandbox("user", users=USERS, account=3, platform_token=platform, user_token="user-token", not_found=not_found),
        searches={"email": ("ana@example.com", "101")},
        shared=("email", "twin@example.com"),
        names=("custom_attributes.department", "display_name"),
        account="101", absent="999", unknown="", blames=True,
    )  # fmt: skip


def contacts(find_with: str) -> Stand:
    return Stand(
        target_of(Chatwoot(), {**CONTACT_ENTRY, "options": {"find_with": find_with}}),
        Sandbox("contact", contacts=CONTACTS, definitions={"plan": "text", "unit": "list"}, account=3, user_token=SECRET),
        searches={
            "email": ("ana@example.com", "101"), "identifier": ("E_1", "101"), "phone_number": ("+4915112345678", "101"),
        },
        shared=("phone_number", "+491700000000"),
        names=("custom_attributes.plan", "custom_attributes.unit"),
        account="101", absent="999", unknown="", blames=True,
    )  # fmt: skip


class TestUsers(target_suite.DirectorySuite):
    """Users, found among the agents of an account, whatever a 404 of the Platform API looks like."""

    @pytest.fixture(params=["html", "json", "empty"])
    def stand(self, request: pytest.FixtureRequest) -> Stand:
        entry = {"account_id": 3, "credentials": {"access_token": SECRET, "agents_token": "user-token"}}
        return users(entry, request.param)


class NoWildcards(target_suite.TargetSuite):
    """A system that compares the whole value: `*` is a character like any other, and sending it finds nobody else."""

    @pytest.mark.parametrize(
        "value", ["*", "ana*", "*@example.com", "a*a@example.com", "%", "a_a@example.com", "ana%", "\\", "a\\"]
    )
    async def test_find_sends_no_wildcard(self, stand: Stand, value: str) -> None:
        """What other systems read as a pattern is none here."""
        assert not await stand.talk(stand.target.find("email", value))


class TestUsersByCreating(NoWildcards):
    """Users, found by asking to create them."""

    @pytest.fixture
    def stand(self) -> Stand:
        entry = {"credentials": {"access_token": SECRET}, "options": {"find_by_creating": True}}
        return users(entry, "html")

    async def test_find_answers_two_where_there_are_two(self, stand: Stand) -> None:
        """There cannot be: an e-mail address is one user's.  If an installation has twins all the same, one is answered."""
        (found,) = await stand.talk(stand.target.find(*stand.shared))
        assert found.holds == stand.shared[1]

    async def test_nobody_is_created(self, stand: Stand) -> None:
        """Whoever is searched for: nobody is made, and of those who are there nothing changes."""
        before = json.dumps(stand.sandbox.accounts())
        for value in ("nobody@example.com", "ana@example.com", "no address", "*"):
            await stand.talk(stand.target.find("email", value))
        assert json.dumps(stand.sandbox.accounts()) == before


class TestContacts(NoWildcards):
    """Contacts, found by the filter or by the search."""

    @pytest.fixture(params=["filter", "search"])
    def stand(self, request: pytest.FixtureRequest) -> Stand:
        return contacts(request.param)


# ---------------------------------------------------------------- the source

UPDATED: dict[str, Json] = {
    "account": {"id": 3, "name": "account-name-4711"},
    "additional_attributes": {"city": "Bonn"},
    "avatar": "",
    "custom_attributes": {"plan": "gold", "seats": True, "kept": "yes"},
    "email": "ana@example.com",
    "id": 101,
    "identifier": "E-1",
    "name": "Ana",
    "phone_number": None,
    "thumbnail": "https://chat.example/avatar-4711",
    "blocked": False,
    "event": "contact_updated",
    "access_token": "t0ken-4711",
    "changed_attributes": [
        {"name": {"previous_value": "Anna", "current_value": "Ana"}},
        {
            "custom_attributes": {
                "previous_value": {"plan": "silver", "seats": 1, "kept": "yes", "gone": "x"},
                "current_value": {"plan": "gold", "seats": True, "kept": "yes"},
            }
        },
        {"last_activity_at": {"previous_value": None, "current_value": "2026-11-20T09:59:59.000Z"}},
        {"updated_at": {"previous_value": "2026-11-20T09:00:00.000Z", "current_value": "2026-11-20T10:00:00.123Z"}},
    ],
}
WHO: dict[str, Json] = {"id": "101", "email": "ana@example.com", "identifier": "E-1"}
CHANGED: dict[str, Json] = {"name": "Ana", "custom_attributes": {"plan": "gold", "seats": True, "gone": None}}
SECRETS = ["t0ken-4711", "account-name-4711", "avatar-4711"]


def source_of(source: Mapping[str, Json]) -> Source:
    connector = Chatwoot()
    made = connector.source(connector.settings.model_validate_json(json.dumps({**CONTACT_ENTRY, "source": source})), Language())
    assert made is not None
    return made


def without(name: str) -> dict[str, Json]:
    return {key: value for key, value in UPDATED.items() if key != name}


def changed(*changes: Json) -> dict[str, Json]:
    return {**UPDATED, "changed_attributes": [*changes]}


NOBODY: list[Json] = [
    CANARY,
    {**UPDATED, "id": CANARY},
    {**UPDATED, "id": 0, "name": CANARY},
    {**UPDATED, "account": CANARY},
]
UNREADABLE: list[Json] = [
    {**UPDATED, "changed_attributes": CANARY},
    {**without("changed_attributes"), "name": CANARY},
    changed(CANARY),
    changed({"name": {"previous_value": CANARY}}),
    changed({"custom_attributes": {"current_value": {"plan": CANARY}}}),
    changed({"custom_attributes": {"previous_value": {}, "current_value": [CANARY]}}),
    changed({"name": {"current_value": "x"}}, {"updated_at": {"current_value": CANARY}}),
    {**UPDATED, "event": "contact_created", "custom_attributes": CANARY},
]
UNUSABLE = [*NOBODY, *UNREADABLE]
NOTHING: list[Json] = [None, [], [UPDATED], CANARY, {}, {"event": [CANARY]}]


def changes() -> source_suite.Stand:
    return source_suite.Stand(
        source_of({}),
        body=UPDATED,
        says=[Said(WHO, CHANGED, time=1795168800123000)],
        unusable=UNUSABLE, nothing=NOTHING, secrets=SECRETS,
    )  # fmt: skip


def created() -> source_suite.Stand:
    """A new contact's event has no time, and what the contact lacks is not said."""
    held: dict[str, Json] = {
        "blocked": False, "email": "ana@example.com", "identifier": "E-1", "name": "Ana",
        "custom_attributes": {"plan": "gold", "seats": True, "kept": "yes"}, "additional_attributes": {"city": "Bonn"},
    }  # fmt: skip
    return source_suite.Stand(
        source_of({}),
        body={**without("changed_attributes"), "event": "contact_created"},
        says=[Said(WHO, held)],
        unusable=UNUSABLE, nothing=NOTHING, secrets=SECRETS,
    )  # fmt: skip


def hints() -> source_suite.Stand:
    return source_suite.Stand(
        source_of({"carries": "hint", "acknowledge": 204}),
        body=UPDATED,
        says=[Said(WHO, time=1795168800123000, carries="hint")],
        unusable=NOBODY, nothing=NOTHING, secrets=SECRETS,
    )  # fmt: skip


def others() -> source_suite.Stand:
    """Of the other events of an account nothing is kept but their names."""
    return source_suite.Stand(
        source_of({}),
        body={"event": "message_created", "id": 7, "content": "hello-4711", "conversation": {"meta": {"sender": UPDATED}}},
        says=[Said({}, ignored="not an event of a contact")],
        unusable=UNUSABLE, nothing=NOTHING, secrets=[*SECRETS, "hello-4711"],
    )  # fmt: skip


SOURCES: Mapping[str, Callable[[], source_suite.Stand]] = {
    "changes": changes, "created": created, "hints": hints, "others": others,
}  # fmt: skip


class TestSource(source_suite.SourceSuite):
    @pytest.fixture(params=SOURCES)
    def stand(self, request: pytest.FixtureRequest) -> source_suite.Stand:
        return SOURCES[request.param]()


@pytest.mark.parametrize("element", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_hint_needs_not_say_what_has_changed(element: Json) -> None:
    """However the event has it, whom it is about is enough for a look."""
    said = source_of({"carries": "hint"}).read(element)
    assert said == Said(WHO, carries="hint")


# ---------------------------------------------------------------- the entry that the README shows


def test_the_entry_in_the_readme_loads(tmp_path: Path) -> None:
    """Both kinds, with one budget, and a source whose webhooks are verified as Chatwoot signs them."""
    readme = Path(chatwoot.__file__).with_name("README.md").read_text()
    block = re.search(r"```yaml\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    for path in re.findall(r'"file:(/[^"]+)"', block[1]):
        (tmp_path / Path(path).name).write_text("from-a-file\n")
    (tmp_path / "systems.yaml").write_text(re.sub(r"file:/run/secrets/", f"file:{tmp_path}/", block[1]))
    configuration = load(tmp_path, {"CHATWOOT_AGENT_TOKEN": SECRET}, {"chatwoot": Chatwoot()})
    users, contacts = configuration.systems["chatwoot_users"], configuration.systems["chatwoot_contacts"]
    assert users.share == contacts.share == "chatwoot"
    assert users.budget == contacts.budget == Budget(3000, 60.0)
    assert (users.source, contacts.carries, contacts.looks) == (None, "changes", False)
    assert isinstance(contacts.verify, Hmac)
    assert (contacts.verify.signed, contacts.verify.timestamp_header) == ("{timestamp}.{body}", "X-Chatwoot-Timestamp")
    assert contacts.verify.id_header == "X-Chatwoot-Delivery"
