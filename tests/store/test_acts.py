"""Operators' acts are kept: who, when, why and what."""

from worker.store.acts import Acts
from worker.store.connection import Store


async def test_an_act_is_kept_with_who_when_why_and_what(store: Store):
    """The newest comes first, and its time is the store's."""
    acts = Acts(store)
    before = await store.now()
    await acts.record("targets pause", by="ana@ops", why="maintenance", target="desk")
    await acts.record("replay", by="bob@ops", events=3, names=("hr:e1", "hr:e2"))
    late, early = await acts.newest()
    assert (early.act, early.by, early.why, early.what) == ("targets pause", "ana@ops", "maintenance", {"target": "desk"})
    assert (late.act, late.by, late.why, late.what) == ("replay", "bob@ops", "", {"events": 3, "names": ("hr:e1", "hr:e2")})
    assert before <= early.at <= late.at <= await store.now()
    assert await acts.newest(1) == [late]
