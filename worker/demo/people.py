"""The accounts that the demonstration's sandboxes hold at the start: what these begin with anyway."""

from __future__ import annotations

from typing import Any

from connectors.http.sandbox import SEED as DIRECTORY
from connectors.onelogin.sandbox import SEED as ONELOGIN


def onelogin(client_id: str, client_secret: str) -> dict[str, Any]:
    """Keyword arguments of the OneLogin sandbox.  Somebody has numbered Ben by hand; nobody has defined a field `badge`."""
    return {**ONELOGIN, "credentials": [{"client_id": client_id, "client_secret": client_secret, "scope": "Manage users"}]}


def directory(token: str) -> dict[str, Any]:
    """Keyword arguments of the JSON directory's sandbox."""
    return {**DIRECTORY, "token": token}


def change(person: str, number: str, email: str, **attributes: Any) -> dict[str, Any]:
    """A webhook of the HR system: `user.updated`, in the generic shape."""
    return {"type": "user.updated", "data": {"id": person, "email": email, "attributes": {"number": number, **attributes}}}
