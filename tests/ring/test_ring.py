"""Three systems that feed one another: a change comes to rest everywhere, and what cannot is parked with both writers' names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.ring.ring import Ring
from worker.core.outcome import Word
from worker.core.swing import OFTEN
from worker.store.connection import Store

ROUND = {"one": ("two",), "two": ("three",), "three": ("one",)}
"""Each knows only the next; without it each feeds both others."""

PAIR = {"one": ("two",), "two": ("one",)}

shapes = pytest.mark.parametrize("flows", [None, ROUND], ids=["mesh", "round"])


async def parked(ring: Ring) -> list[tuple[str, str, str]]:
    return [(source, target, outcome.reason) for source, target, outcome in await ring.told() if outcome.word is Word.PARKED]


@shapes
@pytest.mark.parametrize("where", ["one", "two", "three"])
async def test_one_change_comes_to_rest_everywhere(store: Store, tmp_path: Path, flows: dict | None, where: str) -> None:
    """Each other system is written once, the one that changed not at all; and every webhook of our own writes is an echo."""
    ring = Ring(store, tmp_path, flows=flows)
    ring.person(where, "Sales")
    await ring.rest()
    assert ring.held() == ["Sales"] * 3
    assert sorted(ring.writes()) == [0, 1, 1]
    assert await parked(ring) == []
    assert Counter(o.word for _, _, o in await ring.told() if o.word in (Word.SEEN, Word.ECHO)) == {Word.SEEN: 1, Word.ECHO: 2}


@shapes
async def test_one_change_after_another(store: Store, tmp_path: Path, flows: dict | None) -> None:
    """Also at a system that the change before came to by a write of ours; and back to a value that was there before."""
    ring = Ring(store, tmp_path, flows=flows)
    for where, value in (("one", "Sales"), ("two", "Ops"), ("three", "Sales"), ("one", "Law")):
        ring.person(where, value)
        before = sum(ring.writes())
        await ring.rest()
        assert ring.held() == [value] * 3
        assert sum(ring.writes()) - before == 2
    assert await parked(ring) == []


@shapes
@pytest.mark.parametrize(("first", "second"), [("one", "two"), ("two", "one"), ("two", "three"), ("three", "one")])
async def test_changes_at_the_same_time_converge(
    store: Store, tmp_path: Path, flows: dict | None, first: str, second: str
) -> None:
    """All hold one of the two, by the order of the looks, and no system is written more than once for each of them."""
    ring = Ring(store, tmp_path, flows=flows)
    ring.person(first, "Sales")
    ring.person(second, "Ops")
    await ring.rest()
    assert len(set(map(str, ring.held()))) == 1
    assert ring.held()[0] in ("Sales", "Ops")
    assert max(ring.writes()) <= 2
    assert sum(ring.writes()) <= 4 - 1, "at the system that it came from, a change is not written"
    assert await parked(ring) == []


async def test_changes_everywhere_at_once_converge(store: Store, tmp_path: Path) -> None:
    """Three people, three values, and each of them again while the first are on their way."""
    ring = Ring(store, tmp_path)
    for turn in range(2):
        for name in ("one", "two", "three"):
            ring.person(name, f"{name} {turn}")
        await ring._round()
    await ring.rest()
    assert len(set(map(str, ring.held()))) == 1
    assert str(ring.held()[0]).endswith(" 1")


async def test_what_a_person_said_elsewhere_is_put_back(store: Store, tmp_path: Path) -> None:
    """The first system has the say at the second, and what it says was found by a look: changed at the second it is written there
    once more, as often as that happens."""
    ring = Ring(store, tmp_path, flows=PAIR, says=dict.fromkeys(PAIR, "[one, two]"))
    ring.person("one", "Sales")
    await ring.rest()
    for turn in range(3):
        ring.person("two", f"Ops {turn}")
        await ring.rest()
        assert ring.held()[:2] == ["Sales", "Sales"]
    assert ring.writes() == [0, 4, 0]
    assert await parked(ring) == []


async def test_a_transform_that_is_not_undone_is_parked(store: Store, tmp_path: Path) -> None:
    """What left as `Sales` comes round as `SALES`, under the version of the same change: it is not written, the others are, and
    both that say so are named."""
    ring = Ring(store, tmp_path, {("three", "one"): "upper"}, ROUND)
    ring.person("one", "Sales")
    await ring.rest()
    assert ring.held() == ["Sales"] * 3
    assert ring.writes() == [0, 1, 1]
    assert await parked(ring) == [("three", "one", "one and three make two values of one change")]


async def test_a_transform_that_is_undone_is_not_parked(store: Store, tmp_path: Path) -> None:
    """Two lookups that mirror each other: every system has its own form of the one value."""
    steps = {("one", "two"): "{lookup: {Sales: S, Ops: O}}", ("two", "three"): "{lookup: {S: Sales, O: Ops}}"}
    ring = Ring(store, tmp_path, steps, ROUND)
    for value, short in (("Sales", "S"), ("Ops", "O")):
        ring.person("one", value)
        await ring.rest()
        assert ring.held() == [value, short, value]
    assert await parked(ring) == []
    assert ring.writes() == [0, 2, 2]


@pytest.mark.parametrize("flows", [None, PAIR], ids=["mesh", "pair"])
async def test_systems_that_rewrite_what_they_get_are_caught(store: Store, tmp_path: Path, flows: dict | None) -> None:
    """One puts everything into capitals, another into small letters: each rewriting is news for the other, without end.  After a
    few turns the attribute is parked, and the two that would go on are named."""
    ring = Ring(store, tmp_path, flows=flows)
    ring.sandboxes["one"].rewrites = str.upper
    ring.sandboxes["two"].rewrites = str.lower
    ring.person("one", "SALES")
    await ring.rest()
    (source, target, reason), *_ = await parked(ring)
    assert {source, target} <= {"one", "two"}
    assert reason == f"it swings between {source} and {target}"
    assert ring.held()[:2] == ["SALES", "sales"]
    assert max(ring.writes()[:2]) <= OFTEN + 2


async def test_a_caught_swing_holds_up_nobody(store: Store, tmp_path: Path) -> None:
    """Afterwards a value that both leave alone arrives everywhere."""
    ring = Ring(store, tmp_path)
    ring.sandboxes["one"].rewrites = str.upper
    ring.sandboxes["two"].rewrites = str.lower
    ring.person("one", "SALES")
    await ring.rest()
    assert await parked(ring)
    ring.person("three", "42")
    await ring.rest()
    assert ring.held() == ["42"] * 3
