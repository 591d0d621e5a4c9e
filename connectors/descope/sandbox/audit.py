"""The audit events of a Descope project, and how its Audit Webhook signs them.

Where a standard attribute stands in `data.Change` is UNCONFIRMED: its own name is played.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence

from connectors.contract import Json
from connectors.descope.sandbox.directory import CUSTOM
from connectors.descope.sandbox.unconfirmed import Unconfirmed

BATCH = 100
"""Events in one webhook at most."""


def modified(project: str, user: Mapping[str, Json], changed: Mapping[str, Json], actor: str, unconfirmed: Unconfirmed) -> Json:
    """UserModified, with the new values.  actor: the id of the management key, or of the person."""
    now = time.time()
    milliseconds = int(now * 1000)
    change = {
        f"custom_attribute_{name.removeprefix(CUSTOM)}" if name.startswith(CUSTOM) else name: value
        for name, value in changed.items()
    }
    return {
        "projectId": project,
        "action": "UserModified",
        "type": "info",
        "actorId": actor,
        "userId": user["userId"],
        "occurred": milliseconds if unconfirmed.occurred == "number" else str(milliseconds),
        "occurred_formatted": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{milliseconds % 1000:03}Z",
        "device": "API",
        "method": "",
        "geo": "ZZ",
        "remoteAddress": "192.0.2.7",
        "loginIds": user["loginIds"],
        "tenants": None,
        "data": {"Change": change},
    }


class Packer:
    """Bodies and their signatures."""

    def __init__(self, unconfirmed: Unconfirmed) -> None:
        self._open = unconfirmed

    def pack(self, events: Sequence[Json], secret: str) -> tuple[Mapping[str, str], bytes]:
        payload: Json = events[0] if self._open.envelope == "single" else [*events]
        compact = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        body = compact if self._open.signs == "body" else json.dumps(payload, indent=1).encode()
        signature = base64.b64encode(hmac.digest(secret.encode(), compact, hashlib.sha256)).decode()
        return {"Content-Type": "application/json", "x-descope-webhook-s256": signature}, body
