from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox import Credentials, Sandbox, generate
from tests.sandbox.client import Client


@pytest.fixture(scope="session")
def credentials() -> Credentials:
    return generate("a webhook secret")


@pytest.fixture
async def sandbox(credentials: Credentials) -> AsyncIterator[Sandbox]:
    async with Sandbox.start(credentials=credentials) as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        made = Client(sandbox, session)
        await made.narrow()
        yield made


@dataclass
class Receiver:
    """An App's webhook endpoint that keeps what it gets and answers `status`."""

    secret: str
    url: str = ""
    status: int = 202
    seen: list[tuple[web.Request, bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen.append((request, body))
        return web.Response(status=self.status, text="stored")

    def signature_holds(self, index: int) -> bool:
        request, body = self.seen[index]
        wanted = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, request.headers["X-Hub-Signature-256"])


@pytest.fixture
async def receiver(sandbox: Sandbox) -> AsyncIterator[Receiver]:
    made = Receiver(sandbox.webhook_secret)
    app = web.Application(client_max_size=32 * 1024 * 1024)
    app.router.add_post("/hook", made.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    sandbox.webhook_url = made.url
    yield made
    await sandbox.drain_webhooks()
    await runner.cleanup()
