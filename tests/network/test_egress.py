"""Which addresses a system's host name may lead to."""

from ipaddress import ip_network

import pytest

from connectors.contract import Halted, Request
from tests.network.peer import Peer
from worker.network.egress import Egress, Guard
from worker.network.session import Session, fields

PUBLIC = ("8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8")
PRIVATE = (
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "::1", "fd12:3456::1", "198.18.0.1",
    "::ffff:127.0.0.1", "64:ff9b::7f00:1",
)  # fmt: skip
NEVER = (
    "0.0.0.0", "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "224.0.0.1", "255.255.255.255", "192.0.0.192",
    "::", "fe80::1", "fe80::1%1", "ff02::1", "fec0::1", "2002:7f00:1::", "::127.0.0.1", "2001::1", "64:ff9b:1::1",
    "100.100.100.200", "168.63.129.16", "fd00:ec2::254",
)  # fmt: skip
TEN = (ip_network("10.0.0.0/8"),)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    """A public address may be called, over https only."""
    assert Guard("public", "https://example.com").allows(address)
    assert not Guard("public", "http://example.com").allows(address)
    assert not Guard("any", "http://example.com").allows(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    """A private or loopback address may be called only where the operator lets it."""
    assert not Guard("public", "https://example.com").allows(address)
    assert Guard("any", "https://example.com").allows(address)
    assert Guard("any", "http://example.com").allows(address)


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("egress", ["public", "any", TEN])
def test_never(address: str, egress: Egress) -> None:
    """Link-local, metadata, multicast, unspecified and tunnel addresses are never called, even where private ones are."""
    assert not Guard(egress, "https://example.com").allows(address)
    assert not Guard(egress, "https://169.254.169.254").allows(address)


def test_named_network() -> None:
    """A network that is named is let through, in plain http too, and no other; even a link-local one if it is named itself."""
    guard = Guard(TEN, "http://ten.example.com")
    assert guard.allows("10.1.2.3")
    assert guard.allows("::ffff:10.1.2.3")
    assert not guard.allows("192.168.1.1")
    assert not guard.allows("8.8.8.8")
    assert Guard((ip_network("169.254.1.0/24"),), "https://example.com").allows("169.254.1.9")


@pytest.mark.parametrize(
    ("base_url", "allowed", "refused"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1", "127.0.0.2"),
        ("http://localhost:8000", "::1", "10.0.0.1"),
        ("http://[::1]:8000", "::1", "127.0.0.1"),
        ("https://10.0.0.5", "10.0.0.5", "10.0.0.6"),
        ("https://idp.localhost", "127.0.0.1", "10.0.0.1"),
    ],
)
def test_literal(base_url: str, allowed: str, refused: str) -> None:
    """An address that stands in base_url itself counts as named, and only that one."""
    guard = Guard("public", base_url)
    assert guard.allows(allowed)
    assert not guard.allows(refused)


def test_literal_in_plain_http() -> None:
    """A private address that is no loopback one is called in plain http only where LOCKSTEP_EGRESS lets it."""
    assert not Guard("public", "http://10.0.0.5").allows("10.0.0.5")
    assert Guard(TEN, "http://10.0.0.5").allows("10.0.0.5")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"])
async def test_at_connect_time(host: str) -> None:
    """Whatever the spelling, the address is judged when the socket is made: the peer sees no connection."""
    async with Peer() as peer:
        session = Session(Guard("public", "https://example.com"), deadline=2)
        request = Request("GET", f"http://{host}:{peer.port}/")
        with pytest.raises(Halted, match="address"):
            await session.send(request, fields(request))
        await session.close()
        assert peer.connections == 0
