"""How a response is read, whatever system it is from: status, wait, JSON, token, request id.

The texts of the errors raised here are fixed: no value and no word of the system's own ever stands in one.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypedDict

from connectors.contract import ConnectorError, Deferred, Failed, Halted, Json, NoAccount, Refused, Response, Token, Unanswered

CAP = 1 << 20
"""Bytes of an answer that are read."""

_REASONS = {
    400: "bad request", 401: "the credentials are refused", 403: "not allowed with these credentials", 404: "not there",
    405: "this address does not take this method: is base_url right?", 408: "the system gave up waiting for the request",
    409: "conflict", 410: "not there any more", 413: "too large", 415: "content type refused", 422: "the value is refused",
    425: "too early", 429: "throttled", 500: "server error", 502: "bad gateway", 503: "service unavailable",
    504: "gateway timeout",
}  # fmt: skip


def expect(response: Response, *codes: int) -> Response:
    """The response, if its status is one of `codes` (none given: 200, 201, 204).  Raises `error(response)`."""
    if response.status_code in (codes or (200, 201, 204)):
        return response
    raise error(response)


class Marks(TypedDict):
    """What an error keeps of the answer: `Refused("...", **marks(response))`."""

    status: int
    request_id: str


def marks(response: Response) -> Marks:
    return Marks(status=response.status_code, request_id=request_id(response))


def error(response: Response) -> ConnectorError:
    """What the status alone says.  A connector that knows its system's words looks at them first.

    408 425          Deferred    RFC 9110 section 15.5.9, RFC 8470 section 5.2: it was not acted on
    429              Deferred    the credential is throttled (RFC 6585 section 4)
    502 504          Unanswered  a gateway speaks; behind it, it may land yet
    other 5xx        Failed      it is over, and may have landed
    404 410          NoAccount
    401-403 405 407  Halted      credentials, scope or address: no delivery can work
    3xx              Halted      the address is another one now
    other 4xx        Refused
    202, other 2xx   Unanswered  taken, not known to be done (RFC 9110 section 15.3.3)
    """
    status = response.status_code
    reason = _REASONS.get(status, "")
    told = marks(response)
    if status in (408, 425, 429):
        return Deferred(reason, retry_after(response), throttled=status == 429, **told)
    if status in (502, 504):
        return Unanswered(reason, **told)
    if status in (404, 410):
        return NoAccount(reason, **told)
    if status in (401, 402, 403, 405, 407):
        return Halted(reason or "not allowed", **told)
    if status >= 500:
        return Failed(reason or "server error", retry_after(response), **told)
    if status >= 400:
        return Refused(reason or "refused", **told)
    if status >= 300:
        return Halted("it answers with a redirection: is base_url right?", **told)
    return Unanswered("taken, but not known to be done", **told)


def retry_after(response: Response) -> float | None:
    """Seconds that Retry-After asks for (RFC 9110 section 10.2.3).  A date is taken against the answer's own Date, so that no
    clock of ours is in it; None if the header is absent or unreadable."""
    said = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,9})?", said):
        return float(said)
    try:
        until, now = (parsedate_to_datetime(text) for text in (said, response.headers.get("date", "")))
        return max(0.0, (_aware(until) - _aware(now)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def request_id(response: Response) -> str:
    """The system's name for this exchange, for its support; "" if it gives none that can stand in a log."""
    for name in ("x-request-id", "request-id", "x-correlation-id", "x-okta-request-id", "cf-ray"):
        if re.fullmatch(r"[A-Za-z0-9_.:/=+@-]{1,128}", said := str(response.headers.get(name, ""))):
            return said
    return ""


def json_of(response: Response) -> Json:
    """The JSON of an answer that was expected to have some.  Raises Failed if it has none: then something else than the API
    has answered (a proxy, a login page), and what it did to a write is not known."""
    try:
        if len(response.content) > CAP:
            raise ValueError
        parsed: Json = json.loads(response.content, parse_constant=_no_constant, parse_float=_finite)
        return _whole(parsed) if b"\\u" in response.content and _HALF.search(response.content) else parsed
    except (ValueError, RecursionError):
        raise unreadable(response) from None


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def _whole(value: Json) -> Json:
    """Half of a surrogate pair, which no UTF-8 can say, becomes U+FFFD: one cut name must not hide the others of a list."""
    match value:
        case str():
            return _text(value)
        case list():
            return [_whole(each) for each in value]
        case dict():
            return {_text(name): _whole(each) for name, each in value.items()}
        case _:
            return value


def _text(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _finite(text: str) -> float:
    """A number that no other reader has, either (RFC 8259 section 6), is none."""
    if math.isinf(value := float(text)):
        raise ValueError("a number beyond all others")
    return value


def token_of(response: Response) -> Token:
    """The access token of a good answer (RFC 6749 section 5.1).  Raises Failed for another shape, and without a lifetime."""
    match json_of(response):
        case {"access_token": str(secret), "expires_in": int() | float() as seconds} if secret and seconds > 0:
            return Token(secret, float(seconds))
        case _:
            raise unreadable(response)


def unreadable(response: Response) -> Failed:
    """The answer is JSON, and not of the shape that the system's documents promise."""
    return Failed("unreadable answer", **marks(response))


def _no_constant(_word: str) -> Json:
    raise ValueError("NaN and Infinity are no JSON")
