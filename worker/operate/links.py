"""Links by hand: two accounts are one person, or are not."""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.ownership import owner_of, sought_now
from worker.core.search import search_account
from worker.engine.engine import Engine
from worker.engine.parting import part
from worker.operate.named import NotPossible, Who


@dataclass(frozen=True, slots=True)
class Links:
    """One end and all that it is linked to: system -> account.  owners: the subjects that its lane belongs to, by source."""

    end: Who
    others: dict[str, str]
    owners: dict[str, str]


async def shown(engine: Engine, end: Who) -> Links:
    owners: dict[str, str] = {}
    if _is_target(engine, end.system):
        _, lane = await engine.lanes.load(*end)
        owners = dict(lane.owner)
    return Links(end, await engine.links.all(*end), owners)


async def conflicts(engine: Engine, one: Who, other: Who) -> list[tuple[Who, Who]]:
    """The pairs that stand against a link of these two: each an end and whom it is linked to, or belongs to, already."""
    if one.system == other.system:
        raise NotPossible(f"both are accounts of {one.system!r}: a link joins two systems")
    against = []
    for here, there in ((one, other), (other, one)):
        (linked,) = await engine.links.find(*here, [there.system])
        if linked and linked != there.id:
            against.append((here, Who(there.system, linked)))
        elif _is_target(engine, here.system):
            _, lane = await engine.lanes.load(*here)
            if owner_of(lane, there.system) not in ("", there.id):
                against.append((here, Who(there.system, owner_of(lane, there.system))))
    return against


async def link(engine: Engine, one: Who, other: Who, *, replace: bool = False) -> None:
    """Link two accounts, at both ends; what waits for the account is searched for at once.  replace: undo what stands against
    it.  Raises NotPossible."""
    against = await conflicts(engine, one, other)
    if against and not replace:
        told = "; ".join(f"{here} is linked to {there}" for here, there in against)
        raise NotPossible(f"{told}.  Remove that link first, or give --replace")
    for here, there in against:
        await unlink(engine, here, there)
    await engine.links.set(*one, *other)
    for here, there in ((one, other), (other, one)):
        if _is_target(engine, there.system):
            await engine.lanes.change(engine.terms[there.system], search_account(*here), await engine.store.now(), sought_now)


async def unlink(engine: Engine, one: Who, other: Who) -> int:
    """Remove a link at both ends, and the right of either to the other's lane.  Answers how many values that came by it are
    still wanted in those lanes: they will be written."""
    left = 0
    for here, there in ((one, other), (other, one)):
        await part(engine, *there, *here)
        if _is_target(engine, here.system):
            _, lane = await engine.lanes.load(*here)
            records = (record for x in lane.attributes.values() for record in (x.wanted, x.sent, *x.behind))
            left += sum(record is not None and record.source == there.system for record in records)
    return left


def _is_target(engine: Engine, system: str) -> bool:
    return engine.configuration.systems[system].target is not None
