"""Tyk's webhooks: each event of the portal beside what it says, and as an entry of the journal."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Json, NotEvents
from connectors.tyk.settings import Settings
from connectors.tyk.source import TykSource
from worker.core.intake import Receipt, entries
from worker.core.outcome import Word

ENTRY: dict[str, Any] = {
    "base_url": "https://portal.example/portal-api", "credentials": {"token": "s3cret"}, "source": {},
}  # fmt: skip


@pytest.fixture
def source() -> TykSource:
    return TykSource(Settings.model_validate(ENTRY))


def activated(**more: Json) -> dict[str, Json]:
    """The sample of the vendor's page."""
    return {
        "Event": "UserAccountActivated",
        "Message": {
            "ID": 7, "Email": "devD1@tyk.io", "First": "Test", "Last": "User", "OrgID": 7, "Provider": "password",
            "Status": "active", "CreatedAt": "2024-04-22T15:46:40.128398Z", "ByUser": 1,
            "CustomAttributes": [{"Identifier": "boolean-custom-attribute", "Value": "false"}],
        },
        "Timestamp": "2024-04-22T17:52:22.673077+02:00",
        **more,
    }  # fmt: skip


def test_an_activated_user_carries_its_attributes(source: TykSource) -> None:
    """Under the names that a read of the account shows, with the portal's own time."""
    (element,) = source.split(activated())
    said = source.read(element)
    assert said.subject == {"id": "7", "email": "devD1@tyk.io"}
    assert said.attributes["boolean-custom-attribute"] == "false"
    assert said.attributes["OrganisationID"] == 7
    assert said.time == 1713801142673077


@pytest.mark.parametrize(
    "event",
    ["UserAccountDeactivated", "PasswordReset", "RegisterInvite", "ApplicationRegistered", "CredentialRegistered",
     "AccessRequestCreated", "AccessRequestApproved", "AccessRequestRejected", "OrganisationRegistered",
     "OrganizationRegistered", "OrganisationRequestCreated", "OrganizationRequestApproved", "SomethingNew"],
)  # fmt: skip
def test_other_events_are_ignored_and_not_kept(source: TykSource, event: str) -> None:
    """In either spelling; an API credential that stands in one is gone before anything is kept."""
    body = activated(Event=event, Message={"ID": 7, "Credential": "k3y", "CustomAttributes": [{"Value": "k3y"}]})
    (element,) = source.split(body)
    assert source.read(element).ignored
    assert "k3y" not in repr(element)


def test_a_user_without_attributes_or_address(source: TykSource) -> None:
    """Absent is not said; an empty address is no search key."""
    (element,) = source.split(activated(Message={"ID": 7, "Email": "", "CustomAttributes": None}))
    said = source.read(element)
    assert said.subject == {"id": "7"}
    assert said.attributes == {"Email": ""}


def test_an_event_has_its_name_from_what_it_is_about(source: TykSource) -> None:
    """The portal gives none.  Sent again it is the same event; another kind, user or time is another one."""
    receipts = [Receipt("tyk", "", at) for at in (1_800_000_000_000_000, 1_800_000_100_000_000)]
    first, again = (entries(activated(), source, receipt)[0] for receipt in receipts)
    assert (first.id, first.digest) == (again.id, again.digest)
    others = [
        activated(Event="UserRegistered"),
        activated(Message={"ID": 8}),
        activated(Timestamp="2024-04-22T17:52:22.673078+02:00"),
    ]
    assert len({first.id, *(entries(other, source, receipts[0])[0].id for other in others)}) == 4


def test_an_event_that_cannot_be_used_keeps_its_name(source: TykSource) -> None:
    """It is recorded once as parked, however often it is sent."""
    receipt = Receipt("tyk", "", 1_800_000_000_000_000)
    first, again = (entries(activated(Timestamp="soon"), source, receipt)[0] for _ in range(2))
    assert first.id == again.id
    assert first.verdict is not None
    assert first.verdict.word is Word.PARKED


@pytest.mark.parametrize("body", [None, [], [activated()], "x", {}, {"Event": None}, {"event": "UserRegistered"}])
def test_what_is_no_webhook_of_a_portal(source: TykSource, body: Json) -> None:
    """An object with `Event`, and nothing else."""
    with pytest.raises(NotEvents, match="Event"):
        source.split(body)
