"""docs/first-mapping.md followed to the letter: files written, commands typed, what is printed held against the page."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.registry import CONNECTORS
from worker.config import inspect
from worker.demo.web import free_port

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/first-mapping.md").read_text()
STEP = re.compile(r"^(?:<!-- ([\w ]+)(?:: (\S+))? -->\n)?```(\w+)\n(.*?)^```$|^<!-- again: (\w+) -->$", re.MULTILINE | re.DOTALL)
CUT = "..."
"""Stands for lines that are left out."""
SECRETS = ". first/secrets"
PATIENCE = 60.0


def plain(text: str) -> str:
    """Without what differs from run to run."""
    for pattern, word in (
        (r"[\d-]{10} [\d:]{8} UTC, (just now|(in )?\d+ \w+( ago)?)", "WHEN"),
        (r"[\d-]{10} [\d:]{8}(\.\d+)? UTC", "WHEN"),
        (r"\bmsg_[0-9a-f]{32}\b", "MSG"),
        (r"\b[0-9a-f]{12}\b", "REVISION"),
        (r"webhook-timestamp: \d+|webhook-signature: \S+'", "SIGNED"),
        (r"[ \t]+$", ""),
    ):
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return text.strip("\n")


def fits(shown: str, printed: str) -> bool:
    """What was printed is what the page shows; where it has `...` there may be anything."""
    pattern = "".join(r"(?:.*\n)*" if line == CUT else re.escape(line) + "\n" for line in plain(shown).splitlines())
    return re.fullmatch(pattern, plain(printed) + "\n" if printed else "") is not None


class Reader:
    """Somebody with three terminals who has only the page.  Ports are free ones; what is printed has those of the page again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ports = {"9000": str(free_port()), "8080": str(free_port())}
        command = folder / "bin" / "lockstep"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m worker "$@"\n')
        command.chmod(0o755)
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LOCKSTEP_")},
            "PATH": f"{command.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1",
            "LOCKSTEP_LISTEN": f"127.0.0.1:{self._ports['8080']}", "COLUMNS": "200",
        }  # fmt: skip
        self._terminals: dict[str, tuple[str, subprocess.Popen[str], Path]] = {}

    def here(self, text: str) -> str:
        """With the ports of this machine."""
        return re.sub(r"127\.0\.0\.1:(9000|8080)", lambda found: f"127.0.0.1:{self._ports[found[1]]}", text)

    def there(self, text: str) -> str:
        """With the ports of the page."""
        for page, mine in self._ports.items():
            text = text.replace(f"127.0.0.1:{mine}", f"127.0.0.1:{page}")
        return text

    def types(self, command: str) -> str:
        """In the third terminal, whose shell has read the secrets once they are there."""
        script = f"test ! -e first/secrets || {SECRETS}; {self.here(command)}"
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        return self.there(done.stdout)

    def opens(self, name: str, script: str) -> None:
        """A terminal in which something runs until it is stopped."""
        log = self.folder / f"{name}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-c", self.here(script)], cwd=self.folder, env=self._environ, stdout=output, stderr=output,
                text=True, start_new_session=True,
            )  # fmt: skip
        self._terminals[name] = script, process, log

    def sees(self, name: str) -> str:
        """What stands in that terminal."""
        return self.there(self._terminals[name][2].read_text())

    def stops(self, name: str) -> None:
        """Ctrl-C, which all that runs in the terminal gets."""
        _, process, _ = self._terminals[name]
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise

    def restarts(self, name: str) -> None:
        script = self._terminals[name][0]
        self.stops(name)
        self.opens(name, script)

    def closes(self) -> None:
        for name, (_, process, _) in self._terminals.items():
            if process.poll() is None:
                self.stops(name)


@contextmanager
def reading(folder: Path) -> Iterator[Reader]:
    reader = Reader(folder)
    try:
        yield reader
    finally:
        reader.closes()


def until(holds: Callable[[], bool], said: Callable[[], str]) -> None:
    """Wait until it does; a reader is slower than the machine."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, said()
        time.sleep(0.1)


def typed(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what the page shows of its output."""
    first, *commands = re.split(r"^\$ ", block, flags=re.MULTILINE)
    assert not first, "a block begins with a command"
    return [(command, shown) for command, _, shown in (each.partition("\n") for each in commands)]


