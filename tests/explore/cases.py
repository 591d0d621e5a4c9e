"""The cases: few events, one lane, and as many faults as can be explored whole.  To add one, say what it is for."""

from __future__ import annotations

from dataclasses import replace

from tests.explore.world import NOW, Case, Event, Faults
from worker.core.lane import Policy


def said(*values: str, **more: object) -> tuple[Event, ...]:
    """e1, e2, ... say these values of the attribute `a`, in this order of their versions."""
    return tuple(Event(f"e{n}", n, {"a": value}, **more) for n, value in enumerate(values, 1))  # type: ignore[arg-type]


AB = said("A", "B")
P_SAYS_A_Q_SAYS_B = (Event("e1", 1, {"a": "A"}, "P"), Event("e2", 2, {"a": "B"}, "Q"))
A_WITH_C_THEN_B = (Event("e1", 1, {"a": "A", "b": "C"}), Event("e2", 2, {"a": "B"}))
ONCE: dict[str, Policy] = {"a": "once"}
IF_EMPTY: dict[str, Policy] = {"a": "if_empty"}
OTHER_IS_READ = (Event("e1", 1, {"a": "A"}), Event("e2", 2, {"a": "B", "b": "C"}, policy="once"))
"""Of two candidates the second brings an attribute for whose sake the account is read."""
B_UNSEALS = AB[1]._replace(unseal=True)
B_FILLS = AB[1]._replace(policy="if_empty")
A_AGAIN_THEN_B = (AB[0], Event("e1~1", 2, {"a": "A"}, replay=True), Event("e2", 3, {"a": "B"}))
X_IS_THERE = {"a": "X"}
A_WAS_SEALED = {"a": "A"}
X_IS_WRITTEN = (("a", "X"),)
ENDS_WITH = {value: {"a": frozenset(value)} for value in ("A", "X", "AB", "AX")}
TWO_WAY = frozenset({"a"})
A_AFTER_THE_LOOKS = (AB[0]._replace(at=2 * NOW),)
"""Newer than every look."""

ORDINARY = (
    Case("always, readable", AB, Faults(1, 1, 1, 1)),
    Case("always, not readable", AB, Faults(1, 1, 1, 1), readable=False),
    Case("always, A B A, readable", said("A", "B", "A"), Faults(losses=1, expiries=1)),
    Case("always, A B A, not readable", said("A", "B", "A"), Faults(losses=1, refusals=1), readable=False),
    Case("always, answers lost twice", AB[:1], Faults(losses=2, refusals=1, reruns=1), readable=False),
    Case("always, the last try", AB, Faults(crashes=1, losses=2), readable=False, tries=2),
    Case("always, this one cannot be read", AB, Faults(1, 1), hidden=frozenset("a"), holds={"a": "A"}),
    Case("a value, then a clear", said("A", ""), Faults(1, 1)),
    Case("a value, then a clear, not readable", said("A", ""), Faults(1, 1), readable=False, holds=X_IS_THERE),
    Case("a merge runs again", AB, Faults(1, 1, 1, 0, 2)),
    Case("ranks", P_SAYS_A_Q_SAYS_B, Faults(1, 1, 0, 0, 1), ranks={"a": {"P": 2, "Q": 1}}),
    Case("the whole account is written", A_WITH_C_THEN_B, Faults(losses=1, expiries=1), whole=True),
    Case("two attributes, one is refused", A_WITH_C_THEN_B, Faults(losses=1, refusals=2), readable=False),
    Case("two attributes, one backs off", A_WITH_C_THEN_B, Faults(losses=1, refusals=1), readable=False, jitter=0.9),
    Case("reads fail too often", AB, Faults(losses=2), tries=2, whole=True),
    Case("three visits die: poison", AB, Faults(crashes=3)),
    Case("three visits die: poison, not readable", AB, Faults(crashes=3), readable=False),
    Case("only watched", AB, Faults(1, 1, 0, 1, 1), observe=True, holds=X_IS_THERE, ends=ENDS_WITH["X"]),
)

