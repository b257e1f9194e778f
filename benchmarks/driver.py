"""A load generator that is cheap enough to leave the servers their cores: raw HTTP over keep-alive connections."""

import asyncio
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from benchmarks.town import Delivery

PATH: Final = "/webhooks/github"


@dataclass(slots=True)
class Result:
    """Latencies in seconds, in order of answering; `refused` counts the answers other than 2XX by status."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def request(delivery: Delivery, *, guid: str | None = None) -> bytes:
    """The bytes of a webhook request; under another GUID where one is given."""
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-GitHub-Event: {delivery.event}\r\nX-GitHub-Delivery: {guid or delivery.guid}\r\n"
        f"X-Hub-Signature-256: sha256={delivery.signature}\r\nContent-Length: {len(delivery.body)}\r\n\r\n"
    )
    return head.encode() + delivery.body


def renewed(made: list[Delivery], count: int) -> Iterator[bytes]:
    """`count` requests that repeat `made`, each under a fresh GUID."""
    return (request(made[index % len(made)], guid=str(uuid.uuid4())) for index in range(count))


class _Connection(asyncio.Protocol):
    """One request at a time. Latency counts from when the request was due, not from when it could be sent."""

    def __init__(self, driver: "_Driver") -> None:
        self._driver = driver
        self._buffer = b""
        self._due = 0.0
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, data: bytes, due: float) -> None:
        self._due = due
        self._busy = True
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or b"0")
        if len(rest) < length:
            return
        self._buffer = b""
        self._busy = False
        self._driver.answered(self, time.perf_counter() - self._due, head[9:12].decode())

    def connection_lost(self, exc: Exception | None) -> None:
        self._driver.lost(self, exc, busy=self._busy)

    def close(self) -> None:
        self._transport.close()


class _Driver:
    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self._port = port
        self._requests = requests
        self._idle: list[_Connection] = []
        self._open: list[_Connection] = []
        self._waiting = 0
        self._whole = False
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closed_loop = False
        self.result = Result()

    async def saturate(self, connections: int) -> Result:
        """Each connection sends the next request as soon as its last one is answered."""
        self._closed_loop = True
        for _ in range(connections):
            await self._connect()
        start = time.perf_counter()
        while self._idle:
            self._next(self._idle.pop())
        return await self._end(start)

    async def steady(self, rate: float) -> Result:
        """A request every 1/rate seconds whatever the server does; connections are opened as they are needed."""
        start = time.perf_counter()
        for index, data in enumerate(self._requests):
            due = start + index / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            connection = self._idle.pop() if self._idle else await self._connected()
            self._waiting += 1
            connection.send(data, due)
        self._whole = True
        if self._waiting == 0 and not self._done.done():
            self._done.set_result(None)
        return await self._end(start)

    async def _end(self, start: float) -> Result:
        await self._done
        self.result.seconds = time.perf_counter() - start
        for connection in self._open:
            connection.close()
        return self.result

    async def _connect(self) -> None:
        self._idle.append(await self._connected())

    async def _connected(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _transport, made = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._port)
        self._open.append(made)
        return made

    def _next(self, connection: _Connection) -> None:
        data = next(self._requests, None)
        if data is None:
            self._whole = True
            return
        self._waiting += 1
        connection.send(data, time.perf_counter())

    def answered(self, connection: _Connection, latency: float, status: str) -> None:
        self.result.latencies.append(latency)
        if not status.startswith("2"):
            self.result.refused[status] = self.result.refused.get(status, 0) + 1
        self._waiting -= 1
        if self._closed_loop:
            self._next(connection)
        else:
            self._idle.append(connection)
        if self._whole and self._waiting == 0 and not self._done.done():
            self._done.set_result(None)

    def lost(self, connection: _Connection, error: Exception | None, *, busy: bool) -> None:
        """A server may close a connection that it has not been asked anything on for a while, but no other."""
        if not busy:
            self._idle = [one for one in self._idle if one is not connection]
        elif not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed the connection"))


async def drive(port: int, requests: Iterable[bytes], *, connections: int = 16, rate: float | None = None) -> Result:
    """Send all requests, `rate` per second or as fast as they are answered. Raises ConnectionError if one is lost."""
    driver = _Driver(port, iter(requests))
    return await (driver.saturate(connections) if rate is None else driver.steady(rate))
