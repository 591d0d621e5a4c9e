"""Which systems a process has a line to."""

from __future__ import annotations

import dataclasses

import fakeredis
import pytest

from connectors.onelogin import OneLogin
from worker.config import Configuration, System
from worker.config.language import Language
from worker.network.lines import lines
from worker.store.connection import Store

ENTRY = {"base_url": "https://acme.onelogin.com", "credentials": {"client_id": "x", "client_secret": "y"}, "source": {}}


@pytest.mark.parametrize(("target", "poll", "has_one"), [(True, None, True), (False, None, False), (False, 300.0, True)])
async def test_there_is_a_line_to_what_is_asked(*, target: bool, poll: float | None, has_one: bool) -> None:
    """To a target, and to a source whose feed is polled; one that only calls us needs none."""
    connector = OneLogin()
    settings = connector.settings.model_validate(ENTRY)
    system = System("onelogin", "onelogin", settings, source=connector.source(settings, Language()), poll=poll)
    if target:
        system = dataclasses.replace(system, target=connector.target(settings, Language()))
    store = Store(fakeredis.FakeAsyncRedis())
    there = lines(Configuration({"onelogin": system}, {}), store, "public")
    assert [*there] == (["onelogin"] if has_one else [])
    for line in there.values():
        await line.close()
    await store.close()
