"""What a daemon says of something that is away."""

from __future__ import annotations

import errno
import socket
import threading

import pytest
from structlog.testing import capture_logs

from worker.absence import AGAIN, SETTLED, Absence
from worker.cause import cause, named


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_is_told_once_a_minute_and_when_it_is_over() -> None:
    """However often it is missed; the end is told once, with how long it was."""
    clock = Clock()
    absence = Absence("the store", clock=clock)
    with capture_logs() as said:
        absence.is_over()
        for _ in range(int(AGAIN) + 1):
            absence.goes_on("why")
            clock.now += 1
        absence.is_over()
        absence.is_over()
    assert [(each["event"], each["seconds"]) for each in said] == [
        ("the store is away", 0), ("the store is away", 60), ("the store is back", 61),
    ]  # fmt: skip


def test_what_dies_says_several_things() -> None:
    """Another reason is told once the first has settled, also when two take turns."""
    clock = Clock()
    absence = Absence("the store", clock=clock)
    with capture_logs() as said:
        for second in range(int(SETTLED) + 1):
            absence.goes_on("this" if second % 2 else "that")
            clock.now += 1
        absence.goes_on("this")
    assert [each["reason"] for each in said] == ["that", "this"]


def test_it_is_not_back_while_somebody_misses_it() -> None:
    """Where many look, some look at less: who finds it there is believed only if nobody has missed it for a while."""
    clock = Clock()
    absence = Absence("the store", calm=5.0, clock=clock)
    with capture_logs() as said:
        absence.goes_on("why")
        absence.is_over()
        clock.now += 5
        absence.goes_on("why")
        absence.is_over()
        away = absence.lasts
        clock.now += 5
        absence.is_over()
    assert (away, absence.lasts) == (True, False)
    assert [each["event"] for each in said] == ["the store is away", "the store is back"]


def raised(error: Exception, by: BaseException | None = None, *, meanwhile: bool = False) -> Exception:
    try:
        try:
            raise by or error
        except BaseException as cause:
            if meanwhile:
                raise error  # noqa: B904 - while something else was handled
            raise error from cause
    except Exception as caught:  # noqa: BLE001 - any that was given
        return caught


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "s3cr3t"), "Connection refused"),
        (raised(RuntimeError("s3cr3t"), OSError(errno.ENOSPC, "s3cr3t"), meanwhile=True), "No space left on device"),
        (raised(RuntimeError("s3cr3t"), socket.gaierror(socket.EAI_NONAME, "s3cr3t")), "its name does not resolve"),
        (raised(RuntimeError("s3cr3t"), TimeoutError("s3cr3t"), meanwhile=True), "timed out"),
        (raised(RuntimeError("s3cr3t"), KeyError("s3cr3t")), "KeyError"),
        (raised(RuntimeError("s3cr3t"), IndexError("s3cr3t"), meanwhile=True), "RuntimeError"),
    ],
)
def test_why_something_failed(error: Exception, told: str) -> None:
    """What the system said, or that it took too long, or the class of what it was made from; never a text."""
    assert cause(error) == told
    assert "s3cr3t" not in cause(error) + named(error)


def test_several_threads_tell_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker's loop and its watch find out at the same time: one of them says so, and neither stumbles over the other."""
    said: list[str] = []
    absence = Absence("the broker")
    others: list[threading.Thread] = []

    class Slow:
        """A log in the middle of whose line another thread looks, too."""

        def info(self, event: str, **_: object) -> None:
            said.append(event)
            if len(said) == 2:
                others.append(threading.Thread(target=absence.is_over))
                others[0].start()
                others[0].join(0.2)

        warning = info

    monkeypatch.setattr("worker.absence.log", Slow())
    absence.goes_on("why")
    absence.is_over()
    others[0].join()
    assert said == ["the broker is away", "the broker is back"]
