"""What the body of a webhook, or a page of a feed, becomes: an entry for each event in it.

An element that cannot be used becomes an entry too, with its verdict, so that it is seen and not lost.  Knows no HTTP and no
store: whoever has a body and a source (the endpoint, `lockstep send`) gets the same entries.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from connectors.contract import Json, NotEvents, Said, Sole, Source, Unusable
from worker.core.event import Entry
from worker.core.naming import controls, too_long
from worker.core.outcome import Outcome, Word
from worker.core.strict import encode
from worker.core.version import TIME

ELEMENTS = 1_000
"""More events in one body than these are refused."""
ID_BYTES = 200
SUBJECT_BYTES = 512
REASON = 200
"""Characters of a verdict's reason that are kept."""

_LIKE_A_REPLAY = re.compile(r"~[0-9]+~*\Z")


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a body came.

    source  the system's name
    id      the webhook's own id, "" if it has none
    at      when it came, microseconds since 1970
    looks   what this source says is only ever a reason to look, whatever its body carries
    """

    source: str
    id: str
    at: int
    looks: bool = False


class Heard(NamedTuple):
    """An event as it came in.  looks: it is only a reason to look, and says of nobody that the account is gone."""

    entry: Entry
    looks: bool


def entries(body: Json, source: Source, receipt: Receipt) -> Sequence[Entry]:
    """The events of one body, in order.  Raises NotEvents."""
    elements = source.split(body)
    if len(elements) > ELEMENTS:
        raise NotEvents(f"more than {ELEMENTS:,} events in one body")
    # Where the body is the event, or the event is what is kept of the body, the id it was sent under is the event's: stable over
    # retries, and not of the payload's making.  In a list the elements have their own, because senders pack them anew.
    if len(elements) == 1 and (isinstance(elements, Sole) or elements[0] == body):
        return (_heard(elements[0], source, receipt, sole=True).entry,)
    return tuple(
        _heard(element, source, receipt, fallback=f"{receipt.id}#{index}" if receipt.id else "").entry
        for index, element in enumerate(elements)
    )


def listed(elements: Sequence[Json], source: Source, receipt: Receipt) -> Sequence[Heard]:
    """The events of a page of a feed, in order.  One without an id is named by its content: it is listed again as it is."""
    return tuple(_heard(element, source, receipt, polled=True) for element in elements)


def parked_twin(entry: Entry, at: int) -> Entry:
    """The entry under which an event is recorded whose id is known with another content.  at: microseconds since 1970."""
    return msgspec.structs.replace(
        entry, id=f"{entry.id}!{entry.digest[:12]}", verdict=_verdict(Word.PARKED, "the id is known with another content", at)
    )


def _heard(
    element: Json, source: Source, receipt: Receipt, *, sole: bool = False, fallback: str = "", polled: bool = False
) -> Heard:
    """sole: its webhook's id is its own.  fallback: the id of one that has none.  polled: it stands in the source's list."""
    element, body = _kept(element)
    digest = hashlib.sha256(body).hexdigest()
    content_id = f"sha256-{digest}"
    sent_as = receipt.id if sole else ""
    entry = Entry(receipt.source, _no_replay(sent_as) or fallback or content_id, digest, body, polled=polled)
    try:
        said = source.read(element)
        if not sent_as:
            own = _no_replay(_plain(said.id, ID_BYTES, "the event's id"))
            unnamed = content_id if polled else _unnamed(said, content_id, receipt)
            entry = msgspec.structs.replace(entry, id=own or fallback or unnamed)
        if said.ignored:
            return _over(entry, Word.IGNORED, said.ignored, receipt)
        return Heard(placed(entry, said), receipt.looks and not said.deleted)
    except Unusable as error:
        return _over(entry, Word.PARKED, str(error), receipt)


def _over(entry: Entry, word: Word, reason: str, receipt: Receipt) -> Heard:
    """It asks for nothing, not even for a look."""
    return Heard(msgspec.structs.replace(entry, verdict=_verdict(word, reason, receipt.at)), looks=False)


def _kept(element: Json) -> tuple[Json, bytes]:
    """The element and its JSON; null for one that cannot be kept (a lone surrogate, an infinite number), which the source then
    refuses: a page of a feed is read again until all of it is accepted, so nothing in it may stop that."""
    try:
        return element, encode(element)
    except (ValueError, RecursionError):
        return None, b"null"


def _no_replay(ident: str) -> str:
    """An id of a sender's that reads like a replay's (`ID~1`) has one `~` more here, so that no two events have one name."""
    return f"{ident}~" if _LIKE_A_REPLAY.search(ident) else ident


def placed(entry: Entry, said: Said) -> Entry:
    """Whom the event is about, and its place among the others.  Raises Unusable."""
    return msgspec.structs.replace(entry, subject=_subject(said), time=_time(said.time), sequence=_sequence(said.sequence))


def _unnamed(said: Said, content_id: str, receipt: Receipt) -> str:
    """The id of an event that has none.  The same content (with its time in it) is the same event; but hints that read alike
    are not the same hint: of A, B, A the third would be lost.  A look too many changes nothing."""
    if said.carries == "hint" or receipt.looks:
        return f"{content_id}-{receipt.at:0{TIME}d}"
    return content_id


def _verdict(word: Word, reason: str, at: int) -> Outcome:
    return Outcome(word, reason[:REASON], at // 1000)


def _subject(said: Said) -> str:
    match said.subject.get("id"):
        case bool() | None | float() | list() | dict():
            raise Unusable("the subject's id is absent, or neither text nor an integer")
        case id_:
            text = _plain(str(id_), SUBJECT_BYTES, "the subject's id")
            if not text:
                raise Unusable("the subject's id is empty")
            return text


def _plain(text: str, limit: int, what: str) -> str:
    """The text as it is.  Raises Unusable if it cannot be a name."""
    if too_long(text, limit):
        raise Unusable(f"{what} is longer than {limit} bytes")
    if controls(text):
        raise Unusable(f"{what} has control characters")
    return text


def _time(micros: int | None) -> str:
    if micros is None:
        return ""
    if not 0 <= micros < 10**TIME:
        raise Unusable("the event's time is before 1970 or after 2286")
    return f"{micros:0{TIME}d}"


def _sequence(number: int | None) -> int:
    if number is None:
        return 0
    if not 0 <= number < 2**63:
        raise Unusable("the event's sequence is negative or above 63 bits")
    return number
