"""How requests to Chatwoot prove who sends them: with access tokens, which are configured and do not expire."""

from __future__ import annotations

from connectors.address import url
from connectors.chatwoot.settings import Settings
from connectors.contract import Request, Token

HEADER = "Api-Access-Token"
"""Chatwoot's documents write it with underscores; nginx drops such headers by default, and Rails reads both as one."""


def agents_url(settings: Settings) -> str:
    """Where the agents of the account are listed."""
    return url(settings.base_url, "api", "v1", "accounts", str(settings.account_id), "agents")


class AccessTokens:
    """`access_token`; for the list of agents, which is no part of the Platform API, `agents_token`."""

    def __init__(self, settings: Settings) -> None:
        self._credentials = settings.credentials
        # Taken from a request, because httpx normalises: the host becomes lower case, and a default port is left out.
        self._agents = Request("GET", agents_url(settings)).url

    def obtain(self) -> None:
        return None

    def sign(self, request: Request, token: Token | None) -> None:
        other = self._credentials.agents_token if request.url == self._agents else None
        request.headers[HEADER] = (other or self._credentials.access_token).get_secret_value()
