"""A server that gives the answers it was told to, in order, and remembers what it was asked; windows in memory."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str:
        return self.headers.get("Authorization", "")


@dataclass(slots=True)
class Answers:
    """`queue` holds (status, body, headers); the last one is repeated. A body that is not bytes is sent as JSON."""

    url: str = ""
    queue: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def then(self, status: int, body: Any = None, **headers: str) -> "Answers":
        self.queue.append((status, body, {name.replace("_", "-"): value for name, value in headers.items()}))
        return self

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(Asked(request.method, request.path_qs, dict(request.headers), await request.read()))
        status, body, headers = self.queue.pop(0) if len(self.queue) > 1 else self.queue[0]
        if isinstance(body, bytes):
            return web.Response(status=status, body=body, headers=headers, content_type="application/json")
        return web.json_response({} if body is None else body, status=status, headers=headers)


@contextlib.asynccontextmanager
async def answering() -> AsyncIterator[tuple[Answers, ClientSession]]:
    made = Answers()
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", made.handle)
    async with TestServer(application) as server, ClientSession() as session:
        made.url = str(server.make_url("/")).rstrip("/")
        yield made, session


@dataclass(slots=True)
class WindowsInMemory:
    """Fits `domain.ports.Windows`; `waits` are given out by `take_write` in order, then 0."""

    open: dict[str, datetime] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)

    async def back_off(self, scope: str, duration: timedelta, reason: str) -> datetime:
        self.open[scope] = datetime.now(UTC) + duration
        return self.open[scope]

    async def window(self, scope: str) -> datetime | None:
        return self.open.get(scope)

    async def now(self) -> datetime:
        return datetime.now(UTC)

    async def take_write(self, installation: int) -> float:
        self.taken.append(installation)
        return self.waits.pop(0) if self.waits else 0.0
