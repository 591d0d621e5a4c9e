"""The contract suite over every target."""

import pytest

from tests.connectors.stands import STANDS, Stand
from tests.connectors.target_suite import TargetSuite


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest) -> Stand:
    return STANDS[request.param]()


class TestTargets(TargetSuite):
    """Every way in which a connector of ours writes."""
