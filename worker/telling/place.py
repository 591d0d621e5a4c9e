"""Where somebody's values for a target are: which account, and its lane."""

from __future__ import annotations

import msgspec

from worker.core.lane import Lane, new
from worker.core.search import searched_subject, waiting
from worker.engine.engine import Engine
from worker.operate.named import Who, lane_of


class Place(msgspec.Struct, frozen=True):
    """account: its id at `system`, "" while it is not known; searched: it is being looked for, because somebody wants something
    there.  lane: of the account, or the search lane of the subject."""

    system: str
    account: str
    searched: bool
    lane: Lane

    def __str__(self) -> str:
        if self.account:
            return f"account {self.account} of {self.system}"
        return f"an account of {self.system} that is {'being searched for' if self.searched else 'not known'}"


async def place(engine: Engine, somebody: Who, target: str) -> Place:
    """The account at `target` of somebody."""
    name = await lane_of(engine, somebody, target)
    if name is None:
        return Place(target, "", False, new())
    _, lane = await engine.lanes.load(target, name)
    if searched_subject(name) is None:
        return Place(target, name, False, lane)
    return Place(target, "", bool(waiting(lane)), lane)
