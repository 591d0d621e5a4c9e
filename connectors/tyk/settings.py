"""What an entry of `systems.yaml` may say of a Tyk Enterprise Developer Portal."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from connectors.address import BaseUrl
from connectors.contract import Acknowledge, Secret, Section


class Credentials(Section):
    """token: the API credential of an admin user, from that user's profile page in the portal."""

    token: Secret

    @field_validator("token")
    @classmethod
    def _raw(cls, token: Secret) -> Secret:
        if token.get_secret_value().lower().startswith("bearer"):
            raise ValueError("the portal takes the token alone, without `Bearer` before it")
        return token


class Options(Section):
    """Switches for what Tyk's documents leave open.

    id_source  what the last segment of `/users/{id}/custom-attributes/{id}` is: the `ID` of the user's own value, or that of
               the attribute's definition.  UNCONFIRMED.
    clear      how a value is cleared: DELETE, or a PUT of empty text.  UNCONFIRMED: that a value which was deleted can be set
               again; where it cannot, `empty` can.
    """

    id_source: Literal["value", "definition"] = "value"
    clear: Literal["delete", "empty"] = "delete"


class SourceSettings(Section):
    """acknowledge: Tyk's documents name no status; any 2xx is taken to do."""

    acknowledge: Acknowledge = 200


class Settings(Section):
    """base_url: the portal with `/portal-api` at its end."""

    base_url: BaseUrl
    credentials: Credentials
    options: Options = Options()
    source: SourceSettings | None = None
