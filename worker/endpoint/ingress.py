"""The endpoint: a signed webhook in, its events on disk, then the 2xx that this sender expects.  Nothing slow happens here.

`POST /hooks/{source}` takes webhooks; `HEAD` and, for a handshake, `GET` answer the sender's test requests.  `/healthz` says
that the process lives, `/readyz` that it can keep what it accepts.  It knows no store: a `Journal` is given.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.contract import NotEvents, Source
from worker.absence import Absence
from worker.core import intake, strict
from worker.core.event import Entry
from worker.core.signature import Fault, Verifier
from worker.endpoint.answer import Answer, Refusal, Refused
from worker.endpoint.exchange import Exchange, Gone, Limits
from worker.engine.admission import Journal, admit, tell_people
from worker.store.errors import Unavailable

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("lockstep.ingress")

RETRY_AFTER = 5
"""Seconds after which a sender may come again when we cannot say better."""
RETRY_AFTER_FULL = 30
"""Seconds after which it pays to come again when the backlog is full."""
CHALLENGE = 1_024
"""Bytes of a handshake's challenge that are given back."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_JSON = re.compile(rb"(?:application/(?:[a-z0-9.!#$&^_-]+\+)?json|text/json)\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_PRINTABLE = re.compile(rb"[\x20-\x7e]+")


