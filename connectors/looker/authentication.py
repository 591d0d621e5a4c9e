"""The API key, and the token that it is exchanged for."""

from __future__ import annotations

from connectors.address import url
from connectors.contract import Flow, Request, Token, TokenRefused
from connectors.looker.answers import judged_elsewhere, of_looker
from connectors.looker.settings import Settings
from connectors.reading import marks, token_of


class ApiKey:
    """`POST /login` with the key in a form gives a token, for an hour by Looker's examples; what the answer says counts.  (In the
    query, where logs would keep it, the key is taken until the end of 2026.)"""

    def __init__(self, settings: Settings) -> None:
        self._url = url(settings.base_url, "api", "4.0", "login")
        self._pair = settings.credentials

    def obtain(self) -> Flow[Token]:
        """Raises TokenRefused where the key is refused, Halted where no Looker answers."""
        form = {"client_id": self._pair.client_id, "client_secret": self._pair.client_secret.get_secret_value()}
        response = yield Request("POST", self._url, data=form)
        match response.status_code:
            case 200:
                pass
            case 404 if not of_looker(response):
                raise judged_elsewhere(response)
            case 400 | 401 | 404:
                raise TokenRefused("the API key is refused", **marks(response))
            case _:
                raise judged_elsewhere(response)
        return token_of(response)

    def sign(self, request: Request, token: Token | None) -> None:
        """As Looker's own Python SDK does; the documents write `token` for `Bearer`, and both are taken."""
        assert token is not None, "Looker has no static credential"
        request.headers["Authorization"] = f"Bearer {token.secret}"
