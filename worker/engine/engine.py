"""What the stories need: the configuration in force, the store's rooms, a line to each system, a way to say "there is work"."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import structlog

from worker.core.account import Reader, reader
from worker.core.fingerprint import Fingerprints
from worker.core.lane import Note, Terms, Told
from worker.core.outcome import Word
from worker.core.schedule import Retry
from worker.core.wire import canonical
from worker.store.cursors import Cursors
from worker.store.directory import Directories
from worker.store.journal import Journal
from worker.store.lanes import Lanes
from worker.store.links import Links

if TYPE_CHECKING:
    from connectors.contract import Json
    from worker.config import Configuration, System
    from worker.network.transport import Line
    from worker.store.connection import Store
    from worker.store.pauses import Pauses

log = structlog.get_logger()

EVENTS, OUTBOX, FEEDS = "*", "outbox", "*feeds"
"""The lists that are no system's: events to propagate, notes to fold, sources to poll."""

MARGIN = 5_000
"""Milliseconds of a lease beyond its calls."""

Hint = Callable[[Iterable[str]], None]


@dataclass(slots=True)
class Engine:
    """Everything that a story is given.  One a process; nothing in it is the truth, that is in the store."""

    configuration: Configuration
    store: Store
    journal: Journal
    lanes: Lanes
    links: Links
    pauses: Pauses
    lines: Mapping[str, Line]
    prints: Fingerprints
    hint: Hint
    """Publishes one hint for each of these lists, unless one is under way."""
    jitter: Callable[[], float] = random.random
    terms: dict[str, Terms] = field(default_factory=dict)
    readers: dict[str, Reader] = field(default_factory=dict)
    directories: Directories = field(init=False)
    cursors: Cursors = field(init=False)

    def __post_init__(self) -> None:
        self.directories = Directories(self.store, self.prints.current)
        self.cursors = Cursors(self.store)
        for name, system in self.configuration.systems.items():
            self.terms[name] = terms(system, self.configuration, self.prints)
            if system.target is not None:
                self.readers[name] = reader(system.target.capabilities)

    def print_of(self, system: str, attribute: str, value: Json) -> str:
        """The fingerprint of a wire value of this system."""
        return self.prints.of(system, attribute, canonical(value, self.configuration.systems[system].wire(attribute)))

    @staticmethod
    def token() -> str:
        """One a visit."""
        return secrets.token_hex(6)

    def tell_people(self, notes: Iterable[Note]) -> None:
        """What needs a person is one log event marked `alert`, never silence."""
        say_parked(
            (Alert(note.event, note.system, note.reason, note.status, note.request), note.attribute)
            for note in notes
            if isinstance(note, Told) and note.word is Word.PARKED
        )


class Alert(NamedTuple):
    """Why something of an event waits for a person.  status, request: of the answer that refused it, if one did."""

    event: str
    target: str
    reason: str
    status: int = 0
    request: str = ""


def say_parked(parked: Iterable[tuple[Alert, str]]) -> None:
    """Each with its attribute.  One line for all that wait for the same: a person who is not found is one alert a target."""
    together: dict[Alert, list[str]] = {}
    for why, attribute in parked:
        together.setdefault(why, []).append(attribute)
    for why, attributes in together.items():
        log.warning(
            "parked", alert=True, event_name=why.event, target=why.target, attributes=attributes, reason=why.reason,
            status=why.status or None, request_id=why.request or None, see=f"lockstep event {why.event}",
        )  # fmt: skip


def terms(system: System, configuration: Configuration, prints: Fingerprints) -> Terms:
    """What the transitions must know of a system's lanes."""
    able = system.target.capabilities if system.target is not None else None
    deadline = int(system.deadline * 1000)
    return Terms(
        system=system.name,
        prints=prints,
        readable=able is not None and able.readable,
        hidden=able.hidden if able is not None else frozenset(),
        whole=able is not None and able.whole,
        many=able is None or able.many,
        two_way=configuration.two_way.get(system.name, frozenset()),
        relay_needs=configuration.relay_needs.get(system.name, frozenset()),
        ranks=configuration.ranks.get(system.name, {}),
        lease=2 * deadline + MARGIN,
        late=int(system.late_window * 1000),
        interval=int(system.min_interval * 1000),
        retry=Retry(
            int(system.retry.first * 1000), int(system.retry.cap * 1000), system.retry.tries, int(system.retry.age * 1000)
        ),
        max_age=None if system.max_age is None else int(system.max_age * 1000),
        observe=system.mode == "observe",
        wire=system.wire,
    )
