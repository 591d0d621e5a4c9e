"""The mutants can be run: each says what it breaks, names tests that exist, and fits the code as it is."""

from __future__ import annotations

from tests.mutants.run import HERE, ROOT, applied, mutants


def test_every_mutant_fits_the_code() -> None:
    """A patch that does not apply any more is a rule that nobody checks.  After a change of the code: make the same change to
    the patch (the docstring of tests/mutants/run.py says how one is made)."""
    found = mutants([])
    assert [mutant.name for mutant in found] == sorted(patch.stem for patch in HERE.glob("*.patch"))
    assert {mutant.name: problem for mutant in found if (problem := applied(mutant.patch, ROOT, "--check"))} == {}
    named = {argument for mutant in found for argument in mutant.tests if argument.startswith("tests/")}
    assert [name for name in named if not (ROOT / name).exists()] == []
