"""The aiohttp application."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.web.webhook import Webhook

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Readiness:
    """Why the service is not ready, part by part; empty when it is. `details` is told either way."""

    faults: tuple[str, ...]
    details: tuple[str, ...] = ()


Probe = Callable[[], Awaitable[Readiness]]


def make_application(webhook: Webhook, probe: Probe) -> web.Application:
    """Routes: POST /webhooks/github, GET /healthz (alive), GET /readyz (can store and work), GET /metrics."""
    application = web.Application(middlewares=[_errors])

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


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """An unforeseen error is logged with its place and answered without."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("request_failed", method=request.method, route=str(request.rel_url.path)[:80])
        return web.Response(status=500, text="something went wrong here; the operator's log has it\n")
