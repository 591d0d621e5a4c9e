"""The promises: what must hold at every move, and what must hold when nothing is left to do."""

from __future__ import annotations

from tests.explore.world import NOW, Call, Case, Event, World, decode, shown
from worker.core.lane import UNKNOWN, Attribute, Told, Want, due
from worker.core.outcome import Word
from worker.core.search import waiting

Mine = list[tuple[Event, str]]
"""What was said about one attribute, and what it was told."""
Landed = tuple[tuple[str, tuple[str, frozenset[str]]], ...]


# ---------------------------------------------------------------- at every move


def of_landing(case: Case, world: World, call: Call) -> str:
    """What a call breaks by landing now: "" if nothing."""
    target, landed_ = dict(world.target), dict(world.landed)
    for name, value, version in call.body:
        highest, values = landed_[name]
        policy = _policy(case, name, version)
        if not version:
            if value != target[name]:
                return f"BACKWARD: the sibling {name} is written back as {value!r}, it was {target[name]!r}"
        elif policy == "once":
            there = values if name in dict(case.edits) else values | ({target[name]} if target[name] else set())
            there |= {case.sealed[name]} if name in case.sealed else set()
            if there - {value} and not _unseals(case, version):
                return f"SEAL of {name}: {sorted(there)}, then {value!r}"
        elif policy == "if_empty":
            cleared = any(event.says.get(name) == "" for event in case.events)
            if target[name] not in ("", value) and not cleared and name not in dict(case.edits):
                return f"OVERWRITTEN: {name} was {target[name]!r} and not empty, then {value!r}"
        elif highest and _weight(case, name, version) < _weight(case, name, highest):
            return f"BACKWARD: {name} was {target[name]!r}, then {value!r}"
    return ""


def landed(case: Case, world: World, call: Call) -> Landed:
    after = dict(world.landed)
    for name, value, version in call.body:
        if version:
            highest, values = after[name]
            heaviest = max(highest, version, key=lambda v: _weight(case, name, v))
            after[name] = heaviest, frozenset({value}) if _unseals(case, version) else values | {value}
    return tuple(after.items())


def of_told(case: Case, world: World, landed_: Landed, note: Told) -> str:
    if note.word is Word.APPLIED:
        value = case.event(note.event).says[note.attribute]
        if value not in dict(landed_)[note.attribute][1] | {dict(world.target)[note.attribute]}:
            return f"FALSE RECORD: {note.event}.{note.attribute} says applied, it never landed"
    return ""


def of_world(case: Case, world: World, attributes: dict[str, Attribute], told: dict[tuple[str, str], str]) -> str:
    """Each accepted value has an outcome or stands in a lane."""
    searched = decode(world.search).attributes if world.deleted else {}
    for event in _heard(case, world):
        for name in event.says:
            records = [*_records(attributes.get(name)), *_records(searched.get(name))]
            if (event.name, name) not in told and not any(record.event == event.name for record in records):
                return f"LOST: {event.name}.{name} has no outcome, and is nowhere"
    return ""


# ---------------------------------------------------------------- at rest


def at_rest(world: World, case: Case) -> bool:
    """Nothing is to be accepted, merged or visited, and nothing of ours is under way."""
    return (
        not (world.unheard or world.accepted or world.visits or world.calls)
        and world.there
        and not waiting(decode(world.search))
        and due(decode(world.lane), case.terms(), world.now) is None
    )


def of_rest(case: Case, world: World) -> str:
    """What is broken though nothing is left to do: "" if nothing."""
    attributes, told = decode(world.lane).attributes, dict(world.told)
    return (
        of_world(case, world, attributes, told)
        or _hints(case, world, told)
        or next((broken for name in case.attributes() if (broken := _attribute(case, world, attributes, told, name))), "")
    )


def _hints(case: Case, world: World, told: dict[tuple[str, str], str]) -> str:
    for number in range(1, world.edits + 1):
        if (f"h{number}", "*") not in told:
            return f"LOST: the hint h{number} was told nothing"
    return ""


