"""Why an attribute of an account is what it is: collected from the lane, the records of events and the mapping in force."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from connectors.contract import ABSENT, Absent, Json
from worker.config.problem import did_you_mean
from worker.core.event import Event, Sighting
from worker.core.lane import Attribute, Seal, belief
from worker.core.mapping import Facts, Traced
from worker.core.outcome import Outcome, Word
from worker.core.record import tell
from worker.core.version import micros
from worker.engine.engine import Engine
from worker.engine.facts import facts_of, routes_of
from worker.operate.named import Unknown, Who
from worker.operate.targets import held
from worker.telling.pending import Waiting, is_open, not_folded, unbrought, waiting
from worker.telling.place import Place, place

NEWEST = 50
"""Events of each subject that are looked through."""
ATTEMPTS = 5

_sighting = msgspec.json.Decoder(Sighting).decode


class Step(msgspec.Struct, frozen=True):
    """One step of a rule, recomputed.  value: what it gave; ABSENT if nothing."""

    name: str
    value: Json | Absent


class Spoke(msgspec.Struct, frozen=True):
    """What one event had to say about the attribute.

    outcome  what became of it; None while it is not over
    value    what the mapping in force makes of it; ABSENT where it makes nothing
    print    the value's fingerprint; None where there is no value
    place    the rule, `hr.yaml:12`; policy: how it writes
    reason   why the mapping in force makes no value of it
    """

    event: Event
    outcome: Outcome | None
    value: Json | Absent = ABSENT
    print: str | None = None
    place: str = ""
    policy: str = ""
    reason: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def seen(self) -> bool:
        """It was read there, by a look of ours."""
        return self.outcome is not None and self.outcome.word is Word.SEEN

    @property
    def settled(self) -> tuple[int, str]:
        """When the target came to hold the value, in milliseconds: what a look found was there when it was read.  The version
        is for two of one millisecond."""
        assert self.outcome is not None
        return micros(self.event.version) // 1000 if self.seen else self.outcome.at, self.event.version


class Why(msgspec.Struct, frozen=True):
    """Times in milliseconds since 1970.

    print      the belief, None where it is not known; confirmed: when a call or a look said so last
    known      something was settled or seen here
    version    the newest that was settled, whatever became of its value; source: who said it
    by         the event whose value it holds
    settled    the event that was settled last; often the same
    heard      whether any event about this person is kept, whatever it says
    spoke      all that had a say, newest version first
    waits      what is pending
    mode       of the target; writers: the sources whose mappings write it
    """

    subject: Who
    attribute: str
    place: Place
    now: int
    revision: str
    known: bool
    print: str | None
    confirmed: int
    version: str
    source: str
    by: Spoke | None
    settled: Spoke | None
    heard: bool
    spoke: tuple[Spoke, ...]
    waits: tuple[Waiting, ...]
    seal: Seal | None
    mode: str
    writers: tuple[str, ...]

    @property
    def since(self) -> int:
        """Since when the belief holds, as far as the records tell."""
        if self.by is None or self.by.outcome is None or self.by.print != self.print:
            return self.confirmed
        return min(self.by.outcome.at, self.confirmed)

    @property
    def before(self) -> Spoke | None:
        """Of the values that were held before `by` was settled, the last that is another one.  It goes by when they were settled:
        an event that says the same may arrive later, and be older."""
        if self.by is None or self.by.outcome is None:
            return None
        by, held = self.by, (Word.APPLIED, Word.UNCHANGED, Word.SEEN)
        earlier = [s for s in self.spoke if s.outcome is not None and s.outcome.word in held and s.settled < by.settled]
        other = [s for s in earlier if s.print is not None and by.print is not None and s.print != by.print]
        return max(other, key=lambda s: s.settled, default=None)

    @property
    def lost(self) -> tuple[Spoke, ...]:
        """What is over and did not win: the newest first."""
        ours = {each.event.name for each in (self.by,) if each is not None}
        words = (Word.APPLIED, Word.UNCHANGED, Word.PENDING)
        over = (each for each in self.spoke if each.outcome is not None and each.outcome.word not in words)
        return tuple(each for each in over if each.event.name not in ours)

    @property
    def attempts(self) -> tuple[tuple[str, Outcome], ...]:
        """The last five attempts of all events, the newest first: (event, outcome)."""
        every = [
            (each.event.name, attempt)
            for each in self.spoke
            for attempt in (
                *each.event.attempts.get(self.place.system, {}).get(self.attribute, ()),
                *((each.outcome,) if each.outcome is not None and (each.outcome.tries or each.outcome.status) else ()),
            )
        ]
        return tuple(sorted(dict.fromkeys(every), key=lambda pair: -pair[1].at)[:ATTEMPTS])


async def why(engine: Engine, subject: Who, target: str, attribute: str) -> Why:
    """subject: of a source, or an account.  Raises Unknown if no rule writes this attribute, and nobody ever did."""
    found = await place(engine, subject, target)
    terms = engine.terms[target]
    rules = {rule.attribute: mapping.source for mapping in engine.configuration.mappings.values()
             for t in mapping.targets if t.target == target for rule in t.rules}  # fmt: skip
    names = {*found.lane.attributes, *rules, *terms.two_way}
    if attribute not in names:
        raise Unknown(f"nothing is known of an attribute {attribute!r} of {target}{did_you_mean(attribute, names)}")
    x = found.lane.attributes.get(attribute, Attribute())
    now = await engine.store.now()
    names_of_events = await _events(engine, subject, found)
    spoke = await _spoke(engine, names_of_events, found, attribute)
    recorded = {each.event.name: each.outcome.reason for each in spoke if each.outcome is not None and is_open(each.outcome)}
    unplanned = [await unbrought(engine, each.event, attribute, now) for each in spoke if not each.event.planned]
    pause, until = await engine.pauses.paused(target), await held(engine, target)
    owed = waiting(found.lane, terms, attribute, now, pause, until, recorded)
    by, settled = _origin(x, spoke, found)
    return Why(
        subject=subject, attribute=attribute, place=found, now=now, revision=engine.configuration.revision,
        known=x.holds is not None or x.seal is not None, print=belief(x, terms, now), confirmed=x.holds.at if x.holds else 0,
        version=x.holds.version if x.holds else "", source=x.holds.source if x.holds else "", by=by, settled=settled,
        heard=bool(names_of_events), spoke=spoke,
        waits=(*owed, *unplanned), seal=x.seal, mode=engine.configuration.systems[target].mode,
        writers=tuple(sorted({m.source for m in engine.configuration.mappings.values() for t in m.targets
                              if t.target == target and any(rule.attribute == attribute for rule in t.rules)})),
    )  # fmt: skip


def _origin(x: Attribute, spoke: Sequence[Spoke], found: Place) -> tuple[Spoke | None, Spoke | None]:
    """The event whose value the account holds, and the one that was settled last.  A belief's version is the newest that was
    settled, whatever became of its value: parked, it moved the version and not the value."""
    if x.holds is None:
        return None, None
    settled = next((each for each in spoke if each.event.version == x.holds.version), None)
    held = x.holds.print

    def holds(each: Spoke) -> bool:
        if each.seen and each.event.source == found.system:
            return each.event.version == (x.holds.version if x.holds else "") or each.print == held
        return each.outcome is not None and each.outcome.word in (Word.APPLIED, Word.UNCHANGED)

    if settled is not None and holds(settled):
        return settled, settled
    return next((each for each in spoke if holds(each) and held is not None and each.print == held), None), settled


async def _events(engine: Engine, subject: Who, found: Place) -> list[str]:
    """The newest events of this person, by all of their accounts that are known here."""
    subjects: set[tuple[str, str]] = {subject, *found.lane.owner.items()}
    if found.account:
        subjects.add((found.system, found.account))
    names: list[str] = []
    for source, ident in sorted(subjects):
        names += (await engine.journal.of_subject(source, ident))[-NEWEST:]
    return names


async def _spoke(engine: Engine, names: Sequence[str], found: Place, attribute: str) -> tuple[Spoke, ...]:
    """Of these events those that had a say about the attribute, newest version first."""
    unfolded = await not_folded(engine)
    events = [tell(event, unfolded.get(event.name, {})) for _, event in await engine.journal.load(names) if event is not None]
    told = [each for event in events if (each := _say(engine, event, found.system, attribute)) is not None]
    return tuple(sorted(told, key=lambda each: each.event.version, reverse=True))


def _say(engine: Engine, event: Event, target: str, attribute: str) -> Spoke | None:
    """What this event said about the attribute; None if nothing."""
    routes = event.outcomes.get(target, {})
    if event.source == target:
        return _seen(engine, event, attribute)
    if attribute in routes:
        outcome = routes[attribute]
    elif "*" in event.outcomes:  # it ended before it was split into routes
        outcome = event.outcomes["*"].get("*")
    elif not event.planned:
        outcome = None
    else:
        return None
    return _recomputed(engine, event, target, attribute, outcome)


def _seen(engine: Engine, event: Event, attribute: str) -> Spoke | None:
    """What a look found at the target itself."""
    if event.kind != "seen":
        return None
    sighting = _sighting(event.body)
    if attribute not in sighting.changed or sighting.origin != event.source:
        return None
    value = engine.readers[event.source](sighting.attributes, attribute)
    return Spoke(event, Outcome(Word.SEEN, at=event.at), value, engine.print_of(event.source, attribute, value))


def _recomputed(engine: Engine, event: Event, target: str, attribute: str, outcome: Outcome | None) -> Spoke | None:
    """What the mapping in force makes of the event: the record keeps outcomes, no values."""
    facts = facts_of(engine.configuration, event)
    if not isinstance(facts, Facts):
        reason = getattr(facts, "reason", "")
        return Spoke(event, outcome, reason=reason) if outcome is not None or event.source != target else None
    traced: list[Traced] = []
    routes = [route for route in routes_of(engine.configuration, event, facts, traced) if route.target == target]
    steps = tuple(Step(each.step, each.after) for each in traced if each.target == target and each.attribute == attribute)
    for route in routes:
        for wanted in (each for each in route.wants if each.attribute == attribute):
            print_ = engine.print_of(target, attribute, wanted.value)
            return Spoke(event, outcome, wanted.value, print_, wanted.place, wanted.policy, steps=steps)
        for other in (each for each in route.others if each.attribute == attribute):
            return Spoke(event, outcome, place=other.place, reason=other.reason, steps=steps)
    return Spoke(event, outcome, reason="no rule of the mapping in force speaks of it") if outcome is not None else None
