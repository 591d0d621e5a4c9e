"""Ownership: what an operator's word about a link changes in lanes."""

from __future__ import annotations

from msgspec.structs import replace

from worker.core.lane import Lane, Note, copied


def owner_of(lane: Lane, source: str) -> str:
    """The subject of a source that this account belongs to; "" if none was ever merged."""
    return lane.owner.get(source, "")


def disowned(lane: Lane, source: str, subject: str) -> tuple[Lane, list[Note]] | None:
    """The account belongs to this subject no more, so another of its source may have it.  What is wanted of it stays.  None:
    it does not belong to it."""
    if owner_of(lane, source) != subject:
        return None
    lane = copied(lane)
    lane.owner = {name: owner for name, owner in lane.owner.items() if name != source}
    return lane, []


def sought_now(lane: Lane) -> tuple[Lane, list[Note]] | None:
    """A search lane looks at once, because there is a link now, or a list of accounts.  None: it does not wait."""
    if lane.search is None or lane.search.after == 0 or not lane.attributes:
        return None
    lane = copied(lane)
    assert lane.search is not None
    lane.search = replace(lane.search, after=0)
    return lane, []
