"""The endpoint on a real socket: slow, endless and rude senders cost a bounded time and memory, and nobody else notices."""

import asyncio
import contextlib
import json
import resource
import time
from collections.abc import AsyncIterator

import pytest

from worker.endpoint.exchange import Limits
from worker.endpoint.listener import HeadDeadline, server

PATIENCE = 0.3


@pytest.fixture
def limits() -> Limits:
    """Deadlines that a test can wait for."""
    return Limits(patience=PATIENCE, linger=0.2)


class Impatient(HeadDeadline):
    head_seconds = PATIENCE


@pytest.fixture
async def port(endpoint) -> AsyncIterator[int]:
    """The port of a uvicorn that serves the endpoint in this loop, as `lockstep serve` does."""
    running = server(endpoint.app, protocol=Impatient, host="127.0.0.1", port=0)
    serving = asyncio.create_task(running._serve())
    while not running.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.005)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    await serving


async def talk(port: int, *pieces: bytes, pause: float = 0.0, wait: float = 5.0) -> tuple[bytes, float]:
    """Send the pieces with pauses between them, and read until the other side closes; what it said, and after how long."""
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    said = b""
    with contextlib.suppress(ConnectionError):  # who talks on after the answer is reset in the end, and has read it before
        async with asyncio.timeout(wait):
            while piece := await reader.read(65_536):
                said += piece
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending
    writer.close()
    return said, time.perf_counter() - started


def request(headers: dict[str, str], body: bytes = b"", *, length: int | None = None, path: str = "/hooks/hr") -> bytes:
    lines = {"host": "x", "content-length": str(len(body) if length is None else length), **headers}
    return f"POST {path} HTTP/1.1\r\n".encode() + b"".join(f"{n}: {v}\r\n".encode() for n, v in lines.items()) + b"\r\n" + body


async def test_a_webhook_over_the_wire(endpoint, port):
    """The usual way, and a connection that is used again."""
    raw = b'{"id":"e1"}'
    close = {**endpoint.signed(raw, "msg_2"), "connection": "close"}
    said, _ = await talk(port, request(endpoint.signed(raw), raw), request(close, raw), pause=0.05)
    assert said.count(b"HTTP/1.1 202 Accepted") == 2
    assert list(endpoint.shelf.kept) == ["hr:msg_1", "hr:msg_2"]
    assert b"server:" not in said.lower()


async def test_a_body_in_pieces_is_one_body(endpoint, port):
    """Chunked, with every chunk on its own."""
    raw = json.dumps({"id": "e1", "note": "x" * 2_000}).encode()
    headers = {**endpoint.signed(raw), "transfer-encoding": "chunked", "connection": "close"}
    head = request(headers).replace(b"content-length: 0\r\n", b"")
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (raw[at : at + 300] for at in range(0, len(raw), 300))]
    said, _ = await talk(port, head, *chunks, b"0\r\n\r\n", pause=0.01)
    assert said.startswith(b"HTTP/1.1 202")


@pytest.mark.parametrize("drip", [b"", b" "], ids=["silent", "dripping"])
async def test_a_slow_body_is_cut_off(endpoint, port, drip):
    """One deadline for all of the body, however lively it drips: 408, and the connection ends."""
    said, seconds = await talk(port, request(endpoint.signed(b"{}"), b"{", length=1_000), *[drip] * 200, pause=0.02)
    assert said.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in said
    assert PATIENCE <= seconds < PATIENCE + 1.5
    assert endpoint.shelf.asked == []


@pytest.mark.parametrize(
    "pieces",
    [
        [b""],
        [b"POST /hooks/hr HTTP/1.1\r\n"],
        [b"POST /hooks/hr HTTP/1.1\r\nhost: x\r\n", *[b"x-a: b\r\n"] * 100],
        [b"\r\n"] * 100,
    ],
    ids=["silence", "half a head", "a header at a time", "empty lines"],
)
async def test_a_slow_head_is_cut_off(port, pieces):
    """Half-open requests do not stay open."""
    said, seconds = await talk(port, *pieces, pause=0.02)
    assert b"200" not in said
    assert PATIENCE * 0.9 <= seconds < PATIENCE + 1.5


