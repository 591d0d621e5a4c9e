"""Descope's source: what an audit event says, and that the webhooks of its sandbox are taken for genuine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from connectors.contract import Json, Said, Unusable
from connectors.descope import Descope
from connectors.descope.sandbox import Declared, Sandbox, Unconfirmed
from connectors.descope.settings import Settings
from connectors.descope.source import DescopeSource
from connectors.sandbox import Webhook
from worker.core.signature import Fault, Hmac, Signed

SECRET = "wh00k"
ENTRY: dict[str, Any] = {"credentials": {"project_id": "P2sandbox", "management_key": "s3cret"}, "source": {}}
EVENT: dict[str, Json] = {"action": "UserModified", "userId": "U1", "occurred": 1780949905871, "data": {"Change": {"name": "a"}}}


def source_with(**options: object) -> DescopeSource:
    return DescopeSource(Settings.model_validate({**ENTRY, "options": options}))


def id_of(event: Json) -> str:
    source = source_with()
    (element,) = source.split(event)
    return source.read(element).id


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"device": "iPhone"}, True),
        ({"actorId": "U7"}, True),
        ({"data": {"Change": {"name": "b"}}}, False),
        ({"occurred": 1780949905872}, False),
        ({"userId": "U2"}, False),
        ({"action": "UserCreated"}, False),
        ({"projectId": "P2other"}, False),
    ],
)
def test_the_same_event_has_the_same_id(other: dict[str, Json], same: bool) -> None:
    """Descope gives none: project, user, action, time and data make one, in whatever order they stand."""
    turned = dict(reversed({**EVENT, **other}.items()))
    assert (id_of(EVENT) == id_of(turned)) is same


def test_an_event_without_a_time_has_no_id() -> None:
    """The same value again may be another change."""
    assert id_of({"action": "UserModified", "userId": "U1"}) == ""


@pytest.mark.parametrize(
    ("occurred", "time"),
    [
        (1780949905871, 1780949905871000), (1780949905871.5, 1780949905871500), ("1780949905871", 1780949905871000),
        ("2026-06-08T20:18:25.871835Z", 1780949905871835), (None, None),
    ],
)  # fmt: skip
def test_when_it_occurred(occurred: Json, time: int | None) -> None:
    """Milliseconds since 1970 as a number or a text; no time is none."""
    assert source_with().read({**EVENT, "occurred": occurred}).time == time


@pytest.mark.parametrize(
    "event",
    [
        {"userId": "U1"},
        {"userId": "", "data": {"userId": "U1"}},
        {"data": {"user": {"userId": "U1"}}},
        {"userIds": ["U1"]},
        {"data": {"userIds": ["U1"]}},
    ],
)
def test_whom_it_is_about(event: dict[str, Json]) -> None:
    """Wherever the event names its user."""
    source = source_with()
    (element,) = source.split([{"action": "UsersModified", **event}])
    assert source.read(element).subject == {"id": "U1"}


@pytest.mark.parametrize("occurred", ["yesterday", True, -1, [], {}, 10**400])
def test_a_look_does_without_a_time(occurred: Json) -> None:
    """In another form than was seen so far it is none; values without their place among others are not taken."""
    assert source_with().read({**EVENT, "occurred": occurred}) == Said({"id": "U1"}, carries="hint")
    with pytest.raises(Unusable, match="occurred"):
        source_with(trust_values=True).read({**EVENT, "occurred": occurred})


@pytest.mark.parametrize(
    "data", [None, [], {}, {"user": {"customAttributes": {"a": "x"}}}, {"Change": [{"custom_attribute_a": "x"}]}]
)
def test_a_change_in_another_form_is_not_passed_over(data: Json) -> None:
    """Where values are trusted and a modification has none to read, it is parked; without the trust it is a look."""
    trusting = source_with(trust_values=True)
    (element,) = trusting.split({**EVENT, "data": data})
    with pytest.raises(Unusable, match="which values are new"):
        trusting.read(element)
    said = source_with().read(element)
    assert (said.subject, said.carries, said.ignored) == ({"id": "U1"}, "hint", "")
    (created,) = trusting.split({**EVENT, "action": "UserCreated", "data": data})
    assert trusting.read(created).attributes == {}


def test_which_actions_matter_is_an_option() -> None:
    """Spelled with spaces or without."""
    source = source_with(actions=["User Modified"])
    actions = ("UserModified", "user modified", "UserCreated")
    assert [bool(source.read({**EVENT, "action": action}).ignored) for action in actions] == [False, False, True]


def test_a_login_id_goes_along_with_values_only() -> None:
    """A hint needs nothing but the user's id."""
    event: dict[str, Json] = {**EVENT, "externalIds": ["", 7, "ana@example.com"], "data": {"Change": {"custom_attribute_a": [1]}}}
    trusting, looking = source_with(trust_values=True), source_with()
    (element,) = trusting.split(event)
    said = trusting.read(element)
    assert said.subject == {"id": "U1", "login_id": "ana@example.com"}
    assert said.attributes == {"customAttributes": {"a": [1]}}
    assert "ana@example.com" not in json.dumps(looking.split(event))


