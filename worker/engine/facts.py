"""What an event says, under the configuration in force: read again from its body each time it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import msgspec
from msgspec.structs import replace

from connectors.contract import Json, Unusable
from worker.config import Configuration
from worker.core.event import Event, Routes, Sighting, meant
from worker.core.lane import Search
from worker.core.mapping import Facts, Route, Traced, route
from worker.core.naming import can_be_account
from worker.core.outcome import Word

_sighting = msgspec.json.Decoder(Sighting).decode
_element = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Ended:
    """The event asks nothing of anybody."""

    word: Word
    reason: str


@dataclass(frozen=True, slots=True)
class Hinted:
    """The event is a hint: it only says that its account is to be read."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The event says that its account is gone, and is to be believed."""


def facts_of(configuration: Configuration, event: Event) -> Facts | Ended | Hinted | Gone:
    """What the event says.  Of a look that found something the subject is the account as read."""
    system = configuration.systems.get(event.source)
    if system is None:
        return Ended(Word.PARKED, "unknown source")
    if event.kind == "seen":
        seen = _sighting(event.body)
        account = cast("dict[str, Json]", seen.attributes)
        return Facts(event.source, {**account, "id": seen.account}, account, "snapshot", changed=frozenset(seen.changed))
    if system.source is None:
        return Ended(Word.PARKED, "unknown source")
    element = _element(event.body)
    try:
        said = system.source.read(element)
    except Unusable as error:
        return Ended(Word.PARKED, str(error))
    if said.ignored:
        return Ended(Word.IGNORED, said.ignored)
    if system.looks or said.carries == "hint":
        return Hinted() if can_be_account(event.subject) else Ended(Word.PARKED, "no account can be called so")
    if said.deleted:
        return Gone()
    return Facts(source=event.source, subject=said.subject, attributes=said.attributes, carries=said.carries, event=element)


def routes_of(configuration: Configuration, event: Event, facts: Facts, steps: list[Traced] | None = None) -> list[Route]:
    """Where it goes under the mapping in force: never back to the system that it came from, and of a replay that is limited
    to some routes only those."""
    mapping = configuration.mappings.get(event.source)
    if mapping is None:
        return []
    origin = _sighting(event.body).origin if event.kind == "seen" else event.source
    routes = route(mapping, facts, steps=steps)
    there = [_limited(r, event.only) for r in routes if r.target not in (origin, event.source)]
    return [r for r in there if r.wants or r.others]


def _limited(r: Route, only: Routes) -> Route:
    if not only:
        return r
    return replace(
        r,
        wants=tuple(w for w in r.wants if meant(only, r.target, w.attribute)),
        others=tuple(o for o in r.others if meant(only, r.target, o.attribute)),
    )


KNOWN = "id"
"""The key that is no search: its value is the account's id."""


def search_of(r: Route) -> Search:
    keys = tuple((key.find, key.value, key.fold) for key in r.keys)
    return Search((*keys, (KNOWN, r.account, "")) if r.account else keys, r.on_no_account.wait, r.on_no_account.then)
