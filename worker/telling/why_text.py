"""The answer to `why` in sentences, and as JSON: the value now, whose it is, version, rule, decision, what lost, attempts, what
is pending, the seal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.contract import ABSENT
from worker.core.lane import Seal
from worker.core.outcome import Outcome, Word
from worker.telling.events import plain_outcome
from worker.telling.mask import shown
from worker.telling.pending import Waiting
from worker.telling.sealed import found, seal_lines, whose
from worker.telling.why import Spoke, Why
from worker.telling.words import MEANING, answer, until, verdict, version_time, when

LOSERS = 5
"""How many that lost are named; the others are counted."""


def sentences(w: Why, *, reveal: bool) -> list[str]:
    """The answer, a sentence or two a line; what belongs to one is indented below it."""
    return [f"{w.attribute} of {w.place}, for {w.subject}", "", *_lines(w, reveal=reveal)]


def _lines(w: Why, *, reveal: bool) -> Iterator[str]:
    yield _value_now(w, reveal=reveal)
    there = found(w)
    if there is not None:
        yield whose(there)
    if w.by is not None:
        yield _agrees(w, w.by) if there is not None and not w.by.seen else _whose(w, w.by)
        yield from _rule(w, w.by, reveal=reveal)
        yield _decision(w.by)
        if there is None and (before := w.before) is not None:
            yield _before(before)
    elif there is not None:
        yield from _refused(w, there, reveal=reveal)
    if (last := _settled_last(w)) is not None and last.outcome is not None:
        newer = ", of a newer version" if w.by is not None else ""
        yield f"Settled last was {last.event.name}{newer}: {_ended(last.outcome)}."
    yield from _what_said_no(w)
    yield from _lost(w, reveal=reveal)
    yield from _attempts(w)
    yield from _pending(w)
    yield from seal_lines(w)
    if w.mode == "observe":
        yield f"{w.place.system} is only watched (`target.mode: observe`): nothing is written there."


def _value_now(w: Why, *, reveal: bool) -> str:
    since = f", as we have believed since {when(w.since, w.now)}" if w.since else ""
    if w.confirmed > w.since + 1000:
        since += f"; last confirmed {when(w.confirmed, w.now)}"
    if w.print is None and w.seal is not None and w.seal.found and w.seal.print is None:
        return "What it holds cannot be read; the system itself keeps its first value."
    if w.print is None and not w.known:
        return "What it holds is not known: nothing was ever settled here, and nobody has looked."
    if w.print is None and (there := found(w)) is not None:
        return f"It held a value of which only the fingerprint is kept when we looked, {when(there.at, w.now)}."
    if w.print is None:
        return "What it holds is not known any more: a call may have landed or not, the belief grew old, or nobody can read it."
    if w.print == "":
        return f"It holds nothing{since}."
    if w.by is not None and w.by.print == w.print:
        return f"It holds {shown(w.by.value, reveal=reveal)}{since}."
    return f"It holds a value of which only the fingerprint is kept{since}."


def _whose(w: Why, by: Spoke) -> str:
    event = by.event
    told = version_time(event.version)
    if by.seen:
        return f"It was found there by a look of ours, {event.name}: its version is the time of the read, {told}."
    whose = f"The value is from {event.name}, accepted {when(event.at, w.now)}."
    if event.late:
        return f"{whose} Its source's clock ran ahead of ours, so its version is the time of its acceptance, {told}."
    return f"{whose} Its version is {told}."


def _agrees(w: Why, by: Spoke) -> str:
    """Of an event whose value is the one that was found."""
    event = by.event
    return f"The same is said by {event.name}, accepted {when(event.at, w.now)}. Its version is {version_time(event.version)}."


def _refused(w: Why, seal: Seal, *, reveal: bool) -> Iterator[str]:
    """The event for which we looked, and met a value that is kept: what it wanted instead."""
    each = next((each for each in w.spoke if each.event.name == seal.event), None)
    if each is None:
        return
    yield from _rule(w, each, reveal=reveal, of=f" of {each.event.name}")
    if each.outcome is not None and not each.outcome.tries:
        yield "Nothing was sent for it."


def _rule(w: Why, by: Spoke, *, reveal: bool, of: str = "") -> Iterator[str]:
    if by.seen:
        return
    changed = by.event.revision and by.event.revision != w.revision
    if changed:
        yield f"It was planned under revision {by.event.revision}; in force is {w.revision}, under which it reads as follows."
    if not by.place:
        yield "No rule of the mapping in force makes a value of it."
        return
    where = f"{by.place}, `write: {by.policy}`" if by.policy else by.place
    yield f"The rule{of} is {where}{'' if changed else f', revision {w.revision}, which is in force'}:"
    yield from drawn_steps([(step.name, shown(step.value, reveal=reveal)) for step in by.steps])
    if not of and by.print != w.print and w.print is not None and by.value is not ABSENT:
        yield (
            "    That is another value than the one held: the mapping has changed, the target shows it in another form, or "
            "somebody changed it there (`lockstep replay` writes ours again)."
        )


def drawn_steps(steps: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The steps of a rule, one a line."""
    width = max((len(name) for name, _ in steps), default=0)
    for name, value in steps:
        yield f"    {name:<{width}}  {value}"


def _decision(by: Spoke) -> str:
    if by.seen:
        return "It was taken over as what the account holds."
    assert by.outcome is not None
    how = answer(by.outcome)
    return f"It was {_ended(by.outcome)}{f' ({how})' if how else ''}."


