"""Whether the systems are as the configuration takes them to be: each is asked, over the line that the worker uses.

Nothing is written.  What a credential may write is only known by writing; that it may read, and what exists, is found out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeVar

from connectors.contract import (
    ConnectorError,
    Deferred,
    Directory,
    Failed,
    Feed,
    Flow,
    Halted,
    Listed,
    NoAccount,
    Refused,
    Request,
    Response,
    Target,
    TokenRefused,
    Unanswered,
)
from worker.config import Configuration, System
from worker.network.allowance import allowance
from worker.network.transport import Line
from worker.telling.defined import against, writes
from worker.telling.doctor import Finding, State
from worker.telling.words import many, span

T = TypeVar("T")

NOBODY = "lockstep-check@example.invalid"
"""No account has it (RFC 6761 section 6.4): a search for it must find none."""
NOBODIES = (NOBODY, "2147483647")
"""Ids of no account.  The second is for systems that number theirs: the highest that every database can hold."""
SAMPLE = 3
"""Of the accounts on a list, so many are read: a credential may be let in, and not at people."""
SKEW = 60_000
"""Milliseconds by which a system's clock may differ from ours: times of events are compared, and ages of signatures."""
LOW = 0.1
"""Of a budget; if less is left, it should be known."""
MENDS = (
    ("no connection", "is it up? Look at the host and the port in `base_url`, and at the network"),
    ("its host name", "look at the host in `base_url`, and at DNS"),
    ("no TLS connection", "look at `base_url`: does it speak https at this port?"),
    ("its certificate", "look at `ca`, and at `base_url`: does the certificate have this host's name?"),
    ("no answer in time", "is it up? Look at the network, and at `deadline`"),
    ("", "look at `base_url` (http or https?), and at what stands between us"),
)
"""How the reason begins why there is no answer -> what to do."""


@dataclass(slots=True)
class Heard:
    """What a system answered.  ours: milliseconds of our clock when the last answer was there."""

    answers: list[Response] = field(default_factory=list)
    ours: float = 0.0

    def flow(self, flow: Flow[T]) -> Flow[T]:
        """The same flow; its answers are kept."""
        try:
            request = next(flow)
            while True:
                request = flow.send(self._kept((yield request)))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            flow.close()

    def first_page(self, flow: Flow[T]) -> Flow[T | None]:
        """The first request of a flow, and what the flow makes of its answer: None if it would ask on."""
        try:
            request: Request = next(flow)
            flow.send(self._kept((yield request)))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            flow.close()
        return None

    def _kept(self, response: Response) -> Response:
        self.answers.append(response)
        self.ours = time.time() * 1000
        return response


async def ask(system: System, line: Line | None, configuration: Configuration) -> list[Finding]:
    """Ask one system.  line: None where it is no target.  Raises Unavailable."""
    if system.target is None or line is None:
        return [Finding(system.name, State.OK, "a source only: it calls us, and is not asked")]
    asking = _Asking(system, system.target, line)
    await asking.definitions(configuration)
    if asking.heard.answers or not asking.unheard:
        await asking.accounts(_keys(configuration, system.name))
        if system.poll is not None and isinstance(system.source, Feed):
            await asking.feed(system.source)
    return asking.told()


def _keys(configuration: Configuration, target: str) -> frozenset[str]:
    """By which accounts are found there."""
    targets = [each for mapping in configuration.mappings.values() for each in mapping.targets if each.target == target]
    return frozenset(key.find for each in targets for key in each.keys)


