"""Rehearsal: a connector's flow is stepped, and the request that it would send is drawn.  No socket is opened.

What is drawn is what `Session.send` would be given: the same flow, the same `fields`.  The credential is put on a request when
it is sent, so it is not there to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, TypeVar

import msgspec

from connectors.contract import Flow, Request
from worker.network.session import fields
from worker.network.transport import SAFE
from worker.telling.mask import masked_body, masked_url

T = TypeVar("T")

ACCOUNT = "807060504030201009"
"""Stands for an id that is not known while a request is made: whatever ids a system has, this can be one.  18 digits, the most
that each connector takes for an integer; no more than that, or `explain` could draw nothing for it."""


class Drawn(msgspec.Struct, frozen=True):
    """A request as it would leave.  headers: without the credential, and without Host, which the URL says.  attributes: what a
    write carries; key: by which a search asks; secrets: values that may stand in the address."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    attributes: tuple[str, ...] = ()
    key: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def does(self) -> Literal["asks", "sends"]:
        """A request that only reads asks: what follows depends on its answer."""
        return "asks" if self.method in SAFE else "sends"


def drawn(flow: Flow[T], *, attributes: Sequence[str] = (), key: str = "", secrets: Iterable[str] = ()) -> Drawn | None:
    """The first request of a flow; None if it ends without one.  Raises ConnectorError, as the flow and the line would."""
    try:
        request: Request = next(flow)
    except StopIteration:
        return None
    finally:
        flow.close()
    return as_it_leaves(request, attributes=attributes, key=key, secrets=secrets)


def as_it_leaves(request: Request, *, attributes: Sequence[str] = (), key: str = "", secrets: Iterable[str] = ()) -> Drawn:
    """A request, with the header fields that the line would send with it."""
    headers = tuple(fields(request))
    return Drawn(request.method, str(request.url), headers, request.content, tuple(attributes), key, tuple(secrets))


def lines(request: Drawn, *, reveal: bool) -> list[str]:
    """The request as on the wire, one line each: method and URL, header fields, an empty line, the body."""
    url = request.url if reveal else masked_url(request.url, request.secrets)
    text = [f"{request.method} {_named(url)}", *(f"{name}: {value}" for name, value in request.headers)]
    if request.body:
        body = request.body.decode(errors="backslashreplace") if reveal else masked_body(request.body)
        text += ["", _named(body)]
    return text


def plain(request: Drawn, *, reveal: bool) -> dict[str, object]:
    """For `--json`."""
    url = request.url if reveal else masked_url(request.url, request.secrets)
    body = request.body.decode(errors="backslashreplace") if reveal else masked_body(request.body)
    return {
        "does": request.does,
        "method": request.method,
        "url": _named(url),
        "headers": [list(pair) for pair in request.headers],
        "body": _named(body) if request.body else None,
        "attributes": list(request.attributes),
        "key": request.key or None,
    }


def _named(text: str) -> str:
    return re.sub(rf'"?{ACCOUNT}"?', "{account}", text)
