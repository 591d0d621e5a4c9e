"""The shapes of Chatwoot's error answers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

from connectors.sandbox import Answered


def refused(status: int, message: str) -> Answered:
    return Answered(JSONResponse({"error": message}, status))


def invalid(fields: Mapping[str, str]) -> Answered:
    """A record that may not be saved.  fields: name -> what is wrong with it."""
    message = ", ".join(f"{name.replace('_', ' ').capitalize()} {wrong}" for name, wrong in fields.items())
    return Answered(JSONResponse({"message": message, "attributes": [*fields]}, 422))
