"""Senders of webhooks: they come again until they hear a 2xx, and write down what they heard."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.story import Event, webhook

AT_ONCE = 8
AGAIN = (0.05, 0.3)
"""Seconds after which a sender comes again."""


class Sender:
    """Sends events in order, `AT_ONCE` at a time, up to where it is allowed to.

    port, secret  of the endpoint
    log           a line for each answer: {"event", "at", "status"}; status 0: there was none
    twice         the share of events that are sent again after they were accepted
    """

    def __init__(
        self, port: int, secret: bytes, log: Path, events: Sequence[Event], *, seed: int = 0, twice: float = 0.0
    ) -> None:
        self.events = events
        self.statuses: set[int] = set()
        self._port, self._secret, self._log = port, secret, log.open("a")
        self._chance, self._twice = random.Random(seed), twice
        self._next = self._allowed = self._accepted = 0
        self._changed = threading.Condition()
        self._over = False
        self._threads = [threading.Thread(target=self._run, name=f"sender {n}", daemon=True) for n in range(AT_ONCE)]
        for thread in self._threads:
            thread.start()

    def allow(self, up_to: int) -> None:
        """Events before this index may be sent."""
        with self._changed:
            self._allowed = min(up_to, len(self.events))
            self._changed.notify_all()

    def wait(self, accepted: int, patience: float = 60.0) -> None:
        """Until so many events were answered with 2xx.  patience: seconds."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._accepted >= accepted, patience)
        assert done, f"{patience:.0f} s were not enough: {accepted} events are accepted"

    def stop(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(30)
        self._log.close()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while (event := self._turn()) is not None:
            while not self._said(connection, event):
                if self._over:
                    return
                time.sleep(self._chance.uniform(*AGAIN))
            with self._changed:
                self._accepted += 1
                self._changed.notify_all()
            if self._chance.random() < self._twice:
                self._said(connection, event)
        connection.close()

    def _turn(self) -> Event | None:
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._next < self._allowed)
            if self._over:
                return None
            self._next += 1
            return self.events[self._next - 1]

    def _said(self, connection: http.client.HTTPConnection, event: Event) -> bool:
        status = 0
        body, headers = webhook(event, self._secret, int(time.time()))
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("POST", "/hooks/hr", body, headers)
            response = connection.getresponse()
            response.read()
            status = response.status
        if not status:
            connection.close()
        with self._changed:
            self.statuses.add(status)
            self._log.write(json.dumps({"event": event.id, "at": time.time(), "status": status}) + "\n")
            self._log.flush()
        return 200 <= status < 300
