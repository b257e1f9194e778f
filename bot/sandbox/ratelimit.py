"""The primary rate limit: so many requests an hour for each installation, and for the App itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

WINDOW_SECONDS = 3600
UNSAID = timedelta(seconds=60)
_STATUSES = (403, 429)


def asked_to_wait(status: int, headers: Mapping[str, str], body: Any, now: datetime) -> datetime | None:
    """Until when this answer tells its receiver to send nothing more; None if it is not about rates.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    if status not in _STATUSES:
        return None
    if "Retry-After" in headers:
        return now + timedelta(seconds=int(headers["Retry-After"]))
    if headers.get("x-ratelimit-remaining") == "0":
        return datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC)
    secondary = isinstance(body, Mapping) and "secondary rate limit" in str(body.get("message", ""))
    return now + UNSAID if secondary or status == 429 else None


@dataclass(slots=True)
class Window:
    resets: int
    used: int = 0


@dataclass(slots=True)
class RateLimit:
    """https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""

    limit: int
    windows: dict[str, Window] = field(default_factory=dict)

    def window(self, owner: str, now: datetime) -> Window:
        present = self.windows.get(owner)
        if present is None or present.resets <= now.timestamp():
            present = self.windows[owner] = Window(int(now.timestamp()) + WINDOW_SECONDS)
        return present

    def exhausted(self, owner: str, now: datetime) -> bool:
        return self.window(owner, now).used >= self.limit

    def headers(self, owner: str, now: datetime) -> dict[str, str]:
        window = self.window(owner, now)
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(self.limit - window.used, 0)),
            "x-ratelimit-reset": str(window.resets),
            "x-ratelimit-used": str(window.used),
            "x-ratelimit-resource": "core",
        }

    def overview(self, owner: str, now: datetime) -> dict[str, object]:
        """The answer of `GET /rate_limit`."""
        window = self.window(owner, now)
        core = {
            "limit": self.limit,
            "used": window.used,
            "remaining": max(self.limit - window.used, 0),
            "reset": window.resets,
        }
        search = {"limit": 30, "used": 0, "remaining": 30, "reset": int(now.timestamp()) + 60}
        return {"resources": {"core": core, "search": search, "graphql": core}, "rate": core}
