"""The primary rate limit: so many requests an hour for each installation, and for the App itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

WINDOW_SECONDS = 3600


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
