"""Connections that a server keeps open, and closes when it likes: a request that nobody answered is sent once more."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest

from bot.llm.client import ModelClient
from bot.llm.faults import Fault, ModelFault
from tests.support.asking import endpoint

ANSWER: Final = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"data":[]}'
BEGUN: Final = b"HTTP/1.1 200 OK\r\nContent-Len"


@dataclass(slots=True)
class Host:
    """Answers the nth request on each connection with the nth of `replies`, and hangs up after the last one.

    A `rude` one resets the connection. `seen` holds the number of each request on its connection.
    """

    replies: Sequence[bytes]
    rude: bool = False
    seen: list[int] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            for number, reply in enumerate(self.replies, 1):
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (line for line in head.lower().splitlines() if line.startswith(b"content-length:")), b":0"
                )
                await reader.readexactly(int(length.partition(b":")[2]))
                self.seen.append(number)
                writer.write(reply)
                await writer.drain()
            if self.rude:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.asynccontextmanager
async def hosted(*replies: bytes, rude: bool = False) -> AsyncIterator[tuple[Host, ModelClient]]:
    host = Host(replies, rude)
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    client = ModelClient(endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"))
    try:
        yield host, client
    finally:
        await client.close()
        server.close()
        await server.wait_closed()


async def ask(client: ModelClient, method: str = "GET") -> object:
    return await client.fetch(method, "models", body={"text": "x"} if method == "POST" else None, seconds=5.0)


@pytest.mark.parametrize("rude", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_kept_connection_that_drops_is_replaced(method: str, rude: bool) -> None:
    async with hosted(ANSWER, b"", rude=rude) as (host, client):
        assert [await ask(client, method) for _ in range(4)] == [{"data": []}] * 4
    assert host.seen == [1, 2, 1, 1, 2, 1]


async def test_a_fresh_connection_that_drops_is_a_fault() -> None:
    async with hosted(b"") as (host, client):
        with pytest.raises(ModelFault) as caught:
            await ask(client)
    assert caught.value.fault is Fault.HUNG_UP
    assert host.seen == [1]


async def test_an_answer_that_has_begun_is_not_asked_for_again() -> None:
    async with hosted(ANSWER, BEGUN) as (host, client):
        await ask(client)
        with pytest.raises(ModelFault) as caught:
            await ask(client)
    assert caught.value.fault is Fault.HUNG_UP
    assert host.seen == [1, 2]


async def test_once_more_is_not_for_ever() -> None:
    """Both connections are kept and drop; what is sent again is sent on one that nobody used."""
    async with hosted(ANSWER, b"") as (host, client):
        await asyncio.gather(ask(client), ask(client))
        assert await ask(client) == {"data": []}
        assert host.connections == 3
