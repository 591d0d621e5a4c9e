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
    Definition,
    Directory,
    Failed,
    Flow,
    Found,
    Halted,
    NoAccount,
    Refused,
    Request,
    Response,
    Target,
    TokenRefused,
    Unanswered,
)
from worker.config import Configuration, System
from worker.config.problem import did_you_mean
from worker.core.path import PathError, parse, spell
from worker.core.rules import Rule
from worker.network.allowance import allowance
from worker.network.transport import Line
from worker.telling.doctor import Finding, State
from worker.telling.words import many, span

T = TypeVar("T")

NOBODY = "lockstep-check@example.invalid"
"""No account has it (RFC 6761 section 6.4): a search for it must find none."""
SKEW = 60_000
"""Milliseconds by which a system's clock may differ from ours: times of events are compared, and ages of signatures."""
LOW = 0.1
"""Of a budget; if less is left, it should be known."""


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

    def first_page(self, flow: Flow[T]) -> Flow[None]:
        """The first request of a flow, and what the flow makes of its answer."""
        try:
            request: Request = next(flow)
            flow.send(self._kept((yield request)))
        except StopIteration:
            return
        finally:
            flow.close()

    def _kept(self, response: Response) -> Response:
        self.answers.append(response)
        self.ours = time.time() * 1000
        return response


def rules_of(configuration: Configuration, target: str) -> list[Rule]:
    """All that is written there, by whichever source."""
    return [
        rule
        for mapping in configuration.mappings.values()
        for each in mapping.targets
        if each.target == target
        for rule in each.rules
    ]


async def ask(system: System, line: Line | None, configuration: Configuration) -> list[Finding]:
    """Ask one system.  line: None where it is no target.  Raises Unavailable."""
    target = system.target
    if target is None or line is None:
        return [Finding(system.name, State.OK, "a source only: it calls us, and is not asked")]
    heard, found = Heard(), list[Finding]()
    patience = 2 * line.deadline + 5
    try:
        definitions: Sequence[Definition] = await line.drive(heard.flow(target.definitions()), patience=patience)
        found += _defined(system, definitions, rules_of(configuration, system.name))
    except ConnectorError as error:
        found.append(_failed(system, "definitions", error))
    if heard.answers or not found:
        told = {each.what for each in found}
        found += [each for each in await _accounts(system, target, line, heard, patience) if each.what not in told]
    told = {each.what for each in found}
    if heard.answers:
        more = [*_clock(system, heard), *_rate(system, heard)]
        found += [each for each in more if each.what not in told]
        accepted = any(each.status_code < 400 or each.status_code == 404 for each in heard.answers)
        if accepted and f"{system.name} credentials" not in told:
            says = "accepted; what they may write is known when we write"
            found.insert(0, _finding(system, "credentials", State.OK, says))
    elif not found:
        found.append(Finding(system.name, State.NOTE, "nothing can be asked of it without an account"))
    return found


async def _accounts(system: System, target: Target, line: Line, heard: Heard, patience: float) -> list[Finding]:
    """Whether accounts can be searched, listed or read."""
    what, able = "accounts", target.capabilities
    try:
        if able.finds:
            key = min(able.finds)
            answers: Sequence[Found] = await line.drive(heard.flow(target.find(key, NOBODY)), patience=patience)
            if answers:
                says = f"a search by {key} for nobody answers {many(len(answers), 'account')}: the filter is ignored"
                return [
                    _finding(system, what, State.WRONG, says, f"look at `find` of {system.name}; such answers are not believed")
                ]
            return [_finding(system, what, State.OK, f"can be searched by {', '.join(sorted(able.finds))}")]
        if able.lists and isinstance(target, Directory):
            await line.drive(heard.first_page(target.directory()), patience=patience)
            return [_finding(system, what, State.OK, f"can be listed, by {', '.join(sorted(able.lists))}")]
        if able.readable:
            await line.drive(heard.flow(target.read(NOBODY)), patience=patience)
    except (NoAccount, Refused) as error:
        if heard.answers:
            return [_finding(system, what, State.OK, "can be asked for; they are known by their ids")]
        return [_failed(system, what, error)]
    except ConnectorError as error:
        return [_failed(system, what, error)]
    return []


