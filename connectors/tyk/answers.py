"""What the portal's error answers mean, and how its lists are cut into pages.

The texts in an error answer (`{"errors": [...]}`) are for people and documented nowhere, so nothing is read out of them: what a
refusal means is found out by looking at the user, the value and the definition (`connectors/tyk/custom.py`).  Sources: the
OpenAPI document of the portal's API, and its release notes, by which JSON may come as text/plain.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.address import url
from connectors.contract import ConnectorError, Failed, Flow, Halted, Json, NoAccount, Request, Response
from connectors.reading import error, json_of, marks, unreadable

REFUSALS = frozenset({400, 404, 422})
"""A write answers 422 for "bad request or not found"; the others stand for it in older and newer releases."""
PAGE = 20
"""Rows of a page where neither we nor the portal's configuration say otherwise."""
ASKED = 100
"""Rows that we ask for.  Whether there is a limit is not documented; a smaller page is coped with."""
SENT = {"Accept": "application/json"}


def judged(response: Response) -> ConnectorError:
    """The error for an answer about a user.  An absent user is told in JSON; any other 404 is that of some other server, and
    taking it for an absent user would part every account from its subject."""
    known = error(response)
    if not isinstance(known, NoAccount):
        return known
    try:
        spoke = isinstance(json_of(response), dict)
    except Failed:
        spoke = False
    return known if spoke else _no_portal(response)


def judged_elsewhere(response: Response) -> ConnectorError:
    """The same for an answer that is not about one user: a 404 is a wrong address."""
    known = error(response)
    return _no_portal(response) if isinstance(known, NoAccount) else known


def _no_portal(response: Response) -> Halted:
    return Halted("there is no portal API at this address: does base_url end with /portal-api?", **marks(response))


def row_id(row: Json, response: Response) -> str:
    """The `ID` of one row.  Raises Failed."""
    match row:
        case {"ID": int(number)} if not isinstance(number, bool):
            return str(number)
        case _:
            raise unreadable(response)


def pages(base: str, *segments: str, everybody: bool = False) -> Flow[Sequence[tuple[Response, dict[str, Json]]]]:
    """All rows of a list, each with the answer that it stood in.

    The portal tells neither a total nor a next page, and may give fewer rows than we ask for.  So the last page is one that is
    shorter than the page before it or than the portal's own default, or one without a new row: then `page` is ignored on the way.

    everybody: the list of users, which has at least the admin who asks.  Whoever is not in it is taken not to exist, and a portal
    may be configured to pages smaller than the default: so it ends only with a page that is shorter than another, or empty.
    """
    rows: dict[str, tuple[Response, dict[str, Json]]] = {}
    full, number = (1 if everybody else PAGE), 1
    while True:
        query = [("page", str(number)), ("per_page", str(ASKED))]
        response = yield Request("GET", url(base, *segments, query=query), headers=SENT)
        if response.status_code != 200:
            raise judged_elsewhere(response)
        page = json_of(response)
        if page is None and not (everybody and number == 1):
            page = []  # the portal writes an empty list so, at least within a user (`Teams`)
        if not isinstance(page, list):
            raise unreadable(response)
        known = len(rows)
        for row in page:
            name = row_id(row, response)
            assert isinstance(row, dict)
            rows[name] = (response, row)
        if len(page) < full or len(rows) == known:
            return [*rows.values()]
        full, number = len(page), number + 1
