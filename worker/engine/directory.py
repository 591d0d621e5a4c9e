"""Directory: an account is found in a list of all accounts, at a system that cannot be searched by that key.

The list is made when a key is missing in one that is not young: by one worker at a time, beside the visits, never once an
event.  What it says is only where to look: the account is read and must hold the key.  A list that is young is believed of an
account that does not show the key, or cannot be read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import structlog

from connectors.contract import ABSENT, ConnectorError, Deferred, Directory, Failed, Listed, NoAccount
from worker.core.naming import can_be_account
from worker.core.ownership import sought_now
from worker.core.search import holds_key, postponed
from worker.core.settle import release
from worker.engine.engine import Engine
from worker.engine.visit import Visit, react, worked
from worker.store.directory import Failure, Listing

log = structlog.get_logger()

YOUNG = 5 * 60_000
"""Milliseconds for which a list is young: a key that is missing in it is missing at the system, as far as we ask."""
WAIT = 5_000
"""Milliseconds after which a subject looks again while the list is made.  Whoever makes it looks at once."""
AGAIN = 60_000
"""Milliseconds after which a list that could not be made is tried again, unless the system asked for more."""
LONGEST = 60 * 60.0
"""Seconds that the making of a list may take.  Pages go under the budget of the credential; each has the deadline of a call."""


class Unlisted(Exception):
    """The list that is there cannot tell."""


async def listed(v: Visit, key: str, value: str, fold: str) -> set[str]:
    """The accounts that hold this key.  Raises Unlisted, ConnectorError."""
    if not value:
        return set()
    exact, folded = _prints(v.engine, v.system, key, value)
    made, listings = await v.engine.directories.find(v.system, folded)
    young = v.now < made + YOUNG
    found = set()
    for listing in listings:
        if fold != "case" and listing.exact != exact:
            continue
        holds = await _holds(v, listing.account, key, value, fold)
        if holds or (holds is None and young):
            found.add(listing.account)
        elif holds is False:
            await v.engine.directories.drop(v.system, folded)
    if not found and not young:
        raise Unlisted
    return found


async def _holds(v: Visit, account: str, key: str, value: str, fold: str) -> bool | None:
    """Whether this account holds the key now; None where a read does not tell."""
    if not v.terms.readable:
        return None
    try:
        read = await v.drive(v.target.read(account))
    except NoAccount:
        return False
    # Names compare in any case (RFC 7643 section 2.1): a system may list by `email` and show `Email`.
    shown = next((there for name, there in read.attributes.items() if name.casefold() == key.casefold()), ABSENT)
    return None if shown is ABSENT or key in read.hidden else holds_key(shown, value, fold)


async def wait_for_list(v: Visit) -> None:
    """The lane looks again soon, and the list is made meanwhile; or it could not be made, which is like a search that failed."""
    claim = await v.engine.directories.claim(v.system, v.token)
    failed = claim.failed
    if failed is None:
        waits = await v.change(lambda lane: postponed(lane, v.terms, v.token, v.now + WAIT))
        if claim.ours:
            v.called = True
            v.floor.start_beside(v.system, _make(v, wake=waits))
        return
    await v.change(
        lambda lane: release(
            lane,
            v.terms,
            v.token,
            v.now,
            max(claim.left, v.terms.retry.delay(lane.misses, v.engine.jitter()) if failed.counts else 0),
            failed.reason,
            missed=failed.counts,
        )
    )


async def _make(v: Visit, *, wake: bool) -> None:
    """Make the list, under the claim of this visit's token; the visit itself is over.  wake: its lane looks again at once."""
    engine, system, target = v.engine, v.system, v.target
    assert isinstance(target, Directory), f"{system} says that it lists, and has no directory"
    try:
        async with engine.directories.kept(system, v.token):
            accounts = await engine.lines[system].drive(target.directory(), patience=LONGEST)
            await worked(engine, system)
            now = await engine.store.now()
            there = await engine.directories.fill(system, v.token, _rows(engine, system, accounts), now)
    except ConnectorError as error:
        await react(replace(v, started=time.monotonic()), error)  # it had no lease to outlive
        wait = error.wait if isinstance(error, (Deferred, Failed)) else None
        failure = Failure(error.reason, counts=not isinstance(error, Deferred))
        await engine.directories.failed(system, v.token, failure, max(AGAIN, int((wait or 0) * 1000)))
        log.warning("accounts were not listed", target=system, reason=error.reason)
        return
    log.info("accounts listed", target=system, accounts=len(accounts), in_force=there)
    if wake:
        await engine.lanes.change(v.terms, v.account, now, sought_now)
        engine.hint([system])


def _rows(engine: Engine, system: str, accounts: Sequence[Listed]) -> Iterator[tuple[str, list[Listing]]]:
    """Each key of the list once.  Made bit by bit while it is written, so that the loop turns meanwhile."""
    by_key: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for account in accounts:
        for key, value in account.keys.items():
            if value and can_be_account(account.id):
                by_key.setdefault((key, value.casefold()), []).append((account.id, value))
    for (key, _), holders in by_key.items():
        prints = [_prints(engine, system, key, value) for _, value in holders]
        yield prints[0][1], [Listing(account, exact) for (account, _), (exact, _) in zip(holders, prints, strict=True)]


def _prints(engine: Engine, system: str, key: str, value: str) -> tuple[str, str]:
    """The fingerprints of a key: as it is written, and with its case folded."""
    return engine.prints.of(system, key, value), engine.prints.of(system, key, value.casefold())
