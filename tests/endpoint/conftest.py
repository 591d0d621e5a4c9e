"""An endpoint over a journal in a dict, with sources whose events say themselves what is to be read from them."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from connectors.contract import Carries, Json, NotEvents, Said, Unusable
from worker.absence import Absence
from worker.core.event import Accepted, Entry
from worker.core.signature import Hmac, StandardWebhooks, StaticHeader
from worker.endpoint.exchange import Limits
from worker.endpoint.ingress import Handshake, SourceEndpoint, build_app
from worker.store.errors import Unavailable

KEY = b"k" * 32
NOW = 1_700_000_000


class Told:
    """The events stand at `events`, or the body is one; an event holds the fields of Said, and may hold a `note`."""

    acknowledge = 202
    carries: Carries = "changes"

    def split(self, body: Json) -> Sequence[Json]:
        match body:
            case {"events": list(events)}:
                return events
            case {"events": _}:
                raise NotEvents("no list at events")
            case _:
                return [body]

    def read(self, element: Json) -> Said:
        if not isinstance(element, dict):
            raise Unusable("the event is no object")
        if "bug" in element:
            raise KeyError(element["bug"])
        fields = {"subject": {"id": "u-1"}, **{name: value for name, value in element.items() if name != "note"}}
        return Said(**fields)  # type: ignore[arg-type]


@dataclass
class Shelf:
    """A journal in a dict; `fault` is raised and `answer` is told in place of what it would say, for the ids in `only`."""

    kept: dict[str, Entry] = field(default_factory=dict)
    asked: list[Entry] = field(default_factory=list)
    fault: Exception | None = None
    full: bool = False
    only: frozenset[str] | None = None

    async def accept(self, entry: Entry) -> Accepted:
        self.asked.append(entry)
        if self.only is None or entry.id in self.only:
            if self.fault:
                raise self.fault
            if self.full:
                return Accepted("full")
        known = self.kept.setdefault(entry.name, entry)
        return Accepted("new" if known is entry else "same" if known.digest == entry.digest else "other")


@dataclass
class Health:
    """What is wrong, as a test says it."""

    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fault: Exception | None = None

    async def problems(self) -> list[str]:
        if self.fault:
            raise self.fault
        return self.wrong

    async def warnings(self) -> list[str]:
        return self.notes


@dataclass
class Endpoint:
    """The application, what it was built from, and a client that signs."""

    app: Starlette
    shelf: Shelf
    health: Health
    hints: list[int]
    logs: Sequence[MutableMapping[str, object]]
    client: TestClient
    now: float = NOW
    hint_fault: Exception | None = None

    def signed(self, body: bytes, id_: str = "msg_1") -> dict[str, str]:
        """The headers of a webhook of `hr`."""
        mac = base64.b64encode(hmac.digest(KEY, f"{id_}.{NOW}.".encode() + body, "sha256")).decode()
        return {
            "webhook-id": id_,
            "webhook-timestamp": str(NOW),
            "webhook-signature": f"v1,{mac}",
            "content-type": "application/json",
        }

    def send(self, body: Json | bytes, id_: str = "msg_1", *, to: str = "hr", headers: Mapping[str, str] | None = None):
        """Post a webhook, signed for `hr`, with the secret header for the others."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        own = self.signed(raw, id_) if to == "hr" else {"authorization": "Bearer secret"}
        return self.client.post(f"/hooks/{to}", content=raw, headers={**own, **(headers or {})})

    def deliver(self, body: bytes, *delivery: str, signed: bytes | None = None):
        """Post a webhook of `chat`, whose id stands in a header of its own, signed over these bytes or others."""
        mac = hmac.digest(KEY, body if signed is None else signed, "sha256").hex()
        lines = [("x-sig", f"sha256={mac}"), ("content-type", "application/json"), *(("x-delivery", one) for one in delivery)]
        return self.client.post("/hooks/chat", content=body, headers=lines)


def sources() -> dict[str, SourceEndpoint]:
    told = Told()
    return {
        "hr": SourceEndpoint("hr", told, StandardWebhooks((KEY,))),
        "git": SourceEndpoint("git", told, Hmac((KEY,), header="X-Sig", prefix="sha256=")),
        "chat": SourceEndpoint("chat", told, Hmac((KEY,), header="X-Sig", prefix="sha256=", id_header="X-Delivery", over="json")),
        "okta": SourceEndpoint("okta", told, StaticHeader((b"Bearer secret",)), Handshake("X-Challenge", "verification"), 200),
        "quiet": SourceEndpoint("quiet", told, StaticHeader((b"Bearer secret",)), acknowledge=204),
        "both": SourceEndpoint("both", told, StaticHeader((b"Bearer secret",)), looks=True),
    }


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def endpoint(limits: Limits) -> Iterator[Endpoint]:
    """An endpoint with six sources at a fixed time, and what it logs."""
    shelf, health = Shelf(), Health()
    hints: list[int] = []

    def hint() -> None:
        if made.hint_fault:
            raise made.hint_fault
        hints.append(len(shelf.kept))

    app = build_app(sources(), shelf, health, clock=lambda: made.now, hint=hint, absence=Absence("the store"), limits=limits)
    with capture_logs() as logs:
        made = Endpoint(app, shelf, health, hints, logs, TestClient(app, raise_server_exceptions=True, follow_redirects=False))
        yield made


@pytest.fixture
def unavailable() -> Callable[[int], Unavailable]:
    """Makes what a store raises that is away."""
    return lambda after: Unavailable("the store does not answer", after)
