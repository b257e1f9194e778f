"""Which addresses may be asked, and which may see the text of private repositories."""

import asyncio
import socket
from typing import Any

import pytest

from bot.llm.endpoint import Endpoint, may_receive

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
    "link-local": "http://169.254.1.1/v1",
    "link-local, IPv6": "http://[fe80::1]/v1",
    "any address": "http://0.0.0.0:8080/v1",
    "any address, IPv6": "http://[::]:8080/v1",
    "any address, wrapped": "http://[::ffff:0.0.0.0]/v1",
    "multicast": "http://224.0.0.1/v1",
    "multicast, IPv6": "http://[ff02::1]/v1",
    "no host": "http:///v1",
    "a name that cannot be": f"http://{'a' * 80}.invalid/v1",
}


def endpoint(url: str, *, private_text: bool = False) -> Endpoint:
    return Endpoint(url, "key-that-nobody-sees", "model", private_text=private_text)


@pytest.mark.parametrize("url", NEAR.values(), ids=NEAR)
async def test_near_addresses_may_see_everything(url: str) -> None:
    assert await may_receive(endpoint(url), private=True)
    assert await may_receive(endpoint(url), private=False)


@pytest.mark.parametrize("url", FAR.values(), ids=FAR)
async def test_far_addresses_see_private_text_only_where_allowed(url: str) -> None:
    assert await may_receive(endpoint(url), private=False)
    assert not await may_receive(endpoint(url), private=True)
    assert await may_receive(endpoint(url, private_text=True), private=True)


@pytest.mark.parametrize("url", NEVER.values(), ids=NEVER)
async def test_some_addresses_are_never_asked(url: str) -> None:
    assert not await may_receive(endpoint(url, private_text=True), private=False)


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    async def getaddrinfo(*_args: object, **_more: object) -> list[tuple[Any, ...]]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


async def test_a_name_without_address_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch)
    assert not await may_receive(endpoint("http://model.example/v1", private_text=True), private=False)


async def test_one_public_address_among_private_ones_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "10.0.0.1", "93.184.216.34")
    assert not await may_receive(endpoint("http://model.example/v1"), private=True)
    assert await may_receive(endpoint("http://model.example/v1"), private=False)


async def test_one_metadata_address_among_others_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "10.0.0.1", "169.254.169.254")
    assert not await may_receive(endpoint("http://model.example/v1"), private=False)


async def test_zones_of_addresses_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "fe80::1%eth0")
    assert not await may_receive(endpoint("http://model.example/v1"), private=False)


def test_the_key_does_not_show() -> None:
    assert "key-that-nobody-sees" not in repr(endpoint("http://127.0.0.1/v1"))
