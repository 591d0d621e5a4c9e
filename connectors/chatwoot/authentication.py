"""How requests prove who sends them: access tokens, which are asked for nowhere and end never."""

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
    """The entry's own token; for the list of agents, which is no part of the Platform API, the other one."""

    def __init__(self, settings: Settings) -> None:
        self._credentials = settings.credentials
        # As a request has it: a host in capitals, or a port that goes without saying, is spelled otherwise there.
        self._agents = Request("GET", agents_url(settings)).url

    def obtain(self) -> None:
        return None

    def sign(self, request: Request, token: Token | None) -> None:
        other = self._credentials.agents_token if request.url == self._agents else None
        request.headers[HEADER] = (other or self._credentials.access_token).get_secret_value()
