"""How requests to a portal prove who sends them."""

from __future__ import annotations

from connectors.contract import Request, Token
from connectors.tyk.settings import Settings


class AdminToken:
    """A token that an admin user's profile page shows.  No end of it is documented, and no renewal."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.credentials.token

    def obtain(self) -> None:
        return None

    def sign(self, request: Request, token: Token | None) -> None:
        request.headers["Authorization"] = self._token.get_secret_value()  # no scheme: the portal would refuse it
