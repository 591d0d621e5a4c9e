"""The moves: all that can happen next in a world.  The transitions are the shipped ones; a commit that loses the race is
applied again to what is there, so each transition is one step at the moment of its commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, get_args

from msgspec.structs import replace

from tests.explore import departures, promises
from tests.explore.world import ACCOUNT, OVER, SUBJECT, Call, Case, Faults, Visit, World, decode, look, standing
from worker.core.event import Event as Record
from worker.core.lane import Again, Lane, Note, Seen, Terms, Told, Want, due
from worker.core.merge import merge
from worker.core.outcome import Outcome, Word
from worker.core.park import poisoned
from worker.core.plan import Plan, begin, needs_read, plan
from worker.core.record import tell
from worker.core.settle import Answer, Kind, release, settle

KINDS: dict[str, Answer] = {kind: Answer(kind) for kind in get_args(Kind)}
TOKENS = ("v1", "v2", "v3")
AT_ONCE = 2
"""Visits at a time."""


class Move(NamedTuple):
    """calm: it needs no fault.  broken: the promise that it breaks, "" if none."""

    label: str
    world: World
    calm: bool
    broken: str


class Moves:
    """All moves out of one world."""

    def __init__(self, case: Case, terms: Terms, world: World) -> None:
        self.case, self.terms, self.world = case, terms, world
        self.lane = decode(world.lane)
        self.lease = self.lane.lease
        self.leased = self.lease is not None and self.lease.until > world.now
        self.faults = world.faults

    def __iter__(self) -> Iterator[Move]:
        yield from self.sources()
        yield from self.merges()
        yield from self.visit_starts()
        for visit in self.world.visits:
            yield from self.visit_goes_on(visit)
        yield from self.time_passes()
        for call in self.world.calls:
            yield from self.call_ends(call)
        if self.case.deleted:
            yield from departures.of_account(self)
            yield from departures.searches(self)

    # ------------------------------------------------------------ events

    def sources(self) -> Iterator[Move]:
        w = self.world
        for name in sorted(w.unheard):
            if self.case.event(name).unseal and not any(x.seal for x in self.lane.attributes.values()):
                continue  # an operator unseals what stands in the list of seals
            yield self.to(
                f"accept {name} {dict(self.case.event(name).says)}", unheard=w.unheard - {name}, accepted=w.accepted | {name}
            )
        if w.edits < len(self.case.edits):
            name, value = self.case.edits[w.edits]
            target = with_values(w.target, {name: value})
            hint = f"h{w.edits + 1}"
            yield self.to(f"a person writes {name}={value!r}", target=target, edits=w.edits + 1, accepted=w.accepted | {hint})

    def merges(self) -> Iterator[Move]:
        w = self.world
        yield from (self.merged(name, accepted=w.accepted - {name}) for name in sorted(w.accepted))
        if self.faults.reruns:
            everything = {event.name for event in self.case.events} - w.unheard - w.accepted
            rest = self.spend(reruns=1)
            yield from (self.merged(name, calm=False, faults=rest) for name in sorted(everything))

    def merged(self, name: str, **changes: Any) -> Move:
        event = self.case.event(name)
        if event.looks:
            step = merge(self.lane, self.terms, {}, hint=name)
        else:
            wants = self.case.wants(event)
            if event.unseal:
                wants = {attribute: self.replacing(attribute, want) for attribute, want in wants.items()}
            if not self.world.linked:
                return departures.merges(self, wants, f"merge {name}", **changes)
            step = merge(self.lane, self.terms, wants, owner=SUBJECT if self.case.deleted else None)
        assert step is not None, "no case has two owners"
        return self.to(f"merge {name}", *step, **changes)

    def replacing(self, attribute: str, want: Want) -> Want:
        """As propagation does it for `seals unseal`."""
        x = self.lane.attributes.get(attribute)
        return replace(want, replaces=x.seal.print) if x is not None and x.seal is not None else want

    # ------------------------------------------------------------ visits

    def visit_starts(self) -> Iterator[Move]:
        w = self.world
        when = due(self.lane, self.terms, w.now)
        if when is None or when > w.now or sum(v.token in TOKENS for v in w.visits) == AT_ONCE:
            return
        token = next(token for token in TOKENS if not self.in_use(token))
        if (step := poisoned(self.lane, self.terms, token, w.now)) is not None:
            yield self.to("visit: poison", *step)
        elif needs_read(self.lane, self.terms, w.now):
            if (step := begin(self.lane, self.terms, token, w.now)) is not None:
                yield self.to(f"{token} begins", *step, visits=(*w.visits, Visit(token, "read", w.now)))
        else:
            yield from self.planned(Visit(token, "plan", w.now), w.visits)

    def in_use(self, token: str) -> bool:
        w = self.world
        leased = self.lease is not None and self.lease.token == token
        return leased or any(v.token == token for v in w.visits) or any(call.token == token for call in w.calls)

    def visit_goes_on(self, v: Visit) -> Iterator[Move]:
        w = self.world
        others = tuple(other for other in w.visits if other is not v)
        if self.faults.crashes:
            calls = tuple(call._replace(token="") if call.token == v.token else call for call in w.calls)
            yield self.to(f"CRASH of {v.token} ({v.stage})", visits=others, calls=calls, calm=False, faults=self.spend(crashes=1))
        match v.stage:
            case "read" if not w.there:
                yield self.to(f"{v.token} reads: 404", visits=(*others, v._replace(stage="not there")))
            case "read":
                yield self.to(f"{v.token} reads {dict(w.target)}", visits=(*others, v._replace(stage="plan", read=w.target)))
                if self.faults.losses:
                    step = release(self.lane, self.terms, v.token, w.now, self.terms.late, "read failed", missed=True)
                    rest = self.spend(losses=1)
                    if step is None:
                        yield self.to(f"{v.token} cannot read, not its lease", visits=others, calm=False, faults=rest)
                    else:
                        yield self.to(f"{v.token} cannot read", *step, visits=others, calm=False, faults=rest)
            case "plan":
                yield from self.planned(v, others)
            case "send":
                yield self.sent(v, others)
            case "settle":
                answers = {name: KINDS[kind] for name, kind in v.answers}
                step = settle(self.lane, self.terms, v.token, w.now, ACCOUNT, answers, self.case.jitter)
                if step is None:
                    yield self.to(f"{v.token} settles {dict(v.answers)}: not its lease", visits=others)
                else:
                    yield self.to(f"{v.token} settles {dict(v.answers)}", *step, visits=others)
            case "wait":
                pass
            case _:
                yield from departures.goes_on(self, v, others)

    def planned(self, v: Visit, others: tuple[Visit, ...]) -> Iterator[Move]:
        first = self.plan(self.lane, v)
        if first is None:
            yield self.to(f"{v.token} plans: not its lease", visits=others)
            return
        yield self.will_send(v, others, first, f"{v.token} plans")
        if self.faults.losses:  # the commit was done, its answer is lost: planned again, on its own result
            again = self.plan(first[0], v)
            rest = self.spend(losses=1)
            label = f"{v.token} plans (the commit's answer is lost"
            if again is None:
                yield self.to(f"{label})", first[0], first[1], visits=others, calm=False, faults=rest)
            else:
                both = again[0], first[1] + again[1], again[2]
                yield self.will_send(v, others, both, f"{label}, planned again)", calm=False, faults=rest)

    def plan(self, lane: Lane, v: Visit) -> Plan | None:
        return plan(lane, self.terms, v.token, v.now, ACCOUNT, None if v.read is None else look(self.case, v.read))

    def will_send(self, v: Visit, others: tuple[Visit, ...], planned: Plan, label: str, **changes: Any) -> Move:
        lane, notes, names = planned
        wants = tuple(
            (name, sent.value or "", sent.version) for name in names if (sent := lane.attributes[name].sent) is not None
        )
        what = f" {[(name, value) for name, value, _ in wants]}" if wants else ": nothing to call"
        visits = (*others, v._replace(stage="send", wants=wants)) if wants else others
        return self.to(label + what, lane, notes, visits=visits, **changes)

    def sent(self, v: Visit, others: tuple[Visit, ...]) -> Move:
        if not (self.leased and self.lease is not None and self.lease.token == v.token):
            answers = tuple((name, "later") for name, _, _ in v.wants)
            return self.to(
                f"{v.token}: the lease is over, does not call", visits=(*others, v._replace(stage="settle", answers=answers))
            )
        body = v.wants
        if self.case.whole:
            mine = {name for name, _, _ in body}
            body = (*body, *((name, value, "") for name, value in v.read or () if name not in mine))
        calls = (*self.world.calls, Call(v.token, body))
        return self.to(f"{v.token} CALLS {values_of(body)}", visits=(*others, v._replace(stage="wait")), calls=calls)

    # ------------------------------------------------------------ time

    def time_passes(self) -> Iterator[Move]:
        w, lane = self.world, self.lane
        if self.leased and self.lease is not None and not w.calls:  # the lease of a visit that calls outlasts what they can do
            alive = any(v.token == self.lease.token for v in w.visits)
            after = decode(w.lane)
            after.lease = replace(self.lease, until=OVER)
            if not alive:
                yield self.to(
                    "the lane has rested" if not self.lease.token else "the lease of the dead ends", after, commits=False
                )
            elif self.faults.expiries:
                yield self.to(
                    "the LEASE ENDS while its visit lives", after, commits=False, calm=False, faults=self.spend(expiries=1)
                )
        for name, x in lane.attributes.items():
            if any(record is not None and record.after for record in (x.wanted, x.sent)):
                after = decode(w.lane)
                y = after.attributes[name]
                y.wanted = y.wanted and replace(y.wanted, after=OVER)
                y.sent = y.sent and replace(y.sent, after=OVER)
                yield self.to(f"the backoff of {name} ends", after, commits=False)

    # ------------------------------------------------------------ calls

    def call_ends(self, call: Call) -> Iterator[Move]:
        w = self.world
        others = tuple(other for other in w.calls if other is not call)
        if not w.there:
            yield from departures.of_call(self, call, others)
            return
        what = f"the call {values_of(call.body)}"
        broken = promises.of_landing(self.case, w, call)
        landed: dict[str, Any] = {
            "target": with_values(w.target, {name: value for name, value, _ in call.body}),
            "landed": promises.landed(self.case, w, call), "calls": others, "broken": broken,
        }  # fmt: skip
        if not call.token:
            yield self.to(f"{what} lands LATE", **landed)
            yield self.to(f"{what} never lands", calls=others)
            return
        yield self.to(f"{what} lands", visits=self.answered(call, "applied"), **landed)
        if self.faults.losses:
            unsure, failed = self.answered(call, "unsure"), self.answered(call, "failed")
            fault: dict[str, Any] = {"calm": False, "faults": self.spend(losses=1)}
            yield self.to(f"{what} lands, its answer is LOST", visits=unsure, **landed, **fault)
            yield self.to(
                f"{what}: no answer, it is ON ITS WAY", visits=unsure, calls=(*others, call._replace(token="")), **fault
            )
            yield self.to(f"{what} lands, an ERROR is answered", visits=failed, **landed, **fault)
            yield self.to(f"{what} does nothing, an ERROR is answered", visits=failed, calls=others, **fault)
            yield self.to(f"{what} is put off", visits=self.answered(call, "later"), calls=others, **fault)
        if self.faults.refusals:
            fault = {"calm": False, "calls": others, "faults": self.spend(refusals=1)}
            asked = sorted(name for name, _, version in call.body if version)
            yield self.to(f"{what} is REFUSED", visits=self.answered(call, "refused" if len(asked) == 1 else "alone"), **fault)
            if len(asked) > 1:
                for name in asked:
                    yield self.to(
                        f"{what} is REFUSED for {name}", visits=self.answered(call, "again", {name: "refused"}), **fault
                    )

    def answered(self, call: Call, kind: str, but: dict[str, str] | None = None) -> tuple[Visit, ...]:
        return tuple(
            v._replace(stage="settle", answers=tuple((name, (but or {}).get(name, kind)) for name, _, _ in v.wants))
            if v.token == call.token and v.stage == "wait"
            else v
            for v in self.world.visits
        )

    # ------------------------------------------------------------ the next world

    def spend(self, **what: int) -> Faults:
        return self.faults._replace(**{name: getattr(self.faults, name) - many for name, many in what.items()})

    def to(
        self,
        label: str,
        lane: Lane | None = None,
        notes: Sequence[Note] = (),
        *,
        calm: bool = True,
        broken: str = "",
        commits: bool = True,
        **changes: Any,
    ) -> Move:
        w = self.world
        if lane is not None and commits:
            changes["visits"] = departures.noticed(changes.get("visits", w.visits), "account")
        if "search" in changes:
            changes["visits"] = departures.noticed(changes.get("visits", w.visits), "search")
        if lane is not None:
            changes["lane"] = standing(lane, w.now)
        if "visits" in changes:
            changes["visits"] = tuple(sorted(changes["visits"]))
        if "calls" in changes:
            changes["calls"] = tuple(sorted(changes["calls"]))
        if notes:
            told, broken = self.told(notes, changes.get("landed", w.landed))
            changes["told"] = told
            seen = [note for note in notes if isinstance(note, Seen)]
            changes["published"] = w.published | {
                (name, note.attributes.get(name) or "", note.origin) for note in seen for name in note.changed
            }
            again = {(self.case_event_of(note), note.attribute) for note in notes if isinstance(note, Again)}
            changes["repairs"] = w.repairs | again
            changes["accepted"] = changes.get("accepted", w.accepted) | {f"{name}~" for name, _ in again if "~" not in name}
            words = [f"{n.event}.{n.attribute} {n.word}" for n in notes if isinstance(n, Told) and n.word is not Word.PENDING]
            words += [f"{','.join(n.changed)} of {n.origin} goes on" for n in seen] + [f"{name} once more" for name, _ in again]
            label += f"   [{', '.join(words)}]" if words else ""
        return Move(label, w._replace(**changes), calm, broken)

    def case_event_of(self, note: Again) -> str:
        """The event of the version that is to be put back."""
        for event in self.case.events:
            for name in (event.name, f"{event.name}~"):
                if self.case.event(name).version == note.version:
                    return name
        raise AssertionError(f"nobody said the version that is asked for again: {note.version}")

    def told(self, notes: Sequence[Note], landed: promises.Landed) -> tuple[tuple[tuple[tuple[str, str], str], ...], str]:
        """Folds the notes into the record, with the shipped function, and looks whether it lies."""
        before = dict(self.world.told)
        record = Record(rev=0, digest="", version="", at=0)
        for (event, attribute), word in before.items():
            record.outcomes.setdefault(event, {})[attribute] = Outcome(Word(word))
        broken = ""
        for order, note in enumerate(notes, 1):
            if isinstance(note, Told) and note.word is not Word.PENDING:
                record = tell(record, {(note.event, note.attribute): [Outcome(note.word, at=order)]})
                broken = broken or promises.of_told(self.case, self.world, landed, note)
        after = {
            (event, attribute): str(outcome.word)
            for event, by_attribute in record.outcomes.items()
            for attribute, outcome in by_attribute.items()
            if outcome is not None
        }
        if any(word == "applied" != after[key] for key, word in before.items()):
            broken = "FALSE RECORD: what was applied says something else now"
        return tuple(sorted(after.items())), broken


def values_of(body: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    return {name: value for name, value, _ in body}


def with_values(values: Sequence[tuple[str, str]], changes: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, changes.get(name, value)) for name, value in values)