class Readiness(Protocol):
    """Whether what we accept would be kept and understood."""

    async def problems(self) -> list[str]:
        """What is wrong, in sentences for an operator; empty if nothing is."""

    async def warnings(self) -> list[str]:
        """What an operator should be told although it is ready; asked only when there is no problem."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """A test request of the sender: a GET with the header `get` is answered with JSON, its value under the name `answer`."""

    get: str
    answer: str


@dataclass(frozen=True, slots=True)
class SourceEndpoint:
    """One source as the endpoint sees it.

    name         the system's name, the last part of the path
    source       reads bodies
    verify       checks who sent them
    handshake    the sender's test request, None if it makes none
    acknowledge  the 2xx that this sender expects
    looks        what it says is only ever a reason to look: its accounts are written by us, too
    """

    name: str
    source: Source
    verify: Verifier
    handshake: Handshake | None = None
    acknowledge: int = 202
    looks: bool = False


def build_app(
    sources: Mapping[str, SourceEndpoint],
    journal: Journal,
    readiness: Readiness,
    *,
    clock: Callable[[], float] = time.time,
    hint: Callable[[], None],
    absence: Absence,
    limits: Limits,
) -> Starlette:
    """The ASGI application.

    sources  by name, looked up at each request
    clock    seconds since 1970
    hint     called when something new was accepted; MUST NOT block.  If it fails, the tick finds the event
    absence  of the store: told when a webhook finds it away, or there again
    """

    async def alive(exchange: Exchange, _: str) -> Answer:
        _only_looking(exchange)
        return Answer(200, {"alive": True})

    async def ready(exchange: Exchange, _: str) -> Answer:
        _only_looking(exchange)
        problems = await readiness.problems()
        warnings = [] if problems else await readiness.warnings()
        return Answer(503 if problems else 200, {"ready": not problems, "problems": [*problems], "warnings": [*warnings]})

    async def nothing(*_: object) -> Answer:
        raise Refused(Refusal.UNKNOWN, detail="webhooks go to /hooks/SOURCE, without a slash at the end")

    hooks = _Hooks(sources, journal, clock, hint, absence)
    app = Starlette(
        routes=[
            Route("/hooks/{source}", _Answering(hooks.answer, limits)),
            Route("/healthz", _Answering(alive, limits)),
            Route("/readyz", _Answering(ready, limits)),
        ]
    )
    # No redirects: they are built from the Host header, which the sender chooses.
    app.router.redirect_slashes = False
    app.router.default = _Answering(nothing, limits)
    return app


def _only_looking(exchange: Exchange) -> None:
    if exchange.method not in ("GET", "HEAD"):
        raise Refused(Refusal.METHOD, allow="GET, HEAD")


class _Answering:
    """An ASGI application around a story: whatever happens in it, the sender gets one of our answers."""

    def __init__(self, story: Callable[[Exchange, str], Awaitable[Answer]], limits: Limits) -> None:
        self.story = story
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        name: str = scope.get("path_params", {}).get("source", "")
        known = name if _NAME.fullmatch(name) else ""
        exchange = Exchange(scope, receive, send, self.limits)
        try:
            answer = await self.story(exchange, name)
        except Gone:
            log.info("sender hung up", source=known)
            return
        except Refused as refused:
            log.warning("refused", source=known, method=exchange.method, outcome=refused.word.value, reason=refused.detail)
            answer = refused.answer()
        except Unavailable as error:
            log.info("not accepted", source=known, outcome=Refusal.UNAVAILABLE.value, reason=error.reason)
            answer = Refused(Refusal.UNAVAILABLE, after=error.retry_after).answer()
        except Exception as error:  # whatever went wrong here, the sender must keep the event and come again
            log.error("not accepted", source=known, outcome=Refusal.UNAVAILABLE.value, error=type(error).__name__, exc_info=error)
            answer = Refused(Refusal.UNAVAILABLE, after=RETRY_AFTER).answer()
        await exchange.answer(answer)


class _Hooks:
    """The webhooks of all sources."""

    def __init__(
        self,
        sources: Mapping[str, SourceEndpoint],
        journal: Journal,
        clock: Callable[[], float],
        hint: Callable[[], None],
        absence: Absence,
    ) -> None:
        self.sources = sources
        self.journal = journal
        self.clock = clock
        self.hint = hint
        self.absence = absence

    async def answer(self, exchange: Exchange, name: str) -> Answer:
        endpoint = self.sources.get(name)
        if endpoint is None:
            raise Refused(Refusal.UNKNOWN, detail="no source of the configuration in force has this name")
        shakes = endpoint.handshake
        match exchange.method:
            case "POST":
                return await self._webhook(exchange, endpoint)
            case "HEAD":
                return Answer(200)
            case "GET" if shakes and (challenge := exchange.values(shakes.get.lower().encode())):
                return _shaken(shakes, challenge)
            case _:
                detail = f"a GET has the header {shakes.get}" if shakes else "a webhook is a POST"
                raise Refused(Refusal.METHOD, detail=detail, allow="GET, HEAD, POST" if shakes else "HEAD, POST")

    async def _webhook(self, exchange: Exchange, endpoint: SourceEndpoint) -> Answer:
        _check_kind(exchange)
        body = await exchange.body()
        now = self.clock()
        proof = endpoint.verify.verify(exchange.headers, body, now)
        if isinstance(proof, Fault):
            raise Refused(Refusal.SIGNATURE, detail=proof.value)
        receipt = intake.Receipt(endpoint.name, proof.id, int(now * 1_000_000), endpoint.looks)
        try:
            entries = intake.entries(strict.parse(body, exchange.limits.json), endpoint.source, receipt)
        except (strict.Malformed, NotEvents) as error:
            raise Refused(Refusal.MALFORMED, reason=str(error)) from None
        words = Counter(await self._accept(entries, receipt.at))
        if words["full"]:
            raise Refused(Refusal.FULL, after=RETRY_AFTER_FULL)
        if words["other"]:
            raise Refused(Refusal.REUSED)
        log.info("accepted", source=endpoint.name, status=endpoint.acknowledge, new=words["new"], duplicates=words["same"])
        if endpoint.acknowledge == 204:
            return Answer(204)
        return Answer(endpoint.acknowledge, {"accepted": words["new"], "duplicates": words["same"]})

    async def _accept(self, entries: Sequence[Entry], at: int) -> list[str]:
        """Accept each by itself; what the journal said of each.  `other` is left only where there are no others.  Raises what
        the journal raised, once every entry had its turn: the sender comes again, and finds the others."""
        admitted = await admit(self.journal, entries, at)
        tell_people(admitted)
        words = [word for _, word, _ in admitted]
        if "new" in words:
            self._tell()
        errors = [error for _, _, error in admitted if error is not None]
        if away := next((error for error in errors if isinstance(error, Unavailable)), None):
            self.absence.goes_on(away.reason)
        elif admitted and not errors:
            self.absence.is_over()
        for error in errors:
            raise error
        return words if len(entries) == 1 else [word for word in words if word != "other"]

    def _tell(self) -> None:
        try:
            self.hint()
        except Exception as error:  # noqa: BLE001 - the event is on disk and due: a lost hint delays it by a tick, no more
            log.warning("hint not sent", error=type(error).__name__)


def _shaken(handshake: Handshake, challenge: Sequence[bytes]) -> Answer:
    if len(challenge) > 1 or len(challenge[0]) > CHALLENGE or not _PRINTABLE.fullmatch(challenge[0]):
        raise Refused(
            Refusal.MALFORMED, reason=f"the challenge is not one line of up to {CHALLENGE:,} printable ASCII characters"
        )
    return Answer(200, {handshake.answer: challenge[0].decode()})


def _check_kind(exchange: Exchange) -> None:
    """JSON by its content type, or none given; no content encoding: a small body that becomes a large one is a bomb."""
    encodings = [encoding.lower() for encoding in exchange.values(b"content-encoding")]
    kinds = exchange.values(b"content-type")
    if any(encoding not in (b"", b"identity") for encoding in encodings):
        raise Refused(Refusal.NOT_JSON, detail="content encoding")
    if any(kind and not _JSON.fullmatch(kind) for kind in kinds):
        raise Refused(Refusal.NOT_JSON, detail="content type")
