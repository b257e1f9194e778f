"""Webhook delivery as GitHub does it: signed, at once, 10 seconds, never repeated unless asked."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.sandbox.world import Announcement

TIMEOUT_SECONDS = 10.0
KEPT_RESPONSE_BYTES = 64_000


@dataclass(slots=True)
class Delivery:
    """One attempt; a redelivery is another attempt with the same `guid`."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes
    headers: dict[str, str]
    delivered_at: datetime
    installation_id: int | None = None
    repository_id: int | None = None
    redelivery: bool = False
    status: str = "pending"
    status_code: int = 0
    duration: float = 0.0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status_code < 300

    @property
    def payload(self) -> Any:
        """The body parsed; None when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def encode(payload: object) -> bytes:
    """Return the payload as GitHub writes it: compact UTF-8; escapes only where UTF-8 cannot say it."""
    try:
        return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(payload, separators=(",", ":")).encode()


def signed_headers(body: bytes, secret: str, *, event: str, guid: str, app_id: int) -> dict[str, str]:
    """Return the headers of a delivery, https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers."""
    key = secret.encode()
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": f"GitHub-Hookshot/{hashlib.sha256(key).hexdigest()[:7]}",
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": str(100_000 + app_id),
        "X-GitHub-Hook-Installation-Target-ID": str(app_id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }


@dataclass(slots=True)
class Hookshot:
    """Sends deliveries to `url` and keeps the log of them, oldest first."""

    app_id: int
    secret: str
    now: Callable[[], datetime]
    url: str | None = None
    content_type: str = "json"
    insecure_ssl: str = "0"
    holding: bool = False
    """While true, nothing is sent: it waits for `release`."""
    log: list[Delivery] = field(default_factory=list)
    next_delivery_id: int = 5_000_000
    keep: timedelta = timedelta(days=3)
    """For how long a delivery can be listed, read and sent again."""
    _held: dict[int, Delivery] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None

    def send(self, announcement: Announcement) -> None:
        self.deliver(
            announcement.event,
            announcement.payload,
            installation_id=announcement.installation_id,
            repository_id=announcement.repository_id,
        )

    def deliver(
        self,
        event: str,
        payload: object,
        *,
        guid: str | None = None,
        installation_id: int | None = None,
        repository_id: int | None = None,
        redelivery: bool = False,
    ) -> Delivery:
        """Start one delivery of `payload` (bytes are sent as they are) and return its log entry."""
        body = payload if isinstance(payload, bytes) else encode(payload)
        guid = guid or str(uuid.uuid4())
        action = payload.get("action") if isinstance(payload, dict) else None
        self.next_delivery_id += 1
        made = Delivery(
            id=self.next_delivery_id,
            guid=guid,
            event=event,
            action=action if isinstance(action, str) else None,
            body=body,
            headers=signed_headers(body, self.secret, event=event, guid=guid, app_id=self.app_id),
            delivered_at=self.now(),
            installation_id=installation_id,
            repository_id=repository_id,
            redelivery=redelivery,
        )
        self.log.append(made)
        if self.holding:
            self._held[made.id] = made
        else:
            self._start(made)
        return made

    def release(self, delivery_id: int) -> None:
        """Send one that was held; KeyError when none such waits."""
        self._start(self._held.pop(delivery_id))

    def _start(self, made: Delivery) -> None:
        if self.url is None:
            _failed(made, "failed to connect to host", 502)
            return
        task = asyncio.get_running_loop().create_task(self._post(made, self.url))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def redeliver(self, delivery_id: int) -> Delivery:
        """Send a delivery again under its old GUID; KeyError when it is not in the log."""
        old = self.find(delivery_id)
        if old is None:
            raise KeyError(delivery_id)
        made = self.deliver(
            old.event,
            old.body,
            guid=old.guid,
            installation_id=old.installation_id,
            repository_id=old.repository_id,
            redelivery=True,
        )
        made.action = old.action
        return made

    def kept(self) -> Iterator[Delivery]:
        """Newest first, as far back as they are kept."""
        oldest = self.now() - self.keep
        return (item for item in reversed(self.log) if item.delivered_at >= oldest)

    def find(self, delivery_id: int) -> Delivery | None:
        return next((item for item in self.kept() if item.id == delivery_id), None)

    @property
    def busy(self) -> bool:
        """Whether a delivery is under way."""
        return bool(self._tasks)

    async def drain(self) -> None:
        """Wait until no delivery is under way, those caused meanwhile included."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, made: Delivery, url: str) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        started = time.monotonic()
        try:
            # GitHub does not follow redirects of a webhook address
            async with self._session.post(url, data=made.body, headers=made.headers, allow_redirects=False) as response:
                made.response_headers = dict(response.headers)
                made.response_body = (await response.content.read(KEPT_RESPONSE_BYTES)).decode("utf-8", "replace")
                made.status_code = response.status
                made.status = "OK" if made.ok else f"Invalid HTTP Response: {response.status}"
        except TimeoutError:
            _failed(made, "timed out", 504)
        except (aiohttp.ClientError, OSError):
            _failed(made, "failed to connect to host", 502)
        made.duration = round(time.monotonic() - started, 3)


def _failed(made: Delivery, status: str, code: int) -> None:
    made.status, made.status_code = status, code
