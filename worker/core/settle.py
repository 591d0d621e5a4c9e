"""Settle: the answers are there.  The class of an answer is the next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, assert_never

import msgspec
from msgspec.structs import replace

from worker.core.decide import Spot, applied
from worker.core.lane import (
    UNKNOWN,
    Attribute,
    Lane,
    Lease,
    Note,
    Seal,
    Shown,
    Step,
    Terms,
    Want,
    advance,
    believe,
    copied,
    let_go,
    ours,
    told,
)
from worker.core.merge import Say, next_candidate, want_again
from worker.core.outcome import Word
from worker.core.park import given_up
from worker.core.relay import Relays

Kind = Literal["applied", "refused", "locked", "alone", "again", "later", "failed", "unsure"]


class Answer(msgspec.Struct, frozen=True):
    """What became of one attribute's call.

    applied   it holds the value
    refused   this value, for good
    locked    the target itself keeps the first value
    alone     refused together with others, without saying for whose sake: it goes alone, no try is spent
    again     refused together with others, for another's sake: it goes again at once, no try is spent
    later     surely nothing happened; no try is spent
    failed    an error was answered: it is over, and it may have landed
    unsure    no answer: it may land yet, so the lane rests

    wait: milliseconds that the target asked for, None if it did not say.  shows: what the answer shows of it.  quiet: not worth a
    line in the record (throttled, or never started).
    """

    kind: Kind
    reason: str = ""
    status: int = 0
    request: str = ""
    wait: int | None = None
    shows: Shown | None = None
    quiet: bool = False


def settle(
    lane: Lane, terms: Terms, token: str, now: int, account: str, answers: Mapping[str, Answer], jitter: float
) -> Step | None:
    """now: the store's clock when the last answer was there.  jitter: in [0, 1).  None: not its lease any more."""
    if not ours(lane, token):
        return None
    lane = copied(lane)
    notes: list[Note] = []
    relays = Relays(terms, account, None)
    for name, answer in sorted(answers.items()):
        x = lane.attributes[name]
        if x.sent is None:
            continue  # this settle is applied again, to its own result
        sent = x.sent

        say = _teller(notes, terms, name, sent, answer)
        match answer.kind:
            case "applied":
                applied(Spot(terms, name, x, now, say, relays), sent, answer.shows)
                lane.wrote = now
            case "locked":
                x.sent = None
                say(sent, Word.SEALED, answer.reason or "locked by the target")
                x.seal = Seal(UNKNOWN, sent.event, now, found=True)
                believe(x, UNKNOWN, now)
            case "refused":
                x.sent = None
                say(sent, Word.PARKED, answer.reason)
                if not sent.once:
                    advance(x, sent, name, terms, now)
            case "alone":
                _unsent(name, x, replace(sent, alone=True), terms, say)
            case "again":
                _unsent(name, x, sent, terms, say)
            case "later":
                delay = answer.wait if answer.wait is not None else terms.retry.delay(sent.waits, jitter)
                record = replace(sent, after=now + delay, waits=sent.waits + 1)
                _unsent(name, x, record, terms, say)
                if not answer.quiet:
                    notes.append(_pending(record, terms, name, answer))
            case "failed" | "unsure":
                delay = terms.retry.delay(sent.tries, jitter) if answer.wait is None else answer.wait
                if answer.kind == "unsure":
                    delay = max(delay, terms.late)
                x.sent = replace(sent, after=now + delay, spent=sent.spent + delay)
                notes.append(_pending(replace(x.sent, tries=sent.tries + 1), terms, name, answer))
            case _:
                assert_never(answer.kind)
        next_candidate(name, x, terms, say)
    let_go(lane)
    lane.deaths = 0
    if any(answer.kind == "unsure" for answer in answers.values()):
        lane.lease = Lease(now + terms.late)  # the rest
    notes += relays.notes("", ())
    return lane, notes


def release(lane: Lane, terms: Terms, token: str, now: int, rest: int, reason: str = "", *, missed: bool = False) -> Step | None:
    """The visit ends without a decision, and the lane rests for `rest` milliseconds.  missed: a read was answered with an
    error; too many in a row park all that the lane owes."""
    if not ours(lane, token):
        return None
    lane = copied(lane)
    notes: list[Note] = []
    let_go(lane)
    lane.deaths = 0
    lane.misses += missed
    if lane.misses >= terms.retry.tries:
        lane.misses = 0
        notes += given_up(lane, terms, now, reason)
    elif rest > 0:
        lane.lease = Lease(now + rest)
    return lane, notes


def _unsent(name: str, x: Attribute, record: Want, terms: Terms, say: Say) -> None:
    """Nothing happened: as if it had never been sent."""
    x.sent = None
    want_again(name, x, record, terms, say)


def _teller(notes: list[Note], terms: Terms, name: str, sent: Want, answer: Answer) -> Say:
    """Says what became of a record; the answer belongs to the one that was sent, and counts as one of its tries."""

    def say(record: Want, word: Word, reason: str = "") -> None:
        if record is sent:
            counted = replace(record, tries=record.tries + 1)
            notes.append(told(counted, terms, name, word, reason, status=answer.status, request=answer.request))
        else:
            notes.append(told(record, terms, name, word, reason))

    return say


def _pending(record: Want, terms: Terms, name: str, answer: Answer) -> Note:
    status, request = answer.status, answer.request
    return told(record, terms, name, Word.PENDING, answer.reason, status=status, request=request, until=record.after)
