"""Signed `curl` commands: something to paste that makes something happen."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from shlex import quote

from worker import wiring
from worker.cli._terminal import Up
from worker.core.signature import StandardWebhooks
from worker.demo.people import change
from worker.settings import Settings


def examples(up: Up) -> Iterator[str]:
    """A command for each source whose signature we can make; a sentence for the others, whose secret is not printed."""
    settings = Settings.from_environ({name: value for name, value in up.environ.items() if name.startswith("LOCKSTEP_")})
    configuration = wiring.configuration(settings, up.environ)
    for name, system in configuration.systems.items():
        if system.source is None:
            continue
        url = f"{up.endpoint}/hooks/{name}"
        if isinstance(system.verify, StandardWebhooks):
            yield f"{signed(url, system.verify)}\n"
        else:
            unsigned = f"to try it without one: lockstep send FILE --source {name}"
            yield f"{name} sends to {url} with a secret of its own, which is not printed here; {unsigned}\n"
    for name, url in up.sandboxes.items():
        yield f"what the sandbox {name} holds: curl {url}/__sandbox/users"
    if up.variables is not None:
        file = quote(os.path.relpath(up.variables))
        yield f"in another terminal: . {file}; .venv/bin/lockstep why hr:E-1 onelogin title"


def signed(url: str, verify: StandardWebhooks) -> str:
    """One event about one person.  The signature holds for as long as the source's tolerance, five minutes by default."""
    body = json.dumps(change("E-1", "010441", "ana@example.com", department="R&D", title="Engineer", unit="7"))
    headers = {"content-type": "application/json", **verify.sign(f"msg_{uuid.uuid4().hex}", int(time.time()), body.encode())}
    return " \\\n  ".join(
        [f"curl -i {url}", *(f"-H {quote(f'{name}: {value}')}" for name, value in headers.items()), f"-d {quote(body)}"]
    )
