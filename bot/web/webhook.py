"""POST /webhooks/github: signature first, then durable, then answered; nothing else happens in the request."""

import hmac
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
import psycopg
import structlog
from aiohttp import web
from prometheus_client import Counter, Histogram

from bot.computing import PARSED, computed
from bot.domain.events import route
from bot.store.deliveries import Incoming, compress

log = structlog.get_logger()

MAX_BODY: Final = 25 * 1024 * 1024
"""GitHub's cap: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""
_GUID: Final = re.compile(r"^[0-9A-Za-z-]{1,64}$")
_EVENT: Final = re.compile(r"^[a-z0-9_]{1,64}$")
_SIGNATURE: Final = re.compile(r"^sha256=[0-9a-f]{64}$")

_DELIVERIES = Counter("assistant_deliveries", "Webhook requests by how they were answered", ["answer"])
_ANSWERS: Final = {status: _DELIVERIES.labels(str(status)) for status in (202, 400, 401, 413, 415, 500, 503)}
_SECONDS = Histogram(
    "assistant_acknowledge_seconds", "Seconds from a webhook request to its durable answer",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)  # fmt: skip

Accept = Callable[[Incoming], Awaitable[bool]]


class Webhook:
    """The handler. `accept` returns once the delivery is durable; `handled` and `of_bots` are as in `route`."""

    def __init__(
        self, secrets: tuple[bytes, ...], accept: Accept, handled: frozenset[str], of_bots: frozenset[str] = frozenset()
    ) -> None:
        self._secrets = secrets
        self._accept = accept
        self._handled = handled
        self._of_bots = of_bots

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a delivery: 202 with a line that says what becomes of it, or 4xx with what is wrong."""
        start = time.perf_counter()
        try:
            status, reason = await self._answer(request)
        except (psycopg.Error, OSError) as error:
            log.warning("delivery_not_stored", reason=type(error).__name__)
            status, reason = 503, "the database does not answer; GitHub keeps this delivery and it is fetched later"
        except Exception:
            log.exception("request_failed")
            status, reason = 500, "something went wrong here; the operator's log has it"
        _SECONDS.observe(time.perf_counter() - start)
        _ANSWERS[status].inc()
        return web.Response(status=status, text=reason + "\n")

    async def _answer(self, request: web.Request) -> tuple[int, str]:
        body = await _body(request)
        if body is None:  # guard: large-payloads (26)
            return 413, "the payload is larger than 25 MB"
        signatures = request.headers.getall("X-Hub-Signature-256", [])
        signed = await computed(lambda: self._signed(body, signatures), len(body), small=PARSED)
        if not signed:  # guard: signatures (26)
            return 401, "the signature is missing or wrong"
        if request.content_type != "application/json":  # guard: json-only (26)
            return 415, "the content type must be application/json"
        guid, event = request.headers.get("X-GitHub-Delivery", ""), request.headers.get("X-GitHub-Event", "")
        if not _GUID.match(guid) or not _EVENT.match(event):  # guard: delivery-headers (26): each
            return 400, "the X-GitHub-Delivery or X-GitHub-Event header is missing or unusable"
        incoming = await computed(lambda: self._incoming(guid, event, body), len(body), small=PARSED)
        if incoming is None:  # guard: json-objects (26)
            return 400, "the body is no JSON object"
        if not incoming.body:  # guard: unwanted-events (34)
            return 202, incoming.reason
        new = await self._accept(incoming)  # guard: durable-first (27): as True
        # guard: known-deliveries (28): always
        return 202, incoming.reason if new else "known: this delivery was stored before"

    def _signed(self, body: bytes, signatures: list[str]) -> bool:
        """Constant time over the raw bytes, against each secret; the header must be there exactly once."""
        if len(signatures) != 1 or not _SIGNATURE.match(signatures[0]):  # guard: one-signature (26): each
            return False
        given = bytes.fromhex(signatures[0][7:])
        matches = [hmac.compare_digest(hmac.digest(secret, body, "sha256"), given) for secret in self._secrets]
        return any(matches)  # guard: known-secrets (26): as True

    def _incoming(self, guid: str, event: str, body: bytes) -> Incoming | None:
        payload = _parse(body)
        if not isinstance(payload, dict):  # guard: objects-only (26)
            return None
        where = route(event, payload, self._handled, self._of_bots)
        kept = compress(body) if where.key or where.proof else b""
        return Incoming.routed(where, guid=guid, event=event, body=kept, reason=where.reason)


async def _body(request: web.Request) -> bytes | None:
    """The raw body, or None if it is larger than the cap (whatever its Content-Length says)."""
    if request.content_length is not None and request.content_length > MAX_BODY:  # guard: announced-sizes (26)
        return None
    read = bytearray()
    async for chunk in request.content.iter_any():
        read += chunk
        if len(read) > MAX_BODY:  # guard: real-sizes (26)
            return None
    return bytes(read)


def _parse(body: bytes) -> Any:
    """JSON as Python reads it: NaN and lone surrogates, which the fast parser refuses, included."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
