"""Descope in the contract suites: each way in which the connector writes, against each truth that its documents leave open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from connectors.contract import Json, Said
from connectors.descope import Descope
from connectors.descope.sandbox import Declared, Sandbox, Unconfirmed
from tests.connectors import source_suite, target_suite
from tests.connectors.source_suite import CANARY
from tests.connectors.stands import SECRET, Stand, target_of
from worker.config.language import Language

PROJECT = "P2sandbox"
ENTRY: dict[str, Any] = {"credentials": {"project_id": PROJECT, "management_key": SECRET}, "source": {}}
USERS: list[dict[str, Json]] = [
    {"userId": "U1", "loginIds": ["ana", "ana@example.com"], "email": "ana@example.com"},
    {"userId": "U2", "loginIds": ["ob"], "email": "o'brien+x&y@example.com", "givenName": "Ob"},
    {"userId": "U3", "loginIds": ["t1"], "email": "twin@example.com"},
    {"userId": "U4", "loginIds": ["t2"], "email": "twin@example.com"},
    {"userId": "U5", "loginIds": ["t3"], "email": "twin@example.com", "test": True},
]
DECLARED = {"department": Declared(), "cost_center": Declared()}
CUSTOM = ("customAttributes.department", "customAttributes.cost_center")


@dataclass(frozen=True)
class Mode:
    options: Mapping[str, Json] = field(default_factory=dict)
    truth: Unconfirmed = field(default_factory=Unconfirmed)
    names: tuple[str, str] = CUSTOM
    unknown: str = "customAttributes.shoe_size"
    blames: bool = True


MODES = {
    "one": Mode(),
    "one, null is stored": Mode(truth=Unconfirmed(null="stores", missing=400)),
    "one, a patch replaces, the undeclared is dropped": Mode(truth=Unconfirmed(patch="replaces", undeclared="drops")),
    "one, the undeclared is not there": Mode(truth=Unconfirmed(undeclared="missing")),
    "one, null is refused": Mode({"null": "refused"}, Unconfirmed(null="refuses")),
    "patch-merge": Mode({"custom_attributes": "patch-merge"}, blames=False),
    "patch-merge, null is stored": Mode({"custom_attributes": "patch-merge"}, Unconfirmed(null="stores"), blames=False),
    "standard attributes": Mode(names=("givenName", "name"), unknown="shoeSize"),
    "standard attributes, the display name as `name`": Mode(
        {"display_name": "name"}, Unconfirmed(display_name="name", patch="replaces"), ("name", "phone"), "status"
    ),
    "one of each": Mode(truth=Unconfirmed(patch="replaces"), names=("customAttributes.department", "familyName")),
}


class TestTarget(target_suite.TargetSuite):
    """Every switch in the position that fits the truth."""

    @pytest.fixture(params=MODES)
    def stand(self, request: pytest.FixtureRequest) -> Stand:
        mode = MODES[request.param]
        return Stand(
            target_of(Descope(), {**ENTRY, "options": mode.options}),
            Sandbox(USERS, DECLARED, key=SECRET, unconfirmed=mode.truth),
            searches={"email": ("ana@example.com", "U1"), "login_id": ("ob", "U2"), "user_id": ("U3", "U3")},
            shared=("email", "twin@example.com"),
            names=mode.names,
            account="U1",
            absent="U9",
            unknown=mode.unknown,
            blames=mode.blames,
        )


DATA: Json = {"Change": {"custom_attribute_department": "Sales", "name": "a-name-4711"}, "refreshJwt": "t0ken-4711"}
EVENT: dict[str, Json] = {
    "action": "UserModified",
    "actorId": "K1",
    "userId": "U1",
    "occurred": 1780949905871,
    "occurred_formatted": "2026-06-08T20:18:25.871835Z",
    "projectId": PROJECT,
    "device": "API",
    "remoteAddress": "192.0.2.7",
    "loginIds": ["ana"],
    "tenants": None,
    "data": DATA,
}
TIME = 1780949905871000


def id_of(user: str, action: str, occurred: str = "1780949905871", data: Json = DATA, project: str = PROJECT) -> str:
    """The id of an event: a digest over what makes it this one."""
    text = f'["{project}","{user}","{action}",{occurred},{json.dumps(data, sort_keys=True, separators=(",", ":"))}]'
    return hashlib.sha256(text.encode()).hexdigest()


SEVERAL: Json = {"userIds": ["U2", "U3"], "Change": {}}
BODY: Json = [
    EVENT,
    {**EVENT, "occurred": "1780949905871", "action": "User Modified"},
    {**EVENT, "action": "LoginSucceed"},
    {**EVENT, "projectId": "P2other"},
    {"action": "UserDeleted", "data": {"user": {"userId": "U4"}}},
    {**EVENT, "action": "UsersModified", "userId": None, "data": SEVERAL},
]
HINTS = [
    Said({"id": "U1"}, id=id_of("U1", "UserModified"), time=TIME, carries="hint"),
    Said({"id": "U1"}, id=id_of("U1", "User Modified", '"1780949905871"'), time=TIME, carries="hint"),
    Said({}, id=id_of("U1", "LoginSucceed"), carries="hint", ignored="its action is not in options.actions"),
    Said({}, id=id_of("U1", "UserModified", project="P2other"), carries="hint", ignored="it is of another project"),
    Said({"id": "U4"}, carries="hint", deleted=True),
    Said({"id": "U2"}, id=id_of("U2", "UsersModified", data=SEVERAL), time=TIME, carries="hint"),
    Said({"id": "U3"}, id=id_of("U3", "UsersModified", data=SEVERAL), time=TIME, carries="hint"),
]
ANA: dict[str, Json] = {"id": "U1", "login_id": "ana"}
VALUES = [
    Said(ANA, {"customAttributes": {"department": "Sales"}}, id_of("U1", "UserModified"), TIME),
    Said(ANA, {"customAttributes": {"department": "Sales"}}, id_of("U1", "User Modified", '"1780949905871"'), TIME),
    Said({}, id=id_of("U1", "LoginSucceed"), ignored="its action is not in options.actions"),
    Said({}, id=id_of("U1", "UserModified", project="P2other"), ignored="it is of another project"),
    Said({"id": "U4"}, deleted=True),
    Said({"id": "U2"}, id=id_of("U2", "UsersModified", data=SEVERAL), time=TIME),
    Said({"id": "U3"}, id=id_of("U3", "UsersModified", data=SEVERAL), time=TIME),
]


class TestSource(source_suite.SourceSuite):
    """Looking at the user, and taking the values out of the event."""

    @pytest.fixture(params=[False, True], ids=["hints", "values"])
    def stand(self, request: pytest.FixtureRequest) -> source_suite.Stand:
        trusts: bool = request.param
        connector = Descope()
        entry = {**ENTRY, "options": {"trust_values": trusts}}
        source = connector.source(connector.settings.model_validate_json(json.dumps(entry)), Language())
        assert source is not None
        element: dict[str, Json] = {"action": "UserModified", "userId": "U1", "customAttributes": {}, "actorId": CANARY}
        unread: list[Json] = [
            {**element, "customAttributes": [CANARY]},
            {**element, "occurred": CANARY},
            {**element, "occurred": True},
        ]
        return source_suite.Stand(
            source,
            body=BODY,
            says=VALUES if trusts else HINTS,
            unusable=[
                CANARY,
                {**element, "id": [CANARY]},
                {**element, "action": {"x": CANARY}},
                {**element, "userId": [CANARY]},
                {**element, "userId": ""},
                *(unread if trusts else []),
            ],
            nothing=[None, 7, CANARY, {}, {"events": [EVENT]}],
            secrets=["t0ken-4711", "a-name-4711", "192.0.2.7", *([] if trusts else ["Sales"])],
        )
