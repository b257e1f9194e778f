"""Where a model is, and what may be sent there."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
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

    Link-local addresses (cloud metadata services among them) are never an endpoint.
    """
    addresses = await _addresses(endpoint.base_url)
    if not addresses or any(one.is_link_local for one in addresses):
        return False
    if not private or endpoint.private_text:
        return True
    return all(one.is_loopback or one.is_private for one in addresses)


async def _addresses(url: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    host = urlsplit(url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ipaddress.ip_address(str(one[4][0]).split("%", 1)[0]) for one in found]
