"""A seal in sentences: who sealed the attribute, since when, and what an operator can do about it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from connectors.contract import Absent
from worker.core.lane import Seal
from worker.core.outcome import Word
from worker.telling.why import Spoke, Why
from worker.telling.words import when

UNLOCK = "Only `lockstep seals unseal` lets another value in."


def found(w: Why) -> Seal | None:
    """The seal, if what it keeps was there before us and, as far as is known, still is."""
    seal = w.seal
    return seal if seal is not None and seal.found and seal.print is not None and not changed_since(w, seal) else None


def changed_since(w: Why, seal: Seal) -> bool:
    """Whether the account surely holds another value than the sealed one.  Fingerprints of two keys cannot be compared."""
    if not seal.print or w.print is None:
        return False
    return w.print != seal.print and (not w.print or w.print.partition(".")[0] == seal.print.partition(".")[0])


def whose(seal: Seal) -> str:
    """Of a value that was found."""
    to_be_written = f"when {seal.event} was to be written" if seal.event else "when something was to be written"
    return f"No event of ours wrote it: {to_be_written} the account was read first, and this was there."


def seal_lines(w: Why) -> Iterator[str]:
    """Whether it is sealed; then by whom, since when, and what to do."""
    seal = w.seal
    if seal is None:
        yield "It is not sealed."
        return
    sealed = f"It is sealed{f', by {seal.event},' if seal.event and not seal.found else ''}"
    if seal.at:
        sealed += f" since {when(seal.at, w.now)}"
    if seal.unsure:
        yield f"{sealed}, but it is not known whether that value landed: only the same may be sent. {UNLOCK}"
    elif seal.found and seal.print is None:
        unlock = f"{UNLOCK.removesuffix('.')}, once its lock is lifted there."
        yield f"{sealed}: {w.place.system} itself keeps its first value. {unlock}"
    elif changed_since(w, seal):
        yield f"{sealed}, but with another value than the one held: somebody changed it in {w.place.system} since. {UNLOCK}"
    elif seal.found:
        behalf = f" for {seal.event}" if seal.event else ""
        yield f"{sealed}, as found: Lockstep sealed it{behalf}, and writes no other value there."
    else:
        yield f"{sealed}: this is its only value, for ever. {UNLOCK}"
    if seal.found and seal.print is not None and w.mode != "observe":
        yield from _what_to_do(w)


def _what_to_do(w: Why) -> Iterator[str]:
    """Of the value that was found and the one that lost to it only a person knows which is right."""
    there = w.place.system
    loser = _last_loser(w)
    if loser is None and w.by is not None:
        yield "Nothing is to be done: source and target agree."
    elif loser is None:
        yield f"If the value in {there} is wrong, let the one of another event in with `lockstep seals unseal`."
    else:
        yield f"If the value in {there} is right, correct {loser.event.source}: until then what it says here ends `sealed`."
        yield f"If that of {loser.event.name} is right, let it in:"
        command = ["lockstep", "seals", "unseal", str(w.subject), there, w.attribute, "--for", loser.event.name]
        yield f"    {shlex.join(command)}"
        yield "That says what would happen; with `--reason` and `--apply` it happens, once."


def _last_loser(w: Why) -> Spoke | None:
    """The newest event that lost to the seal and is the last word of its source."""
    last: dict[str, Spoke] = {}
    for each in w.spoke:
        if each.outcome is not None and not isinstance(each.value, Absent | None):
            last.setdefault(each.event.source, each)
    return next((each for each in last.values() if each.outcome is not None and each.outcome.word is Word.SEALED), None)
