"""The shapes of OneLogin's answers: v1 wraps, v2 is flat."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from connectors.contract import Json


def status(code: int, kind: str, message: Json, headers: Mapping[str, str] | None = None) -> Response:
    """v1: `{"status": {...}}`."""
    told = {"status": {"code": code, "error": code >= 400, "message": message, "type": kind}}
    return JSONResponse(told, code, headers)


def flat(code: int, name: str, message: str, headers: Mapping[str, str] | None = None, **more: Json) -> Response:
    """v2: `{"message", "name", "statusCode"}`."""
    return JSONResponse({"message": message, "name": name, "statusCode": code, **more}, code, headers)


def refused(version: int, message: str) -> Response:
    return status(401, "Unauthorized", message) if version == 1 else flat(401, "UnauthorizedError", message)
