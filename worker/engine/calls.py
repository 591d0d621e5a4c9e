"""Calls: a write is made, and each answer becomes the lane's next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import (
    Account,
    Call,
    ConnectorError,
    Deferred,
    Failed,
    Halted,
    Locked,
    NoAccount,
    Refused,
    Unanswered,
    Written,
)
from worker.core.settle import Answer, Kind
from worker.core.shown import shown
from worker.core.wire import canonical
from worker.engine.visit import Visit, react, wait_of

Answers = dict[str, Answer]


async def write(v: Visit, changes: Mapping[str, Any], account: Account | None) -> Answers | None:
    """Make the calls of one write, one after the other.  changes: attribute -> wire value.  account: as read, if it was.
    None: the account is not there."""
    try:
        calls = v.target.write(v.account, changes, account)
    except ConnectorError as error:
        await react(v, error)
        return answers_of(tuple(changes), error)
    answers: Answers = {}
    for call in calls:
        if any(answer.kind in ("later", "unsure") for answer in answers.values()):
            call.flow.close()  # what stopped one call stops the others of this visit
            answers.update(dict.fromkeys(call.attributes, Answer("later", "not started", wait=0, quiet=True)))
            continue
        try:
            answers.update(_written(v, call, await v.drive(call.flow)))
        except NoAccount as error:
            if not answers:
                return None
            answers.update(answers_of(call.attributes, error))
        except ConnectorError as error:
            await react(v, error)
            answers.update(answers_of(call.attributes, error))
    return answers


def _written(v: Visit, call: Call, written: Written) -> Answers:
    system = v.engine.configuration.systems[v.system]
    answers: Answers = {}
    for name in call.attributes:
        shows = None
        if name in written.shows:
            shows = shown(v.terms, name, canonical(written.shows[name], system.wire(name)))
        answers[name] = Answer("applied", status=written.status, request=written.request_id, shows=shows)
    return answers


def answers_of(names: tuple[str, ...], error: ConnectorError) -> Answers:
    """THE CLASS OF AN ERROR IS THE NEXT STEP: this is the one table."""

    def answer(kind: Kind, wait: float | None = None, *, quiet: bool = False) -> Answer:
        milliseconds = None if wait is None else int(wait * 1000)
        return Answer(kind, error.reason, error.status, error.request_id, milliseconds, None, quiet)

    match error:
        case Refused() | Locked() if error.attribute is not None and error.attribute in names:
            blamed: Kind = "locked" if isinstance(error, Locked) else "refused"
            return {name: answer(blamed) if name == error.attribute else answer("again") for name in names}
        case Refused() | Locked():
            return dict.fromkeys(names, answer("refused" if len(names) == 1 else "alone"))
        case Deferred():
            return dict.fromkeys(names, answer("later", wait_of(error), quiet=error.throttled))
        case Halted() | NoAccount():
            return dict.fromkeys(names, answer("later", 0.0))
        case Failed():
            return dict.fromkeys(names, answer("failed", error.wait))
        case Unanswered():
            return dict.fromkeys(names, answer("unsure"))
        case _:
            raise error
