"""What Looker's error answers mean.

Their bodies are `{"message", "documentation_url"}`, for a 422 with `errors`; no part of a body says more than its status does,
and a 404 is also what a caller without permission gets.  So what a 404 means is found out by asking, not by reading it.  Only
that it is Looker's own is read: another server's (a proxy, a page for maintenance) says nothing about users.
"""

from __future__ import annotations

from connectors.contract import ConnectorError, Failed, Halted, NoAccount, Refused, Response, TokenRefused
from connectors.reading import error, json_of, marks


def judged(response: Response, attribute: str | None = None) -> ConnectorError:
    """The error for an answer about a user.  attribute: the one that a call carried; it is to blame for a refusal."""
    told = marks(response)
    if response.status_code == 401:
        return TokenRefused(**told)
    if response.status_code == 403:
        return Halted("not allowed with this API key: its user needs the role Admin", **told)
    known = error(response)
    if isinstance(known, Refused):
        return Refused(known.reason, attribute, **told)
    if isinstance(known, NoAccount) and not of_looker(response):
        return Halted("there is no Looker API at this address: is base_url right, with its port?", **told)
    return known


def judged_elsewhere(response: Response) -> ConnectorError:
    """The same for an answer that is not about one user: where nothing can be missing, a 404 is a missing permission."""
    known = judged(response)
    if isinstance(known, NoAccount):
        return Halted("Looker does not show this to the API key: its user needs the role Admin", **marks(response))
    return known


def of_looker(response: Response) -> bool:
    """Whether an error has Looker's own form."""
    try:
        body = json_of(response)
    except Failed:
        return False
    return isinstance(body, dict) and isinstance(body.get("message"), str)
