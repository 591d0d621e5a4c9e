"""The network of the simulation: systems that hold accounts, and requests that land early, late, twice never, or not at all.

A request that left is a `Call`: it may land at any time until it is declared lost, whether or not its sender still waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.contract import (
    Account,
    Call,
    Capabilities,
    ConnectorError,
    Deferred,
    Definition,
    Failed,
    Flow,
    Found,
    NoAccount,
    Refused,
    Request,
    Response,
    Unanswered,
    Written,
)


@dataclass(slots=True)
class System:
    """One simulated system.  log: (account, attribute, value) of every write that landed, in order."""

    name: str
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[tuple[str, str, Any]] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    """Accounts of which its webhooks have not been delivered yet."""
    speaks: bool = False
    gone: set[str] = field(default_factory=set)
    """Accounts that are not there now, and come back as they were."""

    def account(self, ident: str) -> dict[str, Any]:
        return self.accounts.setdefault(ident, {})

    def apply(self, ident: str, changes: Mapping[str, Any]) -> None:
        if ident in self.gone:
            return
        for name, value in changes.items():
            self.log.append((ident, name, value))
            self.account(ident)[name] = value
        if self.speaks:
            self.hints.append(ident)


@dataclass(slots=True, eq=False)
class Sent:
    """A request on its way."""

    system: System
    account: str
    changes: Mapping[str, Any] | None
    """None: it reads."""
    answer: asyncio.Future[Any]
    at: float
    orphan: bool = False
    """Nobody waits for its answer any more; it may land yet."""


class Network:
    """Every request waits here until the simulation says what becomes of it."""

    def __init__(self, systems: Sequence[System]) -> None:
        self.systems = {system.name: system for system in systems}
        self.under_way: list[Sent] = []

    async def exchange(self, system: str, account: str, changes: Mapping[str, Any] | None, now: float) -> Any:
        sent = Sent(self.systems[system], account, changes, asyncio.get_running_loop().create_future(), now)
        self.under_way.append(sent)
        try:
            return await sent.answer
        except asyncio.CancelledError:
            sent.orphan = True  # its sender died; the request is out
            raise

    # What may become of a request.
    def lands(self, sent: Sent) -> None:
        """It is done, and answered if somebody still waits."""
        self.under_way.remove(sent)
        if sent.account in sent.system.gone:
            self._fail(sent, NoAccount("gone"))
        elif sent.changes is None:
            self._answer(sent, dict(sent.system.account(sent.account)))
        else:
            sent.system.apply(sent.account, sent.changes)
            self._answer(sent, None)

    def lands_unanswered(self, sent: Sent) -> None:
        self.under_way.remove(sent)
        if sent.changes is not None:
            sent.system.apply(sent.account, sent.changes)
        self._fail(sent, Unanswered("no answer"))

    def no_answer_yet(self, sent: Sent) -> None:
        """The sender gives up; the request is still out."""
        sent.orphan = True
        self._fail(sent, Unanswered("no answer"))

    def never_lands(self, sent: Sent) -> None:
        self.under_way.remove(sent)
        self._fail(sent, Unanswered("no answer"))

    def errs(self, sent: Sent, *, landed: bool) -> None:
        self.under_way.remove(sent)
        if landed and sent.changes is not None:
            sent.system.apply(sent.account, sent.changes)
        self._fail(sent, Failed("500", status=500))

    def refuses(self, sent: Sent) -> None:
        self.under_way.remove(sent)
        self._fail(sent, Refused("422", status=422))

    def turns_away(self, sent: Sent, wait: float | None) -> None:
        """Surely nothing happened: throttled, or there was no connection."""
        self.under_way.remove(sent)
        self._fail(sent, Deferred("turned away", wait, throttled=wait is not None))

    @staticmethod
    def _answer(sent: Sent, value: Any) -> None:
        if not sent.answer.done():
            sent.answer.set_result(value)

    @staticmethod
    def _fail(sent: Sent, error: ConnectorError) -> None:
        if not sent.answer.done():
            sent.answer.set_exception(error)


class Plug:
    """A connector of the simulation: its requests name the account and carry the changes as extensions."""

    authentication = None

    def __init__(self, **capabilities: Any) -> None:
        self.capabilities = Capabilities(**capabilities)

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        try:
            yield Request("GET", "http://sim/", extensions={"account": value, "changes": None})
        except NoAccount:
            return ()
        return (Found(value, value),)

    def read(self, account: str) -> Flow[Account]:
        response = yield Request("GET", "http://sim/", extensions={"account": account, "changes": None})
        found = response.extensions["read"]
        return Account({k: v for k, v in found.items() if k not in self.capabilities.hidden}, self.capabilities.hidden)

    def write(self, account: str, changes: Mapping[str, Any], before: Account | None = None) -> Sequence[Call]:
        if self.capabilities.many:
            return [Call(tuple(changes), self._write(account, dict(changes)))]
        return [Call((name,), self._write(account, {name: value})) for name, value in changes.items()]

    def _write(self, account: str, changes: Mapping[str, Any]) -> Flow[Written]:
        yield Request("PUT", "http://sim/", extensions={"account": account, "changes": changes})
        return Written()

    def definitions(self) -> Flow[Sequence[Definition]]:
        return []
        yield  # type: ignore[unreachable] # it makes this a generator


class Line:
    """Drives flows over the simulated network."""

    def __init__(self, network: Network, system: str, clock: Any) -> None:
        self.network, self.system, self.clock = network, system, clock

    async def drive(self, flow: Flow[Any], *, patience: float) -> Any:
        if patience <= 0:
            raise Deferred("no room in the lease", 0.0, throttled=True)
        try:
            request = next(flow)
            while True:
                wishes = request.extensions
                try:
                    got = await self.network.exchange(self.system, wishes["account"], wishes["changes"], self.clock())
                except ConnectorError as error:
                    request = flow.throw(error)
                else:
                    request = flow.send(Response(200, extensions={"read": got}))
        except StopIteration as end:
            return end.value

    async def close(self) -> None:
        """Nothing is open."""
