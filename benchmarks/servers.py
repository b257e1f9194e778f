"""The two servers that are compared, each in a process of its own.

python -m benchmarks.servers bare PORT           aiohttp, HMAC, JSON, 202: nothing is kept
python -m benchmarks.servers durable PORT URL    the assistant's webhook, every delivery committed before its 202

PORT 0 takes a free one. Several servers may share a port (SO_REUSEPORT): the kernel spreads connections over them.
"""

import asyncio
import hashlib
import hmac
import json
import sys
from typing import Final

from aiohttp import web

from bot.capabilities import REGISTRY
from bot.logs import configure_logs
from bot.runtime.ingest import Ingest
from bot.store.database import migrate, open_pool
from bot.store.deliveries import Deliveries
from bot.web.application import Readiness, make_application
from bot.web.webhook import Webhook

SECRET: Final = b"benchmark-secret"


async def _bare(request: web.Request) -> web.Response:
    body = await request.read()
    digest = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={digest}", request.headers.get("X-Hub-Signature-256", "")):
        return web.Response(status=401)
    json.loads(body)
    return web.Response(status=202, text="ok\n")


async def _ready() -> Readiness:
    return Readiness(())


async def _serve(application: web.Application, port: int) -> None:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024, reuse_port=True).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


async def _main(arguments: list[str]) -> None:
    if arguments[0] == "bare":
        application = web.Application(client_max_size=26_000_000)
        application.router.add_post("/webhooks/github", _bare)
        await _serve(application, int(arguments[1]))
    configure_logs("warning", "console", ())
    url = arguments[2]
    await migrate(url)
    async with open_pool(url, size=8) as pool:
        handled = frozenset().union(*(one.manifest.events for one in REGISTRY))
        webhook = Webhook((SECRET,), Ingest(Deliveries(pool)).accept, handled)
        await _serve(make_application(webhook, _ready), int(arguments[1]))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
