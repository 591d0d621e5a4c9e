"""The API credential pair of OneLogin, and the token that it is exchanged for."""

from __future__ import annotations

from base64 import b64encode

from connectors.address import url
from connectors.contract import Failed, Flow, Request, Token, TokenRefused
from connectors.onelogin.answers import judged_elsewhere
from connectors.onelogin.settings import Settings
from connectors.reading import token_of


class Credential:
    """Client credentials (RFC 6749 section 4.4), exchanged for a token of ten hours.  The v2 endpoint answers the same token
    until it ends, so several processes may ask."""

    def __init__(self, settings: Settings) -> None:
        self._url = url(settings.base_url, "auth", "oauth2", "v2", "token")
        pair = f"{settings.credentials.client_id}:{settings.credentials.client_secret.get_secret_value()}"
        self._basic = "Basic " + b64encode(pair.encode()).decode()

    def obtain(self) -> Flow[Token]:
        """Raises TokenRefused where the pair is refused."""
        request = Request("POST", self._url, json={"grant_type": "client_credentials"}, headers={"Authorization": self._basic})
        response = yield request
        match response.status_code:
            case 200:
                pass
            case 400 | 401:
                raise TokenRefused("the API credential is refused", status=response.status_code)
            case 500:
                # So it answers, too, once the administrator who made the API credential is deleted.
                raise Failed("server error; if it lasts: is the owner of the API credential still there?", status=500)
            case _:
                raise judged_elsewhere(response)
        return token_of(response)

    def sign(self, request: Request, token: Token | None) -> None:
        assert token is not None, "OneLogin has no static credential"
        request.headers["Authorization"] = f"Bearer {token.secret}"
