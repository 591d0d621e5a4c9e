"""A line drives a flow: one send for each yield, under the token, the budget and the time that there is."""

import asyncio
import inspect
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from structlog.testing import capture_logs

from connectors.contract import (
    Budget,
    ConnectorError,
    Deferred,
    Failed,
    Flow,
    Halted,
    NoAccount,
    Refused,
    Request,
    Response,
    Token,
    TokenRefused,
    Unanswered,
)
from tests.network.peer import Behave, Peer, Seen, answer, raw
from worker.network.tokens import Tokens
from worker.network.transport import Exchange, Line
from worker.store.budgets import Gate

Passes = Callable[[float], None]


class Static:
    """A credential that never changes."""

    def __init__(self, value: str = "secret") -> None:
        self.value = value

    def obtain(self) -> Flow[Token] | None:
        return None

    def sign(self, request: Request, token: Token | None) -> None:
        assert token is None
        request.headers["Authorization"] = self.value


class Asked:
    """A token that `/token` gives out."""

    def __init__(self, url: str) -> None:
        self.url = url

    def obtain(self) -> Flow[Token]:
        response = yield httpx.Request("POST", f"{self.url}/token")
        if response.status_code == 401:
            raise TokenRefused("the pair is refused", status=401)
        if response.status_code != 200:
            raise Failed("error", status=response.status_code)
        said = response.json()
        return Token(said["token"], said["lifetime"])

    def sign(self, request: Request, token: Token | None) -> None:
        assert token is not None
        request.headers["Authorization"] = f"Bearer {token.secret}"


def one(peer: Peer, method: str = "PUT", path: str = "/x", **more: object) -> Flow[int]:
    """One request; the status table of a small connector."""
    response = yield Request(method, peer.url + path, **more)  # type: ignore[arg-type]
    return read(response)


def read(response: Response) -> int:
    match response.status_code:
        case 401:
            raise TokenRefused(status=401)
        case 404:
            raise NoAccount("no such account", status=404)
        case 429:
            wait = response.headers.get("retry-after")
            raise Deferred("throttled", None if wait is None else float(wait), throttled=True, status=429)
        case 503:
            raise Failed("error", status=503)
        case _:
            return response.status_code


