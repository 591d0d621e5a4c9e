"""The mapping language, lent to connectors that are described in YAML (`contract.Compiler`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.contract import Absent, Json, Unusable
from worker.core.expression import ExpressionError, ExpressionFailed, compile_condition
from worker.core.path import PathError, nest, parse


class NotCompiled(ValueError):
    """fragment: the text that could not be compiled, so that its place in the file is found."""

    def __init__(self, what: str, fragment: str) -> None:
        super().__init__(what)
        self.fragment = fragment


class Language:
    """Paths and conditions (`contract.Compiler`)."""

    def path(self, text: str) -> Callable[[Json], Json | Absent]:
        """A SCIM path.  Raises NotCompiled."""
        try:
            return parse(text).find
        except PathError as error:
            raise NotCompiled(str(error), text) from None

    def nest(self, doc: Mapping[str, Json], text: str, value: Json) -> dict[str, Json]:
        """A copy of the document with the value at this path.  Raises NotCompiled."""
        try:
            return nest(doc, text, value)
        except PathError as error:
            raise NotCompiled(str(error), text) from None

    def condition(self, text: str) -> Callable[[Mapping[str, Json]], bool]:
        """A CEL condition over `event`.  Raises NotCompiled.  Called, it raises Unusable for an element on which it fails: that
        is seen by an operator, where false would be silence."""
        try:
            compiled = compile_condition(text, frozenset({"event"}))
        except ExpressionError as error:
            raise NotCompiled(str(error), text) from None

        def holds(given: Mapping[str, Json]) -> bool:
            try:
                return compiled(given)
            except ExpressionFailed as error:
                raise Unusable(f"a condition cannot be decided: {error.kind}") from None

        return holds
