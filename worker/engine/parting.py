"""Parting: an account that leads nowhere any more.  Its links go, and with them its right to the accounts that they led to."""

from __future__ import annotations

from worker.core.ownership import disowned
from worker.engine.engine import Engine


async def part(engine: Engine, system: str, account: str, other: str, there: str) -> None:
    """Remove the link of two accounts, at both ends, and the right of the first to the second: another subject of `system` may
    have it then.  What is wanted and sealed there stays.  Done again it does no harm, and ends what was begun: the first's own
    end, by which the second is known, goes after all else."""
    if engine.configuration.systems[other].target is not None:
        now = await engine.store.now()
        await engine.lanes.change(engine.terms[other], there, now, lambda lane: disowned(lane, system, account))
    await engine.links.remove(system, account, other)
    (back,) = await engine.links.find(other, there, [system])
    if back == account:  # it was stored at one end only: whoever wrote it died in between
        await engine.links.remove(other, there, system)


async def part_from_all(engine: Engine, system: str, account: str) -> int:
    """The account is gone.  Answers how many links it had."""
    links = await engine.links.all(system, account)
    for other, there in links.items():
        if other in engine.configuration.systems:
            await part(engine, system, account, other, there)
        else:  # the system was taken out of the configuration
            await engine.links.remove(system, account, other)
    return len(links)