WRITE_ONCE = (
    Case("once, readable", AB, Faults(1, 1, 1, 1), ONCE),
    Case("once, not readable", AB, Faults(1, 1, 2, 1), ONCE, readable=False),
    Case("once, somebody was there first", AB, Faults(1, 1, 0, 1), ONCE, holds=X_IS_THERE),
    Case("once, a merge runs again", AB, Faults(losses=1, refusals=1, reruns=1), ONCE, readable=False),
    Case("once, three candidates, refusals", said("A", "B", "A"), Faults(losses=1, refusals=2), ONCE, readable=False),
    Case("once, ranks, refusals", P_SAYS_A_Q_SAYS_B, Faults(1, 1, 1, 0, 1), ONCE, readable=False, ranks={"a": {"P": 1, "Q": 2}}),
    Case("once, readable, refusals", AB, Faults(1, 0, 1, 1, 1), ONCE),
    Case("once, this one cannot be read", AB, Faults(1, 1, 1, 1), ONCE, hidden=frozenset("a")),
    Case("once, the last try, not readable", AB, Faults(losses=2, refusals=1), ONCE, readable=False, tries=1),
    Case("once, the last try, readable", AB, Faults(losses=2, refusals=1), ONCE, tries=1),
    Case("once, three visits die: poison", AB, Faults(crashes=3), ONCE),
    Case("once, only watched", AB, Faults(1, 1, 0, 1), ONCE, observe=True, ends={"a": frozenset({""})}),
    Case("once, only watched, somebody was there first", AB, Faults(1, 1, 0, 1), ONCE, observe=True, holds=X_IS_THERE,
         ends=ENDS_WITH["X"]),
    Case("once, and another mapping says always", (AB[0]._replace(policy="always"), AB[1]), Faults(1, 1, 1, 0), ONCE),
    Case("an operator unseals what was found", (AB[0], B_UNSEALS), Faults(1, 1, 0, 1, 1), ONCE, holds=X_IS_THERE),
    Case(
        "an operator unseals, and is refused", (AB[0], B_UNSEALS, Event("e3", 3, {"a": "C"})), Faults(losses=1, refusals=1),
        ONCE, readable=False,
    ),
    Case("once, the seal came with the person", AB, Faults(1, 1, 1, 1, 1), ONCE, sealed=A_WAS_SEALED),
    Case("once, the seal came with the person, not readable", AB, Faults(1, 1, 1, 1), ONCE, sealed=A_WAS_SEALED, readable=False),
    Case("once, the seal came, somebody was there", AB, Faults(1, 1, 0, 1), ONCE, sealed=A_WAS_SEALED, holds=X_IS_THERE),
    Case("a sealed value is replayed", A_AGAIN_THEN_B, Faults(losses=1, expiries=1), ONCE),
)  # fmt: skip

ONLY_IF_EMPTY = (
    Case("if empty, two of them", AB, Faults(1, 1, 0, 1), IF_EMPTY, ends=ENDS_WITH["AB"]),
    Case("if empty, not readable", AB, Faults(1, 1, 0, 1), IF_EMPTY, readable=False, ends=ENDS_WITH["AB"]),
    Case("if empty, it is not", AB, Faults(1, 1, 0, 1), IF_EMPTY, holds=X_IS_THERE, ends=ENDS_WITH["X"]),
    Case("if empty, after a value", (AB[0], B_FILLS), Faults(1, 1, 0, 0, 1), holds=X_IS_THERE,
         ends=ENDS_WITH["A"]),
    Case("if empty, before a value", (AB[0]._replace(policy="if_empty"), AB[1]), Faults(1, 1, 0, 0, 1)),
    Case("if empty, after a clear", (Event("e1", 1, {"a": ""}), B_FILLS), Faults(1, 1), holds=X_IS_THERE,
         ends={"a": frozenset({"B", ""})}),
)  # fmt: skip

REPLAYED = (
    Case("a replay", A_AGAIN_THEN_B, Faults(losses=1)),
    Case("a replay, not readable", (AB[0], Event("e1~1", 2, {"a": "A"}, replay=True)), Faults(1, 1, 1, 0, 1), readable=False),
)

