"""The story of the demonstration: what happens, told as it happens, and what the systems hold before and after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from worker import wiring
from worker.core.event import Event, finished
from worker.core.outcome import Outcome, Word
from worker.demo.people import change
from worker.demo.stage import Stage, raised
from worker.demo.web import ask, send
from worker.settings import Settings

PATIENCE = 25.0
BURST = 12
ANA, BEN, CHO = "ana@example.com", "ben@example.com", "cho@example.com"
NUMBER = "custom_attributes.employee_number"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what a system holds of one attribute, before and after, and what became of it."""

    system: str
    email: str
    attribute: str
    expected: Any
    outcome: str
    because: str


class Demo:
    """Tells the story on a console.  Afterwards `failures` names what does not hold what it should."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self.stage, self.console = stage, console
        self.failures: list[str] = []
        self.before: dict[str, dict[str, dict[str, Any]]] = {}
        self.rows: list[Row] = []
        self._clock = 0.0

    def tell(self) -> None:
        self.before = {name: self.stage.holds(name) for name in ("onelogin", "directory")}
        self._hire()
        self._numbered_already()
        self._burst()
        self._null()
        self._made_by_hand()
        self._table()

    # ---------------------------------------------------------------- the chapters

    def _hire(self) -> None:
        self._chapter("HR hires Ana", "one signed webhook, two systems, seven attributes")
        event = self._send(change("E-1", "010441", ANA, department=" R&D ", title="Engineer", unit="7", badge="B-77"))
        self._row(event, "onelogin", ANA, "department", "Research", "trimmed, and looked up")
        self._row(event, "onelogin", ANA, "title", "Engineer", "")
        self._row(event, "onelogin", ANA, NUMBER, "010441", "write-once: sealed from now on")
        self._row(event, "onelogin", ANA, "custom_attributes.badge", None, "")
        self._row(event, "directory", ANA, "employeeNumber", "010441", "found by e-mail, linked")
        self._row(event, "directory", ANA, "costCenter", "10-7", "an expression over the unit")
        self._row(event, "directory", ANA, "locale", "pt_PT", "")
        self._say("OneLogin knows no field `badge` and refuses the whole call for its sake; the others went again without it.")

    def _numbered_already(self) -> None:
        self._chapter("HR numbers Ben", "but in OneLogin somebody has given him the number 9")
        event = self._send(change("E-2", "010442", BEN, department="OPS", unit="3"))
        self._row(event, "onelogin", BEN, NUMBER, "9", "")
        self._row(event, "onelogin", BEN, "department", "Operations", "")
        self._row(event, "directory", BEN, "employeeNumber", "010442", "")

    def _burst(self) -> None:
        self._chapter("HR cannot decide on Cho's title", f"{BURST} webhooks at once, after one that was just written")
        first = self._send(change("E-3", "010443", CHO, title="Senior Analyst"), quiet=True)
        before = len(self.stage.calls("onelogin"))
        self._clock = time.time()
        titles = [f"Title {n}" for n in range(1, BURST)] + ["Principal Analyst"]
        with ThreadPoolExecutor(4) as senders:
            sent = list(
                senders.map(lambda n: self._post(self._stamped(change("E-3", "010443", CHO, title=titles[n]), n)), range(BURST))
            )
        events = [self._over(name) for name in sent]
        calls = len(self.stage.calls("onelogin")) - before
        self._row(
            events[-1], "onelogin", CHO, "title", "Principal Analyst", f"{BURST} webhooks became {calls} call{'s' * (calls != 1)}"
        )
        lost = [e for e in (first, *events) if (o := _outcome(e, "onelogin", "title")) and o.word is Word.SUPERSEDED]
        if lost:
            self._row(lost[0], "onelogin", CHO, "title", "Principal Analyst", f"and {len(lost) - 1} more: a newer one was there")
        self._check(calls <= 2, f"{BURST} webhooks became {calls} calls")
        self._check(len(lost) >= BURST - 2, f"only {len(lost)} of the burst were superseded")

    def _null(self) -> None:
        self._chapter("HR sends no title for Ana any more", "null means here: leave it alone")
        event = self._send(change("E-1", "010441", ANA, title=None))
        self._row(event, "onelogin", ANA, "title", "Engineer", "")

    def _made_by_hand(self) -> None:
        self._chapter("Ana changes her phone in OneLogin itself", "its webhook says only: look")
        ask("PATCH", f"{self.stage.onelogin}/__sandbox/users/1001", {"phone": "+44 20 7946 0001"})
        event = self._observed("onelogin", "phone")
        self._row(event, "directory", ANA, "phone", "+44 20 7946 0001", "seen by a look, and come to rest")
        self._rest()

    # ---------------------------------------------------------------- saying and seeing

    def _chapter(self, title: str, about: str) -> None:
        self.console.print(f"\n[bold]{title}[/bold]: {about}")

    def _say(self, text: str) -> None:
        self.console.print(f"  [dim]{text}[/dim]")

    def _stamped(self, event: dict[str, Any], order: int) -> dict[str, Any]:
        """With a time of the source's own, so that the order of arrival does not matter."""
        moment = datetime.fromtimestamp(self._clock, UTC) + timedelta(microseconds=order)
        return {**event, "timestamp": moment.isoformat(timespec="microseconds")}

    def _post(self, event: dict[str, Any]) -> str:
        status, ident = send(f"{self.stage.endpoint}/hooks/hr", self.stage.secret, event)
        self._check(status == 202, f"the endpoint answered {status}")
        return f"hr:{ident}"

    def _send(self, event: dict[str, Any], *, quiet: bool = False) -> Event:
        started = time.monotonic()
        over = self._over(self._post(event))
        if not quiet:
            self._say(f"accepted and over after {time.monotonic() - started:.2f} s")
        return over

    def _over(self, name: str) -> Event:
        """The event once nothing of it is pending."""

        async def wait(engine: Any) -> Event | None:
            return await engine.journal.event(name)  # type: ignore[no-any-return]

        for event in self._poll(wait):
            if event is not None and finished(event):
                return event
        raise TimeoutError(f"{name} is not over after {PATIENCE:.0f} s; see {self.stage.log}")

    def _observed(self, system: str, attribute: str) -> Event:
        """The newest observation of a system that names this attribute, once nothing of it is pending."""

        async def wait(engine: Any) -> Event | None:
            names = [name for name in await engine.journal.since(0) if name.startswith(f"{system}:")]
            records = [event for _, event in await engine.journal.load(names) if event is not None and event.kind == "seen"]
            return next((e for e in reversed(records) if f'"{attribute}"' in bytes(e.body).decode()), None)

        for event in self._poll(wait):
            if event is not None and finished(event):
                return event
        raise TimeoutError(f"no observation of {system} {attribute}; see {self.stage.log}")

    def _poll(self, question: Any) -> Iterator[Event | None]:
        settings = Settings.from_environ(_lockstep(self.stage.environ))
        deadline = time.monotonic() + PATIENCE

        async def once() -> Event | None:
            async with wiring.operators_engine(settings, wiring.configuration(settings, self.stage.environ)) as engine:
                return await question(engine)  # type: ignore[no-any-return]

        while time.monotonic() < deadline:
            yield asyncio.run(once())
            time.sleep(0.02)

    def _rest(self) -> None:
        """All is quiet: the same number of writes everywhere, twice in a row."""
        counts = None
        while counts != (now := tuple(len(self.stage.calls(name)) for name in ("onelogin", "directory"))):
            counts = now
            time.sleep(0.7)
        self._say("no system was written again: it came to rest.")

    def _row(self, event: Event, system: str, email: str, attribute: str, expected: Any, because: str) -> None:
        outcome = _outcome(event, system, attribute)
        self._check(outcome is not None, f"{event.name} says nothing of {system} {attribute}")
        if outcome is not None:
            reason = f"{outcome.reason}" if outcome.reason else ""
            self.rows.append(Row(system, email, attribute, expected, outcome.word, "; ".join(filter(None, (reason, because)))))

    def _check(self, holds: bool, text: str) -> None:
        if not holds:
            self.failures.append(text)

    def _table(self) -> None:
        after = {name: self.stage.holds(name) for name in ("onelogin", "directory")}
        table = Table(
            title="What the systems hold, read back from them", title_justify="left", header_style="bold", pad_edge=False
        )
        for column in ("system", "person", "attribute", "before", "after", "outcome", "why"):
            table.add_column(column, overflow="fold")
        for row in self.rows:
            held = after[row.system][row.email].get(row.attribute)
            self._check(held == row.expected, f"{row.system} {row.email} {row.attribute} holds {held!r}, not {row.expected!r}")
            before = self.before[row.system][row.email].get(row.attribute)
            colour = COLOURS.get(row.outcome, "")
            table.add_row(
                row.system,
                row.email.partition("@")[0],
                row.attribute.removeprefix("custom_attributes."),
                _text(before),
                _text(held),
                f"[{colour}]{row.outcome}[/{colour}]" if colour else row.outcome,
                row.because,
            )
        self.console.print()
        self.console.print(table)
        for word in ("applied", "sealed", "superseded", "ignored", "parked"):
            self._check(any(row.outcome == word for row in self.rows), f"nothing was {word}")


