"""A target system in a process of its own: it writes down what it is asked before it does it, and fails as it is told.

    GET              /SYSTEM/users/ID   {"id": ..., "attributes": {...}}; every account exists
    PUT, PATCH       /SYSTEM/users/ID   {"attributes": {...}}: these are set, the others stay
    POST             /__control         a `Fault` that is to strike; {"release": true}; {"clear": true}; {"weather": 0.01}
    GET              /__control         {"held": answers that are held back now}

Every line of its log is on disk before anything follows from it: what it says does not depend on who died when.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

LANDS = 1.0
"""Seconds after its arrival at which a request is done that lands late; Lockstep is told of a longer late window."""

Answer = Literal["given", "held", "cut", "silent"]
"""held: until it is released; cut: the connection is closed instead; silent: never, and the connection stays."""


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next writes that fit.

    system, method, account  which ones; "" for any
    times                    how many
    done                     `now`; `late`: after `LANDS` seconds, whoever is still there; `never`
    """

    system: str = ""
    method: str = ""
    account: str = ""
    times: int = 1
    done: Literal["now", "late", "never"] = "now"
    answer: Answer = "cut"

    def fits(self, ask: Ask) -> bool:
        return self.system in ("", ask.system) and self.method in ("", ask.method) and self.account in ("", ask.account)


WEATHER = (
    Fault(answer="cut"),
    Fault(done="never", answer="cut"),
    Fault(done="late", answer="silent"),
    Fault(done="late", answer="cut"),
)
"""What happens by chance: a write that landed and one that did not look the same to whoever waits for the answer."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.  use: how many came on this connection, with this one."""

    number: int
    system: str
    method: str
    account: str
    attributes: dict[str, Any]
    connection: int
    use: int


@dataclass
class Target:
    """All systems, and the log."""

    log: int
    seed: int
    accounts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    weather: float = 0.0
    held: int = 0

    def __post_init__(self) -> None:
        self.numbers = count(1)
        self.chance = random.Random(self.seed)
        self.released = asyncio.Event()
        self.doing: set[asyncio.Task[None]] = set()

    def note(self, what: str, ask: Ask, **more: Any) -> None:
        os.write(self.log, json.dumps({"number": ask.number, "what": what, "at": time.time(), **more}).encode() + b"\n")
        os.fsync(self.log)

    def arrived(self, ask: Ask) -> None:
        self.note(
            "arrived", ask, system=ask.system, method=ask.method, account=ask.account, attributes=ask.attributes,
            connection=ask.connection, use=ask.use,
        )  # fmt: skip

    def apply(self, ask: Ask) -> None:
        self.note("applied", ask)
        self.accounts.setdefault((ask.system, ask.account), {}).update(ask.attributes)

    def strike(self, ask: Ask) -> Fault:
        for fault in self.faults:
            if fault.fits(ask):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        if self.chance.random() < self.weather:
            return self.chance.choice(WEATHER)
        return Fault(answer="given")

    async def written(self, ask: Ask) -> Answer:
        """Do, or do not, what was asked; how it is answered."""
        fault = self.strike(ask)
        done = asyncio.create_task(self.do(ask, fault))
        self.doing.add(done)
        done.add_done_callback(self.doing.discard)
        if fault.answer == "held":
            self.held += 1
            try:
                await self.released.wait()
            finally:
                self.held -= 1
        if fault.answer in ("given", "held"):
            await done  # an answer says that it is done
        return fault.answer

    async def do(self, ask: Ask, fault: Fault) -> None:
        match fault.done:
            case "now":
                self.apply(ask)
            case "late":
                await asyncio.sleep(LANDS)
                self.apply(ask)
            case "never":
                assert fault.answer in ("cut", "silent")

    def control(self, said: dict[str, Any]) -> None:
        if said.pop("release", False):
            self.released.set()
            self.released = asyncio.Event()
        elif said.pop("clear", False):
            self.faults.clear()
        elif "weather" in said:
            self.weather = said["weather"]
        else:
            self.faults.append(Fault(**said))


async def serve(target: Target, port: int) -> None:
    connections = count(1)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _connection(target, reader, writer, next(connections))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked is gone
        finally:
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", port, backlog=1024) as server:
        await server.serve_forever()


async def _connection(target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
    for use in count(1):
        method, path, body = await _request(reader)
        if path == "/__control":
            if method == "POST":
                target.control(body)
            await _answer(writer, {"held": target.held})
            continue
        _, system, _, account = path.split("/")
        ask = Ask(next(target.numbers), system, method, account, body.get("attributes", {}), connection, use)
        target.arrived(ask)
        if method == "GET":
            answer: Answer = "given"
        else:
            answer = await target.written(ask)
        match answer:
            case "cut":
                return
            case "silent":
                await reader.read()
                return
            case _:
                await _answer(writer, {"id": account, "attributes": target.accounts.get((system, account), {})})
                target.note("answered", ask)


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, Any]]:
    """Method, path, body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = dict(line.lower().split(": ", 1) for line in head[1:-2])
    length = int(headers.get("content-length", 0))
    return method, path, json.loads(await reader.readexactly(length)) if length else {}


async def _answer(writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
    sent = json.dumps(body).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(sent) + sent)
    await writer.drain()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--log", type=Path, required=True)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    log = os.open(chosen.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def run() -> None:
        await serve(Target(log, chosen.seed), chosen.port)

    asyncio.run(run())


if __name__ == "__main__":
    main()
