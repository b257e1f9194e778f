"""Which addresses may be asked, and which may see the text of private repositories."""

import asyncio
import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from bot.llm.faults import Fault, ModelFault

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
# Their names, wherever a resolver says that they are.
_METADATA_NAMES: Final = frozenset(  # guard: metadata-names (20): each
    {"metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal"}
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


async def resolve(host: str, *, near_only: bool) -> list[str]:
    """The addresses of a host that may be connected to; `near_only`: it must be this machine or a private network.

    Link-local addresses, cloud metadata services, multicast and 0.0.0.0 are never an endpoint. One such address among
    others is enough to refuse them all. Raises ModelFault.
    """
    if host.rstrip(".").lower() in _METADATA_NAMES:  # guard: named-metadata (20)
        raise ModelFault(Fault.FORBIDDEN_ADDRESS)
    found = await _addresses(host)
    if not found:  # guard: unknown-hosts (20)
        raise ModelFault(Fault.UNKNOWN_HOST)
    meant = [_plain(ipaddress.ip_address(one.split("%", 1)[0])) for one in found]
    if any(map(_is_never, meant)):  # guard: never-endpoints-at-connection (20)
        raise ModelFault(Fault.FORBIDDEN_ADDRESS)
    if near_only and not all(map(_is_near, meant)):  # guard: private-text (17)
        raise ModelFault(Fault.NOT_FOR_PRIVATE_TEXT)
    return found


def _is_never(address: IPv4Address | IPv6Address) -> bool:
    # guard: never-endpoints (20): each
    return address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA


def _is_near(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in _PRIVATE)


async def _addresses(host: str) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address only wraps; Python's own tests do not look inside."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:  # guard: wrapped-addresses (17, 20)
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
