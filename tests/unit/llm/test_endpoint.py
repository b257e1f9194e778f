"""Which addresses may be asked, and which may see the text of private repositories."""

import asyncio
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.endpoints import Endpoint
from bot.llm.endpoint import resolve
from bot.llm.faults import Fault, ModelFault

NEAR = {
    "loopback": "http://127.0.0.1:8080/v1",
    "all of loopback": "http://127.8.9.10/v1",
    "loopback as a number": "http://2130706433/v1",
    "loopback, IPv6": "http://[::1]:8080/v1",
    "loopback, wrapped": "http://[::ffff:127.0.0.1]/v1",
    "a home": "http://192.168.1.20:11434/v1",
    "a home, wrapped": "http://[::ffff:192.168.1.20]:11434/v1",
    "an office": "https://10.1.2.3/v1",
    "a container": "http://172.17.0.1:8000/v1",
    "a private network, IPv6": "http://[fd12:3456:789a::1]/v1",
}

FAR = {
    "public": "https://93.184.216.34/v1",
    "public, IPv6": "https://[2606:2800:220:1:248:1893:25c8:1946]/v1",
    "public, wrapped": "https://[::ffff:93.184.216.34]/v1",
    "public, behind NAT64": "https://[64:ff9b::5db8:d822]/v1",
    "public, 6to4": "https://[2002:5db8:d822::1]/v1",
    "next to a private network": "https://172.32.0.1/v1",
    "shared by a provider": "https://100.64.0.1/v1",
    "documentation": "https://192.0.2.1/v1",
    "benchmarks": "https://198.18.0.1/v1",
}

NEVER = {
    "cloud metadata": "http://169.254.169.254/v1",
    "cloud metadata, wrapped": "http://[::ffff:169.254.169.254]/v1",
    "cloud metadata, wrapped in hexadecimal": "http://[::ffff:a9fe:a9fe]/v1",
    "cloud metadata, behind NAT64": "http://[64:ff9b::a9fe:a9fe]/v1",
    "cloud metadata, 6to4": "http://[2002:a9fe:a9fe::1]/v1",
    "cloud metadata as a number": "http://2852039166/v1",
    "cloud metadata, IPv6": "http://[fd00:ec2::254]/v1",
    "cloud metadata, another cloud": "http://100.100.100.200/v1",
    "cloud metadata, a third cloud": "http://168.63.129.16/v1",
    "cloud metadata, a fourth cloud": "http://192.0.0.192/v1",
    "cloud metadata, another IPv6": "http://[fd20:ce::254]/v1",
    "link-local": "http://169.254.1.1/v1",
    "link-local, IPv6": "http://[fe80::1]/v1",
    "any address": "http://0.0.0.0:8080/v1",
    "any address, IPv6": "http://[::]:8080/v1",
    "any address, wrapped": "http://[::ffff:0.0.0.0]/v1",
    "multicast": "http://224.0.0.1/v1",
    "multicast, IPv6": "http://[ff02::1]/v1",
    "Google's name": "http://metadata.google.internal/computeMetadata/v1",
    "Google's name in capitals, whole": "http://Metadata.Google.Internal./v1",
    "Google's short name": "http://metadata/v1",
    "Google's newer name": "http://metadata.goog/v1",
    "Amazon's name": "http://instance-data/latest",
    "Amazon's whole name": "http://instance-data.ec2.internal/latest",
    "a name that cannot be": f"http://{'a' * 80}.invalid/v1",
}


async def fault_of(url: str, *, private: bool) -> Fault | None:
    """Why the host of the address is not connected to; None if it is."""
    try:
        assert await resolve(urlsplit(url).hostname or "", near_only=private)
    except ModelFault as error:
        return error.fault
    return None


@pytest.mark.parametrize("url", NEAR.values(), ids=NEAR)
async def test_near_addresses_may_see_everything(url: str) -> None:
    assert await fault_of(url, private=True) is None
    assert await fault_of(url, private=False) is None


@pytest.mark.parametrize("url", FAR.values(), ids=FAR)
async def test_far_addresses_see_no_private_text(url: str) -> None:
    assert await fault_of(url, private=False) is None
    assert await fault_of(url, private=True) is Fault.NOT_FOR_PRIVATE_TEXT


@pytest.mark.parametrize("url", NEVER.values(), ids=NEVER)
async def test_some_addresses_are_never_asked(url: str) -> None:
    expected = Fault.UNKNOWN_HOST if "invalid" in url else Fault.FORBIDDEN_ADDRESS
    assert await fault_of(url, private=False) is expected
    assert await fault_of(url, private=True) is expected


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    async def getaddrinfo(*_args: object, **_more: object) -> list[tuple[Any, ...]]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


async def test_a_name_without_address_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch)
    assert await fault_of("http://model.example/v1", private=False) is Fault.UNKNOWN_HOST


async def test_one_public_address_among_private_ones_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "10.0.0.1", "93.184.216.34")
    assert await fault_of("http://model.example/v1", private=True) is Fault.NOT_FOR_PRIVATE_TEXT
    assert await fault_of("http://model.example/v1", private=False) is None


async def test_one_metadata_address_among_others_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "10.0.0.1", "169.254.169.254")
    assert await fault_of("http://model.example/v1", private=False) is Fault.FORBIDDEN_ADDRESS


async def test_zones_of_addresses_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "fe80::1%eth0")
    assert await fault_of("http://model.example/v1", private=False) is Fault.FORBIDDEN_ADDRESS


def test_the_key_does_not_show() -> None:
    assert "key-that-nobody-sees" not in repr(Endpoint("http://127.0.0.1/v1", "key-that-nobody-sees", "model"))
