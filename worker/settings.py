"""The environment: every variable in one table, read once, checked whole, frozen in one value.

`VARIABLES` is the only place that knows them; `Settings` has a field for each, and docs/configuration.md prints the table
(`python -m worker.settings`).  No message here holds a value of the environment: an URL may have a password in it.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from worker import keyfile
from worker.network.egress import Egress
from worker.store import embedded
from worker.store.durability import Mode

PREFIX = "LOCKSTEP_"
LEAST_RETENTION = 7
"""Days.  Senders repeat an event for days, so its id is known for at least a week."""


class SettingsError(Exception):
    """The environment cannot be used.  `problems`: all of them, each with its variable and the fix."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable.

    default  the text that stands for an absent or empty one
    read     text -> value; raises ValueError with the fix
    meaning  one line of Markdown for the table
    shown    the default as the table prints it, where the text does not tell
    """

    name: str
    default: str
    read: Callable[[str], object]
    meaning: str
    shown: str = ""

    @property
    def field(self) -> str:
        return self.name.removeprefix(PREFIX).lower()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says.  Secrets are not in its repr.

    redis_url         of the store, for redis-py; "" only when read with `offline`
    broker_url        for Celery; "" only when read with `offline`
    fingerprint_keys  by name, the current one first; empty only when read with `offline`
    retention         seconds
    listen            host and port
    egress            to which addresses a system's host name may lead
    """

    redis_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    config: Path
    durability: Mode
    fingerprint_keys: Mapping[str, bytes] = field(repr=False)
    retention: int
    backlog: int
    listen: tuple[str, int]
    egress: Egress
    log: Literal["json", "console"]
    log_level: Literal["debug", "info", "warning", "error"]
    concurrency: int
    home: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, offline: bool = False) -> Self:
        """Read and check all of it.

        A store that is not named is the embedded one of LOCKSTEP_HOME, if it runs, with that folder's keys.
        offline: for commands that can do without a store (`check`, `explain`): without one the three fields that need it
        stay empty.  Raises SettingsError with all problems at once.
        """
        problems = _unknown(environ)
        values: dict[str, Any] = {}
        for variable in VARIABLES:
            text = environ.get(variable.name, "").strip() or variable.default
            try:
                values[variable.field] = variable.read(text)
            except ValueError as error:
                problems.append(f"{variable.name}: {error}")
        if not problems:
            problems = _complete(values, offline)
        if problems:
            raise SettingsError(tuple(problems))
        return cls(**values)


def next_database(redis_url: str) -> str:
    """The broker's default: the database after the store's, on the same server, spelled for kombu.  Raises ValueError."""
    parts = urlsplit(redis_url)
    query = dict(parse_qsl(parts.query))
    given = query.pop("db", "") or (parts.path.strip("/") if parts.scheme != "unix" else "") or "0"
    if not given.isdecimal():
        raise ValueError("the store's URL ends in no number of a database: give LOCKSTEP_BROKER_URL")
    number = int(given) + 1
    if parts.scheme == "unix":
        return f"redis+socket://{parts.netloc}{parts.path}?{urlencode({'virtual_host': number, **query})}"
    return parts._replace(path=f"/{number}", query=urlencode(query)).geturl()


def table() -> str:
    """All variables as a Markdown table."""
    rows = (f"| `{each.name}` | {each.shown or f'`{each.default}`'} | {each.meaning} |" for each in VARIABLES)
    return "\n".join(("| variable | default | meaning |", "|---|---|---|", *rows))


def _unknown(environ: Mapping[str, str]) -> list[str]:
    known = [each.name for each in VARIABLES]
    problems = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.0)[0]
            problems.append(f"{name}: there is no such variable; did you mean {near}?")
    return problems


def _complete(values: dict[str, Any], offline: bool) -> list[str]:
    """Fill in what one variable takes from another; what is missing then."""
    own = not values["redis_url"]
    if own:
        values["redis_url"] = embedded.running_url(values["home"])
        keys = values["home"] / embedded.KEYS
        if not values["fingerprint_keys"] and keys.exists():
            try:
                values["fingerprint_keys"] = keyfile.read(keys)
            except ValueError as error:
                return [f"LOCKSTEP_FINGERPRINT_KEYS: {error}"]
    problems = []
    if values["redis_url"] and not values["broker_url"]:
        try:
            values["broker_url"] = next_database(values["redis_url"])
        except ValueError as error:
            problems.append(f"LOCKSTEP_BROKER_URL: {error}")
    if offline:
        return problems
    if not values["redis_url"]:
        problems.append(
            "LOCKSTEP_REDIS_URL: no store; give the URL of a Redis or Valkey, or start an embedded one with `lockstep up`"
        )
    if not values["fingerprint_keys"]:
        problems.append(f"LOCKSTEP_FINGERPRINT_KEYS: no keys; make a file of one and keep it for ever: {keyfile.MAKE} > keys")
    return problems


