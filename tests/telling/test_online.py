"""What is found at a system that is asked: by the kind of system that it is."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.contract import (
    Account,
    Capabilities,
    Carries,
    ConnectorError,
    Definition,
    Element,
    Failed,
    Flow,
    Found,
    Halted,
    Json,
    Listed,
    NoAccount,
    Page,
    Refused,
    Request,
    Response,
    Said,
)
from worker.core.path import parse
from worker.core.rules import Key, SourceRules, TargetRules
from worker.telling.online import NOBODIES, NOBODY, ask


class Target:
    """A system that can be searched, or lists people page after page, or knows them by their ids.

    people  ids of its accounts, of which `locked` cannot be read
    pages   of its list; the people are on the first
    """

    def __init__(self, people: Sequence[str] = (), locked: Sequence[str] = (), pages: int = 1, **able: Any) -> None:
        self.capabilities = Capabilities(**able)
        self.people, self.locked, self.pages = people, locked, pages

    def definitions(self) -> Flow[Sequence[Definition]]:
        yield from ()
        return ()

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        assert value == NOBODY
        yield Request("GET", f"https://x.example/users?{key}=nobody")
        return ()

    def directory(self) -> Flow[Sequence[Listed]]:
        for page in range(self.pages):
            yield Request("GET", f"https://x.example/users?page={page}")
        return [Listed(name, {"email": f"{name}@example.com"}) for name in self.people]

    def read(self, account: str) -> Flow[Account]:
        response = yield Request("GET", f"https://x.example/users/{account}")
        if account in self.locked:
            raise Refused("not this one", status=response.status_code)
        if account not in self.people:
            raise NoAccount("not there", status=response.status_code)
        return Account({})


class Numbered(Target):
    """No id can stand in its addresses but a number."""

    def read(self, account: str) -> Flow[Account]:
        if not account.isdecimal():
            raise Refused("it cannot stand in an address")
        return (yield from super().read(account))


class Line:
    """Answers everything alike."""

    deadline = 1.0

    def __init__(self) -> None:
        self.asked = list[str]()

    async def drive(self, flow: Flow[Any], *, patience: float) -> Any:
        try:
            request = next(flow)
            while True:
                self.asked.append(request.url.path + (f"?{request.url.query.decode()}" if request.url.query else ""))
                request = flow.send(Response(200, headers={"Date": "no date"}))
        except StopIteration as end:
            return end.value


async def asked(target: Target, line: Line, *keys: str, source: Any = None) -> list[tuple[str, str, str]]:
    """(what, state, says) of each finding.  keys: by which a mapping finds accounts there.  source: it is polled."""
    found_by = tuple(Key(key, parse("subject.id")) for key in keys)
    mappings = {"hr": SourceRules("hr", (TargetRules("x", found_by, ()),))} if keys else {}
    system: Any = SimpleNamespace(
        name="x", target=target, budget=None, budget_headers=None, connector="x", settings=SimpleNamespace(),
        source=source, poll=None if source is None else 300.0,
    )  # fmt: skip
    configuration: Any = SimpleNamespace(mappings=mappings, cases={})
    return [(each.what, str(each.state), each.says) for each in await ask(system, line, configuration)]  # type: ignore[arg-type]


async def test_of_a_list_only_the_first_page_is_asked_for() -> None:
    """A directory of a hundred thousand is no question for a check."""
    line = Line()
    found = await asked(Target(pages=100, lists=frozenset({"email"})), line)
    assert line.asked == ["/users?page=0", f"/users/{NOBODY}"]
    assert ("x accounts", "ok", "can be listed by email, and read") in found


async def test_it_is_searched_as_the_mappings_search() -> None:
    """By their keys and no others; where a mapping knows people by their ids alone, not at all."""
    for keys, searched in {("b", "c"): ["b", "c"], ("c", "id"): ["c"], ("id",): [], (): ["a"]}.items():
        line = Line()
        found = await asked(Target(finds=frozenset("abc")), line, *keys)
        assert line.asked == [*(f"/users?{key}=nobody" for key in searched), f"/users/{NOBODY}"]
        by = f"searched by {', '.join(searched)}, and " if searched else ""
        assert ("x accounts", "ok", f"can be {by}read") in found


async def test_a_system_that_knows_people_by_their_ids() -> None:
    """It is asked for an account that nobody has: that it is not there is what should be."""
    found = await asked(Target(), Line())
    assert [each[:2] for each in found] == [("x access", "ok"), ("x accounts", "ok"), ("x clock", "ok"), ("x rate", "ok")]
    assert "it does not tell the time" in found[2]


async def test_where_ids_are_numbers_a_number_is_asked_for() -> None:
    """What cannot be an id there proves nothing: no request left."""
    line = Line()
    assert ("x accounts", "ok", "can be read") in await asked(Numbered(), line)
    assert line.asked == [f"/users/{NOBODIES[1]}"]


async def test_nobody_must_not_be_there() -> None:
    """A system that has an account for every id would hide that somebody is gone."""
    found = await asked(Target(NOBODIES), Line())
    assert ("x accounts", "wrong", "an account that nobody has is answered as if it were there") in found


@pytest.mark.parametrize(
    ("locked", "state", "says"),
    [
        ([], "ok", "can be listed by email, and read"),
        (["a"], "note", "1 of the first 3 accounts that are listed cannot be read: not this one"),
        (["a", "b", "c", "d"], "wrong", "3 of the first 3 accounts that are listed cannot be read: not this one"),
    ],
)
async def test_some_that_are_listed_are_read(locked: Sequence[str], state: str, says: str) -> None:
    """A list may show people whom the credential may not touch; the first three tell."""
    line = Line()
    found = await asked(Target("abcd", locked, lists=frozenset({"email"})), line)
    assert line.asked == ["/users?page=0", "/users/a", "/users/b", "/users/c"]
    assert [each for each in found if each[0] == "x accounts"] == [("x accounts", state, says)]


async def test_a_system_that_cannot_be_asked() -> None:
    """Without a search, a list or a read nothing is claimed."""
    assert await asked(Target(readable=False), Line()) == [("x", "note", "nothing can be asked of it without an account")]


class Listing:
    """A source that lists what it has said, to those who may see it."""

    carries: Carries = "hint"
    acknowledge = 202
    authentication: Any = None

    def __init__(self, error: ConnectorError | None) -> None:
        self.error = error

    def split(self, body: Json) -> Sequence[Element]:
        raise NotImplementedError

    def read(self, element: Element) -> Said:
        raise NotImplementedError

    def feed(self, cursor: str) -> Flow[Page]:
        assert cursor == ""
        yield Request("GET", "https://x.example/events")
        if self.error is not None:
            raise self.error
        return Page((), "1")


@pytest.mark.parametrize(
    ("error", "state", "says"),
    [
        (None, "ok", "what it has said can be listed"),
        (Halted("the scope is missing", status=401), "wrong", "the scope is missing (HTTP 401)"),
        (Failed("server error", status=500), "wrong", "server error (HTTP 500)"),
    ],
)
async def test_a_feed_that_is_polled_is_asked_for_its_beginning(error: ConnectorError | None, state: str, says: str) -> None:
    """Once; a credential that is kept from it is let in all the same."""
    line = Line()
    found = await asked(Target(), line, source=Listing(error))
    assert line.asked[-1] == "/events"
    assert ("x feed", state, says) in found
    assert "x access" in [each[0] for each in found if each[1] == "ok"]


async def test_a_feed_that_is_not_polled_is_not_asked_for() -> None:
    """What nobody reads need not be readable."""
    line = Line()
    assert not [each for each in await asked(Target(), line) if each[0] == "x feed"]
    assert "/events" not in line.asked
