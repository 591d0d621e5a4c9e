"""What an entry of `systems.yaml` may say of a Descope project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from connectors.address import BaseUrl
from connectors.contract import Acknowledge, Secret, Section

ACTIONS = ("UserCreated", "UserDeleted", "UserModified", "UsersCreated", "UsersDeleted", "UsersModified")
"""The audit actions after which a user is looked at (Descope's page Audit Events)."""
REGIONAL = 32
"""A project id of so many characters has its region in it, at places 1 to 4 (official SDKs, `base_url_for_project_id`)."""


class Credentials(Section):
    """project_id: of the project (Project, General).  management_key: made for this project alone (Company, Management Keys)."""

    project_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,128}$")]
    management_key: Secret


class Options(Section):
    """Switches for what Descope's documents leave open.

    custom_attributes  `one`: each custom attribute is a call of its own, which is documented; `patch-merge`: all go in one PATCH.
                       UNCONFIRMED: that a PATCH keeps the custom attributes that it does not name
    display_name       the key under which a PATCH takes the attribute `name`; the official SDKs differ
    null               what becomes of a custom attribute that is sent as null.  `clears`: it holds nothing then; `refused`: it
                       is an error, so no mapping may clear anything.  UNCONFIRMED
    trust_values       take the new values out of the audit events, instead of looking at the user.  UNCONFIRMED: their shape
    actions            the audit actions that matter; others are recorded as `ignored`
    license            the tier that is told with each request, as `GET /v1/mgmt/license` of the project answers it; it selects
                       the rate limit
    """

    custom_attributes: Literal["one", "patch-merge"] = "one"
    display_name: Literal["displayName", "name"] = "displayName"
    null: Literal["clears", "refused"] = "clears"
    trust_values: bool = False
    actions: Annotated[tuple[str, ...], Field(min_length=1)] = ACTIONS
    license: Literal["tier1", "tier2", "tier3", "tier4"] | None = None


class SourceSettings(Section):
    """acknowledge: Descope's documents name no status; any 2xx is taken to do."""

    acknowledge: Acknowledge = 200


def _host(given: Mapping[str, Any]) -> str:
    """Of the project's region.  given: the fields that are valid so far."""
    credentials = given.get("credentials")
    project = credentials.project_id if isinstance(credentials, Credentials) else ""
    return f"https://api.{project[1:5]}.descope.com" if len(project) >= REGIONAL else "https://api.descope.com"


class Settings(Section):
    """base_url: follows from the project id; given where Descope is reached under a name of one's own."""

    credentials: Credentials
    base_url: BaseUrl = Field(default_factory=_host)
    options: Options = Options()
    source: SourceSettings | None = None
