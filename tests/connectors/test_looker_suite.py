"""Looker in the contract suite: user attributes, the user's own fields, and each of them with the other truth about what its
documents leave open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.contract import Json
from connectors.looker import Looker
from connectors.looker.sandbox import ApiKey, Sandbox, Sources, Unconfirmed, UserAttribute
from tests.connectors.stands import SECRET, Stand, target_of
from tests.connectors.target_suite import TargetSuite

USERS: list[dict[str, Json]] = [
    {
        "id": "101",
        "email": "ana@example.com",
        "groups": ["Sales"],
        "credentials_saml": {"saml_user_id": "saml|ana"},
        "credentials_oidc": {"oidc_user_id": "oidc/ana?x"},
        "credentials_google": {"google_user_id": "1170"},
        "credentials_ldap": {"ldap_dn": "cn=ana", "ldap_id": "guid-ana"},
        "credentials_embed": [{"id": "1", "external_user_id": "e-0"}, {"id": "2", "external_user_id": "E 1"}],
    },
    {"id": "102", "email": "o'brien+x&y@example.com"},
    {"id": "103", "email": "twin@example.com"},
    {"id": "104", "email": "Twin@example.com"},
]
SEARCHES = {
    "email": ("ana@example.com", "101"),
    "saml": ("saml|ana", "101"),
    "oidc": ("oidc/ana?x", "101"),
    "google": ("1170", "101"),
    "ldap": ("guid-ana", "101"),
    "embed": ("E 1", "101"),
}
ATTRIBUTES = [
    UserAttribute("21", "employee_number", groups={"Sales": "a group's"}),
    UserAttribute("22", "cost_center", default="the default"),
]

ASIS: dict[str, Any] = {}
OTHERWISE: dict[str, Any] = {
    "own_source": "Custom",
    "inherited_sources": ["Standard", "Team"],
    "profile_clear": "",
    "yesno": None,
}
OTHER_TRUTH = Unconfirmed(
    sources=Sources("custom", "Team {group}", "Standard", "Standard"), unset=204, unsettable=422, nulls=False, retry_after=7
)


def looker(names: tuple[str, str], options: Mapping[str, Any], unconfirmed: Unconfirmed) -> Stand:
    sandbox = Sandbox(USERS, ATTRIBUTES, keys=[ApiKey("id-1", SECRET)], unconfirmed=unconfirmed)
    entry = {
        "base_url": "https://looker.example:19999",
        "credentials": {"client_id": "id-1", "client_secret": SECRET},
        "options": options,
    }
    return Stand(
        target_of(Looker(), entry), sandbox,
        searches=SEARCHES, shared=("email", "twin@example.com"),
        names=names, account="101", absent="999", unknown="shoe_size", blames=True,
    )  # fmt: skip


OF_THE_INSTANCE = ("employee_number", "cost_center")
OF_THE_USER = ("first_name", "locale")


@pytest.fixture(
    params=[
        (OF_THE_INSTANCE, ASIS, Unconfirmed()),
        (OF_THE_INSTANCE, OTHERWISE, OTHER_TRUTH),
        (OF_THE_USER, ASIS, Unconfirmed()),
        (OF_THE_USER, OTHERWISE, OTHER_TRUTH),
    ],
    ids=["attributes", "attributes-otherwise", "fields", "fields-otherwise"],
)
def stand(request: pytest.FixtureRequest) -> Stand:
    return looker(*request.param)


class TestLooker(TargetSuite):
    """Every way in which this connector writes."""
