"""One request on the wire: what is sent, what is read, and what each way of going wrong means."""

import asyncio
import gzip
import socket
import ssl

import pytest

from connectors.contract import ConnectorError, Deferred, Refused, Request, Response, Unanswered
from tests.network.peer import PEM, Behave, Peer, Seen, answer, drip, flood, hang, raw
from worker.network.egress import Guard
from worker.network.session import CAP, Session, fields


async def send(session: Session, method: str, url: str, **more: object) -> Response:
    request = Request(method, url, **more)  # type: ignore[arg-type]
    return await session.send(request, fields(request))


def session(base_url: str, deadline: float = 2.0) -> Session:
    return Session(Guard("public", base_url), deadline=deadline)


async def test_as_it_is() -> None:
    """Method, address, header fields and body arrive as the connector made them, escapes included, and nothing is added but
    the host, a name of ours and that we want no content coding."""
    async with Peer() as peer:
        line = session(peer.url)
        path = "/a%2e%2e/%2e%2e/b%40c/%2Fd?q=a%20b%2Bc&e=x@y"
        await send(line, "PATCH", peer.url + path, json={"a": "ä"}, headers={"X-One": "1", "Accept": "application/json"})
        await line.close()
    (seen,) = peer.seen
    assert (seen.method, seen.target, seen.body) == ("PATCH", path, '{"a":"ä"}'.encode())
    assert sorted(seen.headers) == [
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("content-length", str(len(seen.body))),
        ("content-type", "application/json"),
        ("host", f"127.0.0.1:{peer.port}"),
        ("user-agent", "lockstep"),
        ("x-one", "1"),
    ]


async def test_answer() -> None:
    """Status, header fields and body of the answer arrive; a redirect is an answer like any other; a cookie is not kept."""
    async with Peer(answer(302, b"moved", headers=("location: /elsewhere", "set-cookie: a=b", "x-request-id: 17"))) as peer:
        line = session(peer.url)
        got = await send(line, "GET", peer.url)
        await send(line, "GET", peer.url)
        await line.close()
    assert (got.status_code, got.content, got.headers["x-request-id"]) == (302, b"moved", "17")
    assert [seen.target for seen in peer.seen] == ["/", "/"]
    assert peer.seen[1].header("cookie") == []
    assert peer.connections == 1


async def test_no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names is not used: it would see every credential."""
    async with Peer() as proxy, Peer() as peer:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        line = session(peer.url)
        await send(line, "GET", peer.url)
        await line.close()
    assert (len(peer.seen), len(proxy.seen)) == (1, 0)


async def test_content_coding_is_not_undone() -> None:
    """A coded body that nobody asked for stays as it came, so that a small one cannot become a large one."""
    bomb = gzip.compress(b" " * (50 << 20))
    assert len(bomb) < CAP
    async with Peer(answer(200, bomb, headers=("content-encoding: gzip",))) as peer:
        line = session(peer.url)
        got = await send(line, "GET", peer.url)
        await line.close()
    assert got.content == bomb
    assert peer.seen[0].header("accept-encoding") == ["identity"]


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(raw(b""), id="closed"),
        pytest.param(raw(b"HTTP/1.1 200 X\r\ncontent-le"), id="half a head"),
        pytest.param(raw(b"HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\n{}"), id="half a body"),
        pytest.param(raw(b"\x15\x03\x01\x00\x02"), id="not HTTP"),
        pytest.param(raw(b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), id="bad chunk"),
        pytest.param(raw(b"HTTP/1.1 200 X\r\nx: " + b"y" * 100_000 + b"\r\n\r\n"), id="huge head"),
        pytest.param(hang, id="hangs"),
        pytest.param(drip, id="drips"),
        pytest.param(flood, id="floods"),
        pytest.param(answer(200, b" " * (CAP + 1)), id="too large"),
    ],
)
async def test_unanswered(behave: Behave) -> None:
    """Without a whole answer within the deadline nobody knows whether it landed; it is sent once and not again, and the
    next call finds a working session."""
    async with Peer(behave) as peer:
        line = session(peer.url, deadline=0.8)
        with pytest.raises(Unanswered):
            await send(line, "PUT", peer.url, content=b"x")
        assert [seen.method for seen in peer.seen] == ["PUT"]
        peer.behave = answer()
        assert (await send(line, "GET", peer.url)).status_code == 200
        await line.close()


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE", "PATCH", "POST"])
async def test_kept_connection_dies(method: str) -> None:
    """A connection that was used before and dies after the request: the request was sent once, and nobody knows."""
    async with Peer() as peer:
        line = session(peer.url)
        await send(line, "GET", peer.url)
        peer.behave = raw(b"")
        with pytest.raises(Unanswered):
            await send(line, method, peer.url, content=b"x")
        await asyncio.sleep(0.1)
        await line.close()
    assert [(seen.method, seen.connection) for seen in peer.seen] == [("GET", 1), (method, 1)]


async def test_nobody_listens() -> None:
    """A refused connection: surely nothing left us."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        line = session(url)
        with pytest.raises(Deferred):
            await send(line, "PUT", url, content=b"x")
        await line.close()