def changed(path: Path, block: str) -> None:
    """The lines that are taken out stand there once."""
    old, new = ("".join(re.findall(rf"^\{sign}(.*\n)", block, re.MULTILINE)) for sign in "-+")
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


def compared(reader: Reader, command: str, shown: str) -> None:
    """What is asked for twice is asked for again: a reader looks once more if nothing has happened yet."""
    printed = reader.types(command)
    asks = not re.search(r"replay|send|mkdir|echo", command)
    deadline = time.monotonic() + PATIENCE
    while not fits(shown, printed) and asks and time.monotonic() < deadline:
        time.sleep(0.3)
        printed = reader.types(command)
    assert fits(shown, printed), f"$ {command}\n{printed}\n--- the page has\n{shown}"


@pytest.mark.timeout(400)
def test_whoever_follows_the_page_sees_what_it_shows(tmp_path: Path) -> None:
    """Every file, every command and every change, in their order, over real processes."""
    done = []
    with reading(tmp_path) as reader:
        for kind, what, _, block, again in STEP.findall(PAGE):
            done.append(kind or ("again" if again else "typed"))
            match done[-1]:
                case "not run":
                    assert all(command in ("make demo", ". .venv/bin/activate") for command, _ in typed(block))
                case "file":
                    (tmp_path / what).write_text(reader.here(block))
                case "change":
                    changed(tmp_path / what, block)
                case "terminal":
                    *before, (command, shown) = typed(block)
                    elsewhere = f" --listen {reader.here('127.0.0.1:9000')}" if "sandbox" in command else ""
                    reader.opens(what, "; ".join([*(each for each, _ in before), f"exec {command}{elsewhere}"]))
                    shown = shown.partition(f"\n{CUT}\n")[0]
                    until(lambda: plain(shown) in plain(reader.sees(what)), lambda: reader.sees(what))  # noqa: B023
                case "paste":
                    (curl,) = re.findall(r"^curl .*?'$(?=\n\n)", reader.sees(what), re.MULTILINE | re.DOTALL)
                    compared(reader, f"{curl.replace('curl -i', 'curl -s -i')} # not sent twice", block)
                case "again":
                    reader.restarts(again)
                    until(lambda: "ready: webhooks" in reader.sees(again), lambda: reader.sees(again))  # noqa: B023
                case "typed":
                    for command, shown in typed(block):
                        compared(reader, command, shown)
                case _:
                    raise AssertionError(f"what is {kind}?")
    assert done.count("file") == 4
    assert {"not run", "terminal", "paste", "change", "again", "typed"} < {*done}


def test_the_revisions_are_those_of_its_files(tmp_path: Path) -> None:
    """As they stand on the page, after each change; they are no others with the reader."""
    seen: list[str] = []
    for kind, what, _, block, _ in STEP.findall(PAGE):
        if kind == "file":
            place = tmp_path / Path(what).name
            place.write_text(block)
        elif kind == "change":
            changed(tmp_path / Path(what).name, block)
        elif not kind:
            revisions = {told for _, shown in typed(block) for told in re.findall(r"^revision (\w+):", shown, re.MULTILINE)}
            if revisions:
                configuration, _ = inspect(tmp_path, {}, CONNECTORS)
                assert revisions == {configuration.revision}
                seen += revisions
    assert len(seen) == 3


def test_what_fits() -> None:
    """The comparison notices what is missing, what is more and what is other, but where lines are left out."""
    assert fits("a\nb\n", "a\nb\n")
    assert not fits("a\n", "a\nb\n")
    assert not fits("a\nb\n", "a\n")
    assert not fits("a\n...\nc\n", "a\nb\nd\n")
    assert fits("a\n...\nc\n", "a\nb\nb\nc\n")
    assert fits("...\nc\n", "b\nc\n")
    assert fits("a\n...\n", "a\nb\n")
    assert fits("at 2026-01-01 10:00:00 UTC, 5 s ago", "at 2027-02-02 11:11:11 UTC, just now")
