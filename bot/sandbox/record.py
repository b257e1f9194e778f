"""What was asked: the log that tests judge the App by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

HIDDEN = frozenset({"authorization", "cookie"})


@dataclass(slots=True)
class LoggedRequest:
    """One request as it came; credentials are replaced by the id of the token (`sandbox.tokens`)."""

    method: str
    path: str
    """Raw, without the query, without `/api/v3`."""
    prefix: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    """Parsed JSON; text when it is none; None when empty."""
    at: datetime
    token_id: str | None = None
    status: int = 0
    """0: no answer was sent (the connection was broken)."""
    route: str | None = None
    fault: str | None = None
    unknown: str | None = None
    """Why the request is not one that this GitHub knows."""
    owner: str = ""
    """Whose limits it counts for: an installation, or the App."""
    wait_until: datetime | None = None
    """Until when the answer asked its owner to send nothing more."""
    stale: bool = False
    """A list was answered that lags behind what is there."""
    too_early: bool = False
    """It came while its owner had been asked to wait."""

    @property
    def is_write(self) -> bool:
        """Whether it asks for an effect on a repository; tokens and redeliveries are not counted."""
        return self.method not in ("GET", "HEAD") and not self.path.startswith("/app/")


@dataclass(slots=True)
class Record:
    requests: list[LoggedRequest] = field(default_factory=list)

    @property
    def unknown(self) -> list[LoggedRequest]:
        return [item for item in self.requests if item.unknown is not None]


def visible_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: "(hidden)" if name.lower() in HIDDEN else value for name, value in headers.items()}
