"""What an entry of `systems.yaml` may say of a OneLogin account."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from connectors.contract import Secret
from connectors.reading import BaseUrl


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Credentials(_Strict):
    """An API credential pair with the scope Manage Users or Manage All (Developers, API Credentials)."""

    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Secret


class Options(_Strict):
    """Switches for what OneLogin's documents leave open.

    event_types  the `event_type_id`s after which a user is looked at; the others are recorded as `ignored`.  UNCONFIRMED: that
                 14 is "user updated".  `GET /api/1/events/types` of the account lists them.
    """

    event_types: Annotated[frozenset[int], Field(min_length=1)] = frozenset({14})


class SourceSettings(_Strict):
    """acknowledge: OneLogin's documents name no status; any 2xx is taken to do."""

    acknowledge: Annotated[int, Field(ge=200, le=299)] = 200


class TargetSettings(_Strict):
    """Nothing of its own."""


class Settings(_Strict):
    """base_url: https://SUBDOMAIN.onelogin.com, or https://api.us.onelogin.com and https://api.eu.onelogin.com."""

    base_url: BaseUrl
    credentials: Credentials
    options: Options = Options()
    source: SourceSettings | None = None
    target: TargetSettings = TargetSettings()