# ---------------------------------------------------------------- how a text is read


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text:
            return ""
        if text.startswith("file:"):
            text = _content(Path(text.removeprefix("file:")))
        try:
            parts = urlsplit(text)
            _ = parts.port
        except ValueError:
            raise ValueError("is no URL; for example redis://:password@host:6379/0") from None
        if parts.scheme not in schemes or not (parts.netloc or parts.path.strip("/")):
            raise ValueError(f"is no URL that begins with {', '.join(f'{scheme}://' for scheme in schemes)} and names a place")
        return text

    return read


def _content(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ValueError(f"refers to the file {path}, which cannot be read ({error.strerror})") from None


def _word(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in words:
            return text
        near = difflib.get_close_matches(text.lower(), words, 1)
        raise ValueError(f"is none of {', '.join(words)}" + (f"; did you mean {near[0]}?" if near else ""))

    return read


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise ValueError(f"is no whole number from {least} to {most}")
        return int(text)

    return read


def _retention(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,5})d", text)
    if match is None:
        raise ValueError("is no number of days; for example 30d")
    days = int(match[1])
    if days < LEAST_RETENTION:
        raise ValueError(
            f"is shorter than {LEAST_RETENTION}d: senders repeat an event for days, and it would be taken for a new one"
        )
    return days * 86_400


def address(text: str) -> tuple[str, int]:
    """`127.0.0.1:8080` or `[::]:8080` as host and port.  Raises ValueError."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]\s]+)):([0-9]{1,5})", text)
    if match is None or int(match[3]) > 65_535:
        raise ValueError("is no address and port; for example 127.0.0.1:8080 or [::]:8080")
    return match[1] or match[2], int(match[3])


def _egress(text: str) -> Egress:
    if text == "public":
        return "public"
    if text == "any":
        return "any"
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError(
            "is neither public, nor any, nor networks like 10.20.0.0/16,fd00::/8 (no bits set after the prefix)"
        ) from None


def _keys(text: str) -> Mapping[str, bytes]:
    return keyfile.read(Path(text)) if text else {}


def _folder(text: str) -> Path:
    return Path(text).absolute()


VARIABLES = (
    Variable(
        "LOCKSTEP_REDIS_URL", "", _url("redis", "rediss", "unix"),
        "The store, the truth of it all: `redis://`, `rediss://` or `unix://`, or `file:/path` of a file with such a URL. "
        "Redis 7.2 or Valkey with `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`.",
        "the embedded store in `LOCKSTEP_HOME`, while one runs",
    ),
    Variable(
        "LOCKSTEP_BROKER_URL", "", _url("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps"),
        "Celery's broker, spelled likewise; may be `amqp://`. It carries hints, no values, and may be emptied at any time. "
        "Needed where the store is a Redis Cluster.",
        "the next database of the store's server",
    ),
    Variable("LOCKSTEP_CONFIG", "mappings", _folder, "The folder with `systems.yaml`, `authority.yaml` and the mappings."),
    Variable(
        "LOCKSTEP_DURABILITY", "auto", _word("auto", "always", "waitaof", "trust"),
        "How an accepted event is known to be on disk. `auto`: found out; `always`: the server says so or nothing is accepted; "
        "`waitaof`: asked after each; `trust`: not asked, and said loudly.",
    ),
    Variable(
        "LOCKSTEP_FINGERPRINT_KEYS", "", _keys,
        "A file with lines `name:base64` of at least 32 bytes. The first makes new fingerprints; the others are for stored ones "
        "and stay for ever, because seals do.",
        "required; an embedded store has its own",
    ),
    Variable("LOCKSTEP_RETENTION", "30d", _retention, "How long events and their ids are kept: whole days, at least `7d`."),
    Variable(
        "LOCKSTEP_BACKLOG", "100000", _number(1, 100_000_000),
        "Accepted events that may wait; above it a webhook is answered 429 with Retry-After.",
    ),
    Variable("LOCKSTEP_LISTEN", "127.0.0.1:8080", address, "Where the endpoint listens."),
    Variable(
        "LOCKSTEP_EGRESS", "public", _egress,
        "To which addresses host names may lead: `public`, `any`, or networks (`10.0.0.0/8,fd00::/8`) beside the public ones. "
        "An address that stands in a `base_url` itself is allowed.",
    ),
    Variable("LOCKSTEP_LOG", "json", _word("json", "console"), "How the log is written."),
    Variable("LOCKSTEP_LOG_LEVEL", "info", _word("debug", "info", "warning", "error"), "From which level on."),
    Variable(
        "LOCKSTEP_CONCURRENCY", "8", _number(1, 256),
        "Threads of one worker process. A call to a target holds none of them: see `in_flight`.",
    ),
    Variable("LOCKSTEP_HOME", embedded.HOME, _folder, "The folder of the embedded store."),
)  # fmt: skip
"""In the order of the table."""


if __name__ == "__main__":
    print(table())
