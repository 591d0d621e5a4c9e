"""Who may import whom, what a module may be called, how long it may be.

The rooms are worth something only while the arrows between them go one way; a rule that no test holds is a wish.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path.relative_to(ROOT).as_posix() for room in ("worker", "connectors") for path in (ROOT / room).rglob("*.py"))

OWNERS = {
    "aiohttp": ("worker/network/session.py",),
    "cel_expr_python": ("worker/core/expression.py",),
    "celery": ("worker/tasks.py",),
    "click": ("worker/cli/",),
    "hiredis": ("worker/store/connection.py",),
    "httpx": ("connectors/contract.py", "worker/network/transport.py"),
    "kombu": ("worker/tasks.py",),
    "redis": ("worker/store/", "worker/cli/_frame.py", "worker/wiring.py"),
    "rich": ("worker/cli/", "worker/demo/"),
    "starlette": ("worker/endpoint/ingress.py", "worker/endpoint/exchange.py", "worker/endpoint/listener.py"),
    "uvicorn": ("worker/endpoint/listener.py", "worker/demo/"),
    "yaml": ("worker/config/",),
    "yarl": ("worker/network/session.py",),
}
"""A library is known in these places only, so that it can be exchanged there.  Sandboxes are servers and may be Starlette's."""

IMPURE = {
    "asyncio", "concurrent", "ctypes", "getpass", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random",
    "secrets", "select", "shutil", "signal", "socket", "ssl", "structlog", "subprocess", "tempfile", "threading", "time",
    "urllib.request", "uuid",
}  # fmt: skip
"""The core gets time and chance as arguments, and talks to nobody."""

CORE_LIBRARIES = {"msgspec", "cel_expr_python"}
BELOW_THE_ENGINE = tuple(f"worker.{room}" for room in ("engine", "core", "store", "config", "network", "absence", "cause"))
CONNECTOR_LIBRARIES = {"pydantic"}
SHARED = ("contract", "address", "keyed", "moment", "reading")
"""What every connector may lean on."""
SANDBOX_LIBRARIES = {"pydantic", "starlette"}

BANNED_NAMES = {
    "base",
    "common",
    "data",
    "handler",
    "handlers",
    "helper",
    "helpers",
    "info",
    "manager",
    "process",
    "types",
    "util",
    "utils",
}

MOST_LINES = 300
LONG = {
    "connectors/contract.py": "one idea in one file: all that a connector and the worker may know of each other",
    "worker/core/lane.py": "the words of the engine: the types that every transition speaks of, with what each field promises",
}
"""Modules that were looked at again, and why they stay whole."""


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules that a module imports, wherever in it; `from a import b` is a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def allowed(path: str, name: str) -> bool:
    """Whether the module at `path` may import `name` (a dotted name of a module, or of what is in one)."""
    library = name.split(".", 1)[0]
    sandbox = path.startswith("connectors/") and "sandbox" in path.removesuffix(".py").split("/")
    if within(name, "mappings", "tests", "bench") or name.startswith("."):
        return False
    if library in OWNERS and not path.startswith(OWNERS[library]) and not (sandbox and library in SANDBOX_LIBRARIES):
        return False
    if path.startswith("connectors/"):
        return _allowed_in_connectors(path, name, sandbox=sandbox)
    if within(name, "connectors"):
        return name == "connectors" or within(name, "connectors.contract") or _may_know_connectors(path, name)
    if path.startswith("worker/core/"):
        pure = library in sys.stdlib_module_names and not within(name, *IMPURE)
        return pure or library in CORE_LIBRARIES or name == "worker" or within(name, "worker.core")
    if path.startswith("worker/engine/") and within(name, "worker"):
        return name == "worker" or within(name, *BELOW_THE_ENGINE)
    return True


def _allowed_in_connectors(path: str, name: str, *, sandbox: bool) -> bool:
    if path == "connectors/registry.py" and within(name, "connectors"):
        return True
    room = path.split("/")[1].removesuffix(".py")
    own = ("connectors", f"connectors.{room}")
    shared = tuple(f"connectors.{module}" for module in (*SHARED, *(("sandbox",) if sandbox else ())))
    if within(name, "connectors"):
        return name == own[0] or within(name, own[1], *shared)
    libraries = SANDBOX_LIBRARIES if sandbox else CONNECTOR_LIBRARIES
    library = name.split(".", 1)[0]
    return library in sys.stdlib_module_names or library in libraries or path == "connectors/contract.py"


def _may_know_connectors(path: str, name: str) -> bool:
    """The wiring knows the registry; the demonstration, which plays the systems, knows their sandboxes."""
    if path == "worker/wiring.py":
        return within(name, "connectors.registry")
    if path.startswith("worker/demo/"):
        return "sandbox" in name.split(".") or all(part not in ("target", "source", "settings") for part in name.split("."))
    return False


@pytest.mark.parametrize("path", MODULES)
def test_arrows_go_one_way(path: str) -> None:
    """The core knows nobody; the worker knows the contract, and so does a connector, but no neighbour; a library has an owner."""
    tree = ast.parse((ROOT / path).read_text())
    assert [name for name in imported(tree) if not allowed(path, name)] == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.startswith("worker/core/")])
