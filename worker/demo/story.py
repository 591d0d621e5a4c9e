"""The story of the demonstration: what happens, told as it happens, and what the systems hold before and after."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from worker.core.event import Event
from worker.core.outcome import Outcome, Word
from worker.demo.people import ANA, BEN, CHO, DAN, change
from worker.demo.stage import Stage, raised
from worker.demo.table import Row, drawn, wrong
from worker.demo.web import send
from worker.demo.witness import Witness

BURST = 12
QUIET = 0.7
"""Seconds without a write after which the story takes everything to be at rest."""
NUMBER = {
    "onelogin": "custom_attributes.employee_number",
    "tyk": "employee-number",
    "descope": "customAttributes.employeeNumber",
    "looker": "employee_number",
    "chatwoot": "custom_attributes.employee_number",
}
"""The write-once attribute of each system."""
TITLE = {"onelogin": "title", "chatwoot": "custom_attributes.title"}
PHONE = {"onelogin": "phone", "descope": "phone", "chatwoot": "phone_number"}
"""A ring: each of the three tells the two others."""
COMPANY = "additional_attributes.company_name"


class Demo:
    """Tells the story on a console.  Afterwards `failures` names what does not hold what it should."""

    def __init__(self, stage: Stage, witness: Witness, console: Console) -> None:
        self.stage, self.witness, self.console = stage, witness, console
        self.failures: list[str] = []
        self.rows: list[Row] = []

    def tell(self) -> None:
        before = self.stage.holds()
        self._hire()
        self._numbered_already()
        self._renumbered()
        self._burst()
        self._null()
        self._by_hand("Ana changes her phone in OneLogin itself", "onelogin", "1001", ANA, "+442079460001")
        self._by_hand("The help desk corrects Ben's phone in Chatwoot", "chatwoot", "502", BEN, "+442079460002")
        self._activated()
        after = self.stage.holds()
        self.console.print()
        self.console.print(drawn(self.rows, before, after))
        self.failures += wrong(self.rows, after)
        for word in ("applied", "sealed", "superseded", "ignored", "parked"):
            self._check(any(row.outcome == word for row in self.rows), f"nothing was {word}")

    # ---------------------------------------------------------------- the chapters

    def _hire(self) -> None:
        self._chapter("HR hires Ana", "one signed webhook, five systems, thirteen attributes")
        event = self._send(change("E-1", "010441", ANA, department=" R&D ", title="Engineer", unit="7", badge="B-77"))
        self._row(event, "onelogin", ANA, "department", "Research", "trimmed, and looked up")
        self._row(event, "onelogin", ANA, "title", "Engineer")
        self._row(event, "onelogin", ANA, NUMBER["onelogin"], "010441", "write-once: sealed from now on")
        self._row(event, "onelogin", ANA, "custom_attributes.badge", None)
        self._row(event, "tyk", ANA, NUMBER["tyk"], "010441", "the portal locks it, too")
        self._row(event, "tyk", ANA, "cost-center", "10-7", "an expression over the unit")
        self._row(event, "descope", ANA, "customAttributes.department", "r&d")
        self._row(event, "descope", ANA, NUMBER["descope"], "010441")
        self._row(event, "looker", ANA, NUMBER["looker"], "010441")
        self._row(event, "looker", ANA, "cost_center", "10-7")
        self._row(event, "looker", ANA, "locale", "pt_PT")
        self._row(event, "chatwoot", ANA, NUMBER["chatwoot"], "010441")
        self._row(event, "chatwoot", ANA, TITLE["chatwoot"], "Engineer")
        self._say("OneLogin knows no field `badge` and refuses the whole call for its sake; the others went again without it.")

    def _numbered_already(self) -> None:
        self._chapter("HR numbers Ben", "but in OneLogin and at the portal somebody has given him the number 9")
        event = self._send(change("E-2", "010442", BEN, department="OPS", unit="3"))
        self._row(event, "onelogin", BEN, NUMBER["onelogin"], "9")
        self._row(event, "onelogin", BEN, "department", "Operations")
        self._row(event, "tyk", BEN, NUMBER["tyk"], "9")
        self._row(event, "looker", BEN, NUMBER["looker"], "010442")

    def _renumbered(self) -> None:
        self._chapter("HR mistypes Ana's number", "it was written once, and is written again nowhere")
        written = self.stage.writes(NUMBER)
        event = self._send(change("E-1", "010414", ANA))
        words = {system: getattr(_outcome(event, system, name), "word", None) for system, name in NUMBER.items()}
        self._check(set(words.values()) == {Word.SEALED}, f"a second number was not sealed everywhere: {words}")
        self._check(self.stage.writes(NUMBER) == written, "a write-once attribute was written twice")
        self._row(event, "descope", ANA, NUMBER["descope"], "010441")
        self._say("sealed in all five, and nothing was written.")

    def _burst(self) -> None:
        self._chapter("HR cannot decide on Cho's title", f"{BURST} webhooks at once, after one that was just written")
        first = self._send(change("E-3", "010443", CHO, title="Senior Analyst"), quiet=True)
        before, started = self.stage.writes(TITLE), time.time()
        titles = [f"Title {n}" for n in range(1, BURST)] + ["Principal Analyst"]

        def post(n: int) -> str:
            return self._post(_stamped(change("E-3", "010443", CHO, title=titles[n]), started, n))

        with ThreadPoolExecutor(4) as senders:
            sent = list(senders.map(post, range(BURST)))
        events = [self.witness.over(name) for name in sent]
        calls = self.stage.writes(TITLE) - before
        for system, attribute in TITLE.items():
            told = f"{BURST} webhooks became {_counted(calls[system], 'call')}"
            self._row(events[-1], system, CHO, attribute, "Principal Analyst", told)
            self._check(1 <= calls[system] < BURST // 2, f"{told} in {system}")
        lost = [e for e in (first, *events) if (o := _outcome(e, "onelogin", "title")) and o.word is Word.SUPERSEDED]
        if lost:
            self._row(lost[0], "onelogin", CHO, "title", "Principal Analyst", f"and {len(lost) - 1} more, by a newer one")
        self._check(len(lost) > BURST // 2, f"only {len(lost)} of the burst were superseded")
        made = " and ".join(_counted(calls[system], "call") + f" to {system}" for system in TITLE)
        self._say(f"all accepted, {made}: a lane keeps the newest value, not a queue.")

    def _null(self) -> None:
        self._chapter("HR sends no title for Ana any more", "null means here: leave it alone")
        event = self._send(change("E-1", "010441", ANA, title=None))
        self._row(event, "onelogin", ANA, "title", "Engineer")

    def _by_hand(self, title: str, system: str, account: str, email: str, number: str) -> None:
        others = [name for name in PHONE if name != system]
        self._chapter(title, "its webhook says only: look")
        before = self.stage.writes(PHONE)
        self.stage.edit(system, account, {PHONE[system]: number})
        event = self.witness.observed(system, account, PHONE[system])
        for name in others:
            self._row(event, name, email, PHONE[name], number, f"a look in {system} saw it")
        self._rest()
        written = self.stage.writes(PHONE) - before
        self._check(written == dict.fromkeys(others, 1), f"a change in {system} was written {dict(written)} times")
        self._say(f"each of the three tells the two others: {_counted(written.total(), 'write')}, and it came to rest.")

    def _activated(self) -> None:
        self._chapter("An admin of the portal activates Dan", "who named his company when he signed up")
        self.stage.edit("tyk", "4", {"Active": True})
        event = self.witness.observed("tyk", "4", "company")
        self._row(event, "chatwoot", DAN, COMPANY, "Dunes Ltd", "a look in tyk saw it")
        self._say("the portal tells of sign-ups and activations; of a later change it tells nobody.")

    # ---------------------------------------------------------------- saying and seeing

    def _chapter(self, title: str, about: str) -> None:
        self.console.print(f"\n[bold]{title}[/bold]: {about}")

    def _say(self, text: str) -> None:
        self.console.print(f"  [dim]{text}[/dim]")

    def _post(self, event: dict[str, Any]) -> str:
        status, ident = send(f"{self.stage.endpoint}/hooks/hr", self.stage.secret, event)
        self._check(status == 202, f"the endpoint answered {status}")
        return f"hr:{ident}"

    def _send(self, event: dict[str, Any], *, quiet: bool = False) -> Event:
        started = time.monotonic()
        over = self.witness.over(self._post(event))
        if not quiet:
            self._say(f"accepted and over after {time.monotonic() - started:.2f} s")
        return over

    def _rest(self) -> None:
        """All is quiet: the same number of writes everywhere, twice in a row."""
        counts = None
        while counts != (now := self.stage.writes()):
            counts = now
            time.sleep(QUIET)

    def _row(self, event: Event, system: str, email: str, attribute: str, expected: Any, because: str = "") -> None:
        outcome = _outcome(event, system, attribute)
        self._check(outcome is not None, f"{event.name} says nothing of {system} {attribute}")
        if outcome is not None:
            self.rows.append(Row(system, email, attribute, expected, outcome.word, _joined((outcome.reason, because))))

    def _check(self, holds: bool, text: str) -> None:
        if not holds:
            self.failures.append(text)


def _stamped(event: dict[str, Any], started: float, order: int) -> dict[str, Any]:
    """With a time of the source's own, so that the order of arrival does not matter."""
    moment = datetime.fromtimestamp(started, UTC) + timedelta(microseconds=order)
    return {**event, "timestamp": moment.isoformat(timespec="microseconds")}


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(filter(None, texts))


def _outcome(event: Event, system: str, attribute: str) -> Outcome | None:
    return event.outcomes.get(system, {}).get(attribute)


def run(home: Path, console: Console) -> list[str]:
    """Raise the stage, tell the story; what does not hold."""
    console.print("[bold]Lockstep[/bold]: a store, an endpoint, a worker, a tick and five sandboxed systems are starting ...")
    started = time.monotonic()
    with raised(home) as stage:
        console.print(f"ready after {time.monotonic() - started:.1f} s: webhooks go to {stage.endpoint}/hooks/hr")
        with Witness(stage.environ, stage.log) as witness:
            demo = Demo(stage, witness, console)
            demo.tell()
        why(stage, console)
    return demo.failures


def why(stage: Stage, console: Console) -> None:
    """The question that this product exists for, asked of the story's hardest line."""
    question = ["why", "hr:E-2", "onelogin", NUMBER["onelogin"]]
    console.print(f"\n[bold]$ lockstep {' '.join(question)}[/bold]")
    answer = subprocess.run(
        [sys.executable, "-m", "worker", *question], env=stage.environ, capture_output=True, text=True, check=False
    )
    console.print(answer.stdout.rstrip() or answer.stderr.rstrip(), markup=False, highlight=False, soft_wrap=True)
