"""What a look at one thing found, as a value."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot import __version__
from bot.logs import redact


class State(StrEnum):
    """A warning is something that works worse than it could; only a failure makes the whole fail."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """`detail` is what was found, `remedy` what the operator can do: empty where there is nothing to do."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def ok(name: str, detail: str) -> Check:
    return Check(name, State.OK, detail)


def warning(name: str, detail: str, remedy: str) -> Check:
    return Check(name, State.WARNING, detail, remedy)


def failure(name: str, detail: str, remedy: str) -> Check:
    return Check(name, State.FAILURE, detail, remedy)


def skipped(name: str, detail: str) -> Check:
    return Check(name, State.SKIPPED, detail)


def well(checks: Iterable[Check]) -> bool:
    """Whether nothing failed."""
    return all(one.state is not State.FAILURE for one in checks)


def without_secrets(checks: Iterable[Check], secrets: Sequence[str]) -> tuple[Check, ...]:
    """The checks as they may be shown: a server may repeat what it was sent, and write to terminals."""

    def clean(text: str) -> str:
        plain = "".join(one if one.isprintable() else " " for one in text)
        return redact(plain, secrets)  # guard: secrets-in-checks (16): as plain

    return tuple(replace(one, detail=clean(one.detail), remedy=clean(one.remedy)) for one in checks)


def as_json(checks: Sequence[Check]) -> str:
    """`{"version", "ok", "checks": [{"name", "state", "detail", "remedy"}]}`."""
    told: dict[str, Any] = {
        "version": __version__,
        "ok": well(checks),
        "checks": [
            {"name": one.name, "state": one.state.value, "detail": one.detail, "remedy": one.remedy} for one in checks
        ],
    }
    return json.dumps(told, indent=2)
