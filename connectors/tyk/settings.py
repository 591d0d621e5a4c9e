"""What an entry of `systems.yaml` may say of a Tyk Enterprise Developer Portal."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.contract import Secret
from connectors.reading import BaseUrl


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Credentials(_Strict):
    """token: the API credential of an admin user, from that user's profile page in the portal."""

    token: Secret

    @field_validator("token")
    @classmethod
    def _raw(cls, token: Secret) -> Secret:
        if token.get_secret_value().lower().startswith("bearer"):
            raise ValueError("the portal takes the token alone, without `Bearer` before it")
        return token


class Options(_Strict):
    """Switches for what Tyk's documents leave open.

    id_source  what the last segment of `/users/{id}/custom-attributes/{id}` is: the `ID` of the user's own value, or that of
               the attribute's definition.  UNCONFIRMED.
    clear      how a value is cleared: DELETE, or a PUT of empty text.  UNCONFIRMED: that a value which was deleted can be set
               again; where it cannot, `empty` can.
    """

    id_source: Literal["value", "definition"] = "value"
    clear: Literal["delete", "empty"] = "delete"


class SourceSettings(_Strict):
    """acknowledge: Tyk's documents name no status; any 2xx is taken to do."""

    acknowledge: Annotated[int, Field(ge=200, le=299)] = 200


class TargetSettings(_Strict):
    """Nothing of its own."""


class Settings(_Strict):
    """base_url: the portal with `/portal-api` at its end."""

    base_url: BaseUrl
    credentials: Credentials
    options: Options = Options()
    source: SourceSettings | None = None
    target: TargetSettings = TargetSettings()
