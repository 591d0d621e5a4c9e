"""Who sent a webhook: the signature schemes, over raw header and body bytes.

A verifier answers `Signed` or the `Fault` that it found; it never raises, whatever the sender made up.  The fault is for our
log: a sender is told only that it was refused.  All comparisons take a time that does not depend on where two values differ,
and every secret is tried against every signature, so that a rotation cannot be watched from outside either.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from worker.core import strict

Headers = Sequence[tuple[bytes, bytes]]
"""Header lines as they came; the names in lower case."""

SIGNATURES = 10
"""More signatures of one webhook than these are not looked at."""

_ID = re.compile(rb"[A-Za-z0-9_-]{1,64}")
# Exactly ten digits (until the year 2286): with the dots that separate them, and no dot in the id, `id.timestamp.body` can be
# cut in one way only.
_TIMESTAMP = re.compile(rb"[0-9]{10}")


@dataclass(frozen=True, slots=True)
class Signed:
    """The sender knows a secret.  `id`: the webhook's own id, "" if it has none."""

    id: str = ""


class Fault(StrEnum):
    """Why a webhook is refused."""

    HEADER = "a signature header is missing or repeated"
    UNNAMED = "the signature is right, but the header that `id_header` names is missing or repeated"
    ID = "the webhook id is not 1 to 64 of A-Z a-z 0-9 _ -"
    TIMESTAMP = "the timestamp is not ten digits"
    STALE = "the timestamp is outside the tolerance: old, or one of the two clocks is wrong"
    SIGNATURE = "no signature fits one of the secrets"


class Verifier(Protocol):
    """One scheme with its secrets.  Making one raises ValueError if a secret is empty or there is none."""

    def verify(self, headers: Headers, body: bytes, now: float, /) -> Signed | Fault:
        """`now`: seconds since 1970.  MUST NOT raise for any headers and body."""


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """Standard Webhooks 1.0.0, symmetric signatures (`v1`); other versions in the list are passed over.

    keys       the HMAC keys (see `webhook_key`); several while they are rotated
    tolerance  seconds by which the timestamp may differ from our clock, either way
    """

    keys: Sequence[bytes] = field(repr=False)
    tolerance: float = 300.0

    def __post_init__(self) -> None:
        _some(self.keys)

    def verify(self, headers: Headers, body: bytes, now: float, /) -> Signed | Fault:
        lines = _only(headers, (b"webhook-id", b"webhook-timestamp", b"webhook-signature"))
        if lines is None:
            return Fault.HEADER
        name, timestamp, signatures = lines
        if _ID.fullmatch(name) is None:
            return Fault.ID
        if fault := _untimely(timestamp, now, self.tolerance):
            return fault
        listed = [entry.partition(b",") for entry in signatures.split(b" ", SIGNATURES)[:SIGNATURES]]
        given = [signature for version, _, signature in listed if version == b"v1"]
        expected = [self._made(key, name, timestamp, body) for key in self.keys]
        return Signed(name.decode()) if _any_equal(given, expected) else Fault.SIGNATURE

    def sign(self, ident: str, stamp: int, body: bytes) -> dict[str, str]:
        """The headers with which a sender of ours signs.  stamp: seconds since 1970."""
        signature = self._made(self.keys[0], ident.encode(), str(stamp).encode(), body)
        return {"webhook-id": ident, "webhook-timestamp": str(stamp), "webhook-signature": f"v1,{signature.decode()}"}

    @staticmethod
    def _made(key: bytes, name: bytes, timestamp: bytes, body: bytes) -> bytes:
        return base64.b64encode(hmac.digest(key, b"%b.%b.%b" % (name, timestamp, body), "sha256"))


