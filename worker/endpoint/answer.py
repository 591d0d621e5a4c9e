"""What the endpoint answers: the closed list of words, and the one place that gives each its status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from connectors.contract import Json


class Refusal(StrEnum):
    """Why a request ends without the sender's 2xx; the endpoint's log uses these words."""

    UNKNOWN = "unknown"
    """No source of this name.  The same answer for every method, and for every other path."""
    METHOD = "method"
    """A known source, asked in a way that means nothing."""
    TOO_LARGE = "too large"
    """More bytes than a webhook has."""
    TOO_SLOW = "too slow"
    """The body was not there in time."""
    NOT_JSON = "not json"
    """A content type or encoding that is not read here."""
    SIGNATURE = "signature"
    """Any fault of a signature; the sender does not learn which."""
    MALFORMED = "malformed"
    """No JSON, above a limit, or not the shape that this source sends."""
    REUSED = "reused"
    """The id of another event, with another content."""
    FULL = "full"
    """The backlog has reached its stated bound."""
    UNAVAILABLE = "unavailable"
    """The event cannot be put on disk now, or we failed: the sender keeps it and comes again."""


Line = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status, its JSON (None: an empty body) and the header lines beyond the usual ones."""

    status: int
    content: Json = None
    headers: tuple[Line, ...] = ()


# Some senders take any 4xx for the last word and drop the event (Okta, Auth0), and 410 for "never again" (Standard
# Webhooks): what may pass is 503 or 429, and 410 is never said.
_ANSWERS: Mapping[Refusal, tuple[int, str, tuple[Line, ...]]] = {
    Refusal.UNKNOWN: (404, "there is nothing here", ()),
    Refusal.METHOD: (405, "this method is not answered here", ()),
    Refusal.TOO_LARGE: (413, "the body is too large", ()),
    Refusal.TOO_SLOW: (408, "the body did not arrive in time", ()),
    Refusal.NOT_JSON: (415, "the body must be JSON, without content encoding", ((b"accept-encoding", b"identity"),)),
    # RFC 9110 section 15.5.2: a 401 must name a scheme.
    Refusal.SIGNATURE: (401, "the signature is not accepted", ((b"www-authenticate", b"Signature"),)),
    Refusal.MALFORMED: (400, "the body is malformed", ()),
    Refusal.REUSED: (409, "this id was already used for an event with another content", ()),
    Refusal.FULL: (429, "too much is waiting; come again", ()),
    Refusal.UNAVAILABLE: (503, "the event cannot be stored now; come again", ()),
}


class Refused(Exception):
    """This request ends here.

    word    why
    reason  for the sender, in place of the fixed text; never a value
    detail  for our log only
    after   seconds after which the sender may come again (Retry-After)
    allow   the methods that would be answered
    """

    def __init__(self, word: Refusal, *, reason: str = "", detail: str = "", after: int | None = None, allow: str = "") -> None:
        super().__init__(word)
        self.word = word
        self.reason = reason
        self.detail = detail or reason
        self.after = after
        self.allow = allow

    def answer(self) -> Answer:
        status, text, headers = _ANSWERS[self.word]
        if self.after is not None:
            headers = (*headers, (b"retry-after", b"%d" % self.after))
        if self.allow:
            headers = (*headers, (b"allow", self.allow.encode()))
        return Answer(status, {"error": self.reason or text}, headers)
