"""What OneLogin's error answers mean.

v1 wraps `{"status": {"code", "type", "message"}}`, v2 is flat: `{"message", "name", "statusCode"}` and sometimes `field`.
Sources of the texts: the reference pages of set_custom_attributes, users v2 and Generate Tokens at developers.onelogin.com.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.contract import ConnectorError, Failed, Halted, Json, NoAccount, Refused, Response, TokenRefused
from connectors.onelogin.fields import CUSTOM_FIELD
from connectors.reading import error, json_of, marks

_VALID_NAMES = re.compile(r"custom_attributes is not valid.*?->\s*\[([^\]]*)\]", re.IGNORECASE | re.DOTALL)


def judged(response: Response, sent: Mapping[str, str] | None = None) -> ConnectorError:
    """The error for an answer about a user.

    sent  field (`department`, `custom_attributes.SHORTNAME`) -> attribute, of a write: a refusal that tells which of them is to
          blame names it
    """
    message, field = _said(response)
    told = marks(response)
    text = message if isinstance(message, str) else ""
    match response.status_code:
        case 400 if text == "Authorization Information is incorrect":
            return Halted("OneLogin cannot read our Authorization header", **told)
        case 400 if isinstance(message, dict) and message.get("attribute") == "id":
            return NoAccount("a user's id is an integer", **told)
        case 400 | 422 if sent:
            return Refused("an attribute or its value is refused", _blamed(text, field, sent), **told)
        case 401 if "insufficient permission" in text.lower():
            return Halted("the API credential lacks the scope Manage Users", **told)
        case 401:
            return TokenRefused(**told)
        case 403 if "to access this user" in text.lower():
            return Refused("the API credential may not touch this user", **told)
    return error(response)


def judged_elsewhere(response: Response) -> ConnectorError:
    """The same for an answer that is not about one user: a 404 is a wrong address."""
    known = judged(response)
    if isinstance(known, NoAccount):
        return Halted("there is no OneLogin API at this address: is base_url right?", **marks(response))
    return known


def _said(response: Response) -> tuple[Json, Json]:
    """The message and the field of an error answer, None where there is none."""
    try:
        body = json_of(response)
    except Failed:
        return None, None
    if not isinstance(body, dict):
        return None, None
    status = body.get("status")
    return (status if isinstance(status, dict) else body).get("message"), body.get("field")


def _blamed(message: str, field: Json, sent: Mapping[str, str]) -> str | None:
    if found := _VALID_NAMES.search(message):
        valid = set(re.split(r"[\s,]+", found[1]))
        unknown = [sent[name] for name in sent if name.startswith(CUSTOM_FIELD) and name.removeprefix(CUSTOM_FIELD) not in valid]
        return unknown[0] if unknown else None
    if not isinstance(field, str):
        return None
    meant = [sent[name] for name in (field, CUSTOM_FIELD + field) if name in sent]
    return meant[0] if len(meant) == 1 else None  # a field and a custom attribute may have one name