async def test_no_such_name() -> None:
    """A host name without an address (RFC 6761: `.invalid` has none): surely nothing left us."""
    line = session("https://lockstep.invalid")
    with pytest.raises(Deferred, match="host name"):
        await send(line, "PUT", "https://lockstep.invalid/", content=b"x")
    await line.close()


async def test_no_handshake() -> None:
    """A peer that takes the connection and no TLS, or says nothing to it: surely nothing left us, whatever the deadline."""
    async with Peer(hang) as peer:
        url = f"https://localhost:{peer.port}"
        line = session(url, deadline=0.6)
        with pytest.raises(Deferred):
            await send(line, "PUT", url, content=b"x")
        await line.close()

    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 X\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    line = session(url)
    with pytest.raises(Deferred, match="TLS"):
        await send(line, "PUT", url, content=b"x")
    await line.close()
    server.close()
    assert peer.seen == []


@pytest.mark.filterwarnings("ignore:.*:ResourceWarning")  # the server's side of a handshake that the client breaks off
async def test_certificate() -> None:
    """A certificate of an unknown authority or for another host: not a byte of the request is sent.  `ca` names the authority."""
    async with Peer(secure=True) as peer:
        unknown = session(peer.url)
        with pytest.raises(Deferred, match="certificate"):
            await send(unknown, "PUT", peer.url, content=b"x")
        await unknown.close()
        other = f"https://127.0.0.1:{peer.port}"
        wrong = Session(Guard("public", other), deadline=2, ca=PEM)
        with pytest.raises(Deferred, match="certificate"):
            await send(wrong, "PUT", other, content=b"x")
        await wrong.close()
        assert peer.seen == []
        right = Session(Guard("public", peer.url), deadline=2, ca=PEM)
        assert (await send(right, "PUT", peer.url, content=b"x")).status_code == 200
        await right.close()


def test_no_ca() -> None:
    """A file of authorities that is not there, or holds none, is told at the start."""
    with pytest.raises(OSError, match="No such file"):
        Session(Guard("public", "https://a"), deadline=1, ca=PEM.with_name("nobody.pem"))
    with pytest.raises(ssl.SSLError):
        Session(Guard("public", "https://a"), deadline=1, ca=PEM.with_name("peer.py"))


async def test_cancelled() -> None:
    """Two hundred calls that are given up leave the session whole."""
    async with Peer(hang) as peer:
        line = session(peer.url)
        calls = [asyncio.create_task(send(line, "GET", peer.url)) for _ in range(200)]
        await asyncio.sleep(0.3)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        peer.behave = answer()
        assert (await send(line, "GET", peer.url)).status_code == 200
        await line.close()


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "a\0b", b"\xff"])
def test_header_injection(value: str | bytes) -> None:
    """A header value that would end its own line, or is no text, is refused before anything is sent."""
    request = Request("GET", "http://127.0.0.1/", headers=[("X-Value", value)])  # type: ignore[arg-type]
    with pytest.raises(Refused) as caught:
        fields(request)
    assert "Admin" not in str(caught.value)


def test_text_in_headers() -> None:
    """Bytes that are UTF-8 stay what they are."""
    request = Request("GET", "http://127.0.0.1/", headers=[(b"X-Value", "ä".encode())])
    assert ("X-Value", "ä") in fields(request)


async def test_errors_tell_nothing() -> None:
    """No error text holds the address, which may carry a value, nor what was sent or answered."""

    async def odd(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 secret\r\nsecret secret\r\n\r\n")

    for behave in (odd, hang, raw(b"secret")):
        async with Peer(behave) as peer:
            line = session(peer.url, deadline=0.3)
            with pytest.raises(ConnectorError) as caught:
                await send(line, "PUT", f"{peer.url}/secret?secret=secret", headers={"X": "secret"}, content=b"secret")
            await line.close()
        assert "secret" not in f"{caught.value!r} {caught.value.reason}"
