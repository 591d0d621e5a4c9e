"""The contract suite over every source."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from connectors.contract import Connector, Json, Said, Source
from connectors.http import Http
from connectors.onelogin import OneLogin
from tests.connectors.source_suite import CANARY, SourceSuite, Stand
from tests.connectors.stands import ONELOGIN_ENTRY
from worker.config.language import Language


def source_of(connector: Connector, entry: Mapping[str, Any]) -> Source:
    settings = connector.settings.model_validate_json(json.dumps(entry), strict=True)
    source = connector.source(settings, Language())
    assert source is not None
    return source


def onelogin() -> Stand:
    event: dict[str, Json] = {
        "create": {"_id": "5a26f2a2"},
        "uuid": "5e0f4b8c-1",
        "event_timestamp": "2017-12-05 19:13:06 UTC",
        "event_type_id": 14,
        "user_id": 101,
        "user_name": "Ana Example",
        "notes": "a-note-4711",
        "ipaddr": "192.0.2.7",
    }
    return Stand(
        source_of(OneLogin(), ONELOGIN_ENTRY),
        body=[event, {**event, "uuid": "5e0f4b8c-2", "event_type_id": 5}, {"event_type_id": 14, "user_id": "102"}],
        says=[
            Said({"id": "101"}, id="5e0f4b8c-1", time=1512501186000000, carries="hint"),
            Said({}, id="5e0f4b8c-2", carries="hint", ignored="its event_type_id is not in options.event_types"),
            Said({"id": "102"}, carries="hint"),
        ],
        unusable=[
            CANARY,
            {**event, "user_id": [CANARY]},
            {**event, "user_id": None, "user_name": CANARY},
            {**event, "uuid": {"x": CANARY}},
            {**event, "event_timestamp": CANARY},
            {**event, "event_timestamp": "1969-12-31 23:59:59 UTC", "user_name": CANARY},
        ],
        nothing=[None, {}, event, CANARY, {"events": [CANARY]}],
        secrets=["a-note-4711", "192.0.2.7", "Ana Example"],
    )


GENERIC: dict[str, Json] = {
    "type": "user.updated",
    "id": "evt-1",
    "timestamp": "2026-11-20T10:00:00.123456Z",
    "sequence": 7,
    "data": {"id": "u-1", "email": "u1@example.com", "attributes": {"department": "Sales"}},
}


def generic() -> Stand:
    data = GENERIC["data"]
    assert isinstance(data, dict)
    return Stand(
        source_of(Http(), {"source": {}}),
        body=GENERIC,
        says=[Said({"id": "u-1", "email": "u1@example.com"}, {"department": "Sales"}, "evt-1", 1795168800123456, 7)],
        unusable=[
            CANARY,
            {**GENERIC, "id": [CANARY]},
            {**GENERIC, "timestamp": CANARY},
            {**GENERIC, "timestamp": [CANARY]},
            {**GENERIC, "sequence": CANARY},
            {**GENERIC, "sequence": -1, "type": CANARY},
            {**GENERIC, "data": CANARY},
            {**GENERIC, "data": {**data, "id": None, "email": CANARY}},
            {**GENERIC, "data": {**data, "id": True, "email": CANARY}},
            {**GENERIC, "data": {**data, "attributes": CANARY}},
            {**GENERIC, "data": {"id": CANARY}},
        ],
        nothing=[None, [], [GENERIC], CANARY, 7],
    )


def okta() -> Stand:
    entry = {
        "base_url": "https://acme.okta.example",
        "account": {"read": {"get": "/api/v1/users/{id}", "attributes": "profile"}},
        "source": {
            "acknowledge": 200,
            "each": "data.events",
            "event": {
                "keep": 'event.eventType == "user.account.update_profile"',
                "id": "uuid",
                "time": "published",
                "carries": "hint",
                "subject": {"id": 'target[type eq "User"].id', "email": 'target[type eq "User"].alternateId'},
            },
        },
    }
    users: list[Json] = [{"type": "AppUser", "id": "0ua"}, {"type": "User", "id": "00u1", "alternateId": "ana@example.com"}]
    event: dict[str, Json] = {
        "eventType": "user.account.update_profile",
        "uuid": "e-1",
        "published": "2026-11-20T10:00:00.000Z",
        "target": users,
    }
    return Stand(
        source_of(Http(), entry),
        body={"data": {"events": [event, {**event, "uuid": "e-2", "eventType": "user.session.start"}]}},
        says=[
            Said({"id": "00u1", "email": "ana@example.com"}, id="e-1", time=1795168800000000, carries="hint"),
            Said({}, id="e-2", carries="hint", ignored="`keep` says no"),
        ],
        unusable=[{**event, "target": [{"type": "AppUser", "id": CANARY}]}, {**event, "published": CANARY}],
        nothing=[None, [], {"data": {"events": {"a": CANARY}}}, {"events": []}],
    )


def listed() -> Stand:
    """A body that is the list itself; a sender that gives no time, and a sequence as text."""
    entry = {
        "source": {
            "each": "",
            "carries": "snapshot",
            "event": {"sequence": "n", "subject": {"id": "user.id"}, "attributes": "user"},
        }
    }
    return Stand(
        source_of(Http(), entry),
        body=[{"n": "12", "user": {"id": 5, "unit": None}}, {"user": {"id": "6"}}],
        says=[
            Said({"id": 5}, {"id": 5, "unit": None}, sequence=12, carries="snapshot"),
            Said({"id": "6"}, {"id": "6"}, carries="snapshot"),
        ],
        unusable=[{"user": CANARY}, {"user": {"id": 1.5, "x": CANARY}}, {"n": f"1{CANARY}", "user": {"id": 1}}],
        nothing=[None, {}, CANARY],
    )


def leaving() -> Stand:
    """Some of the people are gone, and nothing is said of their attributes."""
    gone: dict[str, Json] = {"type": "user.deleted", "id": "evt-2", "data": {"id": "u-1"}}
    return Stand(
        source_of(Http(), {"source": {"each": ""}}),
        body=[
            gone,
            {**gone, "type": "user.updated", "data": {"id": "u-1", "attributes": {}}},
            {"data": {"id": 7, "attributes": {}}},
        ],
        says=[Said({"id": "u-1"}, id="evt-2", deleted=True), Said({"id": "u-1"}, id="evt-2"), Said({"id": 7})],
        unusable=[{**gone, "data": {"id": [CANARY]}}, {**gone, "type": "user.left", "x": CANARY}],
        nothing=[None, {}, CANARY],
    )


STANDS: Mapping[str, Callable[[], Stand]] = {
    "onelogin": onelogin,
    "generic": generic,
    "okta": okta,
    "listed": listed,
    "leaving": leaving,
}


@pytest.fixture(params=STANDS, scope="module")
def stand(request: pytest.FixtureRequest) -> Stand:
    return STANDS[request.param]()


class TestSources(SourceSuite):
    """Every shape of webhook that we know."""
