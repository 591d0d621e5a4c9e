"""A stand: one target beside its sandbox, and what the suite needs to know of the two."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from connectors.contract import Connector, Json, Target
from connectors.http import Http
from connectors.http.sandbox import Sandbox as Directory
from connectors.onelogin import OneLogin
from connectors.onelogin.sandbox import ApiCredential, Unconfirmed
from connectors.onelogin.sandbox import Sandbox as OneLoginAccount
from tests.connectors.conversation import Talk
from worker.config.language import Language

SECRET = "s3cr3t-canary-4711"


@dataclass
class Stand:
    """A sandbox has one account with the e-mail ana@example.com and one with o'brien+x&y@example.com, beside what stands here.

    searches    key -> (a value that one account has, its id)
    shared      key and value that two accounts have
    names       two attributes of one call, if the target takes many
    account     an account's id; `absent`, one that is not there
    unknown     an attribute that does not exist; "" where any may
    blames      a refused attribute is named
    writes      the method that writes, where other requests go before it; "" where it is the first
    """

    target: Target
    sandbox: Any
    searches: Mapping[str, tuple[str, str]]
    shared: tuple[str, str]
    names: tuple[str, str]
    account: str
    absent: str
    unknown: str
    blames: bool
    writes: str = ""

    def __post_init__(self) -> None:
        self.talk = Talk(self.sandbox, self.target.authentication)

    def applied(self) -> list[tuple[str, str, Json]]:
        return [(entry["account"], entry["attribute"], entry["value"]) for entry in self.sandbox.log.applied]

    def requests(self) -> list[tuple[str, str]]:
        """Of the API, without those for tokens."""
        tokens = {request.url.raw_path.decode() for request in self.talk.asked}
        return [(e["method"], e["path"]) for e in self.sandbox.log.requests if e["path"] not in tokens]

    async def write(self, changes: Mapping[str, Json]) -> dict[str, Json]:
        """Every call of a write, after a read where the target is written whole; what the answers show."""
        account = self.account
        before = await self.talk(self.target.read(account)) if self.target.capabilities.whole else None
        shows: dict[str, Json] = {}
        for call in self.target.write(account, changes, before):
            shows.update((await self.talk(call.flow)).shows)
        return shows

    async def write_with(self, name: str, changes: Mapping[str, Json]) -> None:
        """Of a write, the call that carries this attribute."""
        before = await self.talk(self.target.read(self.account)) if self.target.capabilities.whole else None
        for call in self.target.write(self.account, changes, before):
            if name in call.attributes:
                await self.talk(call.flow)
            else:
                call.flow.close()

    async def held(self, name: str) -> Json:
        """What a read shows; None for nothing."""
        account = await self.talk(self.target.read(self.account))
        value = Language().path(name)(dict(account.attributes))
        return value if isinstance(value, str) and value else None


def target_of(connector: Connector, entry: Mapping[str, Any]) -> Target:
    settings = connector.settings.model_validate_json(json.dumps(entry), strict=True)
    target = connector.target(settings, Language())
    assert target is not None
    return target


ONELOGIN_ENTRY = {
    "base_url": "https://acme.onelogin.example",
    "credentials": {"client_id": "id-1", "client_secret": SECRET},
    "source": {},
}


CUSTOM = ("custom_attributes.employee_number", "custom_attributes.cost_center")


def onelogin(names: tuple[str, str] = (CUSTOM[0], "department"), truth: Unconfirmed | None = None, **options: str) -> Stand:
    sandbox = OneLoginAccount(
        [
            {"id": 101, "email": "ana@example.com", "username": "ana", "external_id": "E-1"},
            {"id": 102, "email": "o'brien+x&y@example.com", "username": "ob", "department": "Sales"},
            {"id": 103, "email": "twin@example.com", "username": "t1"},
            {"id": 104, "email": "twin@example.com", "username": "t2"},
        ],
        ["employee_number", "cost_center"],
        credentials=[ApiCredential("id-1", SECRET)],
        unconfirmed=truth,
    )
    return Stand(
        target_of(OneLogin(), {**ONELOGIN_ENTRY, "options": options}), sandbox,
        searches={"email": ("ana@example.com", "101"), "external_id": ("E-1", "101"), "username": ("ob", "102")},
        shared=("email", "twin@example.com"),
        names=names,
        account="101", absent="999", unknown="custom_attributes.shoe_size", blames=True, writes="PUT",
    )  # fmt: skip


def http(write: Mapping[str, Any]) -> Stand:
    sandbox = Directory(
        [
            {"id": "u-1", "email": "ana@example.com", "external_id": "E-1", "attributes": {"department": "Sales", "kept": "yes"}},
            {"id": "u/2 ?#", "email": "o'brien+x&y@example.com"},
            {"id": "u-3", "email": "twin@example.com"},
            {"id": "u-4", "email": "twin@example.com"},
        ],
        ["department", "title", "kept", "phone"],
        token=SECRET,
    )
    entry = {
        "base_url": "https://directory.example/",
        "auth": {"prefix": "Bearer ", "value": SECRET},
        "account": {
            "find": {
                "email": {"get": "/users?email={value}", "each": "users", "holds": "email"},
                "external_id": {"get": "/users?external_id={value}", "each": "users", "holds": "external_id"},
            },
            "read": {"get": "/users/{id}", "attributes": "attributes"},
        },
        "target": {"write": write},
    }
    return Stand(
        target_of(Http(), entry), sandbox,
        searches={"email": ("ana@example.com", "u-1"), "external_id": ("E-1", "u-1")},
        shared=("email", "twin@example.com"),
        names=("department", "title"),
        account="u-1", absent="u-9", unknown="shoe_size", blames=False, writes="PUT" if write.get("whole") else "",
    )  # fmt: skip


STANDS: Mapping[str, Callable[[], Stand]] = {
    "onelogin": onelogin,
    "onelogin-v2": partial(onelogin, custom_attributes="v2", mappings="disabled"),
    "onelogin-v2-custom": partial(onelogin, CUSTOM, custom_attributes="v2"),
    "onelogin-v2-keeps": partial(
        onelogin, CUSTOM, Unconfirmed(custom="keeps", answer="id"), custom_attributes="v2", mappings="sync"
    ),
    "http-merged": partial(http, {"patch": "/users/{id}", "body": "attributes"}),
    "http-one-each": partial(
        http,
        {
            "patch": "/users/{id}",
            "body": "attributes",
            "many": False,
            "clear": {"delete": "/users/{id}/attributes/{attribute}"},
        },
    ),
    "http-whole": partial(http, {"put": "/users/{id}", "body": "attributes", "whole": True, "clear": ""}),
}
"""Every way in which a connector of ours writes."""
