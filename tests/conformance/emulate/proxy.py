"""Between emulate and us: its delivery ids are a clock's milliseconds, which two events can share."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import web

_LARGEST: Final = 26 * 1024 * 1024
_KEPT: Final = ("Content-Type", "X-GitHub-Event", "X-Hub-Signature-256")


@dataclass(slots=True)
class Proxy:
    """Hands every delivery on to `target` under a GUID of its own. The signature covers the body only: it stays."""

    url: str = ""
    target: str = ""
    answers: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: request.headers[name] for name in _KEPT} | {"X-GitHub-Delivery": str(uuid.uuid4())}
        async with aiohttp.ClientSession() as session, session.post(self.target, data=body, headers=headers) as answer:
            text = await answer.text()
            self.answers.append(f"{request.headers['X-GitHub-Event']} {answer.status}: {text.strip()}")
            return web.Response(status=answer.status, text=text)


@contextlib.asynccontextmanager
async def proxying() -> AsyncIterator[Proxy]:
    """Runs until the block ends; the target may be set later."""
    proxy = Proxy()
    app = web.Application(client_max_size=_LARGEST)
    app.router.add_post("/webhooks", proxy.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks"
        yield proxy
    finally:
        await runner.cleanup()
