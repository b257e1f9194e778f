"""The two addresses every URL in an answer starts with."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Links:
    """`api` as the caller reached it (with or without `/api/v3`), `html` for people's pages."""

    api: str
    html: str


def node_id(kind: str, number: int) -> str:
    """Return an opaque id in the old public form: base64 of `0<length>:<Kind><id>`."""
    return base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(when: datetime | None) -> str | None:
    return None if when is None else stamp(when)