@dataclass(slots=True)
class _Asking:
    """One system, what was heard of it, and what was found.

    let_in   it did as it was asked, at least once
    unheard  a question did not come through
    """

    system: System
    target: Target
    line: Line
    heard: Heard = field(default_factory=Heard)
    found: list[Finding] = field(default_factory=list)
    let_in: bool = False
    unheard: bool = False

    async def definitions(self, configuration: Configuration) -> None:
        """The attributes that mappings write against those that exist."""
        try:
            listed = await self._asked(self.heard.flow(self.target.definitions()))
        except ConnectorError as error:
            self._failed("definitions", error)
        else:
            self.found += against(self.system, listed, writes(configuration, self.system.name))

    async def accounts(self, keys: frozenset[str]) -> None:
        """Whether accounts can be searched, listed and read.  keys: by which mappings find them; none: any will do."""
        able, ways = self.target.capabilities, list[str]()
        listed: Sequence[Listed] = ()
        try:
            if searched := sorted(able.finds & keys if keys else able.finds)[: len(keys) or 1]:
                for key in searched:
                    if answers := await self._asked(self.heard.flow(self.target.find(key, NOBODY))):
                        says = f"a search by {key} for nobody answers {many(len(answers), 'account')}: the filter is ignored"
                        self._tell("accounts", State.WRONG, says, "look at `find`; such answers are not believed")
                        return
                ways.append(f"searched by {', '.join(searched)}")
            if (by := sorted(able.lists & keys if keys else able.lists)) and isinstance(self.target, Directory):
                page: Sequence[Listed] | None = await self._asked(self.heard.first_page(self.target.directory()))
                listed = page or ()
                ways.append(f"listed by {', '.join(by)}")
            if able.readable and await self._read(listed):
                ways.append("read")
        except ConnectorError as error:
            self._failed("accounts", error)
        else:
            if ways and not any(each.what == f"{self.system.name} accounts" for each in self.found):
                self._tell("accounts", State.OK, f"can be {', and '.join(ways)}")

    async def feed(self, feed: Feed) -> None:
        """Whether the list that is polled can be read.  A credential that may do all else may be kept from it."""
        try:
            await self._asked(self.heard.flow(feed.feed("")))
        except Halted as error:
            says = f"{error.reason} (HTTP {error.status})" if error.status else error.reason
            do = "look at what the credentials may read there, or take `poll` out of systems.yaml"
            self._tell("feed", State.WRONG, says, do)
        except ConnectorError as error:
            self._failed("feed", error)
        else:
            self._tell("feed", State.OK, "what it has said can be listed")

    def told(self) -> list[Finding]:
        """All that was found, in the order in which one would look."""
        if self.let_in and not any(each.what == f"{self.system.name} access" for each in self.found):
            says = "our credentials are accepted; what they may write is known when we write"
            self.found.append(self._finding("access", State.OK, says))
        self.found.sort(key=lambda each: each.what != f"{self.system.name} access")
        if self.heard.answers:
            self.found += self._clock()
        if self.let_in and not any(each.what == f"{self.system.name} rate" for each in self.found):
            self.found += self._rate()
        return self.found or [Finding(self.system.name, State.NOTE, "nothing can be asked of it without an account")]

    async def _asked(self, flow: Flow[T]) -> T:
        """Raises ConnectorError."""
        before = len(self.heard.answers)
        try:
            result = await self.line.drive(flow, patience=2 * self.line.deadline + 5)
        except (NoAccount, Refused):
            self.let_in = self.let_in or len(self.heard.answers) > before
            raise
        self.let_in = self.let_in or len(self.heard.answers) > before
        return result

    async def _read(self, listed: Sequence[Listed]) -> bool:
        """Whether accounts can be read: some that are listed, else it must be told that nobody is not there.  Raises
        ConnectorError."""
        refused = []
        for each in listed[:SAMPLE]:
            try:
                await self._asked(self.heard.flow(self.target.read(each.id)))
            except NoAccount:
                pass  # deleted since
            except Refused as error:
                refused.append(error)
        if refused:
            of = f"{len(refused)} of the first {many(min(len(listed), SAMPLE), 'account')} that are listed cannot be read"
            state = State.WRONG if len(refused) == min(len(listed), SAMPLE) else State.NOTE
            do = f"let our credentials at them there (Setup in the README of the connector {self.system.connector})"
            self._tell("accounts", state, f"{of}: {refused[0].reason}", do)
            return False
        return bool(listed) or await self._nobody_is_not_there()

    async def _nobody_is_not_there(self) -> bool:
        """Raises ConnectorError."""
        before = len(self.heard.answers)
        for nobody in NOBODIES:
            try:
                await self._asked(self.heard.flow(self.target.read(nobody)))
            except (NoAccount, Refused):  # or it was not asked, because this can be no id there
                if len(self.heard.answers) > before:
                    return True
            else:
                says = "an account that nobody has is answered as if it were there"
                self._tell("accounts", State.WRONG, says, "look at `read`: that somebody is gone there would not be seen")
                return False
        return False

    def _clock(self) -> Iterator[Finding]:
        try:
            theirs = parsedate_to_datetime(self.heard.answers[-1].headers["date"]).timestamp() * 1000
        except (KeyError, ValueError):
            yield self._finding("clock", State.OK, "it does not tell the time")
            return
        skew = int(self.heard.ours - theirs)
        if abs(skew) > SKEW:
            says = f"ours is {span(skew)} {'ahead of' if skew > 0 else 'behind'} its"
            yield self._finding("clock", State.WRONG, says, "run NTP here; if it does, tell those who run the system")
        else:
            yield self._finding("clock", State.OK, f"within {span(SKEW)} of ours")

    def _rate(self) -> Iterator[Finding]:
        budget, headers = self.system.budget, self.system.budget_headers
        ours = "no budget" if budget is None else f"a budget of {budget.calls:,} calls in {span(int(budget.per * 1000))}"
        said = [allowance(each, headers, self.heard.ours / 1000) for each in self.heard.answers] if headers is not None else []
        told = next((each for each in reversed(said) if each is not None), None)
        if told is None:
            yield self._finding("rate", State.OK, f"{ours}; it does not say what is left")
            return
        says = f"{ours}; it says that {many(told.remaining, 'call')} are left for {span(int(told.seconds * 1000))}"
        if budget is not None and told.remaining < LOW * budget.calls:
            do = "somebody else may use this credential: give Lockstep one of its own, or a smaller `budget`"
            yield self._finding("rate", State.NOTE, says, do)
        else:
            yield self._finding("rate", State.OK, says)

    def _failed(self, what: str, error: ConnectorError) -> None:
        """What went wrong, and what mends it; said once."""
        self.unheard = True
        says = f"{error.reason} (HTTP {error.status})" if error.status else error.reason
        if error.reason.startswith("no token"):
            what = "access"
        match error:
            case Halted() | TokenRefused():
                keys = [f"`{key}`" for key in ("base_url", "credentials", "auth") if getattr(self.system.settings, key, None)]
                do = f"look at {' and '.join(keys)} in systems.yaml, and at what the credentials may do there"
                self._tell("access", State.WRONG, says, do)
            case Deferred() if error.throttled:
                wait = f" for {span(int(error.wait * 1000))}" if error.wait else ""
                do = "nothing is sent with this credential until then; check again after that"
                self._tell("rate", State.NOTE, says.replace(error.reason, error.reason + wait, 1), do)
            case Deferred() | Failed() | Unanswered() if not error.status:
                reason = error.reason.removeprefix("no token: ")
                do = next(mends for begins, mends in MENDS if reason.startswith(begins))
                self._tell("connection", State.WRONG, says, do)
            case Deferred() | Failed() | Unanswered() if error.status < 400:
                do = "something else than its API answers: look at `base_url`, and for a proxy or a login page on the way"
                self._tell(what, State.WRONG, says, do)
            case Deferred() | Failed() | Unanswered():
                self._tell(what, State.WRONG, says, "ask again later; if it lasts, it is for those who run the system")
            case _:
                self._tell(what, State.WRONG, says, "look at the entry in systems.yaml")

    def _tell(self, what: str, state: State, says: str, do: str = "") -> None:
        """Once: a system that is down is down for every question."""
        finding = self._finding(what, state, says, do)
        if not any(each.what == finding.what or (each.says == says and each.state == state) for each in self.found):
            self.found.append(finding)

    def _finding(self, what: str, state: State, says: str, do: str = "") -> Finding:
        return Finding(f"{self.system.name} {what}", state, says, do)
