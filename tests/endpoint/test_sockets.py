"""The endpoint on a real socket: slow, endless and rude senders cost a bounded time and memory, and nobody else notices."""

import asyncio
import contextlib
import itertools
import json
import resource
import time
from collections.abc import AsyncIterator

import pytest

from worker.endpoint.exchange import Limits
from worker.endpoint.listener import HeadDeadline, server

PATIENCE = 0.3
FOR_EVER = 3_600.0
"""A patience that no test outlasts: what ends a connection is something else."""

never_late = pytest.mark.parametrize(("limits", "head_seconds"), [(Limits(patience=FOR_EVER, linger=0.2), FOR_EVER)], ids=[""])


@pytest.fixture
def limits() -> Limits:
    """Deadlines that a test can wait for."""
    return Limits(patience=PATIENCE, linger=0.2)


@pytest.fixture
def head_seconds() -> float:
    """Of a request's head."""
    return PATIENCE


@pytest.fixture
async def port(endpoint, head_seconds) -> AsyncIterator[int]:
    """The port of a uvicorn that serves the endpoint in this loop, as `lockstep serve` does."""
    protocol = type("Impatient", (HeadDeadline,), {"head_seconds": head_seconds})
    running = server(endpoint.app, protocol=protocol, host="127.0.0.1", port=0)
    serving = asyncio.create_task(running._serve())
    while not running.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.005)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    await serving


async def talk(port: int, *pieces: bytes, endless: bytes | None = None, pause: float = 0.0) -> bytes:
    """Send the pieces with pauses between them, then `endless` again and again; what the other side said until it closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            for piece in itertools.chain(pieces, itertools.repeat(endless) if endless is not None else ()):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    said = b""
    try:
        with contextlib.suppress(ConnectionError):  # who talks on after the answer is reset in the end, and has read it before
            while piece := await reader.read(65_536):
                said += piece
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        writer.close()
    return said


def request(headers: dict[str, str], body: bytes = b"", *, length: int | None = None, path: str = "/hooks/hr") -> bytes:
    lines = {"host": "x", "content-length": str(len(body) if length is None else length), **headers}
    return f"POST {path} HTTP/1.1\r\n".encode() + b"".join(f"{n}: {v}\r\n".encode() for n, v in lines.items()) + b"\r\n" + body


async def test_a_webhook_over_the_wire(endpoint, port):
    """The usual way, and a connection that is used again."""
    raw = b'{"id":"e1"}'
    close = {**endpoint.signed(raw, "msg_2"), "connection": "close"}
    said = await talk(port, request(endpoint.signed(raw), raw), request(close, raw), pause=0.05)
    assert said.count(b"HTTP/1.1 202 Accepted") == 2
    assert list(endpoint.shelf.kept) == ["hr:msg_1", "hr:msg_2"]
    assert b"server:" not in said.lower()


@never_late
async def test_a_body_in_pieces_is_one_body(endpoint, port):
    """Chunked, with every chunk on its own."""
    raw = json.dumps({"id": "e1", "note": "x" * 2_000}).encode()
    headers = {**endpoint.signed(raw), "transfer-encoding": "chunked", "connection": "close"}
    head = request(headers).replace(b"content-length: 0\r\n", b"")
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (raw[at : at + 300] for at in range(0, len(raw), 300))]
    said = await talk(port, head, *chunks, b"0\r\n\r\n", pause=0.01)
    assert said.startswith(b"HTTP/1.1 202")


@pytest.mark.parametrize("drip", [None, b" "], ids=["silent", "dripping"])
async def test_a_slow_body_is_cut_off(endpoint, port, drip):
    """One deadline for all of the body, however lively it drips: 408, and the connection ends while the sender still talks."""
    started = time.perf_counter()
    said = await talk(port, request(endpoint.signed(b"{}"), b"{", length=100_000), endless=drip, pause=0.02)
    assert said.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in said
    assert time.perf_counter() - started >= PATIENCE
    assert endpoint.shelf.asked == []


@pytest.mark.parametrize(
    ("pieces", "endless"),
    [
        ([], None),
        ([b"POST /hooks/hr HTTP/1.1\r\n"], None),
        ([b"POST /hooks/hr HTTP/1.1\r\nhost: x\r\n"], b"x-a: b\r\n"),
        ([], b"\r\n"),
    ],
    ids=["silence", "half a head", "a header at a time", "empty lines"],
)
async def test_a_slow_head_is_cut_off(port, pieces, endless):
    """Half-open requests do not stay open."""
    started = time.perf_counter()
    assert await talk(port, *pieces, endless=endless, pause=0.02) == b""
    assert time.perf_counter() - started >= PATIENCE * 0.9


@pytest.mark.parametrize("limits", [Limits(patience=FOR_EVER)], ids=[""])
@pytest.mark.parametrize(
    ("begun", "endless"), [(b"", b"\r\n"), (b"POST /hooks/hr HTTP/1.1\r\n", b"x-a: b\r\n")], ids=["empty lines", "a second head"]
)
async def test_empty_lines_do_not_keep_a_used_connection(endpoint, port, begun, endless):
    """Nor does a second head that never ends."""
    said = await talk(port, request(endpoint.signed(b"{}"), b"{}"), begun, endless=endless, pause=0.02)
    assert said.count(b"HTTP/1.1") == said.count(b"HTTP/1.1 202") == 1


@never_late
@pytest.mark.parametrize("head", [b"x-a: " + b"a" * 20_000 + b"\r\n\r\n", b"x-a: b\r\n" * 3_000 + b"\r\n"], ids=["long", "many"])
async def test_large_heads_are_refused(port, head):
    """16 KiB, in one line or in many."""
    assert (await talk(port, b"POST /hooks/hr HTTP/1.1\r\nhost: x\r\n" + head)).startswith(b"HTTP/1.1 400")


@never_late
async def test_a_header_without_an_end_is_not_collected(port):
    """The parser keeps a line until it is whole: it is given no such line."""
    assert await talk(port, b"POST /hooks/hr HTTP/1.1\r\nx-a: ", endless=b"a" * 60_000) == b""


@never_late
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
async def test_an_endless_body_is_refused_early(endpoint, port, declared):
    """413 within the first bytes above the limit; the sender can read it though it is still writing; memory stays."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    head = request(endpoint.signed(b"{}"), length=2**50)
    if not declared:
        head = head.replace(b"content-length: %d" % 2**50, b"transfer-encoding: chunked")
    piece = b"x" * 2**20 if declared else b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    said = await talk(port, head, endless=piece)
    assert said.startswith(b"HTTP/1.1 413")
    assert b'{"error":"the body is too large"}' in said
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024
    assert endpoint.shelf.asked == []


