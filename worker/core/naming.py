"""Text from outside that is to be a name, an id: it stands in keys, logs, addresses and on terminals."""

from __future__ import annotations

import unicodedata

from worker.core.search import searched_subject

ACCOUNT = 512
"""Bytes of an account's id."""
_UNNAMEABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters (a terminal obeys them, a log line ends with them), lone surrogates (no UTF-8), separators of lines and of
paragraphs."""


def too_long(text: str, limit: int) -> bool:
    """limit: bytes in UTF-8."""
    return len(text.encode(errors="surrogatepass")) > limit


def controls(text: str) -> bool:
    """Whether a character stands in it that no name has."""
    return not text.isprintable() and any(unicodedata.category(character) in _UNNAMEABLE for character in text)


def can_be_account(text: str) -> bool:
    """Whether an account may be called so, by its system or by an event.  What looks like the name of a search lane would lead
    what is wanted for one subject to another."""
    return bool(text) and not too_long(text, ACCOUNT) and not controls(text) and searched_subject(text) is None
