"""One user of the portal: whether it is there, and its standard fields."""

from __future__ import annotations

from connectors.address import url
from connectors.contract import Flow, Json, NoAccount, Refused, Request, Response, Written
from connectors.reading import error, json_of, marks, unreadable
from connectors.tyk.answers import REFUSALS, SENT, judged
from connectors.tyk.profile import NEEDED, WRITTEN, merged
from connectors.tyk.values import alike


def address(base: str, account: str, *rest: str) -> str:
    """Raises NoAccount for what is no id of a user: those are integers."""
    if not (account.isascii() and account.isdecimal() and len(account) < 20):
        raise NoAccount("a user's id is an integer")
    return url(base, "users", account, *rest)


def user(base: str, account: str) -> Flow[dict[str, Json]]:
    """The user as shown, its API token with it: what is kept of this is the caller's to choose.  Raises NoAccount."""
    response = yield Request("GET", address(base, account), headers=SENT)
    if response.status_code != 200:
        raise judged(response)
    return _user(response)


def update(base: str, account: str, name: str, value: Json) -> Flow[Written]:
    """Read the user, change one standard field, write the user."""
    wanted = value if isinstance(value, str) else ""
    if not wanted and name in NEEDED:
        raise Refused("the portal keeps no user without it", name)
    before = yield from user(base, account)
    if alike(_text(before, name), wanted):
        return Written({name: before.get(name)})
    response = yield Request("PUT", address(base, account), json=merged(before, name, wanted), headers=SENT)
    if response.status_code in REFUSALS:
        after = yield from user(base, account)
        if alike(_text(after, name), wanted):  # an earlier call of ours has landed
            return Written({name: after.get(name)}, **marks(response))
        raise Refused("the value is refused", name, **marks(response))
    if response.status_code != 200:
        raise error(response)
    return Written({name: _user(response).get(name)}, **marks(response))


def _user(response: Response) -> dict[str, Json]:
    shown = json_of(response)
    if not isinstance(shown, dict) or "ID" not in shown:
        raise unreadable(response)
    return shown


def _text(shown: dict[str, Json], name: str) -> str:
    assert name in WRITTEN
    value = shown.get(name)
    return value if isinstance(value, str) else ""
