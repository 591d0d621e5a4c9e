"""The events that a portal sends about its users: one a webhook, under a header that was entered in the console."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from connectors.contract import Json

ADMIN = 1
"""Who did it."""


def event(kind: str, user: Mapping[str, Json], custom: Mapping[str, Json]) -> Json:
    """No id is given to an event."""
    now = datetime.now(UTC).isoformat()
    return {
        "Event": kind,
        "Message": {
            **{name: user[name] for name in ("ID", "Email", "First", "Last", "Provider")},
            "OrgID": user["OrganisationID"],
            "Status": "active" if user["Active"] else "inactive",
            "CreatedAt": now,
            "ByUser": ADMIN,
            "CustomAttributes": [{"Identifier": name, "Value": value} for name, value in custom.items() if value],
        },
        "Timestamp": now,
    }


def under(header: str) -> Callable[[Sequence[Json], str], tuple[Mapping[str, str], bytes]]:
    """How an event is sent: the secret stands in a header of this name."""

    def pack(events: Sequence[Json], secret: str) -> tuple[Mapping[str, str], bytes]:
        (said,) = events
        return {"Content-Type": "application/json", header: secret}, json.dumps(said).encode()

    return pack
