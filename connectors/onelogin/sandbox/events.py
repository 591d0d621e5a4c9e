"""The events that OneLogin sends about its users: thin, in batches, under a static header."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence

from connectors.contract import Json

UPDATED = 14
"""UNCONFIRMED."""
TYPES: tuple[dict[str, Json], ...] = (
    {"id": 5, "name": "USER_LOGGED_INTO_ONELOGIN", "description": "a user logged in"},
    {"id": 13, "name": "USER_CREATED", "description": "a user was created"},
    {"id": UPDATED, "name": "USER_UPDATED", "description": "a user was updated"},
)


def event(kind: int, user: Mapping[str, Json], *, actor: str | None, credential: str | None) -> Json:
    """actor: the person who did it; credential: the API credential that did it."""
    return {
        "create": {"_id": uuid.uuid4().hex},
        "uuid": str(uuid.uuid4()),
        "event_timestamp": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
        "event_type_id": kind,
        "account_id": 555555,
        "user_id": user["id"],
        "user_name": f"{user['firstname']} {user['lastname']}",
        "actor_user_id": None if actor is None else 1,
        "actor_user_name": actor,
        "actor_system": "" if actor else "API",
        "api_credential_name": credential,
        "user_field_id": None,
        "user_field_name": None,
        "custom_message": None,
        "notes": None,
        "ipaddr": "192.0.2.7",
    }


def batch(events: Sequence[Json], secret: str) -> tuple[Mapping[str, str], bytes]:
    """The format JSON Array.  There is no signature: the header that was entered in the console is all."""
    return {"Content-Type": "application/json", "Authorization": secret}, json.dumps([*events]).encode()
