"""Each source that can be polled keeps what a feed promises."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle

import pytest

from connectors.contract import Feed, Json
from connectors.onelogin import OneLogin
from connectors.onelogin.sandbox import ApiCredential, Sandbox
from tests.connectors.feed_suite import FeedSuite, Stand
from tests.connectors.source_suite import CANARY
from tests.connectors.stands import ONELOGIN_ENTRY, SECRET
from worker.config.language import Language


def onelogin() -> Stand:
    connector = OneLogin()
    source = connector.source(connector.settings.model_validate_json(json.dumps(ONELOGIN_ENTRY)), Language())
    assert isinstance(source, Feed)
    sandbox = Sandbox(
        [{"id": 101, "email": "ana@example.com", "lastname": "Surname-4711"}, {"id": 102, "email": "bo@example.com"}],
        credentials=[ApiCredential("id-1", SECRET, "Read users")],
    )
    who: Iterator[str] = cycle(["101", "102"])

    def happens() -> str:
        subject = next(who)
        sandbox.edit(subject, {"title": "Lead"})
        return subject

    event: dict[str, Json] = {"id": 7000001, "created_at": "2026-11-20T10:00:00.000Z", "event_type_id": 14, "user_id": 101}
    unusable: list[Json] = [{**event, "id": CANARY}, {**event, "id": True, "x": CANARY}, {**event, "created_at": CANARY}]
    return Stand(source, sandbox, happens, [*unusable, {**event, "user_id": [CANARY]}], ["192.0.2.7", "Surname", "Ada Admin"])


STANDS: Mapping[str, Callable[[], Stand]] = {"onelogin": onelogin}


@pytest.fixture(params=STANDS)
async def stand(request: pytest.FixtureRequest) -> Stand:
    return STANDS[request.param]()


class TestFeeds(FeedSuite):
    """Every feed that there is."""
