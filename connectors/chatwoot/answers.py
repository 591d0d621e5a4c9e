"""What Chatwoot's error answers mean.

403 is never used: 401 stands for a dead token, for a role that is not enough and for a user that is not the platform app's, and
only the text tells them apart.  Sources: the controllers of Chatwoot (platform_controller.rb, access_token_auth_helper.rb,
ensure_current_account_helper.rb, request_exception_handler.rb).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.contract import ConnectorError, Failed, Halted, Json, NoAccount, Refused, Response
from connectors.reading import error, json_of, marks

_ID = re.compile(r"[1-9][0-9]{0,17}")


def known_id(account: str) -> str:
    """The id, if it can be one.  Rails reads `101x` and `0101` as 101: such an id would be somebody else's.  Raises NoAccount."""
    if not _ID.fullmatch(account):
        raise NoAccount("an id at Chatwoot is an integer")
    return account


def judged(response: Response, sent: Mapping[str, str | None] | None = None) -> ConnectorError:
    """The error for an answer about one account.

    sent  of a write: field or hash at Chatwoot -> the attribute that a refusal of it blames, None if it may be one of several
    """
    said = _said(response)
    told = marks(response)
    if response.status_code == 422 and sent is not None:
        return _invalid(said.get("attributes"), sent, response)
    if response.status_code != 401:
        return error(response)
    match said.get("error"):
        case "Non permissible resource":
            return Refused("the platform app may not touch this user: it neither created the user nor was granted access", **told)
        case "Invalid access_token":
            return Halted("the access token is not that of a platform app", **told)
        case "Invalid Access Token":
            return Halted("the access token is not that of a user", **told)
        case "Access to this endpoint is not authorized for bots":
            return Halted("the access token is that of a bot or a platform app; here a user's is needed", **told)
        case "You are not authorized to access this account":
            return Halted("the user of the access token does not belong to the account `account_id`", **told)
        case "Account is suspended":
            return Halted("the account is suspended at Chatwoot", **told)
        case "You are not authorized to do this action":
            return Halted("the role of the user of the access token does not allow it", **told)
        case None if "errors" in said:  # You need to sign in or sign up before continuing.
            return Halted("no access token has arrived: does a proxy drop the header Api-Access-Token?", **told)
        case _:
            return error(response)


def judged_contact(response: Response, sent: Mapping[str, str | None] | None = None) -> ConnectorError:
    """The same for an answer about a contact.  A 404 without the words of the Application API is somebody else's (a proxy whose
    Chatwoot is away, a wrong address): no link ends for it."""
    known = judged(response, sent)
    if isinstance(known, NoAccount) and _said(response).get("error") != "Resource could not be found":
        return _elsewhere(response)
    return known


def judged_elsewhere(response: Response) -> ConnectorError:
    """The same for an answer that is not about one account: a 404 is a wrong address."""
    known = judged(response)
    return _elsewhere(response) if isinstance(known, NoAccount) else known


def _elsewhere(response: Response) -> Halted:
    return Halted("there is no such Chatwoot account at this address: are base_url and account_id right?", **marks(response))


def invalid_fields(response: Response) -> frozenset[str]:
    """The fields that a 422 names (`{"message", "attributes"}`); none where it names none."""
    named = _said(response).get("attributes")
    return frozenset(name for name in named if isinstance(name, str)) if isinstance(named, list) else frozenset()


def _invalid(named: Json, sent: Mapping[str, str | None], response: Response) -> ConnectorError:
    """A save checks the whole record, also what was not sent: what is to blame may be none of ours."""
    fields = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    ours = [sent[name] for name in fields if name in sent]
    if fields and not ours:
        return Refused("another field of the account is invalid at Chatwoot: mend it there", **marks(response))
    return Refused("an attribute or its value is refused", ours[0] if ours else None, **marks(response))


def _said(response: Response) -> Mapping[str, Json]:
    """The object of an error answer; empty where there is none."""
    try:
        body = json_of(response)
    except Failed:
        return {}
    return body if isinstance(body, dict) else {}
