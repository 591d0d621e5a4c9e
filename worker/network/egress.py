"""Which addresses a system's host name may lead to: the guard against server-side request forgery, judged at connect time.

A name is judged by the address it resolved to, in the moment the socket is made, so neither an odd spelling (`0x7f000001`)
nor a name that changes its address between two look-ups gets around it.  The tables are the special-purpose registries of
IANA (RFC 6890), written out, because what `ipaddress.is_global` answers depends on the release of Python.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from errno import EACCES
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Literal
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Egress = Literal["public", "any"] | tuple[Network, ...]
"""`public`: the public addresses.  `any`: private and loopback ones too.  Networks: these, beside the public ones."""


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


LOOPBACK = _networks("127.0.0.0/8", "::1/128")
PRIVATE = (*LOOPBACK, *_networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7"))
"""Where systems may be that one hosts oneself."""

NEVER = _networks(
    "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "fe80::/10", "fec0::/10", "ff00::/8", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    # Metadata services that are not link-local: Alibaba, Azure, EC2 over IPv6.
    "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128",
)  # fmt: skip
"""Unspecified, link-local (metadata services), multicast, reserved, documentation, tunnels: no identity system is there.
Only a network that is named itself lets one through."""

_PUBLIC6 = IPv6Network("2000::/3")
"""All that is assigned as global unicast so far; what lies outside of it is a spelling of something else."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is meant.  Public names resolve to it where there is IPv6 only."""


class Forbidden(PermissionError):
    """The address may not be called.  The text is always the same, so that the refusals of several addresses are one."""

    def __init__(self) -> None:
        super().__init__(EACCES, "address not allowed")


class Guard:
    """Judges the addresses of one system.

    An address that stands in the base URL itself (an IP literal; `localhost` for the loopback ones) counts as named, as long
    as it is a private one.  Plain http goes to loopback addresses and to networks that `egress` lets through, not to public
    ones: a credential would be readable on its way.
    """

    def __init__(self, egress: Egress, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._plain = parts.scheme != "https"
        self._named = egress if isinstance(egress, tuple) else ()
        self._any = egress == "any"
        self._literal = _literal(parts.hostname or "")

    def allows(self, address: str) -> bool:
        """address: as the resolver gave it; a zone (`%eth0`) makes it link-local."""
        ip = _meant(ip_address(address))
        if _within(ip, self._named):
            return True
        if _within(ip, NEVER):
            return False
        if _within(ip, PRIVATE):
            if self._plain and not self._any and not _within(ip, LOOPBACK):
                return False
            return self._any or _within(ip, self._literal)
        return not self._plain and (ip.version == 4 or ip in _PUBLIC6)

    def socket(self, found: tuple[Any, ...]) -> socket.socket:
        """A socket for one result of `getaddrinfo`.  Raises Forbidden."""
        family, kind, protocol, _, address = found
        if not self.allows(address[0]):
            raise Forbidden
        return socket.socket(family, kind, protocol)


def _literal(host: str) -> tuple[Network, ...]:
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 section 6.3
        return LOOPBACK
    try:
        return (ip_network(_meant(ip_address(host))),)
    except ValueError:
        return ()


def _meant(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip in _NAT64:
            return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _within(ip: Address, networks: Iterable[Network]) -> bool:
    return any(ip.version == network.version and ip in network for network in networks)