def _attribute(case: Case, world: World, attributes: dict[str, Attribute], told: dict[tuple[str, str], str], name: str) -> str:
    x = attributes.get(name) or Attribute()
    value = dict(world.target)[name]
    ever = dict(world.landed)[name][1] | {case.holds.get(name, "")} | {v for n, v in case.edits if n == name}
    if x.wanted or x.sent or x.behind or x.owes:
        return f"AT REST {name}: something is owed, and nobody comes"
    if not world.deleted and x.holds is not None and x.holds.print is not UNKNOWN and x.holds.print != shown(name, value).print:
        return f"BELIEF of {name}: not what the target has, which is {value!r}"
    mine = [(event, told[event.name, name]) for event in _heard(case, world) if name in event.says]
    for event, word in mine:
        if word == "unchanged" and event.says[name] not in ever:
            return f"FALSE RECORD: {event.name}.{name} says unchanged, the target never had it"
        if world.deleted:
            continue  # what it is said to hold, and may be written again, is another account's
        if word == "sealed" and not value and not (x.seal and (x.seal.unsure or name in case.sealed)):
            return f"FALSE RECORD: {event.name}.{name} says sealed, the target has nothing"
        if event.unseal and not case.faults.refusals and word == "sealed":
            return f"UNSEAL of {name}: the operator's word had no effect"
    if world.deleted:
        return ""
    if name in case.two_way and (broken := _published(case, world, name, value, mine)):
        return broken
    if case.policies.get(name) == "once":
        return _sealed(case, world, x, name, value, mine)
    return _newest(case, world, name, value, mine)


def _sealed(case: Case, world: World, x: Attribute, name: str, value: str, mine: Mine) -> str:
    if case.observe and x.seal is not None:
        return f"AT REST {name}: sealed by who only watches"
    if not case.observe and not value and x.seal is None and any(word not in ("parked", "superseded") for _, word in mine):
        return f"AT REST {name}: empty and unsealed, though a candidate was not refused"
    if name in dict(case.edits[: world.edits]):
        return ""  # a person may write what we may not
    if x.seal is not None and not x.seal.unsure and not x.carried and x.seal.print != shown(name, value).print:
        return f"AT REST {name}: the seal is not what the target has, which is {value!r}"
    if x.seal is None and any(word == "applied" for event, word in mine if _policy(case, name, event.version) == "once"):
        return f"AT REST {name}: applied, and not sealed"
    return ""


def _newest(case: Case, world: World, name: str, value: str, mine: Mine) -> str:
    if name in case.ends:
        return (
            "" if value in case.ends[name] else f"AT REST {name}: the target has {value!r}, not one of {sorted(case.ends[name])}"
        )
    if not mine or any(word == "parked" for _, word in mine):
        return ""
    best = max((event for event, _ in mine), key=lambda event: _weight(case, name, event.version))
    if best.at < NOW and name in dict(case.edits[: world.edits]):
        return ""  # what a person wrote is the newest
    return "" if value == best.says[name] else f"AT REST {name}: the target has {value!r}, the newest is {best.name}"


def _published(case: Case, world: World, name: str, value: str, mine: Mine) -> str:
    """What stands at a source has travelled on."""
    settled = [(event, word) for event, word in mine if word in ("applied", "unchanged")]
    last, how = max(settled, key=lambda pair: pair[0].version, default=(None, ""))
    edited = {v for n, v in case.edits[: world.edits] if n == name}
    if last is not None and value == last.says[name]:
        if (name, value, last.source) not in world.published:
            return f"RELAY of {name}: {last.name} was {how} and did not travel on"
    elif any(word == "parked" for (_, attribute), word in world.told if attribute == name):
        return ""  # a swing, of which a person decides
    elif value in edited and value and (name, value, "T") not in world.published:
        return f"OBSERVATION of {name}: {value!r} stands there and was never published"
    return ""


def _records(x: Attribute | None) -> list[Want]:
    return [] if x is None else [record for record in (x.wanted, x.sent, *x.behind) if record is not None]


def _heard(case: Case, world: World) -> list[Event]:
    return [event for event in case.events if event.name not in world.unheard and event.name not in world.accepted]


def _policy(case: Case, name: str, version: str) -> str:
    by_version = {event.version: event.policy for event in case.events}
    return by_version.get(version) or case.policies.get(name, "always")


def _unseals(case: Case, version: str) -> bool:
    return any(event.unseal for event in case.events if event.version == version)


def _weight(case: Case, name: str, version: str) -> tuple[int, str]:
    sources = {v: event.source for event in case.events for v in (event.version, case.event(f"{event.name}~").version)}
    return case.ranks.get(name, {}).get(sources.get(version, ""), 0), version