BOTH_WAYS = (
    Case("a person, and a look", (), Faults(1, 1, 0, 1, 1), two_way=TWO_WAY, edits=(("a", "X"), ("a", "Y"))),
    Case("a person after a value", AB[:1], Faults(0, 1, 0, 1), two_way=TWO_WAY, edits=X_IS_WRITTEN),
    Case("a person before a value", A_AFTER_THE_LOOKS, Faults(0, 1, 0, 1), two_way=TWO_WAY, edits=X_IS_WRITTEN),
    Case("a person says what was said before", said("A"), Faults(losses=1), two_way=TWO_WAY, edits=(("a", "X"), ("a", "A"))),
    Case("a person clears", AB[:1], Faults(1, 1), two_way=TWO_WAY, edits=(("a", ""),), holds=X_IS_THERE),
    Case("a person is outranked", (Event("e1", 1, {"a": "A"}, "P"),), Faults(losses=1), two_way=TWO_WAY, edits=X_IS_WRITTEN,
         ranks={"a": {"P": 2, "T": 1}}, ends=ENDS_WITH["A"]),
    Case("a person where a value only fills", AB[:1], Faults(losses=1), IF_EMPTY, two_way=TWO_WAY, edits=X_IS_WRITTEN,
         ends=ENDS_WITH["AX"]),
    Case("a person where a value is sealed", AB[:1], Faults(losses=1), ONCE, two_way=TWO_WAY, edits=X_IS_WRITTEN),
    Case("a person at a system that is only watched", AB[:1], Faults(losses=1), two_way=TWO_WAY, edits=X_IS_WRITTEN,
         observe=True, ends={"a": frozenset({"", "X"})}),
    Case("a person swings with a source", (AB[0], Event("e2", 2 * NOW, {"a": "A"})), Faults(losses=1), two_way=TWO_WAY,
         edits=X_IS_WRITTEN, often=0, ends=ENDS_WITH["AX"]),
    Case("a person swings, and is outranked", (Event("e1", 1, {"a": "A"}, "P"),), Faults(losses=1), two_way=TWO_WAY,
         edits=X_IS_WRITTEN, ranks={"a": {"P": 2, "T": 1}}, often=0, ends=ENDS_WITH["AX"]),
    Case("what is relayed needs the account", AB, Faults(1, 1, 0, 1), two_way=TWO_WAY, relay_needs=TWO_WAY),
    Case("a hint at a system that cannot be read", AB[:1], Faults(1, 1), readable=False, edits=(("b", "X"),)),
)  # fmt: skip

DELETED = (
    Case("deleted, made again", AB, Faults(crashes=1), deleted="made again"),
    Case("deleted, made again, and a call is lost", AB, Faults(losses=1), deleted="made again"),
    Case("deleted, made again, once", AB, Faults(losses=1), ONCE, deleted="made again"),
    Case("deleted, made again, once, not readable", AB, Faults(crashes=1), ONCE, readable=False, deleted="made again"),
    Case("deleted, back, once, not readable", AB, Faults(losses=1, refusals=1), ONCE, readable=False, deleted="comes back"),
    Case("deleted, back, once, this one cannot be read", OTHER_IS_READ, Faults(losses=1), ONCE, hidden=frozenset("a"),
         deleted="comes back"),
    Case("deleted, linked, made again, once", AB, Faults(crashes=1), ONCE, known=False, deleted="made again"),
    Case("deleted, linked, back, once, this one cannot be read", OTHER_IS_READ, Faults(losses=1), ONCE, hidden=frozenset("a"),
         known=False, deleted="comes back"),
)  # fmt: skip

CASES: tuple[Case, ...] = (*ORDINARY, *WRITE_ONCE, *ONLY_IF_EMPTY, *REPLAYED, *BOTH_WAYS, *DELETED)

DEEPER: tuple[Case, ...] = tuple(
    replace(case, name=f"{case.name}, more faults", faults=Faults(*map(max, case.faults, (1, 1, 0, 1, 0))))
    for case in (*REPLAYED, *BOTH_WAYS, *ONLY_IF_EMPTY, *WRITE_ONCE, *ORDINARY)
    if case.faults[0] + case.faults[1] + case.faults[3] < 3
)
"""The cases that were explored with fewer faults, for a long run (`pytest -m campaign tests/explore`)."""
