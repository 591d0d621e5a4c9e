"""The table at the end of the demonstration: what each system held before and holds after, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table

Held = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""System -> e-mail -> attribute -> value."""
COLOURS = {"applied": "green", "sealed": "cyan", "superseded": "blue", "ignored": "yellow", "parked": "red"}
PREFIXES = ("custom_attributes.", "customAttributes.", "additional_attributes.")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: an attribute of a person in a system, what it should hold at the end, and what became of one event's value."""

    system: str
    email: str
    attribute: str
    expected: Any
    outcome: str
    because: str


def drawn(rows: Iterable[Row], before: Held, after: Held) -> Table:
    """The rows of each system, and of each person in it, together, in the order of the story; 120 columns are enough."""
    table = Table(title="What the systems hold, read back from them", title_justify="left", header_style="bold", box=box.ROUNDED)
    for column in ("system", "person", "attribute", "before", "after", "outcome"):
        table.add_column(column, no_wrap=True)
    table.add_column("why", overflow="fold")
    told = list(rows)
    for system in before:
        mine = sorted((row for row in told if row.system == system), key=lambda row: row.email)
        for n, row in enumerate(mine):
            colour = COLOURS.get(row.outcome, "")
            table.add_row(
                "" if n else system,
                row.email.partition("@")[0],
                _short(row.attribute),
                _text(before[system][row.email].get(row.attribute)),
                _text(after[system][row.email].get(row.attribute)),
                f"[{colour}]{row.outcome}[/{colour}]" if colour else row.outcome,
                row.because,
                end_section=n == len(mine) - 1,
            )
    return table


def wrong(rows: Iterable[Row], after: Held) -> list[str]:
    """Which rows are not as they should be."""
    return [
        f"{row.system} {row.email} {row.attribute} holds {held!r}, not {row.expected!r}"
        for row in rows
        if (held := after[row.system][row.email].get(row.attribute)) != row.expected
    ]


def _short(attribute: str) -> str:
    for prefix in PREFIXES:
        attribute = attribute.removeprefix(prefix)
    return attribute


def _text(value: Any) -> str:
    return "-" if value in (None, "") else str(value)
