"""Faults that tests arm: what a network and a busy service do to a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class FaultKind(Enum):
    STATUS_BEFORE = "status_before"
    """Answer `status` and do nothing."""
    STATUS_AFTER = "status_after"
    """Do it, then answer `status`."""
    RESET_BEFORE = "reset_before"
    """Break the connection and do nothing."""
    RESET_AFTER = "reset_after"
    """Do it, then break the connection."""
    DELAY = "delay"
    """Wait `seconds`, then do it and answer."""
    DELAY_AFTER = "delay_after"
    """Do it, then wait `seconds` and answer."""
    REDIRECT = "redirect"
    """Answer `status` (301, 302, 307, 308) with `location` and do nothing."""
    STALE = "stale"
    """Answer lists of comments and reviews as they were `writes_ago` writes before."""
    BAD_TOKEN = "bad_token"  # noqa: S105 - the name of a kind of fault
    """Answer 401 "Bad credentials" and do nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: fires for the first `times` requests (None: all) of `method` whose path matches `path`.

    `path` is a regular expression, searched in the decoded path without `/api/v3` and query. `method` is
    a name or `*`.
    """

    kind: FaultKind
    path: str
    method: str = "*"
    times: int | None = 1
    status: int = 502
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """Sent as JSON; a string as it is; None: GitHub's error form."""
    seconds: float = 0.0
    location: str = ""
    writes_ago: int = 1

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and re.search(self.path, path) is not None


@dataclass(slots=True)
class Armed:
    """A fault in force, and how often it fired."""

    id: int
    fault: Fault
    fired: int = 0

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.fired >= self.fault.times


@dataclass(slots=True)
class FaultBook:
    armed: list[Armed] = field(default_factory=list)

    def add(self, fault: Fault) -> Armed:
        """Arm a fault and return its counter."""
        re.compile(fault.path)
        made = Armed(len(self.armed) + 1, fault)
        self.armed.append(made)
        return made

    def take(self, method: str, path: str) -> Fault | None:
        """Return the first fault in force for the request, counted as fired."""
        for armed in self.armed:
            if not armed.spent and armed.fault.matches(method, path):
                armed.fired += 1
                return armed.fault
        return None

    def clear(self) -> None:
        self.armed.clear()


def fault_from_json(value: Mapping[str, Any]) -> Fault:
    """Return the fault that `/_sandbox/faults` was given; ValueError or TypeError when it is none."""
    return Fault(**{**value, "kind": FaultKind(value["kind"])})
