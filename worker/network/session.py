"""One request of a connector becomes at most one request on the wire: the socket, its limits, and what its errors mean.

The only module that imports aiohttp.  It knows no flow, no credential and no budget.

    nothing left us   no address, no connection, no TLS                                    Deferred
    wrong address     the guard says no                                                    Halted
    all else          lost, cut off, too slow, too large, not HTTP: it may have landed     Unanswered
"""

from __future__ import annotations

import asyncio
import re
import ssl
from functools import lru_cache
from pathlib import Path

import aiohttp
import yarl
from aiohttp import hdrs
from aiohttp.resolver import ThreadedResolver

from connectors.contract import ConnectorError, Deferred, Halted, Refused, Request, Response, Unanswered
from worker.network.egress import Forbidden, Guard

CAP = 1 << 20
"""Bytes of an answer's body; a larger one is not read on."""
CONNECT = 5.0
"""Seconds until a connection stands, TLS included; at most half of the deadline, so that a host that is down is told apart
from one that took the request and does not answer."""
KEEP = 4.0
"""Seconds that an idle connection is kept.  Many servers close one after 5; a request that meets this close is unanswered."""

_OURS = frozenset({b"host", b"accept-encoding"})
_CODINGS = frozenset({b"content-encoding", b"transfer-encoding"})
_line_break = re.compile(rb"[\r\n\0]").search

Headers = list[tuple[str, str]]


@lru_cache
def tls(ca: Path | None) -> ssl.SSLContext:
    """Verifies always.  ca: a file with the only authorities that are trusted; None: those of this machine.  Raises OSError."""
    return ssl.create_default_context(cafile=ca)


class Session:
    """The connections to one system.  Belongs to the event loop in which it first sends.

    deadline  seconds for one exchange, from the first look-up to the last byte of the answer
    """

    def __init__(self, guard: Guard, *, deadline: float, ca: Path | None = None) -> None:
        self.deadline = deadline
        self._guard = guard
        self._tls = tls(ca)
        self._client: aiohttp.ClientSession | None = None

    async def send(self, request: Request, headers: Headers) -> Response:
        """Send once and read the whole answer.  headers: what `fields` made of the request.  The body is left as it came: we
        ask for no content coding, and one that comes anyway is not undone.  Raises Deferred, Halted, Unanswered as said above."""
        try:
            return await self._send(request, headers)
        except ConnectorError:
            raise
        except aiohttp.InvalidURL:
            raise Halted("its address cannot be called: write the host of base_url as a name or a plain IP address") from None
        except aiohttp.ClientConnectorError as error:
            raise _not_connected(error) from None
        except aiohttp.ConnectionTimeoutError:
            raise Deferred("no connection in time") from None
        except TimeoutError:
            raise Unanswered("no answer in time") from None
        except Exception as error:  # noqa: BLE001 - whatever else went wrong, the request may have left
            raise Unanswered(f"no whole answer ({type(error).__name__})") from None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _send(self, request: Request, headers: Headers) -> Response:
        client = self._client or self._open()
        async with asyncio.timeout(self.deadline):
            answer = await client.request(
                request.method,
                yarl.URL(str(request.url), encoded=True),  # as it is: decoding and encoding again changes what is asked for
                headers=headers,
                data=request.content or None,
                allow_redirects=False,
            )
            try:
                body = await _body(answer)
            finally:
                answer.close()  # what was read to its end went back to the pool before
        shown = [(name, value) for name, value in answer.raw_headers if name.lower() not in _CODINGS]
        return Response(answer.status, headers=shown, content=body, request=request)

    def _open(self) -> aiohttp.ClientSession:
        connect = min(CONNECT, self.deadline / 2)
        self._client = client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # visits in flight are limited above
                ssl=self._tls,
                socket_factory=self._guard.socket,
                keepalive_timeout=KEEP,
                resolver=ThreadedResolver(),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=connect),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=(hdrs.ACCEPT, hdrs.CONTENT_TYPE),
        )
        # Its default sends GET, PUT and DELETE again when a kept connection dies after the request (aiohttp issue 10790).
        client._retry_connection = False  # noqa: SLF001 - there is no other switch; a test counts the requests
        return client


def fields(request: Request) -> Headers:
    """The header fields to send.  Raises Refused for one that would end its own line or is no text."""
    sent: Headers = [(hdrs.ACCEPT_ENCODING, "identity")]
    for name, value in request.headers.raw:
        if _line_break(value) or _line_break(name):
            raise Refused("a header value has a line break")
        if name.lower() not in _OURS:
            try:
                sent.append((name.decode(), value.decode()))
            except UnicodeDecodeError:
                raise Refused("a header value is no text") from None
    if hdrs.USER_AGENT.lower() not in request.headers:
        sent.append((hdrs.USER_AGENT, "lockstep"))
    return sent


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        if size > CAP:
            raise Unanswered("the answer is too large", status=answer.status)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _not_connected(error: aiohttp.ClientConnectorError) -> ConnectorError:
    """Nothing left us."""
    if isinstance(error.os_error, Forbidden):
        return Halted("its address may not be called: use https and a public address, or name its network in LOCKSTEP_EGRESS")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Deferred("its certificate is not accepted: if its authority is a private one, name the file in `ca`")
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return Deferred("no TLS connection")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Deferred("its host name has no address")
    return Deferred("no connection")
