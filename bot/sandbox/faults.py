"""Faults that tests arm: what a network and a busy service do to a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
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
    EXPIRE = "expire"
    """Every installation token ends just before the request is looked at."""
    RETRY_AFTER = "retry_after"
    """Refuse with `status` (403 or 429) and a `Retry-After` of `seconds`; do nothing."""
    PRIMARY_LIMIT = "primary_limit"
    """Refuse with `status`, nothing remaining and a reset in `seconds`, by this GitHub's clock; do nothing."""
    SECONDARY_LIMIT = "secondary_limit"
    """Refuse with `status` and the words of a secondary limit, without saying for how long; do nothing."""
    LAG = "lag"
    """Answer lists of comments and reviews as they were `seconds` before."""
    ACT = "act"
    """Somebody does `act` (a method of `People`) with `arguments` just before the request is looked at."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: after `skip` matching requests, fires for the next `times` (None: all) of `method` and `path`.

    `path` is a regular expression, searched in the decoded path without `/api/v3` and query. `method` is
    a name, several joined by `|`, or `*`.
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
    skip: int = 0
    act: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, method: str, path: str) -> bool:
        return (self.method == "*" or method in self.method.split("|")) and re.search(self.path, path) is not None


LIMITS = frozenset({FaultKind.RETRY_AFTER, FaultKind.PRIMARY_LIMIT, FaultKind.SECONDARY_LIMIT})


def limited(fault: Fault, now: datetime) -> Fault:
    """The refusal that a rate-limit fault stands for, with GitHub's headers and words.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#rate-limit-errors
    """
    message, headers = "You have exceeded a secondary rate limit. Please wait a few minutes.", {}
    if fault.kind is FaultKind.RETRY_AFTER:
        headers = {"Retry-After": str(int(fault.seconds))}
    if fault.kind is FaultKind.PRIMARY_LIMIT:
        message = "API rate limit exceeded."
        reset = str(int(now.timestamp() + fault.seconds))
        headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    return replace(fault, headers=headers, body={"message": message})


@dataclass(slots=True)
class Armed:
    """A fault in force, and how often it fired."""

    id: int
    fault: Fault
    fired: int = 0
    passed: int = 0

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
            if armed.spent or not armed.fault.matches(method, path):
                continue
            if armed.passed < armed.fault.skip:
                armed.passed += 1
                continue
            armed.fired += 1
            return armed.fault
        return None

    def clear(self) -> None:
        self.armed.clear()


def fault_from_json(value: Mapping[str, Any]) -> Fault:
    """Return the fault that `/_sandbox/faults` was given; ValueError or TypeError when it is none."""
    return Fault(**{**value, "kind": FaultKind(value["kind"])})
