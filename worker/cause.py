"""What an exception may say in a log: its class, and what the operating system said.  Never its text, which may hold a value."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator


def cause(error: BaseException) -> str:
    """Why something failed, in a word or two: what the operating system said, if it is to blame; that it took too long; else the
    class of what it was made from.  What merely happened to be handled when it was raised says nothing."""
    chain = list(_chain(error))
    if said := next(filter(None, map(_said_by_system, chain)), ""):
        return said
    if any("Timeout" in type(each).__name__ for each in chain):
        return "timed out"
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    return type(error).__name__


def named(error: BaseException) -> str:
    """Its class, and what the operating system said, if it is to blame."""
    said = next(filter(None, map(_said_by_system, _chain(error))), "")
    return f"{type(error).__name__} ({said})" if said else type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it was made from, and so on to what began it."""
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _said_by_system(error: BaseException) -> str:
    if isinstance(error, socket.gaierror):
        return "its name does not resolve"
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
