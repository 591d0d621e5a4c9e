"""How requests to Descope prove who sends them."""

from __future__ import annotations

from connectors.contract import Request, Token
from connectors.descope.settings import Settings


class ManagementKey:
    """The project's id and its key, as one bearer token: nothing to ask for, nothing to renew."""

    def __init__(self, settings: Settings) -> None:
        self._credentials, self._license = settings.credentials, settings.options.license

    def obtain(self) -> None:
        return None

    def sign(self, request: Request, token: Token | None) -> None:
        key = self._credentials.management_key.get_secret_value()
        request.headers["Authorization"] = f"Bearer {self._credentials.project_id}:{key}"
        if self._license is not None:
            request.headers["x-descope-license"] = self._license
