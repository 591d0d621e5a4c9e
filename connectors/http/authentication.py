"""How requests to a system that is described in YAML prove who sends them."""

from __future__ import annotations

from connectors.contract import Request, Token
from connectors.http.settings import Auth


class StaticHeader:
    """A secret that stands in a header of every request."""

    def __init__(self, auth: Auth | None) -> None:
        self._auth = auth

    def obtain(self) -> None:
        return None

    def sign(self, request: Request, token: Token | None) -> None:
        if self._auth is not None:
            request.headers[self._auth.header] = self._auth.prefix + self._auth.value.get_secret_value()
