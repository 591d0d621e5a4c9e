"""The stage of the demonstration: what is read back from the sandboxes."""

from __future__ import annotations

import pytest

from worker.demo.stage import accounts

HELD = {
    "onelogin": {"email": "ana@example.com", "title": "Engineer", "custom_attributes": {"employee_number": "010441"}},
    "tyk": {"Email": "ana@example.com", "First": "Ana", "custom_attributes": {"cost-center": "10-7"}},
    "descope": {"email": "ana@example.com", "customAttributes": {"department": "r&d"}, "OAuth": {}},
    "chatwoot": {"email": "ana@example.com", "additional_attributes": {"company_name": "Dunes Ltd"}, "custom_attributes": {}},
}
NAMED = {
    "onelogin": {"title": "Engineer", "custom_attributes.employee_number": "010441"},
    "tyk": {"First": "Ana", "cost-center": "10-7"},
    "descope": {"customAttributes.department": "r&d"},
    "chatwoot": {"additional_attributes.company_name": "Dunes Ltd"},
}


@pytest.mark.parametrize("system", HELD)
def test_an_account_is_told_as_mappings_name_it(system):
    """By e-mail address, with the paths of its attributes: at a portal of Tyk custom attributes stand at the top."""
    told = accounts(system, {"1": HELD[system]})["ana@example.com"]
    assert {name: value for name, value in told.items() if name.lower() != "email"} == NAMED[system]
