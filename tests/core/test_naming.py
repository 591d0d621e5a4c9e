"""What may be an id: it stands in keys, logs, addresses and on terminals."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.registry import CONNECTORS
from worker.config import inspect
from worker.core.event import Event
from worker.core.naming import can_be_account
from worker.core.outcome import Word
from worker.engine.facts import Ended, Hinted, facts_of

UNFIT = ["", "?hr:E-2", "?", "a\x1b[31m", "a\nb", "a\x00b", "\ud800", "a\u2028b", "a\x7fb", "a\x85b", "x" * 513, "\u00e9" * 257]


@pytest.mark.parametrize("text", ["1001", "ana@example.com", "urn:x:\u00e9\u00e8", "../..", "a?b", "x" * 512, "\u5f20", "a b"])
def test_what_an_account_may_be_called(text: str) -> None:
    """Whatever reads as text in one line, of any script, as long as it is no search lane's."""
    assert can_be_account(text)


@pytest.mark.parametrize("text", UNFIT)
def test_what_no_account_can_be_called(text: str) -> None:
    """What a terminal or a log would obey, what has no UTF-8, what is too long, and what names a search lane."""
    assert not can_be_account(text)


@pytest.mark.parametrize(
    ("subject", "said"), [("1001", Hinted()), ("?hr:E-2", Ended(Word.PARKED, "no account can be called so"))]
)
def test_a_hint_leads_to_an_account_and_nowhere_else(subject: str, said: object) -> None:
    """Who may send a system's webhooks cannot put a look into the lane in which somebody is searched for."""
    configuration, _ = inspect(Path(__file__).parents[2] / "sandbox", {}, CONNECTORS)
    body = b'{"uuid": "u", "event_timestamp": "2026-01-01T00:00:00Z", "event_type_id": 14, "user_id": 1001}'
    event = Event(1, "d", "v", 0, source="onelogin", id="u", subject=subject, body=body)  # type: ignore[arg-type]
    assert facts_of(configuration, event) == said
