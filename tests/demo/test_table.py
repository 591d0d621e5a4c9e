"""The table of the demonstration."""

from __future__ import annotations

import io

from rich.console import Console

from worker.demo.table import Held, Row, drawn, wrong

ANA, BEN = "ana@example.com", "ben@example.com"
BEFORE: Held = {"onelogin": {ANA: {"title": "Analyst"}, BEN: {}}, "chatwoot": {ANA: {}}}
AFTER: Held = {
    "onelogin": {ANA: {"title": "Principal Analyst"}, BEN: {"custom_attributes.employee_number": "9"}},
    "chatwoot": {ANA: {"additional_attributes.company_name": "Dunes Ltd"}},
}
ROWS = [
    Row("chatwoot", ANA, "additional_attributes.company_name", "Dunes Ltd", "applied", "a look in onelogin saw it"),
    Row("onelogin", BEN, "custom_attributes.employee_number", "9", "sealed", "sealed as found"),
    Row("onelogin", ANA, "title", "Principal Analyst", "superseded", "12 webhooks became 1 call, and a reason that is long"),
]


def text(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(drawn(ROWS, BEFORE, AFTER))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_it_fits_120_columns():
    """Nothing but the reason is folded, and no value is cut."""
    lines = text(120)
    assert max(map(len, lines)) <= 120
    for whole in ("Principal Analyst", "employee_number", "company_name", "superseded", "Dunes Ltd"):
        assert any(whole in line for line in lines), whole


def test_the_rows_of_a_system_stand_together():
    """Systems in the order of what was held, people within them; a system is named once."""
    cells = [[cell.strip() for cell in line.split("│")[1:4]] for line in text(140) if line.startswith("│")]
    assert cells[1:] == [["onelogin", "ana", "title"], ["", "ben", "employee_number"], ["chatwoot", "ana", "company_name"]]


def test_what_does_not_hold_is_named():
    """A system that holds another value than the story says fails the demonstration; one that holds it does not."""
    assert wrong(ROWS, AFTER) == []
    otherwise = {**AFTER, "chatwoot": {ANA: {"additional_attributes.company_name": "Dunes"}}}
    assert wrong(ROWS, otherwise) == [
        "chatwoot ana@example.com additional_attributes.company_name holds 'Dunes', not 'Dunes Ltd'"
    ]
