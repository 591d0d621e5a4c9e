"""The file of fingerprint keys: how it is read, and how one is made for a store of one's own.

One key a line, `name:base64`; the first is current, the others are for what was stored before a rotation.  Empty lines and
lines that begin with `#` say nothing.  No message here holds a key.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from pathlib import Path

LEAST = 32
"""Bytes of a key: as many as the hash gives (RFC 2104 section 3)."""
MAKE = 'echo "k1:$(head -c 32 /dev/urandom | base64)"'
"""The shell command that prints a line."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


def read(path: Path) -> dict[str, bytes]:
    """Keys by name, the current one first.  Raises ValueError with the line and the fix."""
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}; make one: {MAKE} > {path}") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text; it holds lines `name:base64`") from None
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, encoded = line.strip().partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise ValueError(f"{path}:{number} is not `name:base64` (a name is 1 to 32 letters, digits, - or _)")
        if name in keys:
            raise ValueError(f"{path}:{number} gives a name that a line above has; every key needs its own, for ever")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"{path}:{number} is not base64 after the colon; make a line: {MAKE}") from None
        if len(key) < LEAST:
            raise ValueError(f"{path}:{number} has a key of fewer than {LEAST} bytes; make a line: {MAKE}")
        keys[name] = key
    if not keys:
        raise ValueError(f"{path} holds no key; make one: {MAKE} > {path}")
    return keys


def make(path: Path) -> None:
    """Write a file with one new key, readable by its owner only; a file that is there stays as it is."""
    line = f"k1:{base64.b64encode(secrets.token_bytes(LEAST)).decode()}\n"
    whole = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link, not a rename: of two that make it at once the first wins, and both then read the same key.
        path.hardlink_to(whole)
    except FileExistsError:
        pass
    finally:
        whole.unlink()
