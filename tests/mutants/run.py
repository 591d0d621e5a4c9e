"""Mutants: each patch of this folder takes one rule out of the engine, and the tests that it names must turn red.

A patch is a unified diff against the tree, below two lines that say what it breaks and which tests must notice:

    # rule: Only the visit that has the lease settles.
    # tests: tests/core/test_settle.py

`# tests:` takes anything that pytest takes (`tests/explore -k once`).  To add one: change the code, `git diff >
tests/mutants/a-name.patch`, write the two lines above it, take the change back, `make mutants`.

    python tests/mutants/run.py [WORD IN A NAME ...]

Exit 1 if a mutant survives, does not apply, or breaks more than the rule (the tests must fail, not crash).
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TREE = ("connectors", "worker", "tests", "pyproject.toml")
"""What the tests of a mutant need."""
SKIPPED = shutil.ignore_patterns("__pycache__", "*.patch", ".hypothesis")
PATIENCE = 120
FAILED = 1
"""pytest's exit code when tests ran and some failed; all others mean that they did not run as they should."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """rule: what it takes out.  tests: arguments of pytest."""

    name: str
    rule: str
    tests: tuple[str, ...]
    patch: Path


@dataclass(frozen=True, slots=True)
class Verdict:
    """by: the test that noticed, or why there is none."""

    mutant: Mutant
    caught: bool
    by: str
    seconds: float


def mutants(words: list[str]) -> list[Mutant]:
    """Those with one of the words in their name, or all.  Raises ValueError for a patch without its two lines."""
    found = []
    for patch in sorted(HERE.glob("*.patch")):
        if words and not any(word in patch.stem for word in words):
            continue
        above = patch.read_text().partition("--- ")[0].splitlines()
        header = dict(line.removeprefix("# ").split(": ", 1) for line in above if ": " in line)
        if "rule" not in header or "tests" not in header:
            raise ValueError(f"{patch.name} needs the lines `# rule: ...` and `# tests: ...`")
        found.append(Mutant(patch.stem, header["rule"], tuple(shlex.split(header["tests"])), patch))
    return found


def judged(mutant: Mutant) -> Verdict:
    """Apply the patch to a copy of the tree, and run its tests there."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = Path(folder)
        copy_to(tree)
        problem = applied(mutant.patch, tree)
        if problem:
            return Verdict(mutant, False, f"DOES NOT APPLY: {problem}", time.perf_counter() - start)
        code, output = tested(tree, mutant.tests)
    caught = code == FAILED
    by = first_failure(output) if caught else "SURVIVED" if code == 0 else f"TESTS DID NOT RUN (pytest exit code {code})"
    return Verdict(mutant, caught, by, time.perf_counter() - start)


def applied(patch: Path, tree: Path, *options: str) -> str:
    """Why it does not apply; "" if it did.  Of its lines of context one must still be there."""
    command = ["git", "apply", "-C1", *options, str(patch)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["git says nothing"])[0]


def copy_to(tree: Path) -> None:
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=SKIPPED)
        else:
            shutil.copy(ROOT / name, tree / name)


def tested(tree: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """pytest's exit code and what it printed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return -1, ""
    return done.returncode, done.stdout


def first_failure(output: str) -> str:
    for line in output.splitlines():
        if line.startswith("FAILED "):
            return line.removeprefix("FAILED ").split(" - ", 1)[0].removeprefix("tests/")
    return "a test that does not tell its name"


def main(words: list[str]) -> int:
    chosen, start = mutants(words), time.perf_counter()
    every = sorted({test for mutant in chosen for test in mutant.tests if test.startswith("tests/") and "explore" not in test})
    with tempfile.TemporaryDirectory(prefix="no-mutant-") as folder:
        copy_to(Path(folder))
        code, output = tested(Path(folder), tuple(every)) if every else (0, "")
    if code != 0:
        sys.stdout.write(f"{output}\nThese tests are red without any mutant: mend that first.\n")
        return 1
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        caught = 0
        for verdict in pool.map(judged, chosen):
            caught += verdict.caught
            mark = "caught by" if verdict.caught else "    !!!  "
            sys.stdout.write(f"{verdict.mutant.name:44} {mark} {verdict.by}  ({verdict.seconds:.1f} s)\n")
            if not verdict.caught:
                sys.stdout.write(f"{'':44}           rule: {verdict.mutant.rule}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{caught} of {len(chosen)} mutants caught, {time.perf_counter() - start:.0f} s\n")
    return 0 if chosen and caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
