"""A problem of the configuration: what is wrong, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Where = tuple[str | int, ...]
"""A place in a document: keys and indexes from its root."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """line, column: from 1, 0 if the file as a whole is meant.  path: the place as a person writes it.  text: what is wrong and
    what to do; for a warning also what it costs.  Never a secret."""

    file: str
    line: int
    column: int
    path: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}: {self.text}" if self.path else f"{place}: {self.text}"


class ConfigurationError(Exception):
    """The folder cannot be loaded.  problems: all of them, of all files, in the order of files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` - did you mean ...?` with the nearest of the known words; if none is near, the words themselves if they are few."""
    words = sorted(set(known))
    alike = [one for one in words if one.lower() == word.lower()]
    if near := alike or difflib.get_close_matches(word, words, n=1, cutoff=0.6):
        return f" - did you mean `{near[0]}`?"
    if 0 < len(words) <= 12:
        return f"; known: {', '.join(f'`{w}`' for w in words)}"
    return ""


def spelled(where: Where) -> str:
    """`targets.onelogin.attributes.title`, `cases[0].given`."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
