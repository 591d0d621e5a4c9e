"""What an entry of `systems.yaml` may say of a OneLogin account."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from connectors.address import BaseUrl
from connectors.contract import Acknowledge, Secret, Section


class Credentials(Section):
    """An API credential pair with the scope Manage Users or Manage All (Developers, API Credentials)."""

    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Secret


class Options(Section):
    """Switches for what OneLogin's documents leave open.

    custom_attributes  by which call they are written.  `v1`: set_custom_attributes, which is documented to overwrite the keys
                       that are sent and no others.  `v2`: the user is read, and all of them are sent.  UNCONFIRMED: whether v2
                       keeps those that a call leaves out
    mappings           the query parameter of v2 updates: whether the account's user mappings run after the answer, before it, or
                       not at all.  None: it is not sent, and OneLogin's default (async) holds
    event_types        the `event_type_id`s after which a user is looked at; the others are recorded as `ignored`.  UNCONFIRMED:
                       that 14 is "user updated".  `GET /api/1/events/types` of the account lists them
    """

    custom_attributes: Literal["v1", "v2"] = "v1"
    mappings: Literal["async", "sync", "disabled"] | None = None
    event_types: Annotated[frozenset[int], Field(min_length=1)] = frozenset({14})


class SourceSettings(Section):
    """acknowledge: OneLogin's documents name no status; any 2xx is taken to do."""

    acknowledge: Acknowledge = 200


class Settings(Section):
    """base_url: https://SUBDOMAIN.onelogin.com, or https://api.us.onelogin.com and https://api.eu.onelogin.com."""

    base_url: BaseUrl
    credentials: Credentials
    options: Options = Options()
    source: SourceSettings | None = None
