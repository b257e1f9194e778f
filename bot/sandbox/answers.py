"""What an endpoint returns, and the errors of GitHub's REST API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class ApiError(Exception):
    """An error answer: status, GitHub's message, and its `errors` list where there is one."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[object] | None = None,
        headers: Mapping[str, str] | None = None,
        unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})
        self.unknown = unknown
        """The request itself is not known here: it goes into the list of unknown requests."""

    def body(self) -> dict[str, Any]:
        made: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            made["errors"] = list(self.errors)
        return {**made, "documentation_url": DOCUMENTATION, "status": str(self.status)}


def not_found() -> ApiError:
    return ApiError(404, "Not Found")


def invalid(resource: str, field_name: str, message: str, *, code: str = "custom") -> ApiError:
    """422 "Validation Failed" with one entry."""
    entry = {"resource": resource, "code": code, "field": field_name, "message": message}
    return ApiError(422, "Validation Failed", errors=[entry])


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: JSON, or `raw` bytes of another type."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that the server cuts into pages; `shape` runs for the page's entries only."""

    items: Sequence[Any]
    shape: Callable[[Any], Any]
    wrap: str | None = None
    """The key of the list where GitHub wraps it with `total_count`."""
    extra: Mapping[str, Any] = field(default_factory=dict)


Result = Answer | Listing
