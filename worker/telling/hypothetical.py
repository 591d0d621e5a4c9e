"""The body of a webhook becomes the events that accepting it would write down, without writing them down."""

from __future__ import annotations

import msgspec

from connectors.contract import Json, NotEvents, Source
from worker.config import Configuration
from worker.core import version
from worker.core.event import Entry, Event
from worker.core.intake import Receipt, entries
from worker.core.strict import Malformed, parse
from worker.operate.named import NotPossible, known_source


def as_accepted(configuration: Configuration, raw: bytes, source: str | None, at: int) -> list[Event]:
    """Events as `accept` would make them of this body at `at`, microseconds since 1970.  source: None where only one of the
    sources can read it.  Raises Unknown, NotPossible."""
    try:
        body = parse(raw)
    except Malformed as error:
        raise NotPossible(f"the file is not a body that would be accepted: {error.reason}") from None
    names = sorted(configuration.sources) if source is None else [known_source(configuration, source)]
    read: dict[str, list[Entry]] = {}
    problem = ""
    for name in names:
        system = configuration.systems[name]
        assert system.source is not None
        try:
            read[name] = _usable(system.source, body, Receipt(name, "", at, system.looks), sure=source is not None)
        except (NotEvents, NotPossible) as error:
            problem = str(error)
    if not read:
        said = f": {problem}" if len(names) == 1 else f"; sources are {', '.join(names)}"
        raise NotPossible(f"{'that source' if source else 'no source'} can read this body{said}")
    if len(read) > 1:
        raise NotPossible(f"several sources can read this body: say which, with --source {' or '.join(read)}")
    return [_event(entry, at) for entry in next(iter(read.values()))]


def _usable(source: Source, body: Json, receipt: Receipt, *, sure: bool) -> list[Entry]:
    made = list(entries(body, source, receipt))
    if not sure and any(entry.verdict is not None for entry in made):
        raise NotPossible("an event in it has no use")
    return made


def _event(entry: Entry, at: int) -> Event:
    """As the accept script would write it; its counter is above all that were given out."""
    stamp = version.time_of(at)
    late = bool(entry.time) and entry.time > version.time_of(at + version.AHEAD * 1_000_000)
    time = stamp if late or not entry.time else entry.time
    newest = f"{time}{entry.sequence:020d}{'9' * version.COUNTER}"
    return Event(
        rev=1, digest=entry.digest, version=newest, at=at // 1000, source=entry.source, id=entry.id,
        subject=entry.subject, late=late, planned=entry.verdict is not None,
        outcomes={} if entry.verdict is None else {"*": {"*": entry.verdict}}, body=msgspec.Raw(entry.body),
    )  # fmt: skip
