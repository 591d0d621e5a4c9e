"""What the demonstration says over HTTP: signed webhooks to the endpoint, and questions to the sandboxes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
import urllib.error
import urllib.request
import uuid
from typing import Any


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def ask(method: str, url: str, body: object = None) -> Any:
    """One request; JSON in, JSON out (None for an empty answer).  Raises OSError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        said = answer.read()
    return json.loads(said) if said else None


def signed(secret: str, body: bytes, ident: str, stamp: int) -> dict[str, str]:
    """The headers of a Standard Webhooks request (v1: HMAC-SHA256 over `id.timestamp.body`).  secret: `whsec_...`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{ident}.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "webhook-id": ident,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def send(url: str, secret: str, event: object, ident: str = "") -> tuple[int, str]:
    """Send a signed webhook: (status, the event's id)."""
    ident = ident or f"msg_{uuid.uuid4().hex}"
    body = json.dumps(event).encode()
    request = urllib.request.Request(url, body, signed(secret, body, ident, int(time.time())), method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, ident
    except urllib.error.HTTPError as error:
        return error.code, ident


def wait_for(url: str, patience: float = 20.0) -> None:
    """Until something answers there.  Raises TimeoutError."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            ask("GET", url)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{url} does not answer")