async def test_empty_lines_do_not_keep_a_used_connection(endpoint, port):
    """Nor does a second head that never ends."""
    for rest in ([b"\r\n"] * 100, [b"POST /hooks/hr HTTP/1.1\r\n", *[b"x-a: b\r\n"] * 100]):
        said, seconds = await talk(port, request(endpoint.signed(b"{}"), b"{}"), *rest, pause=0.02)
        assert said.count(b"HTTP/1.1 202") == 1
        assert seconds < PATIENCE + 1.5


@pytest.mark.parametrize("head", [b"x-a: " + b"a" * 20_000 + b"\r\n\r\n", b"x-a: b\r\n" * 3_000 + b"\r\n"], ids=["long", "many"])
async def test_large_heads_are_refused(port, head):
    """16 KiB, in one line or in many."""
    said, seconds = await talk(port, b"POST /hooks/hr HTTP/1.1\r\nhost: x\r\n" + head)
    assert said.startswith(b"HTTP/1.1 400")
    assert seconds < PATIENCE


async def test_a_header_without_an_end_is_not_collected(port):
    """The parser keeps a line until it is whole: it is given no such line."""
    said, seconds = await talk(port, b"POST /hooks/hr HTTP/1.1\r\nx-a: ", *[b"a" * 60_000] * 200)
    assert said == b""
    assert seconds < PATIENCE * 0.9


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
async def test_300_mb_are_refused_early(endpoint, port, declared):
    """413 within the first bytes above the limit; the sender can read it though it is still writing; memory stays."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    head = request(endpoint.signed(b"{}"), length=300 * 2**20)
    if not declared:
        head = head.replace(b"content-length: 314572800", b"transfer-encoding: chunked")
    piece = b"x" * 2**20 if declared else b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    said, seconds = await talk(port, head, *[piece] * 300)
    assert said.startswith(b"HTTP/1.1 413")
    assert b'{"error":"the body is too large"}' in said
    assert seconds < 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024
    assert endpoint.shelf.asked == []


@pytest.mark.parametrize("path", ["/hooks/nobody", "/hooks/okta", "/elsewhere"])
async def test_no_answer_leaves_a_body_behind(endpoint, port, path):
    """An early refusal ends the connection within the linger, whatever still drips in."""
    head = request({"content-type": "text/plain"}, b"x", length=10_000, path=path)
    said, seconds = await talk(port, head, *[b"x"] * 200, pause=0.02)
    assert said.startswith((b"HTTP/1.1 404", b"HTTP/1.1 415"))
    assert b"connection: close" in said
    assert seconds < PATIENCE + 1.5


async def test_a_sender_that_hangs_up_is_no_error(endpoint, port):
    """Half a body and gone: nothing is kept, and nothing is logged as ours."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(endpoint.signed(b"{}"), b"{", length=2))
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.1)
    assert endpoint.shelf.asked == []
    assert [line["event"] for line in endpoint.logs] == ["sender hung up"]


async def test_slow_senders_do_not_slow_the_others(endpoint, port):
    """While a hundred and fifty connections drip, a good webhook waits for none of them."""
    slow = [
        asyncio.create_task(talk(port, request(endpoint.signed(b"{}"), b"{", length=1_000), *[b" "] * 40, pause=0.02))
        for _ in range(150)
    ]
    await asyncio.sleep(0.1)
    times = []
    for number in range(20):
        raw = b'{"id":"e%d"}' % number
        said, seconds = await talk(port, request({**endpoint.signed(raw, f"msg_{number}"), "connection": "close"}, raw))
        assert said.startswith(b"HTTP/1.1 202")
        times.append(seconds)
    answers = [said for said, _ in await asyncio.gather(*slow)]
    assert sorted(times)[10] < PATIENCE / 2
    assert all(said.startswith(b"HTTP/1.1 408") for said in answers)


async def test_a_poisoned_host_header_changes_nothing(endpoint, port):
    """What is asked for is in the request line only."""
    for host in ("evil.example/hooks/okta?", "x\\@y", "[::1", "a b", "/readyz#"):
        said, _ = await talk(port, request({"host": host, "connection": "close"}, b"{}", path="/hooks/nobody"))
        assert said.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
        assert b"evil" not in said


async def test_uvicorn_writes_no_access_log(endpoint, port, caplog):
    """A query string may hold what it should not."""
    await talk(port, b"GET /hooks/okta?canary=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert "canary" not in caplog.text + repr(endpoint.logs)
