"""An entry of `systems.yaml`: the keys that all systems share.  The others are the connector's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import Secret
from worker.config.duration import Duration, OrNever, Span, spelled
from worker.config.shape import Strict

Text = Annotated[str, Field(min_length=1)]
Secrets = Annotated[list[Secret], Field(min_length=1)]


class StandardWebhooksEntry(Strict):
    """https://www.standardwebhooks.com, symmetric signatures (`v1`)."""

    scheme: Literal["standard-webhooks"]
    secrets: Secrets
    tolerance: Span = 300.0


class HmacEntry(Strict):
    """An HMAC in one header."""

    scheme: Literal["hmac"]
    secrets: Secrets
    header: Text
    hash: Literal["sha256", "sha384", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    timestamp_header: str = ""
    signed: str = "{body}"
    tolerance: Span = 300.0
    id_header: str = ""
    over: Literal["body", "json"] = "body"


class HeaderEntry(Strict):
    """A header that holds a secret as it is."""

    scheme: Literal["header"]
    secrets: Secrets
    header: Text = "Authorization"
    id_header: str = ""


VerifyEntry = Annotated[StandardWebhooksEntry | HmacEntry | HeaderEntry, Field(discriminator="scheme")]


class HandshakeEntry(Strict):
    """The sender's test request has a header `get`; the answer is JSON with its value under `answer`."""

    get: Text
    answer: Text


SHORTEST_POLL = 10.0
"""Seconds.  A feed is for what was lost; what is in a hurry has a webhook."""


def _seldom(value: float | None) -> float | None:
    if value is not None and value < SHORTEST_POLL:
        raise ValueError(f"a feed is read every {spelled(SHORTEST_POLL)} at most")
    return value


PollSpan = Annotated[OrNever, AfterValidator(_seldom)]


class SourceEntry(Strict):
    """What is shared of the half that speaks."""

    verify: VerifyEntry
    handshake: HandshakeEntry | None = None
    poll: PollSpan = None


class TargetEntry(Strict):
    """What is shared of the half that is written to."""

    mode: Literal["apply", "observe"] = "apply"


class BudgetHeadersEntry(Strict):
    """What answers say about the calls that are left.  reset_is: what stands in `reset`, seconds from now or since 1970."""

    remaining: Text
    reset: Text
    reset_is: Literal["epoch", "seconds"]


class BudgetEntry(Strict):
    """calls in every `per`; share: the name of the credential, systems with the same share one budget."""

    calls: Annotated[int, Field(gt=0)] | None = None
    per: Span | None = None
    share: Text | None = None
    headers: BudgetHeadersEntry | None = None

    @model_validator(mode="after")
    def _both(self) -> BudgetEntry:
        if (self.calls is None) != (self.per is None):
            raise ValueError("`calls` and `per` go together: {calls: 600, per: 1m}")
        return self


class RetryEntry(Strict):
    """Full jitter between nothing and first * 2^tries, at most cap."""

    first: Span = 1.0
    cap: Span = 900.0
    tries: Annotated[int, Field(ge=1)] = 30
    age: Span = 259200.0


class Entry(Strict):
    """All that is shared."""

    connector: Text
    ca: Text | None = None
    budget: BudgetEntry = BudgetEntry()
    deadline: Span = 15.0
    late_window: Span | None = None
    in_flight: Annotated[int, Field(ge=1, le=1000)] = 8
    min_interval: Duration = 0.25
    retry: RetryEntry = RetryEntry()
    max_age: OrNever = None
    source: SourceEntry | None = None
    target: TargetEntry = TargetEntry()


SHARED = frozenset(Entry.model_fields) - {"source", "target"}
SHARED_HALVES = {"source": frozenset(SourceEntry.model_fields), "target": frozenset(TargetEntry.model_fields)}