@dataclass
class TokenServer:
    """Gives out the tokens `t1`, `t2`, ... and lets pass whom `lets` names."""

    lifetime: float = 3600.0
    given: int = 0
    lets: Callable[[str, Seen], bool] = lambda token, seen: True

    async def __call__(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.target == "/token":
            await asyncio.sleep(0.02)
            self.given += 1
            body = f'{{"token":"t{self.given}","lifetime":{self.lifetime}}}'.encode()
            return await answer(200, body)(seen, writer)
        (token,) = seen.header("authorization")
        return await answer(200 if self.lets(token.removeprefix("Bearer "), seen) else 401)(seen, writer)


@asynccontextmanager
async def line_to(peer: Peer, gate: Gate, authentication: object = None, **more: object) -> AsyncIterator[Line]:
    line = Line("there", peer.url, authentication or Static(), gate, **{"deadline": 1.0, **more})  # type: ignore[arg-type]
    yield line
    await line.close()


# ---------------------------------------------------------------- flows


async def test_one_send_for_each_yield(gate: Gate) -> None:
    """Each yield is one request, signed; the flow is sent its answer, and what it returns is answered."""

    def flow() -> Flow[list[int]]:
        first = yield Request("GET", f"{peer.url}/1")
        second = yield Request("PUT", f"{peer.url}/2", content=first.content)
        return [first.status_code, second.status_code]

    async with Peer(answer(200, b"A")) as peer, line_to(peer, gate) as line:
        assert await line.drive(flow(), patience=5) == [200, 200]
    assert [(seen.method, seen.target, seen.body) for seen in peer.seen] == [("GET", "/1", b""), ("PUT", "/2", b"A")]
    assert [seen.header("authorization") for seen in peer.seen] == [["secret"], ["secret"]]


async def test_flow_without_request(gate: Gate) -> None:
    """A flow that asks nothing sends nothing."""

    def flow() -> Flow[str]:
        yield from ()
        return "nothing to ask"

    async with Peer() as peer, line_to(peer, gate) as line:
        assert await line.drive(flow(), patience=0) == "nothing to ask"
    assert peer.seen == []


async def test_errors_pass(gate: Gate) -> None:
    """The connector's own error is raised as it is."""
    async with Peer(answer(404)) as peer, line_to(peer, gate) as line:
        with pytest.raises(NoAccount, match="no such account"):
            await line.drive(one(peer), patience=5)


async def test_flow_is_closed(gate: Gate) -> None:
    """A flow whose request was not answered is over: what it holds is let go at once."""
    async with Peer(raw(b"")) as peer, line_to(peer, gate) as line:
        flow = one(peer)
        with pytest.raises(Unanswered):
            await line.drive(flow, patience=5)
        assert inspect.getgeneratorstate(flow) == inspect.GEN_CLOSED


async def test_unreadable_answer(gate: Gate) -> None:
    """Where the flow stumbles over the answer, the call may have landed."""

    def flow(read: Callable[[Response], object]) -> Flow[object]:
        return read((yield Request("PUT", peer.url)))

    for body in (b"<html>secret", b"\xff", b"[" * 100_000):
        async with Peer(answer(200, body)) as peer, line_to(peer, gate) as line:
            with pytest.raises(Unanswered) as caught:
                await line.drive(flow(lambda response: response.json()), patience=5)
            assert (str(caught.value), caught.value.status) == ("the answer cannot be read", 200)
            assert len(peer.seen) == 1


@pytest.mark.parametrize("stumbles", [KeyError("name"), TypeError("secret"), OverflowError("secret"), AssertionError("secret")])
async def test_an_answer_that_a_connector_did_not_expect(gate: Gate, stumbles: Exception) -> None:
    """It is answered as one that cannot be read, and said to people: a fault of the connector, of which no value is told."""

    def flow() -> Flow[object]:
        yield Request("PUT", peer.url)
        raise stumbles

    async with Peer(answer(200, b"{}")) as peer, line_to(peer, gate) as line:
        with capture_logs() as logs, pytest.raises(Unanswered) as caught:
            await line.drive(flow(), patience=5)
    assert str(caught.value) == "the answer cannot be read"
    assert [(each["event"], each["error"]) for each in logs] == [("a connector stumbled", type(stumbles).__name__)]


@pytest.mark.parametrize(
    "build",
    [
        lambda url: Request("PUT", url, headers={"X": "a\r\nX-Admin: 1"}),
        lambda url: Request("PUT", url, headers={"X": "ä"}),
        lambda url: Request("PUT", url + "/\x00"),
        lambda url: Request("PUT", url + "/" + "a" * 70_000),
        lambda url: Request("PUT", url, json={"a": "\ud800"}),
        lambda url: Request("PUT", url, json={"a": float("nan")}),
        lambda url: Request("PUT", url.replace("127.0.0.1", "127.0.0.2")),
        lambda url: Request("PUT", url.replace("http:", "https:")),
        lambda url: Request("PUT", url.replace("http://", "http://user:pass@")),
    ],
    ids=["line break", "not ASCII", "NUL", "too long", "surrogate", "NaN", "other host", "other scheme", "credential in URL"],
)
async def test_impossible_request(gate: Gate, build: Callable[[str], Request]) -> None:
    """A value that cannot stand in a request, or would lead it elsewhere, is refused for good, and nothing is sent."""

    def flow() -> Flow[None]:
        yield build(peer.url)

    async with Peer() as peer, line_to(peer, gate, egress="any") as line:
        with pytest.raises(Refused) as caught:
            await line.drive(flow(), patience=5)
    assert "Admin" not in str(caught.value)
    assert peer.connections == 0


@pytest.mark.parametrize("secret", ["secret\nX: y", "sécret"])
async def test_impossible_credential(gate: Gate, secret: str) -> None:
    """A credential that cannot be sent is no value's fault: the system halts, and nothing is sent."""
    async with Peer() as peer, line_to(peer, gate, Static(secret)) as line:
        with pytest.raises(Halted, match="credential") as caught:
            await line.drive(one(peer), patience=5)
    assert secret not in repr(caught.value)
    assert peer.seen == []


async def test_half_of_a_flow(gate: Gate) -> None:
    """`Deferred` promises that nothing changed: after a request that may have changed something it becomes Failed; after one
    that only looked it stays."""

    def flow(method: str) -> Flow[None]:
        yield Request(method, peer.url)
        yield Request("PUT", peer.url)

    for method, expected in (("PUT", Failed), ("GET", Deferred)):
        async with Peer() as peer, line_to(peer, gate, share=method, budget=Budget(1, 60)) as line:
            with pytest.raises(expected):
                await line.drive(flow(method), patience=3)
        assert [seen.method for seen in peer.seen] == [method]


@pytest.mark.parametrize("base_url", ["ftp://a", "a.example.com", "https://", "https://user:pass@a", "https://a:b"])
def test_base_url(gate: Gate, base_url: str) -> None:
    """A base_url that is none, or that holds a credential, is told at the start, without the credential."""
    with pytest.raises(ValueError, match="base_url") as caught:
        Line("there", base_url, Static(), gate)
    assert "pass" not in str(caught.value)


async def test_what_a_log_may_say(gate: Gate) -> None:
    """Each exchange is told with method, status and time; nothing in it is an address, a header or a body."""
    told: list[Exchange] = []
    async with Peer() as peer, line_to(peer, gate, on_exchange=told.append) as line:
        await line.drive(one(peer, "PUT", "/users/ana@example.com?q=secret", json={"a": "secret"}), patience=5)
        peer.behave = raw(b"")
        with pytest.raises(Unanswered):
            await line.drive(one(peer, "PUT", "/users/ana@example.com?q=secret", json={"a": "secret"}), patience=5)
    assert [(e.system, e.method, e.status) for e in told] == [("there", "PUT", 200), ("there", "PUT", 0)]
    assert told[0].reason == ""
    assert 0 < told[0].seconds < 1
    assert "secret" not in repr(told)
    assert "ana" not in repr(told)


# ---------------------------------------------------------------- tokens


async def test_token_once(gate: Gate) -> None:
    """Fifty calls that need a token ask for one, once, and all of them use it."""
    server = TokenServer()
    async with Peer(server) as peer, line_to(peer, gate, Asked(peer.url)) as line:
        assert await asyncio.gather(*(line.drive(one(peer), patience=5) for _ in range(50))) == [200] * 50
    assert server.given == 1
    assert {token for seen in peer.seen if seen.target == "/x" for token in seen.header("authorization")} == {"Bearer t1"}


@pytest.mark.parametrize(("lifetime", "before"), [(3600.0, 60.0), (100.0, 10.0)])
async def test_token_renewed_before_its_end(still: Gate, passes: Passes, lifetime: float, before: float) -> None:
    """A token is renewed in the last minute of its life, or the last tenth, before the system refuses it."""
    server = TokenServer(lifetime=lifetime)
    async with Peer(server) as peer, line_to(peer, still, Asked(peer.url)) as line:
        await line.drive(one(peer), patience=60)
        passes((lifetime - before) / 2)
        await line.drive(one(peer), patience=60)
        assert server.given == 1
        passes((lifetime - before) / 2)
        await asyncio.gather(*(line.drive(one(peer), patience=60) for _ in range(10)))
        assert server.given == 2


async def test_token_refused(gate: Gate) -> None:
    """A token that worked and is refused now is forgotten, once however many are refused; the next call has a new one."""
    server = TokenServer()
    async with Peer(server) as peer, line_to(peer, gate, Asked(peer.url)) as line:
        await line.drive(one(peer), patience=5)
        server.lets = lambda token, _: token != "t1"
        errors = await asyncio.gather(*(line.drive(one(peer), patience=5) for _ in range(20)), return_exceptions=True)
        assert {type(error) for error in errors} == {TokenRefused}
        assert server.given == 1
        assert await line.drive(one(peer), patience=5) == 200
        assert server.given == 2


async def test_new_token_refused(gate: Gate) -> None:
    """A new token that is refused at once: no delivery can work."""
    server = TokenServer(lets=lambda token, seen: False)
    async with Peer(server) as peer, line_to(peer, gate, Asked(peer.url)) as line:
        with pytest.raises(Halted, match="new token"):
            await line.drive(one(peer), patience=5)


async def test_refused_for_one_thing_only(gate: Gate) -> None:
    """Tokens that may read and are refused when they write: the second one halts the system, it does not go round for ever."""
    server = TokenServer(lets=lambda token, seen: seen.method == "GET")

    def flow() -> Flow[int]:
        yield from one(peer, "GET")
        return (yield from one(peer, "PUT"))

    async with Peer(server) as peer, line_to(peer, gate, Asked(peer.url)) as line:
        await line.drive(one(peer, "GET"), patience=5)
        with pytest.raises(TokenRefused):
            await line.drive(flow(), patience=5)
        await line.drive(one(peer, "GET"), patience=5)
        with pytest.raises(Halted):
            await line.drive(flow(), patience=5)
    assert server.given == 2


async def test_static_credential_refused(gate: Gate) -> None:
    """A static credential that is refused: there is no other."""
    async with Peer(answer(401)) as peer, line_to(peer, gate) as line:
        with pytest.raises(Halted, match="refused"):
            await line.drive(one(peer), patience=5)


@pytest.mark.parametrize(
    ("behave", "error", "why"),
    [(answer(401), Halted, "the pair is refused"), (answer(500), Deferred, "no token: error"),
     (raw(b""), Deferred, "no token: no whole answer"),
     (answer(200, b"<html>"), Deferred, "no token: the answer cannot be read")],
    ids=["refused", "failed", "unanswered", "unreadable"],
)  # fmt: skip
async def test_no_token(gate: Gate, behave: Behave, error: type[ConnectorError], why: str) -> None:
    """Without a token surely nothing was sent; why, the connector says; and the next call asks again."""
    async with Peer(behave) as peer, line_to(peer, gate, Asked(peer.url)) as line:
        for _ in range(2):
            with pytest.raises(error) as caught:
                await line.drive(one(peer), patience=5)
            assert caught.value.reason.startswith(why)
    assert [seen.target for seen in peer.seen] == ["/token", "/token"]


async def test_waiting_for_a_token(gate: Gate) -> None:
    """Who has no more time stops waiting for a token and takes it from nobody."""
    server, given_up = TokenServer(), asyncio.Event()

    async def slow(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await given_up.wait()
        await server(seen, writer)

    async with Peer(slow) as peer, line_to(peer, gate, Asked(peer.url), deadline=10.0) as line:
        patient = asyncio.create_task(line.drive(one(peer), patience=60))
        with pytest.raises(Deferred, match="waiting for a token"):
            await line.drive(one(peer), patience=10.1)
        given_up.set()
        assert await patient == 200
    assert server.given == 1


async def test_secrets_in_no_repr() -> None:
    """A token that is held is in no repr."""

    async def obtain() -> Token:
        return Token("t0psecret")

    assert "t0psecret" not in repr(await Tokens(obtain).get(1.0))


# ---------------------------------------------------------------- time and budget


async def test_no_time(gate: Gate) -> None:
    """A call starts only if its whole deadline fits: nothing is sent, and the system is not to blame."""
    async with Peer() as peer, line_to(peer, gate, deadline=1.0) as line:
        with pytest.raises(Deferred) as caught:
            await line.drive(one(peer), patience=0.9)
        assert caught.value.throttled
    assert peer.connections == 0


async def test_budget(gate: Gate) -> None:
    """A call waits for its budget within its patience; where that does not do, it is told how long, and nothing is sent."""
    async with Peer() as peer, line_to(peer, gate, budget=Budget(2, 0.4)) as line:
        started = time.monotonic()
        await asyncio.gather(*(line.drive(one(peer), patience=60) for _ in range(4)))
        assert time.monotonic() - started > 0.4
        assert len(peer.seen) == 4


async def test_spent_budget(still: Gate) -> None:
    """A call that would have to wait for longer than it can is told how long, and nothing is sent."""
    async with Peer() as peer, line_to(peer, still, budget=Budget(2, 20)) as line:
        for _ in range(2):
            await line.drive(one(peer), patience=5)
        with pytest.raises(Deferred) as caught:
            await line.drive(one(peer), patience=5)
        assert (caught.value.throttled, caught.value.wait) == (True, 21)  # a window, and the slot that has begun
    assert len(peer.seen) == 2


async def test_retry_after(still: Gate, passes: Passes) -> None:
    """After Retry-After nothing is sent with that credential, at no system that shares it, until then; others go on."""
    async with (
        Peer(answer(429, headers=("retry-after: 30",))) as peer, Peer() as mine, Peer() as other,
        line_to(peer, still, share="s") as a, line_to(mine, still, share="s") as b, line_to(other, still) as c,
    ):  # fmt: skip
        with pytest.raises(Deferred) as caught:
            await a.drive(one(peer), patience=5)
        assert (caught.value.wait, caught.value.throttled, caught.value.status) == (30, True, 429)
        passes(29)
        with pytest.raises(Deferred) as caught:
            await b.drive(one(mine), patience=1.5)
        assert (caught.value.wait, caught.value.throttled) == (1, True)
        assert mine.seen == []
        assert await c.drive(one(other), patience=5) == 200
        passes(1)
        assert await b.drive(one(mine), patience=5) == 200


async def test_days_of_retry_after(gate: Gate) -> None:
    """However long: the wait is told as it is, to those who come later too, so that the system can be paused."""
    async with Peer(answer(429, headers=("retry-after: 200000",))) as peer, line_to(peer, gate) as line:
        for _ in range(2):
            with pytest.raises(Deferred) as caught:
                await line.drive(one(peer), patience=5)
            assert caught.value.wait == pytest.approx(200_000, abs=2)
    assert len(peer.seen) == 1


async def test_throttled_without_a_time(still: Gate, passes: Passes) -> None:
    """Throttled and not told for how long: one second and up to one more by chance, doubled the next time, and one throttling
    for all calls of a burst."""
    async with Peer(answer(429)) as peer, line_to(peer, still, jitter=lambda: 0.5) as line:
        errors = await asyncio.gather(*(line.drive(one(peer), patience=1.4) for _ in range(10)), return_exceptions=True)
        waits = [error.wait for error in errors if isinstance(error, Deferred) and error.wait is not None]
        assert (len(waits), max(waits)) == (10, 1.5)
        passes(1.5)
        with pytest.raises(Deferred) as caught:
            await line.drive(one(peer), patience=1.4)
        assert caught.value.wait == 3


@dataclass(frozen=True)
class Names:
    remaining: str = "x-left"
    reset: str = "x-reset"
    reset_is: str = "seconds"


async def test_rate_headers(still: Gate, passes: Passes) -> None:
    """What the answers say is left is heeded: after the last call nothing is sent until the reset."""
    async with (
        Peer(answer(200, headers=("x-left: 0", "x-reset: 30"))) as peer,
        line_to(peer, still, rate_headers=Names()) as line,
    ):
        await line.drive(one(peer), patience=5)
        with pytest.raises(Deferred) as caught:
            await line.drive(one(peer), patience=5)
        assert (caught.value.wait, caught.value.throttled) == (30, True)
        assert len(peer.seen) == 1
        passes(30)
        assert await line.drive(one(peer), patience=5) == 200


async def test_rate_headers_tell_the_wait(gate: Gate) -> None:
    """A 429 without Retry-After whose rate headers say when it begins again: until then."""
    async with Peer(answer(429, headers=("x-left: 0", "x-reset: 90"))) as peer, line_to(peer, gate, rate_headers=Names()) as line:
        with pytest.raises(Deferred) as caught:
            await line.drive(one(peer), patience=5)
        assert caught.value.wait == 90


async def test_nobody_listens_later(gate: Gate) -> None:
    """No connection is Deferred for a first request and not throttled: the breaker counts it."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        peer = Peer(port=closed.getsockname()[1])
        async with line_to(peer, gate) as line:
            with pytest.raises(Deferred) as caught:
                await line.drive(one(peer), patience=5)
            assert not caught.value.throttled
