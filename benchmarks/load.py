"""A load generator that is cheap enough to leave the server its core: raw HTTP over keep-alive connections."""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from typing import Final

SECRET: Final = b"benchmark-secret"
_WORDS: Final = ("reader", "stops", "empty", "row", "log", "header", "prints", "nothing", "while", "waiting", "level")


@dataclass(frozen=True, slots=True)
class Result:
    """Latencies in seconds, in order of answering; `refused` are answers other than 2XX."""

    seconds: float
    latencies: list[float]
    refused: int

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


@dataclass(frozen=True, slots=True)
class Payload:
    body: bytes
    signature: str


def payloads(count: int, *, size: int = 12_000, repositories: int = 50) -> list[Payload]:
    """Varied `issues.opened` deliveries of about `size` bytes, signed."""
    return [_payload(number, size, repositories) for number in range(1, count + 1)]


def _payload(number: int, size: int, repositories: int) -> Payload:
    repository = 1000 + number % repositories
    owner = {"login": "load-org", "id": 7, "type": "Organization"}
    text = " ".join(_WORDS[(number * step) % len(_WORDS)] + str((number * step) % 97) for step in range(1, size // 11))
    user = {"login": f"person-{number % 400}", "id": 9000 + number % 400, "type": "User"}
    data = {
        "action": "opened",
        "issue": {
            "number": number, "id": 10**6 + number, "title": f"Crash number {number}", "body": text, "user": user,
            "labels": [], "state": "open", "author_association": "NONE", "created_at": "2026-01-01T00:00:00Z",
        },
        "repository": {
            "id": repository, "name": f"load-{repository}", "full_name": f"load-org/load-{repository}",
            "private": False, "owner": owner, "html_url": f"https://github.com/load-org/load-{repository}",
            "default_branch": "main",
        },
        "installation": {"id": 5},
        "sender": user,
    }  # fmt: skip
    body = json.dumps(data).encode()
    return Payload(body, hmac.new(SECRET, body, hashlib.sha256).hexdigest())


class _Connection(asyncio.Protocol):
    """One request at a time, the next as soon as the last is answered."""

    def __init__(self, source: "_Source") -> None:
        self._source = source
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._source.connected(self)

    def send(self, request: bytes) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or b"0")
        if len(rest) < length:
            return
        self._buffer = b""
        self._source.answered(self, time.perf_counter() - self._sent_at, head[9:10] == b"2")

    def connection_lost(self, exc: Exception | None) -> None:
        self._source.lost(exc)

    def close(self) -> None:
        self._transport.close()


class _Source:
    """Hands out requests: as fast as they are answered, or at a steady rate."""

    def __init__(self, made: list[Payload], path: str, count: int, rate: float | None) -> None:
        self._made = made
        self._path = path
        self._left = count
        self._count = count
        self._rate = rate
        self._idle: list[_Connection] = []
        self.latencies: list[float] = []
        self.refused = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connected(self, connection: _Connection) -> None:
        self._idle.append(connection)

    def answered(self, connection: _Connection, latency: float, success: bool) -> None:
        self.latencies.append(latency)
        self.refused += not success
        if self._rate is None and self._left:
            self._send(connection)
        else:
            self._idle.append(connection)
        if len(self.latencies) == self._count and not self.done.done():
            self.done.set_result(None)

    def lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))

    async def run(self) -> float:
        start = time.perf_counter()
        if self._rate is None:
            for connection in [self._idle.pop() for _ in range(len(self._idle))]:
                self._send(connection)
        else:
            for index in range(self._count):
                await asyncio.sleep(max(0.0, start + index / self._rate - time.perf_counter()))
                while not self._idle:  # noqa: ASYNC110 - an event would cost more than it tells
                    await asyncio.sleep(0.0005)
                self._send(self._idle.pop())
        await self.done
        return time.perf_counter() - start

    def _send(self, connection: _Connection) -> None:
        self._left -= 1
        payload = self._made[self._left % len(self._made)]
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"X-GitHub-Event: issues\r\nX-GitHub-Delivery: {uuid.uuid4()}\r\n"
            f"X-Hub-Signature-256: sha256={payload.signature}\r\nContent-Length: {len(payload.body)}\r\n\r\n"
        )
        connection.send(head.encode() + payload.body)


async def drive(
    port: int, made: list[Payload], *, count: int, connections: int = 16, rate: float | None = None,
    path: str = "/webhooks/github",
) -> Result:  # fmt: skip
    """Send `count` deliveries with fresh GUIDs; at `rate` per second, or as fast as they are answered."""
    source = _Source(made, path, count, rate)
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(lambda: _Connection(source), "127.0.0.1", port))[1] for _ in range(connections)
    ]
    seconds = await source.run()
    for connection in opened:
        connection.close()
    return Result(seconds, source.latencies, source.refused)
