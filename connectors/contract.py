"""What a connector and the worker may know of each other.

A connector is a *target* (it finds, reads and writes accounts), a *source* (it reads what its system says), or both.
Each thing that a target can do is a **flow**: a generator that yields `Request` and is sent `Response`.  It opens no
socket and keeps no clock, so the worker drives it over the network, `explain` drives it and prints, and a test drives it
by hand.  One yield is one send, at most once; nothing below a delivery retries.

This file is the only one that imports httpx besides the worker's transport.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Annotated, Literal, Protocol, TypeVar, runtime_checkable

from httpx import Request as Request
from httpx import Response as Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

T = TypeVar("T")
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Flow = Generator[Request, Response, T]


# ---------------------------------------------------------------- what a target can do


class Wire(StrEnum):
    """Which values go over the wire for an attribute.  The worker converts before it writes, and canonicalises before it
    compares; a value that does not fit is `parked (does not fit)`."""

    TEXT = "text"
    """A JSON string.  true is "true", 7 is "7"; lists and objects do not fit."""
    JSON = "json"
    """Any JSON value, as it is."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many calls a credential allows: `calls` in every `per` seconds."""

    calls: int
    per: float


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the system can do.  The worker acts on it, so what stands here MUST be true of the real system; what is not
    confirmed is an option of the connector, and its README says so."""

    finds: frozenset[str] = frozenset()
    """The keys by which `find` searches.  `id` is never in it: an id is known, not searched."""
    lists: frozenset[str] = frozenset()
    """The keys that cannot be searched: an account is found by listing all of them (`Directory`).  Disjoint from `finds`.  A read
    that shows such a key shows it at the path of the same name."""
    readable: bool = True
    """`read` shows attribute values."""
    hidden: frozenset[str] = frozenset()
    """Attributes that a read never shows."""
    many: bool = False
    """One call may carry many attributes.  If false every attribute is a call of its own."""
    whole: bool = False
    """Siblings that are not sent do not survive: the visit reads first and `write` is given what was read."""
    clears: bool = True
    """An attribute can be cleared (a change to None)."""
    wire: Wire = Wire.JSON
    """The wire type of an attribute that `wires` does not name."""
    wires: Mapping[str, Wire] = field(default_factory=dict)
    """The wire types that differ, by attribute."""
    locks: frozenset[str] = frozenset()
    """Attributes known to be write-once at the system itself."""
    budget: Budget | None = None
    """The default rate of one credential; None: no limit is documented."""
    late_window: float = 60.0
    """Seconds after its start for which a call may still land."""


@dataclass(frozen=True, slots=True)
class Found:
    """One account that a search answered.  `holds` is what it shows at the key that was searched for: the worker compares
    it, because servers that ignore a filter exist."""

    id: str
    holds: Json


@dataclass(frozen=True, slots=True)
class Account:
    """An account as read.  `attributes` is the system's own account JSON (nested); the name of a target attribute is a path
    into it.  An attribute that is absent from it is *nothing*; one whose name is in `hidden` cannot be read."""

    attributes: Mapping[str, Json]
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listed:
    """One account of a whole list.  `keys`: what it holds at each of `capabilities.lists`."""

    id: str
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """A call was answered well.  `shows`: what the answer shows of the attributes of that call, by name; empty if nothing.
    `status`, `request_id`: the response's, for the record."""

    shows: Mapping[str, Json] = field(default_factory=dict)
    status: int = 200
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a write and the attributes that it carries.  Calls of one write are independent of each other."""

    attributes: tuple[str, ...]
    flow: Flow[Written]


@dataclass(frozen=True, slots=True)
class Definition:
    """An attribute that exists at the system.  `name`: as a mapping writes it; `locks`: the system keeps the first value;
    `hidden`: no read shows it."""

    name: str
    id: str = ""
    type: str = ""
    locks: bool = False
    hidden: bool = False


@runtime_checkable
class Target(Protocol):
    """The half of a connector that is written to.

    It may remember in memory what its system's definitions say (the id of an attribute's name); what it remembers may be
    stale, and it MUST then ask again instead of refusing.
    """

    capabilities: Capabilities
    authentication: Authentication

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        """Search accounts by one of `capabilities.finds`.  Answers at least two when there are two or more.  A value that
        the system would read as a wildcard MUST NOT be sent: answer nothing instead."""

    def read(self, account: str) -> Flow[Account]:
        """Read one account.  Raises NoAccount if it is not there."""

    def write(self, account: str, changes: Mapping[str, Json], before: Account | None = None) -> Sequence[Call]:
        """Split `changes` (attribute -> wire value, None clears) into calls.  `before` is the account as read in this visit,
        if it was read: always where `capabilities.whole`.
        Raises Refused(attribute) for a name that cannot be an attribute of this system."""

    def definitions(self) -> Flow[Sequence[Definition]]:
        """The attributes that exist.  Empty where the system keeps no list."""


@runtime_checkable
class Directory(Protocol):
    """A target that cannot search by some keys, but can list all its accounts.  The worker keeps the list, makes a new one when a
    key is missing and the list is old, and reads the account that the list points to, which must hold the key.  Where a read does
    not show the key only a young list is believed; so a read that shows it saves listings."""

    def directory(self) -> Flow[Sequence[Listed]]:
        """All accounts, page after page."""


# ---------------------------------------------------------------- credentials


@dataclass(frozen=True, slots=True)
class Token:
    """A credential that the system gave out.  `lifetime` in seconds, as the system said it."""

    secret: str = field(repr=False)
    lifetime: float = 3600.0


@runtime_checkable
class Authentication(Protocol):
    """How requests prove who sends them.  The worker keeps the token in its memory, renews it once however many wait for
    it, and never stores it."""

    def obtain(self) -> Flow[Token] | None:
        """The flow that asks for a token; None where the credential is static (then `sign` gets None)."""

    def sign(self, request: Request, token: Token | None) -> None:
        """Put the credential on the request."""


# ---------------------------------------------------------------- errors: the class is the next step


class ConnectorError(Exception):
    """Raised where a response is read.  `reason` is a short fixed text: never a value, never the server's own words.
    `status` and `request_id` are the response's, for the record."""

    def __init__(self, reason: str, *, status: int = 0, request_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.request_id = request_id


class Deferred(ConnectorError):
    """Surely nothing changed; later.  `wait`: seconds the system asked for (Retry-After), None if it did not say.
    `throttled`: it counts against the credential, so nothing is sent with it until then."""

    def __init__(
        self, reason: str, wait: float | None = None, *, throttled: bool = False, status: int = 0, request_id: str = ""
    ) -> None:
        super().__init__(reason, status=status, request_id=request_id)
        self.wait = wait
        self.throttled = throttled


class TokenRefused(Deferred):
    """The token is not accepted: surely nothing changed; the worker forgets it.  A new token that is refused at once is a
    Halted."""

    def __init__(self, reason: str = "token refused", *, status: int = 0, request_id: str = "") -> None:
        super().__init__(reason, 0.0, status=status, request_id=request_id)


class Failed(ConnectorError):
    """An error was answered (500, 503): it is over, and it may have landed.  `wait` as in Deferred."""

    def __init__(self, reason: str, wait: float | None = None, *, status: int = 0, request_id: str = "") -> None:
        super().__init__(reason, status=status, request_id=request_id)
        self.wait = wait


class Unanswered(ConnectorError):
    """No answer, 502 or 504: it may land yet, within the late window."""


class Refused(ConnectorError):
    """It can never work.  `attribute`: the one that is to blame, None if the answer does not tell."""

    def __init__(self, reason: str, attribute: str | None = None, *, status: int = 0, request_id: str = "") -> None:
        super().__init__(reason, status=status, request_id=request_id)
        self.attribute = attribute


class Locked(ConnectorError):
    """The system itself keeps the first value of this attribute."""

    def __init__(self, reason: str, attribute: str, *, status: int = 0, request_id: str = "") -> None:
        super().__init__(reason, status=status, request_id=request_id)
        self.attribute = attribute


class NoAccount(ConnectorError):
    """There is no such account (any more): the link is stale."""


class Halted(ConnectorError):
    """No delivery to this system can work (credentials, scope, wrong address): it pauses as a whole and says so."""


# ---------------------------------------------------------------- what a source says

Carries = Literal["changes", "snapshot", "hint"]
Element = Json


class Sole(tuple[Element]):
    """What `Source.split` answers where the body is one event of which only a part is kept: `Sole((part,))`.  The webhook's own
    id is the event's then, as it is where the body is kept whole; an element of a list has its own, or a number."""

    __slots__ = ()


class NotEvents(Exception):
    """The body is not what this source sends (no JSON of this shape, no list of events in it).  Answered with 400; the text
    names the place, never a value."""


class Unusable(Exception):
    """This element cannot be used (no subject, unreadable time): it is recorded as `parked` with this text, which names the
    place and never a value."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one element of a webhook body says.

    id          the element's own id; "" if it has none (then the header's, else a digest of the body)
    time        the source's own time in microseconds since 1970, None if it gives none
    sequence    the source's own sequence, None if it gives none
    subject     identifiers of the subject; `id` is required, the others (`email`, ...) are search keys
    attributes  what is said about them (nested JSON); empty for a hint
    carries     how far the values are to be trusted
    ignored     why this element asks for nothing; "" if it asks for something
    deleted     the subject's account is gone from the source; nothing is said of its attributes
    """

    subject: Mapping[str, Json]
    attributes: Mapping[str, Json] = field(default_factory=dict)
    id: str = ""
    time: int | None = None
    sequence: int | None = None
    carries: Carries = "changes"
    ignored: str = ""
    deleted: bool = False


@runtime_checkable
class Source(Protocol):
    """The half of a connector that speaks.  Pure: it never asks its system anything."""

    acknowledge: int
    """The 2xx that this sender expects."""
    carries: Carries
    """How far its events are to be trusted with values: the same in every `Said` of it."""

    def split(self, body: Json) -> Sequence[Element]:
        """The elements of a parsed body, in order.  Credentials that the system puts into its payload (Tyk `JWTToken`,
        Chatwoot `access_token`) MUST be gone from the elements.  Where that leaves a part of a body that is one event, the
        part is answered as a `Sole`.  Raises NotEvents."""

    def read(self, element: Element) -> Said:
        """What one element says; the same answer every time.  Raises Unusable."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a feed lists.

    elements  as `Source.split` answers them.  Each MUST have an id and say the same however often it is listed
    cursor    where to go on: the connector's own text
    more      there is more to be read at once
    """

    elements: Sequence[Element]
    cursor: str
    more: bool = False


@runtime_checkable
class Feed(Source, Protocol):
    """A source that also lists what it has said, for whoever missed it.  The list is asked for in a flow, as a target is."""

    authentication: Authentication
    """Of a system that is a target, too: the same."""

    def feed(self, cursor: str) -> Flow[Page]:
        """The page after `cursor`, by one or two requests that change nothing.  "" begins now: what was said before is history,
        and stands in no page.  A cursor MUST lead to the same events as often as it is given, and to all that come after them,
        also to those that are listed late.  An element may be listed again.  After an empty page the next one is asked for only
        after the usual pause, whatever `more` says."""


# ---------------------------------------------------------------- how a connector is made


class Absent(Enum):
    """A path that leads to nothing.  Absent, null and empty text are three things."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class Compiler(Protocol):
    """The mapping language's own parts, lent to a connector that is described in YAML.  They raise ValueError with a text
    for the loader's error."""

    def path(self, text: str) -> Callable[[Json], Json | Absent]:
        """A SCIM path: `name.familyName`, `emails[type eq "work"].value`, `["a.b"].c`."""

    def nest(self, doc: Mapping[str, Json], text: str, value: Json) -> dict[str, Json]:
        """A copy of the document with the value at this path; what is on the way is made."""

    def condition(self, text: str) -> Callable[[Mapping[str, Json]], bool]:
        """A CEL condition over `event`: called with {"event": element}.  Called, it raises Unusable where it cannot be
        decided."""


@runtime_checkable
class Connector(Protocol):
    """What the registry holds of one kind of system.

    `settings` is a pydantic model of what an entry of `systems.yaml` may hold **beside** the keys that all systems share
    (connector, ca, budget, deadline, late_window, in_flight, min_interval, retry, max_age, source.verify, source.handshake,
    target.mode): `base_url`, `credentials`, `auth`, `options`, `account`, and the sub-models `source` and `target` with
    their own further keys.  A field that holds a secret is typed `Secret`: the loader refuses a literal there.
    """

    name: str
    settings: type[BaseModel]
    verify: Mapping[str, Json] | None
    """The default of `source.verify` without its secrets (scheme, header, ...); None: none."""
    budget_headers: Mapping[str, str] | None
    """The default of `budget.headers` (`remaining`, `reset`, `reset_is`); None: answers do not say how many calls are left."""

    def target(self, settings: BaseModel, compiler: Compiler) -> Target | None:
        """None if the entry describes no target, or the system can be none."""

    def source(self, settings: BaseModel, compiler: Compiler) -> Source | None:
        """None if the entry describes no source, or the system can be none."""


class Section(BaseModel):
    """What the settings of a connector, and each mapping of keys to values in them, are derived from: an unknown key is an error,
    and no error shows a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


Secret = Annotated[SecretStr, "secret"]
"""A field that MUST be a reference (`"${NAME}"` or `"file:/path"`) in `systems.yaml`.  Never printed."""

Acknowledge = Annotated[int, Field(ge=200, le=299)]
"""The 2xx that a sender expects (`source.acknowledge`)."""
