"""The accounts that the demonstration's sandboxes hold at the start: keyword arguments of a sandbox, as JSON has them."""

from __future__ import annotations

from typing import Any

ANA, BEN, CHO, DAN = (f"{name}@example.com" for name in ("ana", "ben", "cho", "dan"))
Seed = dict[str, Any]


def onelogin(client_id: str, client_secret: str) -> Seed:
    """Somebody has numbered Ben by hand; nobody has defined a field `badge`."""
    return {
        "credentials": [{"client_id": client_id, "client_secret": client_secret, "scope": "Manage users"}],
        "shortnames": ["employee_number", "building"],
        "users": [
            {"id": 1001, "email": ANA, "firstname": "Ana", "department": "Operations"},
            {"id": 1002, "email": BEN, "firstname": "Ben", "custom_attributes": {"employee_number": "9"}},
            {"id": 1003, "email": CHO, "firstname": "Cho", "title": "Analyst"},
        ],
    }


def tyk(token: str) -> Seed:
    """The portal itself keeps the first number of a user (`WriteOnceReadMany`), and Ben's is the wrong one.  Dan has signed up
    and is not active yet."""
    return {
        "token": token,
        "definitions": [
            {"Identifier": "employee-number", "WriteOnceReadMany": True},
            {"Identifier": "cost-center"},
            {"Identifier": "company", "ShowOnSignUp": True},
        ],
        "users": [
            {"ID": 1, "Email": ANA, "First": "Ana"},
            {"ID": 2, "Email": BEN, "First": "Ben", "custom_attributes": {"employee-number": "9"}},
            {"ID": 3, "Email": CHO, "First": "Cho"},
            {"ID": 4, "Email": DAN, "First": "Dan", "Active": False, "custom_attributes": {"company": "Dunes Ltd"}},
        ],
    }


def descope(key: str) -> Seed:
    return {
        "project": "P2demo",
        "key": key,
        "declared": {"department": {"type": 1}, "employeeNumber": {"type": 1}},
        "users": [{"userId": f"U2{email.partition('@')[0]}", "loginIds": [email], "email": email} for email in (ANA, BEN, CHO)],
    }


def looker(client_secret: str) -> Seed:
    """Ana has chosen her language."""
    return {
        "keys": [{"client_id": "demo", "client_secret": client_secret}],
        "attributes": [{"id": "21", "name": "employee_number"}, {"id": "22", "name": "cost_center"}],
        "users": [
            {"id": "11", "email": ANA, "first_name": "Ana", "locale": "pt_PT"},
            {"id": "12", "email": BEN, "first_name": "Ben"},
            {"id": "13", "email": CHO, "first_name": "Cho"},
        ],
    }


def chatwoot(token: str) -> Seed:
    return {
        "kind": "contact",
        "user_token": token,
        "definitions": {"employee_number": "text", "title": "text"},
        "contacts": [
            {"id": 501, "email": ANA, "name": "Ana"},
            {"id": 502, "email": BEN, "name": "Ben"},
            {"id": 503, "email": CHO, "name": "Cho", "custom_attributes": {"title": "Analyst"}},
            {"id": 504, "email": DAN, "name": "Dan"},
        ],
    }


def change(person: str, number: str, email: str, **attributes: Any) -> dict[str, Any]:
    """A webhook of the HR system: `user.updated`, in the generic shape."""
    return {"type": "user.updated", "data": {"id": person, "email": email, "attributes": {"number": number, **attributes}}}
