"""An explanation in sentences, and as JSON: each rule with its steps, the decision, then the requests as they would leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from worker.core.outcome import Word
from worker.telling import rehearsal
from worker.telling.events import plain_outcome
from worker.telling.explain import Explanation
from worker.telling.foreseen import Ruled, Shows, Targeted
from worker.telling.mask import shown
from worker.telling.why_text import drawn_steps
from worker.telling.words import MEANING, verdict

INDENT = " " * 4


def sentences(e: Explanation, *, reveal: bool) -> Iterator[str]:
    """The whole explanation, a line each."""
    event = e.event
    yield f"{event.name}, subject {event.source}:{event.subject}"
    if e.ended is not None:
        yield f"It asks nothing of anybody: {verdict(e.ended)}, {MEANING[e.ended.word]}."
        yield from (f"Its link with account {account} of {system} ends." for system, account in e.parts.items())
        return
    if e.looks:
        yield "It only says *look*: its account is read, and what differs from what we believe becomes an event of its own."
    elif e.scope is False:
        yield "`when` says no: the subject is out of this mapping's scope."
    elif not e.targets:
        yield "No rule speaks of what it says."
    for target in e.targets:
        yield ""
        yield from _target(target, reveal=reveal)


def _target(t: Targeted, *, reveal: bool) -> Iterator[str]:
    yield f"{t.target}: {f'account {t.account}' if t.account else 'its account is not known'}"
    for rule in t.rules:
        yield from (f"  {line}" for line in _rule(rule, reveal=reveal))
    yield from (f"  Note: {note}." for note in t.notes)
    yield from _found_by(t, reveal=reveal)
    if t.shows is not None:
        yield "  It was read just now, and shows:"
        yield from (f"{INDENT}{each.attribute}  {_shows(each, reveal=reveal)}" for each in t.shows)
    if t.reads is not None:
        yield "  reads first:"
        yield from _request(t.reads, reveal=reveal)
    if t.reads is not None and t.sends:
        condition = f"What follows holds if that shows {_listed(t.empty)} empty." if t.empty else ""
        yield f"  {condition or 'What that shows already is not sent.'}"
    for name, event in t.others:
        yield f"  With it goes {name}, which {event} wants and which waits already."
    if t.whole and t.sends and t.shows is None:
        yield "  With these changes goes what was read and would not survive alone."
    for request in t.sends:
        yield f"  {request.does}, for {_listed(request.attributes)}:"
        yield from _request(request, reveal=reveal)
        if request.does == "asks":
            yield f"{INDENT}What follows depends on the answer; `--live` asks for it."
    if not t.sends and t.rules:
        yield "  Nothing is sent."


def _shows(each: Shows, *, reveal: bool) -> str:
    if each.hidden:
        return "hidden from us"
    return "nothing" if each.value in (None, "") else shown(each.value, reveal=reveal)


def _found_by(t: Targeted, *, reveal: bool) -> Iterator[str]:
    for number, request in enumerate(t.searches):
        yield f"  asks {'first' if number == 0 else 'then, if that finds none'}, by {request.key}, for the {{account}}:"
        yield from _request(request, reveal=reveal)
    if not t.account and not t.searches and t.sends:
        yield "  The event has no value for any key by which its account could be found, so it waits for one."


def _rule(rule: Ruled, *, reveal: bool) -> Iterator[str]:
    how = f", `write: {rule.policy}`" if rule.policy else ""
    yield f"{rule.attribute}  ({rule.place}{how})"
    yield from drawn_steps([(step.step, shown(step.after, reveal=reveal)) for step in rule.steps])
    yield f"{INDENT}-> {_decision(rule)}"


def _decision(rule: Ruled) -> str:
    if rule.outcome is None:
        return "written, and sealed with it" if rule.policy == "once" else "written"
    if rule.outcome.word is Word.PENDING:
        return verdict(rule.outcome)
    return f"{verdict(rule.outcome)}: {MEANING[rule.outcome.word]}"


def _request(request: rehearsal.Drawn, *, reveal: bool) -> Iterator[str]:
    for line in rehearsal.lines(request, reveal=reveal):
        yield f"{INDENT}{line}".rstrip()


def _listed(names: Iterable[str]) -> str:
    words = list(names)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def plain(e: Explanation, *, reveal: bool) -> dict[str, object]:
    """For `--json`."""
    return {
        "event": e.event.name,
        "subject": f"{e.event.source}:{e.event.subject}",
        "ended": None if e.ended is None else plain_outcome(e.ended),
        "links_end": e.parts,
        "looks": e.looks,
        "in_scope": e.scope,
        "targets": [_plain_target(target, reveal=reveal) for target in e.targets],
    }


def _plain_target(t: Targeted, *, reveal: bool) -> dict[str, object]:
    return {
        "target": t.target,
        "account": t.account or None,
        "rules": [_plain_rule(rule, reveal=reveal) for rule in t.rules],
        "searches": [rehearsal.plain(request, reveal=reveal) for request in t.searches],
        "shows": None if t.shows is None else {each.attribute: _plain_shows(each, reveal=reveal) for each in t.shows},
        "reads": None if t.reads is None else rehearsal.plain(t.reads, reveal=reveal),
        "if_empty": list(t.empty),
        "sends": [rehearsal.plain(request, reveal=reveal) for request in t.sends],
        "whole": t.whole,
        "with": [{"attribute": name, "event": event} for name, event in t.others],
        "notes": list(t.notes),
    }


def _plain_shows(each: Shows, *, reveal: bool) -> dict[str, object]:
    return {"hidden": each.hidden, "value": None if each.value in (None, "") else shown(each.value, reveal=reveal)}


def _plain_rule(rule: Ruled, *, reveal: bool) -> dict[str, object]:
    return {
        "attribute": rule.attribute,
        "rule": rule.place,
        "write": rule.policy or None,
        "steps": [{"step": step.step, "value": shown(step.after, reveal=reveal)} for step in rule.steps],
        "decision": "written" if rule.outcome is None else plain_outcome(rule.outcome),
    }
