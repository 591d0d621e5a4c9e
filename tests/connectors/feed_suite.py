"""What every feed promises, whatever its system lists: a new one passes this, against its sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import ASGIApp

from connectors.contract import Element, Feed, Json, Page, Said, Unusable
from tests.connectors.conversation import Talk
from tests.connectors.source_suite import CANARY, mutations, told


@dataclass
class Stand:
    """sandbox   has nothing to list yet
    happens   something that the source lists happens; whom it is about
    unusable  elements of a page that cannot be used, each with CANARY in it somewhere
    secrets   words that the system lists and that MUST NOT be in an element
    """

    source: Feed
    sandbox: ASGIApp
    happens: Callable[[], str]
    unusable: list[Json]
    secrets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.talk = Talk(self.sandbox, self.source.authentication)

    async def page(self, cursor: str) -> Page:
        return await self.talk(self.source.feed(cursor))

    async def whole(self, cursor: str) -> tuple[list[Element], str]:
        """All pages from here on, and the cursor at their end."""
        elements: list[Element] = []
        for _ in range(100):
            page = await self.page(cursor)
            elements += page.elements
            cursor = page.cursor
            if not page.more:
                return elements, cursor
        raise AssertionError("it never comes to its end")

    def says(self, elements: list[Element]) -> list[Said]:
        return [self.source.read(element) for element in elements]


MANY = 120
"""More than one page of any feed that we know."""


class FeedSuite:
    """Promises of a feed; `stand` is a fixture of the file that runs them, anew for each test."""

    async def test_it_is_a_feed(self, stand: Stand) -> None:
        """It has every part of the contract."""
        assert isinstance(stand.source, Feed)

    async def test_history_stands_in_no_page(self, stand: Stand) -> None:
        """Who begins is told what happens from then on, once there is history and when there is none."""
        _, fresh = await stand.whole("")
        first = stand.happens()
        elements, begun = await stand.whole("")
        assert elements == []
        assert [said.subject["id"] for said in stand.says((await stand.whole(fresh))[0])] == [first]
        assert (await stand.whole(begun))[0] == []

    async def test_all_that_happens_is_listed(self, stand: Stand) -> None:
        """Page after page, each event under an id of its own, about whom it was."""
        _, cursor = await stand.whole("")
        who = [stand.happens() for _ in range(MANY)]
        elements, cursor = await stand.whole(cursor)
        said = stand.says(elements)
        assert sorted(str(each.subject["id"]) for each in said) == sorted(who)
        assert len({each.id for each in said if each.id}) == MANY
        again = stand.happens()
        ids = {each.id for each in said}
        assert [s.subject["id"] for s in stand.says((await stand.whole(cursor))[0]) if s.id not in ids] == [again]

    async def test_what_happens_while_it_is_read_is_not_lost(self, stand: Stand) -> None:
        """Between two pages too, whichever way the list runs."""
        _, cursor = await stand.whole("")
        who = [stand.happens() for _ in range(MANY)]
        page = await stand.page(cursor)
        assert page.more
        who.append(stand.happens())
        rest, cursor = await stand.whole(page.cursor)
        later, _ = await stand.whole(cursor)
        said = {each.id: str(each.subject["id"]) for each in stand.says([*page.elements, *rest, *later])}
        assert sorted(said.values()) == sorted(who)

    async def test_a_cursor_leads_to_the_same_again(self, stand: Stand) -> None:
        """Every cursor on the way, given twice: the same elements, word for word, because a page is read again after a crash."""
        _, cursor = await stand.whole("")
        for _ in range(MANY):
            stand.happens()
        while True:
            page = await stand.page(cursor)
            assert (await stand.page(cursor)) == page
            if not page.more:
                break
            cursor = page.cursor
        assert (await stand.whole(page.cursor))[1] == page.cursor

    async def test_reading_it_changes_nothing(self, stand: Stand) -> None:
        """Requests that change nothing, and one or two a page."""
        _, cursor = await stand.whole("")
        stand.happens()
        before = len(stand.talk.sent)
        await stand.page(cursor)
        assert 1 <= len(stand.talk.sent) - before <= 2
        assert {request.method for request in stand.talk.sent} == {"GET"}

    async def test_an_element_says_what_a_source_says(self, stand: Stand) -> None:
        """Trusted as far as its webhooks; the same again, and after it went through JSON; without the words that are not kept."""
        _, cursor = await stand.whole("")
        stand.happens()
        elements, _ = await stand.whole(cursor)
        assert len(elements) == 1
        for element in elements:
            said = stand.source.read(element)
            assert said.carries == stand.source.carries
            assert not said.ignored
            assert stand.source.read(element) == said == stand.source.read(json.loads(json.dumps(element)))
            assert not [secret for secret in stand.secrets if secret in json.dumps(element)]

    async def test_a_damaged_element_is_understood_or_unusable(self, stand: Stand) -> None:
        """Whatever one value is replaced with: never another error, never a value in it."""
        _, cursor = await stand.whole("")
        stand.happens()
        elements: list[Any] = (await stand.whole(cursor))[0]
        for element in elements:
            for mutated in mutations(element):
                assert CANARY not in told(stand.source, mutated)
        for element in stand.unusable:
            with pytest.raises(Unusable) as caught:
                stand.source.read(element)
            assert CANARY in json.dumps(element)
            assert CANARY not in str(caught.value)
