"""The shapes of Descope's answers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.contract import Json
from connectors.sandbox import Answered, document

CODES = {
    "E011001": "Bad request",
    "E011002": "Missing arguments",
    "E011003": "Validation failure",
    "E011004": "Invalid arguments",
    "E112102": "User not found",
    "E112199": "Attribute not found",  # made up: no document has a code for it
    "E130429": "Rate limit exceeded",
}


class Refusal(Answered):
    """The request ends with an error."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(failed(status, code, message, headers))


def failed(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """code: "" for an answer without one (the code of a refused key is not documented)."""
    told = {"errorCode": code} if code else {}
    described = CODES.get(code, "Unauthorized")
    return JSONResponse({**told, "errorDescription": described, "errorMessage": message}, status, headers)


async def body_of(request: Request) -> dict[str, Json]:
    """Raises Refusal."""
    body = await document(request)
    if body is None:
        raise Refusal(400, "E011001", "the body is no JSON object")
    return body
