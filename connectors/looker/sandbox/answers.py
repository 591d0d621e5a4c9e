"""The shapes of Looker's error answers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.contract import Json
from connectors.sandbox import Answered, document

DOCUMENTATION = "https://docs.looker.com/"


def error(code: int, message: str) -> Response:
    """400, 401, 403, 404, 429."""
    return JSONResponse({"message": message, "documentation_url": DOCUMENTATION}, code)


def not_found() -> Answered:
    """What is not there, and what the caller may not know of."""
    return Answered(error(404, "Not found"))


def invalid(field: str, message: str, code: str = "invalid") -> Answered:
    """422."""
    detail = {"field": field, "code": code, "message": message, "documentation_url": DOCUMENTATION}
    return Answered(JSONResponse({"message": "Validation Failed", "errors": [detail], "documentation_url": DOCUMENTATION}, 422))


async def parsed(request: Request) -> dict[str, Json]:
    """The JSON object of a body.  Raises Answered."""
    body = await document(request)
    if body is None:
        raise Answered(error(400, "Bad Request"))
    return body


def only(record: dict[str, Json], request: Request) -> dict[str, Json]:
    """The fields that were asked for; all of them if none were."""
    asked = [name.strip() for name in request.query_params.get("fields", "").split(",") if name.strip()]
    return {name: value for name, value in record.items() if name in asked} if asked else record
