"""Foreseen: what an event would do at one target, step by step as a visit would do it, on copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from connectors.contract import Account, Call, ConnectorError, Directory, Json, NoAccount, Target
from worker.core.lane import UNKNOWN, Attribute, Lane, Look, Note, Search, Shown, Terms, Told, Want, belief, copied, new
from worker.core.mapping import Traced
from worker.core.merge import merge
from worker.core.outcome import Outcome, Word
from worker.core.plan import begin, needs_read, plan
from worker.core.search import seals, searched_subject, spellings, waiting
from worker.core.shown import look
from worker.engine.engine import Engine
from worker.engine.facts import KNOWN
from worker.engine.propagate import Delivery, Work, enter
from worker.telling.live import Live
from worker.telling.rehearsal import ACCOUNT, Drawn, as_it_leaves, drawn

TOKEN = "explain"  # noqa: S105 - of a lease that is never stored


class Ruled(msgspec.Struct, frozen=True):
    """One rule that spoke: its steps, and what becomes of its value.  outcome: None if it is sent."""

    attribute: str
    place: str
    policy: str
    steps: tuple[Traced, ...]
    outcome: Outcome | None


class Shows(msgspec.Struct, frozen=True):
    """What a read showed of one attribute."""

    attribute: str
    hidden: bool
    value: Json


class Targeted(msgspec.Struct, frozen=True):
    """What the event would do at one target.

    account   "" while it is not known
    searches  how it would be found
    reads     what is read first; `sends` follow if that shows `empty` empty, and not what they would write already
    shows     instead of it, what a read showed just now; None if it was not read
    sends     the calls; whole: they carry the whole account as read, changed
    others    what goes with them because it waits already: (attribute, event)
    notes     sentences
    """

    target: str
    account: str
    rules: tuple[Ruled, ...]
    searches: tuple[Drawn, ...] = ()
    reads: Drawn | None = None
    shows: tuple[Shows, ...] | None = None
    empty: tuple[str, ...] = ()
    sends: tuple[Drawn, ...] = ()
    whole: bool = False
    others: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


class Foresight:
    """The event at one target.  ended: what became of an attribute; notes: sentences."""

    def __init__(self, engine: Engine, work: Work, system: str, steps: list[Traced], now: int, live: Live | None) -> None:
        self.engine, self.system, self.steps, self.now, self.live = engine, system, steps, now, live
        self.terms = engine.terms[system]
        self.ended = {attribute: told[-1] for (target, attribute), told in work.told.items() if target == system}
        self.notes: list[str] = []

    async def told(self, delivery: Delivery | None) -> Targeted:
        if delivery is None:
            return self._nothing("")
        if delivery.hint:
            return await self._looked_at(delivery)
        _, lane = await self.engine.lanes.load(self.system, delivery.account)
        step = enter(lane, self.terms, delivery)
        if step is None:
            return self._not_theirs(delivery.account, delivery)
        lane, notes = step
        subject = searched_subject(delivery.account)
        if subject is None:
            return await self._planned(delivery, lane, notes, delivery.account)
        found = await self._searched(lane.search or Search())
        if found is None:
            searches = self._searches(delivery)
            self.notes += [
                f"by {search.key} it is looked up in a list of all accounts, which is asked for only if it is old"
                for search in searches
                if search.key in self.target.capabilities.lists
            ]
            return await self._planned(delivery, _poured(lane, new(), self.terms), notes, "", searches)
        if len(found) != 1:
            outcome = Outcome(Word.PARKED, "ambiguous", self.now) if found else Outcome(Word.PENDING, "no account", self.now)
            self.ended |= dict.fromkeys(delivery.wants, outcome)
            return self._nothing("", delivery)
        _, there = await self.engine.lanes.load(self.system, found[0])
        owned = merge(there, self.terms, {}, owner=dict([subject]))
        if owned is None:
            return self._not_theirs(found[0], delivery)
        return await self._planned(delivery, _poured(lane, owned[0], self.terms), notes, found[0])

    async def _looked_at(self, delivery: Delivery) -> Targeted:
        if self.engine.configuration.systems[self.system].target is None:
            return self._nothing(delivery.account)
        reads, account = await self._read(delivery.account)
        shows = None if account is None else self._shows(account, self.terms.two_way)
        return Targeted(self.system, delivery.account, (), reads=reads, shows=shows, notes=tuple(self.notes))

    async def _planned(
        self, delivery: Delivery, lane: Lane, notes: list[Note], account: str, searches: tuple[Drawn, ...] = ()
    ) -> Targeted:
        terms, now = self.terms, self.now
        lane = copied(lane)
        if lane.lease is not None:
            if lane.lease.until > now:
                self.notes.append(
                    "the account is being visited, or rests after an unanswered call: all this waits until that is over"
                )
            lane.lease = None
        reads, before, seen, empty = None, None, None, tuple[str, ...]()
        if needs_read(lane, terms, now):
            reads, before = await self._read(account)
            if before is None:
                seen = _expected(lane, terms, now)
                empty = _must_be_empty(delivery.wants, seen)
            else:
                seen = look(terms, before, {*lane.attributes, *terms.two_way}, self.engine.readers[self.system])
        begun = begin(lane, terms, TOKEN, now)
        planned = None if begun is None else plan(begun[0], terms, TOKEN, now, account or ACCOUNT, seen)
        assert planned is not None, "a lane without a lease can be planned"
        lane, told, names = planned
        self._ends(delivery, lane, (*notes, *told), names)
        sends = await self._sends(lane, names, account, before)
        others = tuple(
            (name, sent.event) for name in names if (sent := lane.attributes[name].sent) and sent.event != delivery.event
        )
        shows = None if before is None else self._shows(before, delivery.wants)
        return Targeted(
            self.system, account, _ruled(delivery.wants, self.ended, self.steps), searches, reads, shows, empty, sends,
            terms.whole, others, tuple(self.notes),
        )  # fmt: skip

    def _ends(self, delivery: Delivery, lane: Lane, told: Iterable[Note], names: Sequence[str]) -> None:
        for note in told:
            if isinstance(note, Told) and note.event == delivery.event:
                self.ended[note.attribute] = Outcome(note.word, note.reason, self.now)
        for name in delivery.wants:
            x = lane.attributes.get(name, Attribute())
            if name not in names and name not in self.ended:
                behind = any(record.event == delivery.event for record in x.behind)
                self.ended[name] = Outcome(Word.PENDING, "behind a candidate" if behind else "after what goes first", self.now)

    async def _sends(self, lane: Lane, names: Sequence[str], account: str, before: Account | None) -> tuple[Drawn, ...]:
        changes = {name: sent.value for name in names if (sent := lane.attributes[name].sent) is not None}
        try:
            before = before or (Account({}) if self.terms.whole else None)
            calls = self.target.write(account or ACCOUNT, changes, before) if changes else ()
            requests = [await self._call(call, changes, account) for call in calls]
        except ConnectorError as error:
            self.notes.append(f"no request can be made of it: {error.reason}")
            return ()
        return tuple(request for request in requests if request is not None)

    async def _call(self, call: Call, changes: Mapping[str, Json], account: str) -> Drawn | None:
        values = sorted(set[str]().union(*(_texts(changes[name]) for name in call.attributes)))
        if self.live is None or not account:
            return drawn(call.flow, attributes=call.attributes, secrets=values)
        request = await self.live.change(self.system, call.flow)
        return None if request is None else as_it_leaves(request, attributes=call.attributes, secrets=values)

    def _searches(self, delivery: Delivery) -> tuple[Drawn, ...]:
        """The searches, in order; the first that finds decides."""
        target, keys = self.target, delivery.search.keys if delivery.search is not None else ()
        asked = [
            drawn(target.find(find, spelling), key=find, secrets=[spelling])
            if not isinstance(target, Directory) or find not in target.capabilities.lists
            else drawn(target.directory(), key=find)
            for find, value, fold in keys
            if find != KNOWN
            for spelling in (spellings(value, fold) if find in target.capabilities.finds else [value])
        ]
        return tuple(request for request in asked if request is not None)

    async def _searched(self, keys: Search) -> list[str] | None:
        """Whom a search finds now; None if nobody was asked."""
        if self.live is None or not keys.keys:
            return None
        try:
            found = await self.live.candidates(self.system, keys)
        except ConnectorError as error:
            self.notes.append(f"asked for its account just now, the system did not tell: {error.reason}")
            return None
        self.notes.append("its account was searched for just now")
        return found

    async def _read(self, account: str) -> tuple[Drawn | None, Account | None]:
        """The question, or its answer."""
        if self.live is not None and account:
            try:
                return None, await self.live.read(self.system, account)
            except NoAccount:
                self.notes.append("the account is not there any more: it would be searched for again")
            except ConnectorError as error:
                self.notes.append(f"read just now, the system did not tell: {error.reason}")
        try:
            return drawn(self.target.read(account or ACCOUNT)), None
        except ConnectorError as error:  # an id that an operator linked, and that no account can have
            self.notes.append(f"no request can be made to read it: {error.reason}")
            return None, None

    def _shows(self, account: Account, names: Iterable[str]) -> tuple[Shows, ...]:
        read, hidden = self.engine.readers[self.system], self.terms.hidden | account.hidden
        return tuple(
            Shows(name, name in hidden, None if name in hidden else read(account.attributes, name)) for name in sorted(names)
        )

    def _nothing(self, account: str, delivery: Delivery | None = None) -> Targeted:
        wants = {} if delivery is None else delivery.wants
        return Targeted(self.system, account, _ruled(wants, self.ended, self.steps), notes=tuple(self.notes))

    def _not_theirs(self, account: str, delivery: Delivery) -> Targeted:
        self.ended |= dict.fromkeys(delivery.wants, Outcome(Word.PARKED, "the account belongs to another subject", self.now))
        return self._nothing(account, delivery)

    @property
    def target(self) -> Target:
        target = self.engine.configuration.systems[self.system].target
        assert target is not None, f"{self.system} is written, and is no target"
        return target


def _must_be_empty(wants: Mapping[str, Want], expected: Look) -> tuple[str, ...]:
    """The attributes that are written only if a read shows them empty."""
    return tuple(
        name
        for name, want in wants.items()
        if want.policy != "always" and name in expected.shown and not expected.shown[name].print
    )


def _poured(searched: Lane, lane: Lane, terms: Terms) -> Lane:
    """The lane of an account that is found, with what waits for it in the search lane."""
    step = merge(lane, terms, {}, seals=seals(searched))
    assert step is not None, "nobody is named as its owner"
    lane = step[0]
    for name, record in waiting(searched):
        step = merge(lane, terms, {name: record})
        assert step is not None, "likewise"
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
