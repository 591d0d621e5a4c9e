"""What a source says in a run: a seed's events, and the webhooks that carry them."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

ALWAYS, ONCE = ("department", "role"), "number"
ATTRIBUTES = (*ALWAYS, ONCE)
CANDIDATES = 8
"""Events of a subject that want the seal, at most: a lane that rests while more come parks those above nine, and says so."""


@dataclass(frozen=True, slots=True)
class Event:
    """time: microseconds since 1970; with `id` it orders the events of a subject.  No two events say the same value."""

    id: str
    subject: str
    time: int
    attributes: dict[str, str]


def subject(number: int) -> str:
    return f"E-{number}"


def events(seed: int, many: int, subjects: int, *, age: float = 3600) -> list[Event]:
    """In the order in which they are sent: most in the order of their times, some far from it.  age: of the first, seconds."""
    chance = random.Random(seed)
    start = int((time.time() - age) * 1_000_000)
    made = []
    candidates: Counter[str] = Counter()
    for n in range(many):
        who = subject(chance.randrange(subjects))
        said = [a for a in ATTRIBUTES if chance.random() < 0.5 and (a != ONCE or candidates[who] < CANDIDATES)] or ["department"]
        candidates[who] += ONCE in said
        made.append(Event(f"evt-{seed}-{n}", who, start + n * 1000, {a: f"{a}-{who}-{seed}-{n}" for a in said}))
    return _shuffled(chance, made)


def _shuffled(chance: random.Random, ordered: Sequence[Event]) -> list[Event]:
    places = [n + (chance.uniform(-200, 200) if chance.random() < 0.1 else chance.uniform(-5, 5)) for n in range(len(ordered))]
    return [event for _, event in sorted(zip(places, ordered, strict=True), key=lambda pair: pair[0])]


def webhook(event: Event, secret: bytes, at: int) -> tuple[bytes, dict[str, str]]:
    """Body and headers, signed as Standard Webhooks says.  at: seconds since 1970."""
    when = dt.datetime.fromtimestamp(event.time / 1_000_000, dt.UTC).isoformat()
    data = {"id": event.subject, "email": f"{event.subject}@example.com", "attributes": event.attributes}
    body = json.dumps({"type": "user.updated", "id": event.id, "timestamp": when, "data": data}).encode()
    signed = hmac.new(secret, f"{event.id}.{at}.".encode() + body, hashlib.sha256).digest()
    return body, {
        "Content-Type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
