"""References: `"${NAME}"` stands for a variable of the environment, `"file:/run/secrets/x"` for what is in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from connectors.contract import Json
from worker.config.document import Document
from worker.config.problem import Problem, Where, did_you_mean

LARGEST = 64 * 1024
"""Bytes of a file that a reference names."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
MISSING = "\ufdd0missing"
"""Stands in for what a reference does not find, so that the rest is checked."""


class References:
    """Resolves the references of one document.  found: where they stand.  lost: those of them that lead nowhere, and why; what
    follows from it need not be told."""

    def __init__(self, document: Document, folder: Path, environ: Mapping[str, str]) -> None:
        self.found: set[Where] = set()
        self.lost: dict[Where, Problem] = {}
        self._document, self._folder, self._environ = document, folder, environ

    def resolve(self, value: Json, where: Where = ()) -> Json:
        """The value with every reference in it replaced by what it stands for; what is wrong is reported."""
        if isinstance(value, dict):
            return {key: self.resolve(inner, (*where, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner, (*where, index)) for index, inner in enumerate(value)]
        if not isinstance(value, str):
            return value
        if (variable := _VARIABLE.fullmatch(value)) is not None:
            self.found.add(where)
            return self._variable(variable[1], where)
        if value.startswith("file:"):
            self.found.add(where)
            return self._file(value.removeprefix("file:"), where)
        if "${" in value:
            self._document.report(where, 'a reference is the whole value, as in "${NAME}"; nothing may stand beside it')
        return value

    def _lose(self, where: Where, text: str) -> None:
        self.lost[where] = self._document.problem(where, text)

    def _variable(self, name: str, where: Where) -> str:
        found = self._environ.get(name, "")
        if not found:
            what = "is empty" if name in self._environ else "is not set"
            near = did_you_mean(name, self._environ) if name not in self._environ else ""
            self._lose(where, f"the environment variable {name} {what}{near if 'did you mean' in near else ''}")
        return found or MISSING

    def _file(self, name: str, where: Where) -> str:
        """The file's text without a newline at its end.  A relative name begins at the folder of the configuration."""
        try:
            with (self._folder / name).open("rb") as opened:
                raw = opened.read(LARGEST + 1)
        except (OSError, ValueError) as error:
            why = (error.strerror or "cannot be read") if isinstance(error, OSError) else "no file name"
            self._lose(where, f"the file {self._folder / name}: {why}")
            return MISSING
        try:
            text = raw.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            self._lose(where, f"the file {self._folder / name} is not UTF-8 text")
            return MISSING
        if not text or len(raw) > LARGEST:
            self._lose(where, f"the file {self._folder / name} {'is empty' if not text else f'is larger than {LARGEST} bytes'}")
            return MISSING
        return text
