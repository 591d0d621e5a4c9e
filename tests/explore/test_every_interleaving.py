"""Every interleaving of few events, visits and faults, over the transitions that are shipped."""

from __future__ import annotations

import pytest

from tests.explore.cases import CASES, DEEPER
from tests.explore.explorer import explore
from tests.explore.world import Case

MOVES_TO_REST = 45
"""Without a fault, no lane of these small worlds needs more until it is at rest."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_interleaving_breaks_a_promise(case: Case) -> None:
    """Whatever crashes, is lost, late, refused or run again, and in whatever order: nothing is lost, no record lies, no value
    goes backward, no seal takes two values; and once the faults end the lane comes to rest, from wherever it is."""
    found = explore(case)
    assert not found.broken, f"\n{found}"
    assert found.longest <= MOVES_TO_REST
    assert found.worlds > 1


@pytest.mark.campaign
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", DEEPER, ids=lambda case: case.name)
def test_no_interleaving_breaks_a_promise_under_more_faults(case: Case) -> None:
    """The same with more faults at a time."""
    found = explore(case, most=5_000_000)
    assert not found.broken, f"\n{found}"
