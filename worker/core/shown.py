"""What a read shows, as a lane knows it: canonical values and their fingerprints, by attribute name."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.contract import Account, Json
from worker.core.account import Reader
from worker.core.lane import Look, Shown, Terms


def shown(terms: Terms, name: str, canonical: Json) -> Shown:
    return Shown(canonical, terms.prints.of(terms.system, name, canonical))


def look(terms: Terms, account: Account, names: Iterable[str], read: Reader) -> Look:
    """names: the attributes of the lane and those of which the system is a source."""
    hidden = terms.hidden | account.hidden
    seen = {name: shown(terms, name, read(account.attributes, name)) for name in names if name not in hidden}
    return Look(seen, account.attributes)
