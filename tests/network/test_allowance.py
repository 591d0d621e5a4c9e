"""What an answer says about the calls that are left."""

from dataclasses import dataclass
from typing import Literal

import pytest

from connectors.contract import Response
from worker.network.allowance import Allowance, allowance


@dataclass(frozen=True)
class Names:
    remaining: str = "X-Remaining"
    reset: str = "X-Reset"
    reset_is: Literal["epoch", "seconds"] = "seconds"


NOW = 1_700_000_000.0


def test_seconds() -> None:
    """`seconds` counts from the answer; header names are compared without case."""
    assert allowance(Response(200, headers={"x-remaining": "7", "x-reset": "2.5"}), Names(), NOW) == Allowance(7, 2.5)


def test_epoch_by_their_clock() -> None:
    """`epoch` is read by the answer's own Date, because our clock may differ from theirs; without one, by ours."""
    headers = {"X-Remaining": "0", "X-Reset": "1700000100", "Date": "Tue, 14 Nov 2023 22:13:40 GMT"}
    assert allowance(Response(200, headers=headers), Names(reset_is="epoch"), NOW) == Allowance(0, 80)
    del headers["Date"]
    assert allowance(Response(200, headers=headers), Names(reset_is="epoch"), NOW) == Allowance(0, 100)
    odd = ["yesterday", "Mon, 01 Jan 2020 00:00:00 +9999999999999", "(" * 10_000, "\0", "1 2 3 4:5:6"]
    for date in odd:
        headers["Date"] = date
        assert allowance(Response(200, headers=headers), Names(reset_is="epoch"), NOW) == Allowance(0, 100), date


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Remaining": "7"}, {"X-Reset": "7"}, {"X-Remaining": "-1", "X-Reset": "7"}, {"X-Remaining": "nan", "X-Reset": "7"},
     {"X-Remaining": "7", "X-Reset": "1e99"}, {"X-Remaining": "7", "X-Reset": "9" * 400}, {"X-Remaining": "7", "X-Reset": "0"}],
)  # fmt: skip
def test_nothing_said(headers: dict[str, str]) -> None:
    """What is absent, unreadable or over says nothing."""
    assert allowance(Response(200, headers=headers), Names(), NOW) is None
