"""`systems.yaml` becomes systems: shared keys here, the others by the connector's own model."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from pydantic import BaseModel

from connectors.contract import Budget, Carries, Connector, Feed, Json, Source, Target
from worker.config.document import Document
from worker.config.entry import SHARED, SHARED_HALVES, Entry, HeaderEntry, HmacEntry, SourceEntry, StandardWebhooksEntry
from worker.config.language import Language, NotCompiled
from worker.config.problem import Problem, Where, did_you_mean
from worker.config.reference import References
from worker.config.shape import Resolved, secret_places, validate
from worker.config.system import BudgetHeaders, Handshake, Retry, System
from worker.core.signature import Hmac, StandardWebhooks, StaticHeader, Verifier, webhook_key

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NOBODYS = base64.b64encode(secrets.token_bytes(32))
"""Stands in for the secret of a webhook that is not there: nothing can be signed with it."""
KNOWN: Mapping[Where, AbstractSet[str]] = {
    (): SHARED | SHARED_HALVES.keys(),
    **{(half,): keys for half, keys in SHARED_HALVES.items()},
}
RESERVED = frozenset({"outbox"})
"""Names that the worker needs for lists of its own."""


def systems(
    document: Document, folder: Path, environ: Mapping[str, str], connectors: Mapping[str, Connector], targets: AbstractSet[str]
) -> tuple[dict[str, System], list[Problem]]:
    """The systems of a file, and what their references do not find; what else is wrong is in the document.  Something stands in
    for what is not found, which opens nothing: such systems can be looked over, and not run.  One that it does not fit into (a
    `base_url`, a time) is not made, and the document has why.

    targets  the systems that a mapping names as target
    """
    entries = top(document, "systems")
    references = References(document, folder, environ)
    made: dict[str, System] = {}
    for name, entry in entries.items():
        where: Where = ("systems", name)
        if not _NAME.fullmatch(name) or name in RESERVED:
            document.report(
                where, f"`{name}` cannot be the name of a system: 1 to 64 of A-Z a-z 0-9 _ . - and not {', '.join(RESERVED)}"
            )
        if not isinstance(entry, dict):
            document.report(where, "an entry is a mapping of keys to values; `connector` is the first")
        elif (system := _Entry(name, entry, document, references, connectors).system(name in targets, folder)) is not None:
            made[name] = system
        else:
            document.problems += _within(references.lost, where)
    _one_budget_a_share(made, document)
    return made, [problem for name in made for problem in _within(references.lost, ("systems", name))]


def _within(lost: Mapping[Where, Problem], where: Where) -> Iterable[Problem]:
    return (problem for place, problem in lost.items() if place[: len(where)] == where)


def top(document: Document, section: str) -> dict[str, Json]:
    """The section below `version: 1`, which is all that such a file has."""
    value = document.value
    if not isinstance(value, dict):
        if not document.problems:
            document.report((), f"`version: 1` and `{section}:` are needed here")
        return {}
    for key in value.keys() - {"version", section}:
        document.report((key,), f"unknown key `{key}`{did_you_mean(key, {'version', section})}")
    if value.get("version") != 1:
        document.report(("version",), "`version: 1` is needed here")
    inside = value.get(section)
    if not isinstance(inside, dict):
        document.report((section,), f"`{section}:` is needed here, with an entry for each system")
        return {}
    return inside


class _Entry:
    """One entry on its way to a system."""

    def __init__(
        self, name: str, entry: dict[str, Json], document: Document, references: References, connectors: Mapping[str, Connector]
    ) -> None:
        self.name, self.document, self.connectors = name, document, connectors
        self.where: Where = ("systems", name)
        resolved = references.resolve(entry, self.where)
        assert isinstance(resolved, dict)
        self.entry = resolved
        self.references = references
        self.resolved = Resolved(references.found, references.lost.keys())

    def system(self, is_target: bool, folder: Path) -> System | None:
        connector = self._connector()
        if connector is None:
            return None
        before = len(self.document.problems)
        shared, own = self._split(connector)
        self._secrets(connector, shared, own)
        entry = validate(Entry, shared, self.document, self.where, references=self.resolved)
        settings = validate(connector.settings, own, self.document, self.where, references=self.resolved, also=KNOWN)
        verify = self._verifier(entry.source) if entry is not None and entry.source is not None else None
        target, source = self._halves(connector, settings) if settings is not None else (None, None)
        if (
            entry is not None
            and entry.source is not None
            and entry.source.poll is not None
            and not isinstance(source, Feed | None)
        ):
            self.document.report(
                (*self.where, "source", "poll"), f"a system of kind `{connector.name}` lists nothing that could be polled"
            )
        ca = self._ca(entry.ca, folder) if entry is not None and entry.ca is not None else None
        if entry is None or settings is None or len(self.document.problems) > before:
            return None
        carries: Carries = source.carries if source is not None else "changes"
        able = target.capabilities if target is not None else None
        budget = entry.budget
        return System(
            name=self.name, connector=connector.name, settings=settings, target=target, source=source, verify=verify,
            handshake=None if entry.source is None or entry.source.handshake is None
            else Handshake(entry.source.handshake.get, entry.source.handshake.answer),
            poll=entry.source.poll if entry.source is not None else None,
            looks=source is not None and (is_target or carries == "hint"), carries=carries,
            budget=Budget(budget.calls, budget.per) if budget.calls is not None and budget.per is not None
            else able.budget if able is not None else None,
            share=budget.share or self.name,
            budget_headers=_headers(connector) if budget.headers is None
            else BudgetHeaders(budget.headers.remaining, budget.headers.reset, budget.headers.reset_is),
            deadline=entry.deadline, late_window=entry.late_window if entry.late_window is not None
            else able.late_window if able is not None else 60.0,
            in_flight=entry.in_flight, min_interval=entry.min_interval,
            retry=Retry(entry.retry.first, entry.retry.cap, entry.retry.tries, entry.retry.age),
            max_age=entry.max_age, mode=entry.target.mode, ca=ca,
        )  # fmt: skip

    def _connector(self) -> Connector | None:
        name = self.entry.get("connector")
        if not isinstance(name, str):
            self.document.report((*self.where, "connector"), "`connector` is missing: the kind of system that this is")
            return None
        connector = self.connectors.get(name)
        if connector is None:
            where = (*self.where, "connector")
            shown = f" `{name}`" if where not in self.references.found else ""
            self.document.report(where, f"unknown connector{shown}{did_you_mean(name, self.connectors)}")
        return connector

    def _split(self, connector: Connector) -> tuple[dict[str, Json], dict[str, Json]]:
        """The shared keys, and the connector's own."""
        shared: dict[str, Json] = {key: value for key, value in self.entry.items() if key in SHARED}
        own: dict[str, Json] = {key: value for key, value in self.entry.items() if key not in SHARED}
        for half, keys in SHARED_HALVES.items():
            inside = own.get(half)
            if not isinstance(inside, dict):
                continue
            shared[half] = {key: value for key, value in inside.items() if key in keys}
            rest: dict[str, Json] = {key: value for key, value in inside.items() if key not in keys}
            if half in connector.settings.model_fields:
                own[half] = rest
            else:
                del own[half]
                for key in rest:
                    self.document.report((*self.where, half, key), f"unknown key `{key}`{did_you_mean(key, keys)}")
        if isinstance(source := shared.get("source"), dict):
            given = source.get("verify", {})
            if connector.verify is not None and isinstance(given, dict):
                same_kind = given.get("scheme", connector.verify.get("scheme")) == connector.verify.get("scheme")
                source["verify"] = {**connector.verify, **given} if same_kind else given
        return shared, own

    def _secrets(self, connector: Connector, shared: Json, own: Json) -> None:
        """A literal in a secret field is refused, and not repeated."""
        places = secret_places(Entry, shared, self.where) | secret_places(connector.settings, own, self.where)
        for place in sorted(places - self.references.found, key=str):
            self.document.report(
                place, 'a secret is never written here; name it: "${NAME}" (environment) or "file:/run/secrets/name"'
            )

    def _verifier(self, source: SourceEntry) -> Verifier | None:
        where = (*self.where, "source", "verify")
        keys = [
            _NOBODYS if (*where, "secrets", index) in self.references.lost else secret.get_secret_value().encode()
            for index, secret in enumerate(source.verify.secrets)
        ]
        told = source.verify.model_dump(exclude={"scheme", "secrets"})
        try:
            match source.verify:
                case StandardWebhooksEntry():
                    return StandardWebhooks([webhook_key(key) for key in keys], **told)
                case HmacEntry():
                    return Hmac(keys, **told)
                case HeaderEntry():
                    return StaticHeader(keys, **told)
        except ValueError as error:
            self.document.report(where, str(error))
        return None

    def _halves(self, connector: Connector, settings: BaseModel) -> tuple[Target | None, Source | None]:
        target: Target | None = None
        source: Source | None = None
        try:
            target = connector.target(settings, Language())
            source = connector.source(settings, Language()) if "source" in self.entry else None
        except NotCompiled as error:
            self.document.report(_place_of(error.fragment, self.entry, self.where), str(error))
        except ValueError as error:
            self.document.report(self.where, str(error))
        else:
            if "source" in self.entry and source is None:
                self.document.report(
                    (*self.where, "source"), f"a system of kind `{connector.name}` described like this is no source"
                )
        return target, source

    def _ca(self, name: str, folder: Path) -> Path | None:
        path = folder / name
        if path.is_file():
            return path
        self.document.report((*self.where, "ca"), f"there is no file {name}; `ca` is the path of a certificate file (PEM)")
        return None


def _place_of(fragment: str, value: Json, where: Where) -> Where:
    """Where this text stands in the entry."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        if child == fragment:
            return (*where, key)
        if (found := _place_of(fragment, child, (*where, key))) != (*where, key):
            return found
    return where


def _headers(connector: Connector) -> BudgetHeaders | None:
    known = connector.budget_headers
    return (
        None
        if known is None
        else BudgetHeaders(known["remaining"], known["reset"], "epoch" if known["reset_is"] == "epoch" else "seconds")
    )


def _one_budget_a_share(made: Mapping[str, System], document: Document) -> None:
    """Systems with one credential have one budget."""
    first: dict[str, System] = {}
    for system in made.values():
        other = first.setdefault(system.share, system)
        if other.budget != system.budget:
            document.report(
                ("systems", system.name, "budget"),
                f"it shares the credential `{system.share}` with `{other.name}`, so the two must have the same budget",
            )
