"""The cast of the demonstration: which systems play, what they hold, and what they share with Lockstep."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from worker.demo import people
from worker.demo.people import Seed
from worker.demo.web import free_port

SEEDS: Mapping[str, Callable[[str], Seed]] = {
    "onelogin": partial(people.onelogin, "demo"),
    "tyk": people.tyk,
    "descope": people.descope,
    "looker": people.looker,
    "chatwoot": people.chatwoot,
}
"""System, which is also the name of its connector -> what it holds, given the secret that opens it.  In the table's order."""
SILENT = frozenset({"looker"})
"""Systems that send no webhook."""
BELOW = {"tyk": "/portal-api"}
"""Where a system's API is not at the root of its address."""


@dataclass(frozen=True, slots=True)
class Player:
    """One sandboxed system: its connector, the port that it listens on, its seed, the secret that opens it, and the secret of the
    webhooks that it sends, "" if it sends none."""

    name: str
    port: int
    seed: Seed = field(repr=False)
    secret: str = field(repr=False)
    hook: str = field(repr=False)

    @property
    def listen(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.listen}"

    def environ(self) -> dict[str, str]:
        """What the demonstration's `systems.yaml` refers to."""
        prefix = f"DEMO_{self.name.upper()}"
        told = {prefix: self.url + BELOW.get(self.name, ""), f"{prefix}_SECRET": self.secret}
        return {**told, f"{prefix}_HOOK": self.hook} if self.hook else told


def cast() -> tuple[Player, ...]:
    """All of them, each on a port of its own and with new secrets."""
    return tuple(_player(name, seed) for name, seed in SEEDS.items())


def _player(name: str, seed: Callable[[str], Seed]) -> Player:
    secret = secrets.token_urlsafe(24)
    hook = "" if name in SILENT else secrets.token_urlsafe(24)
    return Player(name, free_port(), seed(secret), secret, hook)
