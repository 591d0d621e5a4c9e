"""The folder `mappings/` at work: sandboxes of its five systems that send webhooks, the endpoint, and the stories of the engine,
in one process and without a socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectors.chatwoot.sandbox import Sandbox as Chatwoot
from connectors.contract import Json
from connectors.descope.sandbox import Declared
from connectors.descope.sandbox import Sandbox as Descope
from connectors.looker.sandbox import ApiKey, UserAttribute
from connectors.looker.sandbox import Sandbox as Looker
from connectors.onelogin.sandbox import ApiCredential
from connectors.onelogin.sandbox import Sandbox as OneLogin
from connectors.registry import CONNECTORS
from connectors.sandbox import Webhook
from connectors.tyk.sandbox import Sandbox as Tyk
from tests.landscape import Landscape
from worker.config import Configuration, load
from worker.core.outcome import Outcome
from worker.core.signature import StandardWebhooks
from worker.store.connection import Store

FOLDER = Path(__file__).parents[2] / "mappings"
PLACE = "file:/run/secrets/systems/"
OBSERVE = "    target: {mode: observe}\n"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANA, KIM, DAN = "ana@example.com", "kim@example.com", "dan@example.com"
SYSTEMS = ("onelogin", "descope", "tyk", "looker", "chatwoot")
SPEAKING = tuple(name for name in SYSTEMS if name != "looker")


def configured(folder: Path, *, apply: bool) -> Configuration:
    """The shipped folder with a secret in each file that it names, and nothing else changed; with `apply`, as when the first days
    of observing are over.  folder: where the copy is made."""
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text().replace(PLACE, "file:secret")
        if apply:
            text = text.replace(OBSERVE, "    min_interval: 0s\n")
        (folder / path.name).write_text(text)
    for name in secrets():
        (folder / f"secret{name}").write_text(SECRET)
    return load(folder, {}, CONNECTORS)


def secrets() -> list[str]:
    """The names of the secrets that the folder refers to."""
    return sorted(part.split('"')[0] for part in (FOLDER / "systems.yaml").read_text().split(f'"{PLACE}')[1:])


class Shipped(Landscape):
    """Ana is everywhere; Kim, a contractor, in OneLogin and at the help desk; Dan signs up at the portal,
    and is a contact."""

    most = 200

    def __init__(self, store: Store, folder: Path, *, apply: bool = True) -> None:
        super().__init__(store, configured(folder, apply=apply))
        for name in SPEAKING:
            self.sandboxes[name].webhook = Webhook(f"https://us.example.com/hooks/{name}", SECRET)

    def played(self) -> dict[str, Any]:
        post = self.post
        return {
            "onelogin": OneLogin(
                [{"id": 1001, "email": ANA, "department": "Other"}, {"id": 1003, "email": KIM}],
                ["employee_number"],
                credentials=[ApiCredential("put-the-client-id-here", SECRET)], linger=0.0, post=post,
            ),
            "descope": Descope(
                [{"userId": "U2ana", "loginIds": [ANA], "email": ANA}],
                {"employeeNumber": Declared(), "department": Declared()},
                project="P2PutTheProjectIdHere", key=SECRET, linger=0.0, post=post,
            ),
            "tyk": Tyk(
                [
                    {"ID": 1, "Email": ANA, "First": "Ana", "Last": "Alves"},
                    {"ID": 4, "Email": DAN, "First": "Dan", "Last": "Dunes", "Active": False,
                     "custom_attributes": {"company": "Dunes"}},
                ],
                [{"Identifier": name} for name in ("employee-number", "cost-center", "company")],
                token=SECRET, header="X-Lockstep", post=post,
            ),
            "looker": Looker(
                [{"id": "11", "email": ANA, "locale": "pt_PT"}],
                [UserAttribute("21", "employee_number", own={"11": "9"}), UserAttribute("22", "cost_center")],
                keys=[ApiKey("put-the-client-id-here", SECRET)],
            ),
            "chatwoot": Chatwoot(
                "contact",
                contacts=[{"id": 501, "email": ANA}, {"id": 503, "email": KIM}, {"id": 504, "email": DAN}],
                definitions={"title": "text", "colleague": "checkbox"}, user_token=SECRET, post=post,
            ),
        }  # fmt: skip

    async def hr(self, ident: str, person: str, email: str, **attributes: Json) -> dict[tuple[str, str], str]:
        """HR says something; when all is quiet, what became of it: (target, attribute) -> word."""
        event = {"type": "user.updated", "data": {"id": person, "email": email, "attributes": attributes}}
        body = json.dumps(event).encode()
        verify = self.configuration.systems["hr"].verify
        assert isinstance(verify, StandardWebhooks)
        signed = verify.sign(ident, int(await self.engine.store.now() / 1000), body)
        status = await self.post("https://us.example.com/hooks/hr", {"content-type": "application/json", **signed}, body)
        assert status == 202
        await self.rest()
        return await self.told(f"hr:{ident}")

    async def told(self, name: str) -> dict[tuple[str, str], str]:
        """What the record of an event says."""
        event = await self.engine.journal.event(name)
        assert event is not None
        return {(t, a): _word(outcome) for t, there in event.outcomes.items() for a, outcome in there.items()}

    async def person(self, system: str, account: str, **changes: Json) -> None:
        """Somebody changes an account in the system's own pages; then until all is quiet.  A dot is spelled `__`."""
        self.sandboxes[system].edit(account, {name.replace("__", "."): value for name, value in changes.items()})
        await self.rest()

    def held(self, system: str, account: str) -> Any:
        """What an account holds, read from the system."""
        return self.sandboxes[system].accounts()[account]

    def writes(self) -> int:
        """How many values we have written, everywhere."""
        return sum(entry["by"] == "api" for sandbox in self.sandboxes.values() for entry in sandbox.log.applied)


def _word(outcome: Outcome | None) -> str:
    return str(outcome.word) if outcome is not None else "pending"
