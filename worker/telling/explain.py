"""Explain: what an event would do now.  It goes the way of an accepted one (propagate's `ask` and `enter`, then `plan`), on
copies: nothing is written, and no system is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.contract import Account, Call, ConnectorError, Json
from worker.core.event import Event
from worker.core.lane import UNKNOWN, Attribute, Lane, Look, Shown, Terms, Told, Want, belief, copied
from worker.core.mapping import Facts, Traced
from worker.core.merge import merge
from worker.core.outcome import Outcome, Word
from worker.core.plan import begin, needs_read, plan
from worker.core.search import seals, searched_subject, waiting
from worker.engine import Engine
from worker.facts import facts_of, routes_of
from worker.propagate import Flow, Work, ask, enter
from worker.telling.rehearsal import ACCOUNT, Drawn, drawn

TOKEN = "explain"  # noqa: S105 - of a lease that is never stored


class Ruled(msgspec.Struct, frozen=True):
    """One rule that spoke: its steps, and what becomes of its value.  outcome: None if it is sent."""

    attribute: str
    place: str
    policy: str
    steps: tuple[Traced, ...]
    outcome: Outcome | None


class Targeted(msgspec.Struct, frozen=True):
    """What the event would do at one target.

    account   "" while it is not known
    searches  how it would be found
    reads     what is read first; `sends` follow if that shows `empty` empty, and not what they would write already
    sends     the calls; whole: they carry the whole account as read, changed
    others    what goes with them because it waits already: (attribute, event)
    notes     sentences
    """

    target: str
    account: str
    rules: tuple[Ruled, ...]
    searches: tuple[Drawn, ...] = ()
    reads: Drawn | None = None
    empty: tuple[str, ...] = ()
    sends: tuple[Drawn, ...] = ()
    whole: bool = False
    others: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """ended: it asks nothing of anybody, and why.  looks: it only says that its own account is to be read.  scope: what `when`
    said, None if there is none."""

    event: Event
    ended: Outcome | None
    looks: bool
    scope: bool | None
    targets: tuple[Targeted, ...]


async def explain(engine: Engine, event: Event, now: int) -> Explanation:
    """event: as it would be accepted at `now` (milliseconds).  Raises Unavailable."""
    work = Work(event, b"")
    await ask(engine, work, now)
    facts = facts_of(engine.configuration, event)
    traced: list[Traced] = []
    if isinstance(facts, Facts):
        routes_of(engine.configuration, event, facts, traced)
    by_target: dict[str, list[Traced]] = {}
    for step in traced:
        by_target.setdefault(step.target, []).append(step)
    flows = {flow.system: flow for flow in work.flows}
    targets = [
        await _target(engine, work, system, flows.get(system), by_target.get(system, []), now)
        for system in dict.fromkeys((*(target for target, _ in work.routes), *flows))
        if system != "*"
    ]
    ended = work.told.get(("*", "*"), [None])[0]
    scope = next((bool(step.after) for step in traced if step.step == "when"), None)
    return Explanation(event, ended, any(flow.hint for flow in work.flows), scope, tuple(targets))


async def _target(engine: Engine, work: Work, system: str, flow: Flow | None, steps: list[Traced], now: int) -> Targeted:
    ended = {attribute: told[-1] for (target, attribute), told in work.told.items() if target == system}
    if flow is None:
        return Targeted(system, "", _ruled({}, ended, steps))
    if flow.hint:
        target = engine.configuration.systems[system].target
        return Targeted(system, flow.account, (), reads=None if target is None else drawn(target.read(flow.account)))
    _, lane = await engine.lanes.load(system, flow.account)
    searched = searched_subject(flow.account) is not None
    step = enter(lane, engine.terms[system], flow)
    if step is None:
        refused = Outcome(Word.PARKED, "the account belongs to another subject", now)
        return Targeted(system, flow.account, _ruled(flow.wants, ended | dict.fromkeys(flow.wants, refused), steps))
    lane, notes = step
    if searched:
        lane = _found(lane, engine.terms[system])
    searches = _searches(engine, flow) if searched else ()
    return _planned(engine, flow, lane, notes, ended, steps, now, "" if searched else flow.account, searches)


def _planned(
    engine: Engine, flow: Flow, lane: Lane, notes: list[Any], ended: dict[str, Outcome], steps: list[Traced], now: int,
    account: str, searches: tuple[Drawn, ...],
) -> Targeted:  # fmt: skip
    system, terms = flow.system, engine.terms[flow.system]
    target = engine.configuration.systems[system].target
    assert target is not None
    listed = [search.key for search in searches if search.key in target.capabilities.lists]
    remarks = [f"by {key} it is looked up in a list of all accounts, which is asked for only if it is old" for key in listed]
    lane = copied(lane)
    if lane.lease is not None:
        if lane.lease.until > now:
            remarks.append("the account is being visited, or rests after an unanswered call: all this waits until that is over")
        lane.lease = None
    reads, empty, look = None, tuple[str, ...](), None
    if needs_read(lane, terms, now):
        reads = drawn(target.read(account or ACCOUNT))
        look = _expected(lane, terms, now)
        empty = tuple(
            name
            for name, want in flow.wants.items()
            if want.policy != "always" and name in look.shown and not look.shown[name].print
        )
    begun = begin(lane, terms, TOKEN, now)
    planned = None if begun is None else plan(begun[0], terms, TOKEN, now, account or ACCOUNT, look)
    assert planned is not None, "a lane without a lease can be planned"
    lane, told, names = planned
    ended = ended | {
        note.attribute: Outcome(note.word, note.reason, now)
        for note in (*notes, *told)
        if isinstance(note, Told) and note.event == flow.event
    }
    for name in flow.wants:
        x = lane.attributes.get(name, Attribute())
        if name not in names and name not in ended:
            behind = any(record.event == flow.event for record in x.behind)
            ended[name] = Outcome(Word.PENDING, "behind a candidate" if behind else "after what goes first", now)
    sends: tuple[Drawn, ...] = ()
    changes = {name: sent.value for name in names if (sent := lane.attributes[name].sent) is not None}
    try:
        calls = target.write(account or ACCOUNT, changes, Account({}) if terms.whole else None) if changes else ()
        sends = tuple(request for call in calls if (request := _call(call, changes)) is not None)
    except ConnectorError as error:
        remarks.append(f"no request can be made of it: {error.reason}")
    others = tuple((name, sent.event) for name in names if (sent := lane.attributes[name].sent) and sent.event != flow.event)
    return Targeted(
        system, account, _ruled(flow.wants, ended, steps), searches, reads, empty, sends, terms.whole, others, tuple(remarks)
    )


def _call(call: Call, changes: Mapping[str, Json]) -> Drawn | None:
    values = set[str]().union(*(_texts(changes[name]) for name in call.attributes))
    return drawn(call.flow, attributes=call.attributes, secrets=sorted(values))


def _searches(engine: Engine, flow: Flow) -> tuple[Drawn, ...]:
    """The searches, in order; the first that finds decides."""
    target = engine.configuration.systems[flow.system].target
    assert target is not None
    keys = flow.search.keys if flow.search is not None else ()
    asked = [
        drawn(target.directory() if find in target.capabilities.lists else target.find(find, value), key=find, secrets=[value])  # type: ignore[attr-defined]
        for find, value, _ in keys
        if find != "id"
    ]
    return tuple(request for request in asked if request is not None)


def _found(searched: Lane, terms: Terms) -> Lane:
    """The lane of the account, once it is found: what waits in the search lane, poured into an empty one."""
    lane = Lane(rev=0, attributes={}, owner={})
    for name, seal in seals(searched).items():
        lane.attributes[name] = Attribute(seal=seal)
    for name, record in waiting(searched):
        step = merge(lane, terms, {name: record})
        assert step is not None, "an account without an owner takes everybody's"
        lane = step[0]
    return lane


def _expected(lane: Lane, terms: Terms, now: int) -> Look:
    """A look that finds what we believe, and nothing where nothing is known."""
    shown: dict[str, Shown] = {}
    for name, x in lane.attributes.items():
        if name in terms.hidden:
            continue
        there = x.sent.print if x.sent is not None else belief(x, terms, now)
        shown[name] = Shown(None, "" if there is UNKNOWN else there)
    return Look(shown, {})


def _ruled(wants: Mapping[str, Want], ended: Mapping[str, Outcome], steps: list[Traced]) -> tuple[Ruled, ...]:
    """The rules that spoke, in the order of the mapping."""
    ruled = []
    for attribute in dict.fromkeys((*(step.attribute for step in steps), *wants, *ended)):
        mine = tuple(step for step in steps if step.attribute == attribute)
        want = wants.get(attribute)
        place = want.place if want is not None else mine[0].place if mine else ""
        ruled.append(Ruled(attribute, place, want.policy if want is not None else "", mine, ended.get(attribute)))
    return tuple(ruled)


def _texts(value: Json) -> set[str]:
    """Every scalar in it, as text."""
    if isinstance(value, dict):
        return set[str]().union(*map(_texts, value.values()))
    if isinstance(value, list):
        return set[str]().union(*map(_texts, value))
    return set() if value is None else {str(value)}