# ---------------------------------------------------------------- from the sandbox to the verifier


async def hooks_of(unconfirmed: Unconfirmed, department: str = "Sales") -> list[tuple[Mapping[str, str], bytes]]:
    """The webhooks of two changes."""
    sent: list[tuple[Mapping[str, str], bytes]] = []

    async def post(_: str, headers: Mapping[str, str], body: bytes) -> int:
        sent.append((headers, body))
        return 200

    users: list[dict[str, Json]] = [{"userId": "U1", "loginIds": ["ana"]}, {"userId": "U2", "loginIds": ["bo"]}]
    sandbox = Sandbox(users, {"department": Declared()}, unconfirmed=unconfirmed, linger=0, post=post)
    sandbox.webhook = Webhook("https://lockstep.example/hooks/descope", SECRET)
    sandbox.edit("U1", {"customAttributes.department": department, "givenName": "Ana"})
    sandbox.edit("U2", {"givenName": "Bo"})
    await sandbox.sender.idle()
    return sent


def judged(headers: Mapping[str, str], body: bytes, **other: str) -> Signed | Fault:
    """By the default of `source.verify`, or with another key of it."""
    keys: dict[str, Any] = {name: value for name, value in (Descope.verify or {}).items() if name != "scheme"}
    verifier = Hmac([SECRET.encode()], **{**keys, **other})
    return verifier.verify([(name.lower().encode(), value.encode()) for name, value in headers.items()], body, 0.0)


@pytest.mark.parametrize("envelope", ["list", "single"])
@pytest.mark.parametrize("occurred", ["number", "text"])
async def test_a_webhook_of_the_sandbox_is_understood(envelope: Any, occurred: Any) -> None:
    """Genuine by the default signature, and about the users that changed, whichever way it is wrapped."""
    hooks = await hooks_of(Unconfirmed(envelope=envelope, occurred=occurred))
    assert len(hooks) == (1 if envelope == "list" else 2)
    assert [judged(headers, body) for headers, body in hooks] == [Signed()] * len(hooks)
    for options, values in (({}, [{}, {}]), ({"trust_values": True}, [{"customAttributes": {"department": "Sales"}}, {}])):
        source = source_with(**options)
        said = [source.read(element) for _, body in hooks for element in source.split(json.loads(body))]
        assert [one.subject["id"] for one in said] == ["U1", "U2"]
        assert [one.attributes for one in said] == values
        assert all(one.time is not None and len(one.id) == 64 and not one.ignored for one in said)


@pytest.mark.parametrize("signs", ["body", "json"])
async def test_either_way_of_signing_is_taken(signs: Any) -> None:
    """Whether Descope signs what it sends or the JSON written anew, letters beyond ASCII included; `over: body` takes the first
    alone.  A changed value fits neither."""
    ((headers, body),) = await hooks_of(Unconfirmed(signs=signs), department="Zo\u00eb & \u7530")
    assert judged(headers, body) == Signed()
    assert judged(headers, body, over="body") == (Signed() if signs == "body" else Fault.SIGNATURE)
    assert judged(headers, body.replace(b"U1", b"U9")) is Fault.SIGNATURE
