"""The aiohttp application."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.web.webhook import Webhook


@dataclass(frozen=True, slots=True)
class Readiness:
    """Why the service is not ready, part by part; empty when it is. `details` is told either way."""

    faults: tuple[str, ...]
    details: tuple[str, ...] = ()


Probe = Callable[[], Awaitable[Readiness]]


def make_application(webhook: Webhook, probe: Probe) -> web.Application:
    """Routes: POST /webhooks/github, GET /healthz (alive), GET /readyz (can store and work), GET /metrics."""
    application = web.Application()

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def readyz(_request: web.Request) -> web.Response:
        found = await probe()
        lines = [*found.faults, *found.details] or ["ready"]
        return web.Response(status=503 if found.faults else 200, text="\n".join(lines) + "\n")

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    application.router.add_post("/webhooks/github", webhook.handle)
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", metrics)
    return application