def test_the_core_asks_no_clock(path: str) -> None:
    """`now` arrives as an argument: no function of datetime that asks the machine is called."""
    source = (ROOT / path).read_text()
    asked = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert not asked & {"utcnow", "today", "monotonic", "perf_counter", "time_ns"}
    assert "datetime.now" not in source


@pytest.mark.parametrize("path", MODULES)
def test_a_module_says_first_what_it_knows(path: str) -> None:
    """Every module begins with a docstring, and its name is no bin for everything."""
    tree = ast.parse((ROOT / path).read_text())
    assert ast.get_docstring(tree), "the first line of a module says what it knows"
    assert Path(path).stem not in BANNED_NAMES


@pytest.mark.parametrize("path", MODULES)
def test_a_module_is_short_or_says_why_not(path: str) -> None:
    """Three hundred lines are a reason to look again; what was looked at is in the list with its reason."""
    lines = len((ROOT / path).read_text().splitlines())
    assert lines <= MOST_LINES or path in LONG


def test_the_list_of_owners_is_true() -> None:
    """A place that does not need its library any more leaves the list."""
    users = {library: set[str]() for library in OWNERS}
    for path in MODULES:
        for library in {name.split(".", 1)[0] for name in imported(ast.parse((ROOT / path).read_text()))} & OWNERS.keys():
            users[library].add(path)
    named = [(library, owner) for library, owners in OWNERS.items() for owner in owners]
    assert [(library, owner) for library, owner in named if not any(path.startswith(owner) for path in users[library])] == []


def test_the_list_of_long_modules_is_true() -> None:
    """A module that became short again leaves the list."""
    assert [path for path in LONG if len((ROOT / path).read_text().splitlines()) <= MOST_LINES] == []


def test_folders_of_tests_are_no_packages() -> None:
    """Two test files may have one name; nothing imports a test."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("worker/core/plan.py", "import time"),
        ("worker/core/plan.py", "from datetime import datetime, UTC\nimport logging.config"),
        ("worker/core/plan.py", "from worker.store import lanes"),
        ("worker/core/plan.py", "import redis.asyncio"),
        ("worker/core/plan.py", "from connectors import registry"),
        ("worker/core/plan.py", "from ..store import lanes"),
        ("worker/engine/deliver.py", "import connectors.onelogin"),
        ("worker/engine/deliver.py", "from connectors.registry import CONNECTORS"),
        ("worker/engine/deliver.py", "def f():\n    import celery"),
        ("worker/engine/deliver.py", "from httpx import Request"),
        ("worker/engine/deliver.py", "from worker.telling import why"),
        ("worker/engine/tick.py", "from worker import settings"),
        ("worker/wiring.py", "from connectors.onelogin.target import OneLogin"),
        ("worker/demo/story.py", "from connectors.onelogin.target import OneLogin"),
        ("worker/settings.py", "import mappings"),
        ("connectors/onelogin/target.py", "from worker.core import lane"),
        ("connectors/onelogin/target.py", "import worker"),
        ("connectors/onelogin/target.py", "from connectors.http import target"),
        ("connectors/onelogin/target.py", "from connectors import http"),
        ("connectors/onelogin/target.py", "from httpx import Request"),
        ("connectors/onelogin/target.py", "import starlette"),
        ("connectors/onelogin/target.py", "from connectors import sandbox"),
        ("connectors/onelogin/sandbox.py", "from connectors.http import sandbox"),
        ("connectors/onelogin/sandbox/gate.py", "import aiohttp"),
        ("connectors/sandbox/stage.py", "from connectors.http.sandbox import Sandbox"),
        ("connectors/reading.py", "import structlog"),
        ("connectors/reading.py", "import connectors.onelogin"),
    ],
)
def test_these_rules_can_fail(path: str, line: str) -> None:
    """Each forbidden import is seen as one."""
    assert [name for name in imported(ast.parse(line)) if not allowed(path, name)]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("worker/core/plan.py", "from collections.abc import Mapping\nfrom datetime import datetime\nimport msgspec"),
        ("worker/core/plan.py", "from connectors.contract import Json\nfrom worker.core.lane import Lane"),
        ("worker/wiring.py", "from connectors.registry import CONNECTORS"),
        ("worker/demo/story.py", "from connectors.onelogin.sandbox import Sandbox"),
        (
            "connectors/onelogin/target.py",
            "from connectors.onelogin.settings import Settings\nfrom connectors.contract import Flow",
        ),
        ("connectors/onelogin/target.py", "from connectors import reading\nfrom pydantic import BaseModel"),
        ("connectors/onelogin/sandbox.py", "from starlette.applications import Starlette\nfrom connectors.sandbox import Log"),
        ("connectors/onelogin/sandbox/gate.py", "from starlette.requests import Request\nfrom connectors.sandbox import Fault"),
        ("connectors/registry.py", "from connectors import http, onelogin"),
    ],
)
def test_these_rules_let_through_what_is_meant(path: str, line: str) -> None:
    """The arrows that the design draws."""
    assert [name for name in imported(ast.parse(line)) if not allowed(path, name)] == []
