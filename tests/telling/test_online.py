"""What is found at a system that is asked: by the kind of system that it is."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from connectors.contract import Account, Capabilities, Definition, Flow, Listed, NoAccount, Refused, Request, Response
from worker.core.path import parse
from worker.core.rules import From, Key, Mapping_, Policy, Rule, TargetRules
from worker.telling.online import NOBODY, ask


class Target:
    """A system that knows people by id, lists them page after page, or says which attributes there are."""

    def __init__(self, definitions: Sequence[Definition] = (), **able: Any) -> None:
        self.capabilities, self._definitions = Capabilities(**able), definitions

    def definitions(self) -> Flow[Sequence[Definition]]:
        if self._definitions:
            yield Request("GET", "https://x.example/definitions")
        return self._definitions

    def directory(self) -> Flow[Sequence[Listed]]:
        for page in range(100):
            yield Request("GET", f"https://x.example/users?page={page}")
        return ()

    def read(self, account: str) -> Flow[Account]:
        assert account == NOBODY
        response = yield Request("GET", "https://x.example/users/nobody")
        raise NoAccount("not there", status=response.status_code)


class Unmade(Target):
    """No id can stand in its addresses but a number."""

    def read(self, account: str) -> Flow[Account]:
        raise Refused("it cannot stand in an address")
        yield Request("GET", "https://x.example")  # type: ignore[unreachable] # it makes this a generator


class Line:
    """Answers everything alike."""

    deadline = 1.0

    def __init__(self, status: int = 200) -> None:
        self.status, self.asked = status, list[str]()

    async def drive(self, flow: Flow[Any], *, patience: float) -> Any:
        try:
            request = next(flow)
            while True:
                self.asked.append(request.url.path + (f"?{request.url.query.decode()}" if request.url.query else ""))
                request = flow.send(Response(self.status, headers={"Date": "no date"}))
        except StopIteration as end:
            return end.value


async def asked(target: Target, line: Line, *rules: tuple[str, Policy]) -> list[tuple[str, str, str]]:
    """(what, state, says) of each finding."""
    written = tuple(Rule(name, From(parse("a")), f"hr.yaml:{n}", policy) for n, (name, policy) in enumerate(rules, 1))
    mapping = Mapping_("hr", (TargetRules("x", (Key("id", parse("subject.id")),), written),))
    system: Any = SimpleNamespace(name="x", target=target, budget=None, budget_headers=None)
    configuration: Any = SimpleNamespace(mappings={"hr": mapping})
    return [(each.what, str(each.state), each.says) for each in await ask(system, line, configuration)]  # type: ignore[arg-type]


async def test_of_a_list_only_the_first_page_is_asked_for() -> None:
    """A directory of a hundred thousand is no question for a check."""
    line = Line()
    found = await asked(Target(finds=frozenset(), lists=frozenset({"email"})), line)
    assert line.asked == ["/users?page=0"]
    assert ("x accounts", "ok", "can be listed, by email") in found


async def test_a_system_that_knows_people_by_their_ids() -> None:
    """It is asked for an account that nobody has: that it is not there is what should be."""
    found = await asked(Target(), Line(404))
    assert [each[:2] for each in found] == [("x credentials", "ok"), ("x accounts", "ok"), ("x rate", "ok")]


async def test_a_system_that_cannot_be_asked() -> None:
    """Without a search, a list or a read nothing is claimed."""
    assert await asked(Target(readable=False), Line()) == [("x", "note", "nothing can be asked of it without an account")]
    ((what, state, says),) = await asked(Unmade(), Line())
    assert (what, state, says) == ("x accounts", "wrong", "it cannot stand in an address")


async def test_what_is_locked_or_hidden_there_is_noted() -> None:
    """A lock matters where the mapping writes more than once; what no read shows is overwritten unseen."""
    definitions = [Definition("once", locks=True), Definition("often", locks=True), Definition("secret", hidden=True)]
    found = await asked(Target(definitions), Line(), ("once", "once"), ("often", "always"), ("secret", "always"))
    assert [each for each in found if each[0] == "x definitions"] == [
        ("x definitions", "note", "`often` (hr.yaml:2) is locked by the system itself"),
        ("x definitions", "note", "`secret` (hr.yaml:3) is hidden: no read shows it"),
        ("x definitions", "ok", "3 attributes; all that is written there exists"),
    ]
