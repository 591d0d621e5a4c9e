"""The stage of the demonstration: a store, sandboxes, an endpoint, a worker and a tick, each a real process on a free port."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import secrets
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker import embedded, keyfile
from worker.crew import Crew
from worker.demo import people
from worker.demo.web import ask, free_port, wait_for
from worker.store.connection import Store, connect
from worker.store.errors import Unavailable
from worker.up import NotReady, environment, everything, wait_ready

MAPPINGS = Path(__file__).parent / "mappings"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything is.  secret: of the HR system's webhooks.  environ: for the commands that look."""

    endpoint: str
    onelogin: str
    directory: str
    secret: str
    environ: dict[str, str]
    log: Path
    crew: Crew

    def holds(self, system: str) -> dict[str, dict[str, Any]]:
        """The accounts of a sandbox, read over HTTP: e-mail -> attribute -> value."""
        url = {"onelogin": self.onelogin, "directory": self.directory}[system]
        accounts: dict[str, dict[str, Any]] = ask("GET", f"{url}/__sandbox/users")
        return {account["email"]: _flat(account, system) for account in accounts.values()}

    def calls(self, system: str) -> list[dict[str, Any]]:
        """The writes that a sandbox received."""
        url = {"onelogin": self.onelogin, "directory": self.directory}[system]
        requests: list[dict[str, Any]] = ask("GET", f"{url}/__sandbox/log")["requests"]
        return [each for each in requests if each["method"] in ("PUT", "PATCH")]


def _flat(account: dict[str, Any], system: str) -> dict[str, Any]:
    if system == "directory":
        return dict(account["attributes"])
    custom = {f"custom_attributes.{name}": value for name, value in account["custom_attributes"].items()}
    return {**account, **custom}


def _write_environment(file: Path, environ: dict[str, str]) -> None:
    """For another terminal: what a command needs to see this stage."""
    mine = {name: value for name, value in environ.items() if name.startswith(("LOCKSTEP_", "DEMO_"))}
    file.touch(mode=0o600)
    file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(mine.items())))


def _given_store(home: Path) -> dict[str, str]:
    """For a store that LOCKSTEP_REDIS_URL names: it must be empty, because the story begins at the beginning; and it needs keys.
    Raises NotReady."""
    url = os.environ.get("LOCKSTEP_REDIS_URL")
    if not url:
        return {}
    if not asyncio.run(_empty(url)):
        raise NotReady("the store that LOCKSTEP_REDIS_URL names is not empty: give the demonstration an empty database, or none")
    keyfile.make(home / embedded.KEYS)
    return {"LOCKSTEP_FINGERPRINT_KEYS": str(home / embedded.KEYS)}


async def _empty(url: str) -> bool:
    """Raises NotReady."""
    store = Store(connect(url))
    try:
        return int(await store.do("DBSIZE")) == 0
    except Unavailable as error:
        raise NotReady(f"LOCKSTEP_REDIS_URL: {error.reason}") from error
    finally:
        await store.close()


@contextlib.contextmanager
def raised(home: Path, *, listen: str = "", quiet: bool = True) -> Iterator[Stage]:
    """Start everything and wait until it works.  home: the folder of the store and the log; it is emptied first, because what
    the sandboxes hold begins anew, too.  listen: where, if not on a free port.  quiet: the processes write to a file there, not
    to our stderr.  Raises worker.embedded.NoStore, worker.up.NotReady, TimeoutError."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    given = _given_store(home)
    ports = {name: free_port() for name in ("onelogin", "directory", "endpoint")}
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    hook, token, client = (secrets.token_urlsafe(24) for _ in range(3))
    environ = {
        **environment(), **given, "LOCKSTEP_CONFIG": str(MAPPINGS), "LOCKSTEP_LISTEN": listen or f"127.0.0.1:{ports['endpoint']}",
        "DEMO_HR_SECRET": secret, "DEMO_ONELOGIN": urls["onelogin"], "DEMO_ONELOGIN_SECRET": client, "DEMO_ONELOGIN_HOOK": hook,
        "DEMO_DIRECTORY": urls["directory"], "DEMO_DIRECTORY_TOKEN": token,
    }  # fmt: skip
    endpoint = f"http://{environ['LOCKSTEP_LISTEN']}"
    log = home / "processes.log"
    with everything(environ, output=log if quiet else None, home=home) as (crew, provided):
        _write_environment(home / "environment", provided)
        for kind, name, seed in (
            ("onelogin", "onelogin", people.onelogin("demo", client)),
            ("http", "directory", people.directory(token)),
        ):
            file = home / f"{name}.json"
            file.write_text(json.dumps(seed))
            crew.start(name, "sandbox", kind, "--listen", f"127.0.0.1:{ports[name]}", "--seed", str(file))
        for name in ("onelogin", "directory"):
            wait_for(f"{urls[name]}/__sandbox/users")
        wait_ready(endpoint, crew)
        ask("PUT", f"{urls['onelogin']}/__sandbox/webhook", {"url": f"{endpoint}/hooks/onelogin", "secret": hook})
        yield Stage(endpoint, urls["onelogin"], urls["directory"], secret, provided, log, crew)