COLOURS = {"applied": "green", "sealed": "cyan", "superseded": "blue", "ignored": "yellow", "parked": "red"}


def _text(value: Any) -> str:
    return "-" if value in (None, "") else str(value)


def _outcome(event: Event, system: str, attribute: str) -> Outcome | None:
    return event.outcomes.get(system, {}).get(attribute)


def _lockstep(environ: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith("LOCKSTEP_")}


def run(home: Path, console: Console) -> list[str]:
    """Raise the stage, tell the story; what does not hold."""
    console.print("[bold]Lockstep[/bold]: a store, an endpoint, a worker, a tick and two sandboxed systems are being started ...")
    started = time.monotonic()
    with raised(home) as stage:
        console.print(f"ready after {time.monotonic() - started:.1f} s: webhooks go to {stage.endpoint}/hooks/hr")
        demo = Demo(stage, console)
        demo.tell()
        why(stage, console)
    return demo.failures


def why(stage: Stage, console: Console) -> None:
    """The question that this product exists for, asked of the story's hardest line."""
    import subprocess
    import sys

    question = ["why", "hr:E-2", "onelogin", NUMBER]
    console.print(f"\n[bold]$ lockstep {' '.join(question)}[/bold]")
    answer = subprocess.run(
        [sys.executable, "-m", "worker", *question], env=stage.environ, capture_output=True, text=True, check=False
    )
    console.print(answer.stdout.rstrip() or answer.stderr.rstrip(), markup=False, highlight=False, soft_wrap=True)