def _before(before: Spoke) -> str:
    if before.print == "":
        return f"Before that it held nothing: {before.event.name} had cleared it."
    return f"Before that it held the value of {before.event.name}."


def _settled_last(w: Why) -> Spoke | None:
    """The event that moved the version on and not the value.  What was found and sealed is told otherwise."""
    if w.settled is None or w.settled is w.by or found(w) is not None:
        return None
    return w.settled if w.by is None or w.settled.event.version > w.by.event.version else None


def _what_said_no(w: Why) -> Iterator[str]:
    """Nothing was ever settled: who spoke last, and what said no."""
    if w.known or w.waits:
        return
    if not w.spoke:
        who = f"{' or '.join(w.writers)} would have to" if w.writers else "no mapping writes it"
        yield f"No event of this person has said anything about it; {who}."
        if not w.heard:
            yield f"No event about {w.subject} is kept at all: is the id right?"
        return
    last = w.spoke[0]
    became = "it is on its way" if last.outcome is None else _ended(last.outcome)
    yield f"The last to speak was {last.event.name}, accepted {when(last.event.at, w.now)}: {became}."
    if last.place:
        told = last.outcome.reason if last.outcome is not None else ""
        now = f"; under the mapping in force: {last.reason}" if last.reason not in ("", told) else ""
        yield f"The rule is {last.place}{now}."


def _lost(w: Why, *, reveal: bool) -> Iterator[str]:
    """Without what is told before: what said no, and what was settled last."""
    told = [_settled_last(w), None if w.known or w.waits or not w.spoke else w.spoke[0]]
    lost = [each for each in w.lost if not any(each is one for one in told)]
    if lost:
        yield "What lost to it:" if w.by is not None or found(w) is not None else "What else was said:"
    for each in lost[:LOSERS]:
        assert each.outcome is not None
        wanted = each.outcome.word is Word.SEALED and each.value is not ABSENT
        instead = f"; it wanted {shown(each.value, reveal=reveal)}" if wanted else ""
        yield f"    {each.event.name}, version {version_time(each.event.version)}: {_ended(each.outcome)}{instead}"
    if len(lost) > LOSERS:
        yield f"    and {len(lost) - LOSERS} older; `lockstep events --subject {w.subject}` lists them"


def _attempts(w: Why) -> Iterator[str]:
    if not w.attempts:
        return
    yield "The last attempts:" if len(w.attempts) > 1 else "The only attempt:"
    for name, attempt in w.attempts:
        how = answer(attempt)
        yield f"    {when(attempt.at, w.now)}  {name}  {verdict(attempt)}{f', {how}' if how else ''}"


def _pending(w: Why) -> Iterator[str]:
    if not w.waits:
        yield "Nothing is pending."
    for each in w.waits:
        yield pending(each, w.now)


def pending(waits: Waiting, now: int) -> str:
    """`hr:evt-9 is pending until ...: the target is paused (...).`"""
    time = f" {until(waits.until, now)}" if waits.until else ""
    tries = f", after {waits.tries} {'try' if waits.tries == 1 else 'tries'}" if waits.tries else ""
    return f"{waits.event} is pending{time}{tries}: {waits.reason}."


def _ended(outcome: Outcome) -> str:
    meaning = MEANING[outcome.word]
    return f"{verdict(outcome)}: {meaning}" if outcome.word is not Word.PENDING else verdict(outcome)


def plain(w: Why, *, reveal: bool) -> dict[str, object]:
    """For `--json`.  Times in milliseconds since 1970.  A value is masked unless it may be seen."""
    return {
        "subject": str(w.subject),
        "target": w.place.system,
        "attribute": w.attribute,
        "account": w.place.account or None,
        "searched_for": w.place.searched,
        "value": {
            "belief": "not known" if w.print is None else "nothing" if w.print == "" else "a value",
            "shown": shown(w.by.value, reveal=reveal) if w.by is not None and w.print and w.by.print == w.print else None,
            "since": w.since or None,
            "confirmed": w.confirmed or None,
        },
        "from": None if w.by is None else _plain_spoke(w.by, reveal=reveal),
        "settled_last": None if w.settled is None else w.settled.event.name,
        "revision_in_force": w.revision,
        "lost": [_plain_spoke(each, reveal=reveal) for each in w.lost],
        "attempts": [{"event": name, **plain_outcome(attempt)} for name, attempt in w.attempts],
        "pending": [plain_waiting(each) for each in w.waits],
        "seal": None if w.seal is None else {
            "since": w.seal.at or None, "event": w.seal.event or None, "unsure": w.seal.unsure, "found": w.seal.found,
        },
        "mode": w.mode,
    }  # fmt: skip


def plain_waiting(each: Waiting) -> dict[str, object]:
    return {"event": each.event, "reason": each.reason, "until": each.until or None, "tries": each.tries}


def _plain_spoke(each: Spoke, *, reveal: bool) -> dict[str, object]:
    return {
        "event": each.event.name,
        "accepted": each.event.at,
        "version": each.event.version,
        "version_time": version_time(each.event.version),
        "seen": each.seen,
        "revision": each.event.revision or None,
        "rule": each.place or None,
        "write": each.policy or None,
        "steps": [{"step": step.name, "value": shown(step.value, reveal=reveal)} for step in each.steps],
        "reason_now": each.reason or None,
        **({} if each.outcome is None else plain_outcome(each.outcome)),
    }
