"""POST /webhooks/github: signature first, then durable, then answered; nothing else happens in the request."""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import psycopg
import structlog
from aiohttp import web
from prometheus_client import Counter, Histogram

from bot.domain.events import route
from bot.store.deliveries import Incoming, compress

log = structlog.get_logger()

MAX_BODY: Final = 25 * 1024 * 1024
"""GitHub's cap: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""
_BIG: Final = 256 * 1024
_GUID: Final = re.compile(r"^[0-9A-Za-z-]{1,64}$")
_EVENT: Final = re.compile(r"^[a-z0-9_]{1,64}$")
_SIGNATURE: Final = re.compile(r"^sha256=[0-9a-f]{64}$")

_DELIVERIES = Counter("assistant_deliveries", "Webhook requests by how they were answered", ["answer"])
_SECONDS = Histogram(
    "assistant_acknowledge_seconds", "Seconds from a webhook request to its durable answer",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)  # fmt: skip

Accept = Callable[[Incoming], Awaitable[bool]]


class Webhook:
    """The handler. `accept` returns once the delivery is durable; `handled` are the events that somebody wants."""

    def __init__(self, secrets: tuple[bytes, ...], accept: Accept, handled: frozenset[str]) -> None:
        self._secrets = secrets
        self._accept = accept
        self._handled = handled

    async def handle(self, request: web.Request) -> web.Response:
        with _SECONDS.time():
            response = await self._answer(request)
        _DELIVERIES.labels(str(response.status)).inc()
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        if request.content_length is not None and request.content_length > MAX_BODY:
            return _text(413, "the payload is larger than 25 MB")
        body = await _body(request)
        if body is None:
            return _text(413, "the payload is larger than 25 MB")
        if not await self._signed(request, body):
            return _text(401, "the signature is missing or wrong")
        if request.content_type != "application/json":
            return _text(415, "the content type must be application/json")
        guid, event = request.headers.get("X-GitHub-Delivery", ""), request.headers.get("X-GitHub-Event", "")
        if not _GUID.match(guid) or not _EVENT.match(event):
            return _text(400, "the X-GitHub-Delivery or X-GitHub-Event header is missing or unusable")
        payload = await _in_thread_if_big(_parse, body)
        if not isinstance(payload, dict):
            return _text(400, "the body is no JSON object")
        return await self._store(guid, event, payload, body)

    async def _store(self, guid: str, event: str, payload: dict[str, Any], body: bytes) -> web.Response:
        where = route(event, payload, self._handled)
        if where.key is None:
            return _text(202, where.reason)
        incoming = Incoming(
            guid=guid, event=event, action=where.action, installation=where.installation,
            repository=where.repository, number=where.number, item_key=where.key,
            body=await _in_thread_if_big(compress, body), reason=where.reason,
        )  # fmt: skip
        try:
            new = await self._accept(incoming)
        except (psycopg.Error, OSError) as error:
            log.warning("delivery_not_stored", reason=type(error).__name__)
            return _text(503, "the database does not answer; GitHub keeps this delivery and we fetch it later")
        return _text(202, where.reason if new else "known: this delivery was stored before")

    async def _signed(self, request: web.Request, body: bytes) -> bool:
        """Constant time over the raw bytes, against each secret; the header must be there exactly once."""
        given = request.headers.getall("X-Hub-Signature-256", [])
        if len(given) != 1 or not _SIGNATURE.match(given[0]):
            return False
        matches = [
            hmac.compare_digest(await _in_thread_if_big(_hmac(secret), body), given[0][7:]) for secret in self._secrets
        ]
        return any(matches)


async def _body(request: web.Request) -> bytes | None:
    """The raw body, or None if it is larger than the cap (whatever its Content-Length says)."""
    read = bytearray()
    async for chunk in request.content.iter_any():
        read += chunk
        if len(read) > MAX_BODY:
            return None
    return bytes(read)


def _hmac(secret: bytes) -> Callable[[bytes], str]:
    return lambda body: hmac.new(secret, body, hashlib.sha256).hexdigest()


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


async def _in_thread_if_big(function: Callable[[bytes], Any], body: bytes) -> Any:
    """A large body must not hold up the others."""
    return await asyncio.to_thread(function, body) if len(body) > _BIG else function(body)


def _text(status: int, reason: str) -> web.Response:
    return web.Response(status=status, text=reason + "\n")
