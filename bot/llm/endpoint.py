"""Where a model is, and what may be sent there."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import urlsplit

_PRIVATE: Final = tuple(
    map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
# Metadata services of clouds that are not link-local: Amazon (IPv6), Alibaba, Azure, Google (IPv6), Oracle.
_METADATA: Final = frozenset(  # guard: metadata-services (20): each
    map(
        ipaddress.ip_address,
        ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "fd20:ce::254", "192.0.0.192"),
    )
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, repr=False)  # guard: unseen-endpoints (16): without repr
class Endpoint:
    """An OpenAI-compatible endpoint. `private_text`: the operator allows text of private repositories anywhere.

    Times are seconds: `timeout` for one request, `patience` for all that one event may spend on it.
    """

    base_url: str
    api_key: str
    model: str
    private_text: bool = False
    timeout: float = 45.0
    patience: float = 90.0
    tokens_per_day: int = 500_000

    @property
    def name(self) -> str:
        return f"{self.base_url} {self.model}"


async def may_receive(endpoint: Endpoint, *, private: bool) -> bool:
    """Whether text may go there: a private repository's only to this machine or a private network, by default.

    Link-local addresses, cloud metadata services, multicast and 0.0.0.0 are never an endpoint.
    """
    addresses = await _addresses(endpoint.base_url)
    if not addresses or any(map(_is_never, addresses)):  # guard: unusable-endpoints (20): each
        return False
    return not private or endpoint.private_text or all(map(_is_near, addresses))  # guard: private-text (17): as True


def _is_never(address: IPv4Address | IPv6Address) -> bool:
    # guard: never-endpoints (20): each
    return address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA


def _is_near(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in _PRIVATE)


async def _addresses(url: str) -> list[IPv4Address | IPv6Address]:
    host = urlsplit(url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [_plain(ipaddress.ip_address(str(one[4][0]).split("%", 1)[0])) for one in found]


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address only wraps; Python's own tests do not look inside."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:  # guard: wrapped-addresses (17, 20)
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
