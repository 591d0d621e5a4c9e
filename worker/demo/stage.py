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
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker import keyfile
from worker.demo.cast import cast
from worker.demo.web import ask, free_port, wait_for
from worker.machine.crew import Crew
from worker.machine.up import NotReady, environment, everything, wait_ready
from worker.store import embedded
from worker.store.connection import Store, connect
from worker.store.errors import Unavailable

MAPPINGS = Path(__file__).parent / "mappings"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything is.  sandboxes: system -> its address; secret: of the HR system's webhooks; environ: for the commands that
    look."""

    endpoint: str
    sandboxes: Mapping[str, str]
    secret: str
    environ: dict[str, str]
    log: Path
    crew: Crew

    def holds(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The accounts of all sandboxes, read over HTTP: system -> e-mail -> attribute, as mappings name it -> value."""
        return {name: accounts(name, ask("GET", f"{url}/__sandbox/users")) for name, url in self.sandboxes.items()}

    def writes(self, attribute: Mapping[str, str] | None = None) -> Counter[str]:
        """How many values were written over the API, by system; or how often this attribute of each was."""
        return Counter(
            name
            for name, url in self.sandboxes.items()
            for entry in ask("GET", f"{url}/__sandbox/log")["applied"]
            if entry["by"] == "api" and (attribute is None or entry["attribute"] == attribute.get(name))
        )

    def edit(self, system: str, account: str, changes: Mapping[str, Any]) -> None:
        """Somebody changes an account in the system's own console."""
        ask("PATCH", f"{self.sandboxes[system]}/__sandbox/users/{account}", dict(changes))


def accounts(system: str, listed: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a sandbox lists: e-mail -> attribute -> value.  Of a Tyk portal custom attributes stand at the top, as its connector
    has them."""
    flat = [dict(_flat(account)) for account in listed.values()]
    if system == "tyk":
        flat = [{name.removeprefix("custom_attributes."): value for name, value in account.items()} for account in flat]
    return {str(account.get("email") or account["Email"]): account for account in flat}


def _flat(account: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in account.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{under}{name}.")
        else:
            yield under + name, value


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
    to our stderr.  Raises worker.store.embedded.NoStore, worker.machine.up.NotReady, TimeoutError."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    given = _given_store(home)
    players = cast()
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    environ = {
        **environment(), **given, "LOCKSTEP_CONFIG": str(MAPPINGS), "LOCKSTEP_LISTEN": listen or f"127.0.0.1:{free_port()}",
        "DEMO_HR_SECRET": secret, **{name: value for player in players for name, value in player.environ().items()},
    }  # fmt: skip
    endpoint = f"http://{environ['LOCKSTEP_LISTEN']}"
    log = home / "processes.log"
    with everything(environ, output=log if quiet else None, home=home) as (crew, provided):
        _write_environment(home / "environment", provided)
        for player in players:
            file = home / f"{player.name}.json"
            file.touch(mode=0o600)
            file.write_text(json.dumps(player.seed))
            crew.start(player.name, "sandbox", player.name, "--listen", player.listen, "--seed", str(file))
        for player in players:
            wait_for(f"{player.url}/__sandbox/users")
        wait_ready(endpoint, crew)
        for player in players:
            if player.hook:
                told = {"url": f"{endpoint}/hooks/{player.name}", "secret": player.hook}
                ask("PUT", f"{player.url}/__sandbox/webhook", told)
        yield Stage(endpoint, {player.name: player.url for player in players}, secret, provided, log, crew)