@never_late
@pytest.mark.parametrize("path", ["/hooks/nobody", "/hooks/okta", "/elsewhere"])
async def test_no_answer_leaves_a_body_behind(endpoint, port, path):
    """An early refusal ends the connection within the linger, whatever still drips in."""
    head = request({"content-type": "text/plain"}, b"x", length=1_000_000, path=path)
    said = await talk(port, head, endless=b"x", pause=0.02)
    assert said.startswith((b"HTTP/1.1 404", b"HTTP/1.1 415"))
    assert b"connection: close" in said


async def test_a_sender_that_hangs_up_is_no_error(endpoint, port):
    """Half a body and gone: nothing is kept, and nothing is logged as ours."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(endpoint.signed(b"{}"), b"{", length=2))
    await writer.drain()
    writer.close()
    while not endpoint.logs:  # noqa: ASYNC110 - nobody tells when a line is logged
        await asyncio.sleep(0.01)
    assert endpoint.shelf.asked == []
    assert [line["event"] for line in endpoint.logs] == ["sender hung up"]


@never_late
async def test_slow_senders_do_not_hold_up_the_others(endpoint, port):
    """While a hundred and fifty connections drip, a good webhook waits for none of them."""
    dripping = request(endpoint.signed(b"{}"), b"{", length=100_000)
    slow = [asyncio.create_task(talk(port, dripping, endless=b" ", pause=0.02)) for _ in range(150)]
    for number in range(20):
        raw = b'{"id":"e%d"}' % number
        said = await talk(port, request({**endpoint.signed(raw, f"msg_{number}"), "connection": "close"}, raw))
        assert said.startswith(b"HTTP/1.1 202")
    assert not any(each.done() for each in slow)
    for each in slow:
        each.cancel()
    await asyncio.wait(slow)


async def test_a_poisoned_host_header_changes_nothing(endpoint, port):
    """What is asked for is in the request line only."""
    for host in ("evil.example/hooks/okta?", "x\\@y", "[::1", "a b", "/readyz#"):
        said = await talk(port, request({"host": host, "connection": "close"}, b"{}", path="/hooks/nobody"))
        assert said.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
        assert b"evil" not in said


async def test_uvicorn_writes_no_access_log(endpoint, port, caplog):
    """A query string may hold what it should not."""
    await talk(port, b"GET /hooks/okta?canary=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert "canary" not in caplog.text + repr(endpoint.logs)
