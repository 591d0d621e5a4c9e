"""How a sandbox reads a body, and how a request ends with an answer from wherever that is found out."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from connectors.contract import Json


class Answered(Exception):
    """The request ends with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


async def answered(_: Request, ended: Exception) -> Response:
    """The exception handler of an application."""
    assert isinstance(ended, Answered)
    return ended.response


async def form(request: Request) -> dict[str, str]:
    """The fields of a body that is a form; of one that is repeated, the first."""
    return {name: texts[0] for name, texts in parse_qs((await request.body()).decode(errors="replace")).items()}


async def document(request: Request) -> dict[str, Json] | None:
    """The JSON object of a body; None if there is none."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
