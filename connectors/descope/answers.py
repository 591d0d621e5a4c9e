"""What Descope's error answers mean: `{"errorCode", "errorDescription", "errorMessage"}`, the code before the status.

Codes: official Go SDK, `errors.go`.  No document names the status that goes with a code, so it decides only where no code does.
The statuses from 520 on are those of the network before Descope, which the official SDKs expect.
"""

from __future__ import annotations

from connectors.contract import ConnectorError, Deferred, Failed, Halted, NoAccount, Refused, Response, Unanswered
from connectors.reading import error, json_of, marks, retry_after

USER_NOT_FOUND = "E112102"
RATE_LIMIT = "E130429"
BAD_REQUEST = "E0110"
"""Begins what is said of a request that cannot be taken: bad, missing or invalid arguments, or a failed validation."""


def judged(response: Response, sent: tuple[str, ...] = ()) -> ConnectorError:
    """The error for an answer about a user.

    sent  the attributes of a write: an answer does not name one, so a refusal blames the only one
    """
    code, told = error_code(response), marks(response)
    match response.status_code:
        case status if 200 <= status < 300:
            return error(response)
        case _ if code == USER_NOT_FOUND:
            return NoAccount("not there", **told)
        case _ if code == RATE_LIMIT:
            return Deferred("throttled", retry_after(response), throttled=True, **told)
        case 401:
            return Halted("the management key is refused: is it of the project `project_id`, and base_url of its region?", **told)
        case 403:
            return error(response)
        case 404 | 410 if not code:
            return Halted("there is no Descope API at this address: is base_url right?", **told)
        case status if 400 <= status < 500 and code.startswith(BAD_REQUEST):
            return refused(response, sent)
        case 520 | 522 | 524:
            # Between the network and Descope: nothing, or nothing that is an answer, came back.  521 and the others: not reached.
            return Unanswered("bad gateway", **told)
        case status if 520 < status <= 530:
            return Failed("bad gateway", retry_after(response), **told)
    known = error(response)
    return refused(response, sent) if type(known) is Refused and sent else known


def refused(response: Response, sent: tuple[str, ...]) -> Refused:
    return Refused("an attribute or its value is refused", sent[0] if len(sent) == 1 else None, **marks(response))


def judged_elsewhere(response: Response) -> ConnectorError:
    """The same for an answer that is not about one user."""
    known = judged(response)
    if isinstance(known, NoAccount):
        return Halted("there is no Descope API at this address: is base_url right?", **marks(response))
    return known


def error_code(response: Response) -> str:
    """`E112102`; "" where there is none, as in a page of the network before Descope."""
    try:
        body = json_of(response)
    except Failed:
        return ""
    code = body.get("errorCode") if isinstance(body, dict) else None
    return code if isinstance(code, str) else ""
