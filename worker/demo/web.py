"""What the demonstration says over HTTP: signed webhooks to the endpoint, and questions to the sandboxes."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

from worker.core.signature import StandardWebhooks, webhook_key


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


def send(url: str, secret: str, event: object) -> tuple[int, str]:
    """Send a signed webhook (Standard Webhooks): (status, the event's id).  secret: `whsec_...`."""
    body, ident = json.dumps(event).encode(), f"msg_{uuid.uuid4().hex}"
    headers = StandardWebhooks([webhook_key(secret.encode())]).sign(ident, int(time.time()), body)
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers}, method="POST")  # noqa: S310
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
