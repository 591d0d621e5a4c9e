"""Explore from the command line: `python -m tests.explore [WORD IN THE NAME OF A CASE ...]`; every case without words."""

from __future__ import annotations

import sys
import time

from tests.explore.cases import CASES, DEEPER
from tests.explore.explorer import explore


def main(words: list[str]) -> int:
    chosen = [case for case in (*CASES, *DEEPER) if any(word in case.name for word in words)] if words else CASES
    worlds, start, broken = 0, time.perf_counter(), 0
    for case in chosen:
        began = time.perf_counter()
        found = explore(case)
        worlds += found.worlds
        broken += bool(found.broken)
        seconds = time.perf_counter() - began
        sys.stdout.write(
            f"{case.name:46} {found.worlds:8,} worlds {found.longest:3} moves to rest {seconds:6.1f} s  {found or 'holds'}\n"
        )
    sys.stdout.write(f"{len(chosen)} cases, {worlds:,} worlds, {time.perf_counter() - start:.1f} s, {broken} broken\n")
    return min(broken, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
