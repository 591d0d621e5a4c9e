"""What an account's webhooks say of its contacts: thick, signed, and sent once."""

from __future__ import annotations

import hmac
import json
import time
import uuid
from collections.abc import Mapping, Sequence

from connectors.chatwoot.sandbox.contacts import Changes, Contact
from connectors.contract import Json


def event(name: str, contact: Contact, account: int, changes: Changes | None = None) -> Json:
    """One event under the id of its delivery."""
    names = ("additional_attributes", "custom_attributes", "email", "id", "identifier", "name", "phone_number", "blocked")
    body: dict[str, Json] = {
        "account": {"id": account, "name": "Acme"},
        **{each: contact[each] for each in names},
        "avatar": "",
        "thumbnail": "",
        "event": name,
    }
    if changes is not None:
        body["changed_attributes"] = [
            {each: {"previous_value": before, "current_value": after}} for each, (before, after) in changes.items()
        ]
    return {"delivery": str(uuid.uuid4()), "body": body}


def signed(events: Sequence[Json], secret: str) -> tuple[Mapping[str, str], bytes]:
    """Without a secret as before 4.11.2: no signature, no time, no id."""
    (sent,) = events
    assert isinstance(sent, dict)
    body = json.dumps(sent["body"]).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if not secret:
        return headers, body
    stamp = str(int(time.time()))
    signature = hmac.digest(secret.encode(), f"{stamp}.".encode() + body, "sha256").hex()
    return {
        **headers,
        "X-Chatwoot-Delivery": str(sent["delivery"]),
        "X-Chatwoot-Timestamp": stamp,
        "X-Chatwoot-Signature": f"sha256={signature}",
    }, body