@dataclass(frozen=True, slots=True)
class Hmac:
    """An HMAC of the body, or of a text around it, in one header.

    keys              the HMAC keys; several while they are rotated
    header            where the signature stands
    hash, encoding    of the signature; `hex` is lower case
    prefix            stands before it (`sha256=`)
    timestamp_header  where the time stands (ten digits, seconds); "" if there is none
    signed            what is signed: a text with `{body}` once, and `{timestamp}` if there is a timestamp header
    tolerance         seconds by which the timestamp may differ from our clock, either way
    id_header         where the webhook's own id stands, which is not signed; "" if there is none
    over              `json`: where the signature does not fit the body as it came, it may fit its JSON written compactly, as
                      `JSON.stringify` writes what was parsed: names in their order, no white space, nothing escaped that need
                      not be.  Numbers must be spelled alike in both: no exponent, no zeros at the end of a fraction

    Raises ValueError if `signed` and `timestamp_header` do not agree: a time that is not signed proves nothing.  Likewise if
    `id_header` is one of the others.
    """

    keys: Sequence[bytes] = field(repr=False)
    header: str
    hash: Literal["sha256", "sha384", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    timestamp_header: str = ""
    signed: str = "{body}"
    tolerance: float = 300.0
    id_header: str = ""
    over: Literal["body", "json"] = "body"

    def __post_init__(self) -> None:
        _some(self.keys)
        _apart(self.id_header, self.header, self.timestamp_header)
        if self.signed.count("{body}") != 1:
            raise ValueError("`signed` must contain {body} once")
        if self.signed.count("{timestamp}") != bool(self.timestamp_header):
            raise ValueError("`signed` must contain {timestamp} once if there is a `timestamp_header`, and only then")

    def verify(self, headers: Headers, body: bytes, now: float, /) -> Signed | Fault:
        names = [self.header, self.timestamp_header] if self.timestamp_header else [self.header]
        lines = _only(headers, [name.lower().encode() for name in names])
        if lines is None:
            return Fault.HEADER
        timestamp = lines[1] if self.timestamp_header else b""
        if self.timestamp_header and (fault := _untimely(timestamp, now, self.tolerance)):
            return fault
        if self._fits(lines[0], timestamp, body):
            return _named(headers, self.id_header)
        # Which of the two forms fits is the sender's own doing, so the time of a second try tells nobody anything.
        if self.over == "json" and (compact := _compact(body)) is not None and self._fits(lines[0], timestamp, compact):
            return _named(headers, self.id_header)
        return Fault.SIGNATURE

    def _fits(self, given: bytes, timestamp: bytes, body: bytes) -> bool:
        before, _, after = self.signed.encode().replace(b"{timestamp}", timestamp).partition(b"{body}")
        signed = before + body + after
        prefix = self.prefix.encode()
        expected = [prefix + self._encoded(hmac.digest(key, signed, self.hash)) for key in self.keys]
        return _any_equal([given], expected)

    def _encoded(self, mac: bytes) -> bytes:
        return mac.hex().encode() if self.encoding == "hex" else base64.b64encode(mac)


@dataclass(frozen=True, slots=True)
class StaticHeader:
    """A header that holds a secret as it is.  It proves nothing about the body and nothing about the time.

    id_header  where the webhook's own id stands; "" if there is none.  Raises ValueError if it is the same header
    """

    secrets: Sequence[bytes] = field(repr=False)
    header: str = "Authorization"
    id_header: str = ""

    def __post_init__(self) -> None:
        _some(self.secrets)
        _apart(self.id_header, self.header)

    def verify(self, headers: Headers, _body: bytes, _now: float, /) -> Signed | Fault:
        lines = _only(headers, [self.header.lower().encode()])
        if lines is None:
            return Fault.HEADER
        # Digests have one length, so the length of the secret does not show either.
        given, *expected = (hashlib.sha256(value).digest() for value in (lines[0], *self.secrets))
        return _named(headers, self.id_header) if _any_equal([given], expected) else Fault.SIGNATURE


def webhook_key(secret: bytes) -> bytes:
    """The HMAC key in a Standard Webhooks secret: base64 of 24 to 64 bytes, usually after `whsec_`.  Raises ValueError, whose
    text does not show the secret."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(b"whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("a Standard Webhooks secret is `whsec_` and base64; this one is no base64") from None
    if not 24 <= len(key) <= 64:
        raise ValueError(f"a Standard Webhooks secret is 24 to 64 bytes in base64; this one is {len(key)}")
    return key


def _some(secrets: Sequence[bytes]) -> None:
    if not secrets or not all(secrets):
        raise ValueError("at least one secret is needed, and none may be empty")


def _apart(id_header: str, *others: str) -> None:
    """An id is kept and shown; a secret, or what was made with it, is not."""
    if id_header and id_header.lower() in [other.lower() for other in others]:
        raise ValueError("`id_header` must be another header than that of the secret, the signature or the time")


def _named(headers: Headers, id_header: str) -> Signed | Fault:
    """The sender knows a secret; under which id it says what it says.  One that should have an id and has none is refused: under
    the digest of its content instead, the same value said again later would be lost."""
    if not id_header:
        return Signed()
    lines = _only(headers, [id_header.lower().encode()])
    if lines is None:
        return Fault.UNNAMED
    return Signed(lines[0].decode()) if _ID.fullmatch(lines[0]) else Fault.ID


def _compact(body: bytes) -> bytes | None:
    """The JSON of a body without what is only spelling, None if it is none that we would read.  The reader's limits hold for
    strangers, too."""
    try:
        return _COMPACT.encode(strict.parse(body)).encode()
    except strict.Malformed:
        return None


_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _only(headers: Headers, names: Sequence[bytes]) -> list[bytes] | None:
    """The values of these headers, in this order.  None if one is missing, or stands twice: two readers could take
    different ones."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in names:
            if name in found:
                return None
            found[name] = value
    return [found[name] for name in names] if len(found) == len(names) else None


def _untimely(timestamp: bytes, now: float, tolerance: float) -> Fault | None:
    if _TIMESTAMP.fullmatch(timestamp) is None:
        return Fault.TIMESTAMP
    return Fault.STALE if abs(now - int(timestamp)) > tolerance else None


def _any_equal(given: Iterable[bytes], expected: Sequence[bytes]) -> bool:
    """Whether one of the given is one of the expected.  The text of a signature is compared, not what it decodes to: base64
    has several texts for the same bytes."""
    equal = False
    for one in given:
        for other in expected:
            equal |= hmac.compare_digest(one, other)
    return equal
