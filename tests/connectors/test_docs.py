"""docs/connectors.md followed to the letter: the files on that page make a connector that passes the suites."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.registry import CONNECTORS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "connectors.md"
FILE = re.compile(r"<!-- file: (\S+) -->\n```(\w+)\n(.*?)```\n", re.DOTALL)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what matters here, with the files of the page in it and the line in the registry."""
    copy = tmp_path_factory.mktemp("followed")
    for name in ("worker", "tests", "pyproject.toml"):
        (copy / name).symlink_to(ROOT / name)
    (copy / "connectors").mkdir()
    for path in (ROOT / "connectors").iterdir():
        if path.name not in ("__pycache__", "registry.py", "acme"):
            (copy / "connectors" / path.name).symlink_to(path)
    page = PAGE.read_text()
    for path, _, text in FILE.findall(page):
        place = copy / path.replace("tests/connectors/", "")
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    registry = (ROOT / "connectors" / "registry.py").read_text()
    added = re.search(r"In `connectors/registry.py`:\n\n```python\n(.*?)\n\n(.*?)\n```", page, re.DOTALL)
    assert added is not None
    registry = registry.replace("from connectors.contract", f"{added[1]}\nfrom connectors.contract")
    registry = re.sub(r"_ALL: .*", added[2], registry)
    (copy / "connectors" / "registry.py").write_text(registry)
    return copy


def run(followed: Path, *command: str) -> str:
    done = subprocess.run([sys.executable, *command], cwd=followed, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_has_every_file_of_a_connector() -> None:
    """A reader has to make up nothing."""
    room = "connectors/acme"
    expected = {f"{room}/{name}" for name in ("README.md", "settings.py", "target.py", "source.py", "__init__.py", "sandbox.py")}
    assert {path for path, _, _ in FILE.findall(PAGE.read_text())} == expected | {"tests/connectors/test_acme.py"}


def test_the_connector_of_the_page_passes_the_suites(followed: Path) -> None:
    """Both suites, against its own sandbox."""
    said = run(followed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme.py")
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed[1]) > 120


def test_the_registry_knows_it(followed: Path) -> None:
    """The one line is enough, and takes nothing away."""
    known = run(followed, "-c", "from connectors.registry import CONNECTORS; print(*CONNECTORS)").split()
    assert known == sorted([*CONNECTORS, "acme"])


def test_its_readme_has_each_of_its_reasons(followed: Path) -> None:
    """The test that holds every README to its code passes for this one, too."""
    said = run(followed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_docs.py", "-k", "reasons_of_a and acme")
    assert "1 passed" in said


def test_its_sandbox_can_be_started(followed: Path) -> None:
    """`lockstep sandbox acme` knows what to play."""
    seed = json.loads(run(followed, "-m", "worker", "sandbox", "acme", "--show-seed"))
    assert set(seed) == {"key", "fields", "people"}
    imports = "from connectors.sandbox import made; from connectors.acme.sandbox import SEED, Sandbox"
    assert run(followed, "-c", f"{imports}; print(*made(Sandbox, SEED).people)").split() == ["p1", "p2"]