def _defined(system: System, definitions: Sequence[Definition], rules: Sequence[Rule]) -> Iterator[Finding]:
    """The attributes that mappings write against those that exist."""
    if not definitions:
        return
    known = {_spelled(each.name): each for each in definitions}
    wrong = 0
    for rule in rules:
        there = known.get(rule.attribute)
        if there is None:
            wrong += 1
            says = f"`{rule.attribute}` ({rule.place}) does not exist there{did_you_mean(rule.attribute, known)}"
            yield _finding(system, "definitions", State.WRONG, says, "create it there, or correct the mapping")
        elif there.locks and rule.policy != "once":
            says = f"`{rule.attribute}` ({rule.place}) is locked by the system itself"
            yield _finding(
                system, "definitions", State.NOTE, says, "take `write: once`, or unlock it there: a change is `sealed`"
            )
        elif there.hidden:
            says = f"`{rule.attribute}` ({rule.place}) is hidden: no read shows it"
            yield _finding(system, "definitions", State.NOTE, says, "what is there before us is overwritten unseen")
    if not wrong:
        says = f"{many(len(definitions), 'attribute')}; all that is written there exists"
        yield _finding(system, "definitions", State.OK, says)


def _clock(system: System, heard: Heard) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(heard.answers[-1].headers["date"]).timestamp() * 1000
    except (KeyError, ValueError):
        return
    skew = int(heard.ours - theirs)
    if abs(skew) > SKEW:
        says = f"ours is {span(skew)} {'ahead of' if skew > 0 else 'behind'} its"
        yield _finding(system, "clock", State.WRONG, says, "run NTP here; if it does, tell those who run the system")
    else:
        yield _finding(system, "clock", State.OK, f"within {span(SKEW)} of ours")


def _rate(system: System, heard: Heard) -> Iterator[Finding]:
    budget = system.budget
    ours = "no budget" if budget is None else f"a budget of {budget.calls:,} calls in {span(int(budget.per * 1000))}"
    told = system.budget_headers and allowance(heard.answers[-1], system.budget_headers, heard.ours / 1000)
    if not told:
        yield _finding(system, "rate", State.OK, f"{ours}; it does not say what is left")
        return
    says = f"{ours}; it says that {many(told.remaining, 'call')} are left for {span(int(told.seconds * 1000))}"
    if budget is not None and told.remaining < LOW * budget.calls:
        do = "somebody else may use this credential: give Lockstep one of its own, or a smaller `budget`"
        yield _finding(system, "rate", State.NOTE, says, do)
    else:
        yield _finding(system, "rate", State.OK, says)


def _failed(system: System, what: str, error: ConnectorError) -> Finding:
    """What went wrong, and what mends it."""
    status = f" (HTTP {error.status})" if error.status else ""
    name, state = system.name, State.WRONG
    match error:
        case Halted() | TokenRefused():
            what, do = "credentials", f"mend `credentials`, `auth` or `base_url` of {name}, or what the credential may do there"
        case Deferred() if error.throttled:
            wait = f" for {span(int(error.wait * 1000))}" if error.wait else ""
            return _finding(
                system, "rate", State.NOTE, f"{error.reason}{wait}{status}", "nothing is sent with this credential until then"
            )
        case Deferred() | Unanswered():
            what, do = "connection", f"look at `base_url`, `ca` and `deadline` of {name}, at DNS, the network and LOCKSTEP_EGRESS"
        case Failed():
            do = "ask again later; if it lasts, it is for those who run the system"
        case _:
            do = f"look at the entry of {name} in systems.yaml"
    return _finding(system, what, state, f"{error.reason}{status}", do)


def _finding(system: System, what: str, state: State, says: str, do: str = "") -> Finding:
    return Finding(f"{system.name} {what}", state, says, do)


def _spelled(name: str) -> str:
    """As a mapping spells it."""
    try:
        return parse(name).text
    except PathError:
        first, _, rest = name.partition(".")
        return spell([first, rest] if rest else [first])
