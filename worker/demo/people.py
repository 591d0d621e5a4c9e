"""The accounts that the demonstration's sandboxes hold at the start."""

from __future__ import annotations

from typing import Any


def onelogin(client_id: str, client_secret: str) -> dict[str, Any]:
    """Keyword arguments of the OneLogin sandbox.  Somebody has numbered Ben by hand; nobody has defined a field `badge`."""
    return {
        "credentials": [{"client_id": client_id, "client_secret": client_secret, "scope": "Manage users"}],
        "shortnames": ["employee_number", "building"],
        "users": [
            {"id": 1001, "email": "ana@example.com", "firstname": "Ana", "department": "Operations"},
            {"id": 1002, "email": "ben@example.com", "firstname": "Ben", "custom_attributes": {"employee_number": "9"}},
            {"id": 1003, "email": "cho@example.com", "firstname": "Cho", "title": "Analyst"},
        ],
    }


def directory(token: str) -> dict[str, Any]:
    """Keyword arguments of the JSON directory's sandbox."""
    return {
        "token": token,
        "users": [
            {"id": "d-ana", "email": "ana@example.com", "attributes": {"locale": "pt_PT"}},
            {"id": "d-ben", "email": "ben@example.com", "attributes": {}},
            {"id": "d-cho", "email": "cho@example.com", "attributes": {"phone": "+44 20 7946 0000"}},
        ],
    }


def change(person: str, number: str, email: str, **attributes: Any) -> dict[str, Any]:
    """A webhook of the HR system: `user.updated`, in the generic shape."""
    return {"type": "user.updated", "data": {"id": person, "email": email, "attributes": {"number": number, **attributes}}}
