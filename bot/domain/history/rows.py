"""The index as lines of JSON: a header, then items and changes; what is written can be read again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from bot.domain.errors import AssistantError
from bot.domain.history.values import (
    MAX_BODY,
    MAX_LABELS,
    MAX_TITLE,
    Change,
    ChangeKind,
    HistoryItem,
    Setter,
    Writer,
    clean,
    clean_label,
)

VERSION: Final = 1
_FIELDS: Final = frozenset(one.name for one in fields(HistoryItem))
_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(("created_at", "updated_at", "state", "state_reason", "association", "author"), str),
    "is_pull": bool, "comments": int, "duplicate_of": (int, type(None)),
}  # fmt: skip


class RowError(AssistantError):
    """A line of an export cannot be read."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: which repository it is."""

    id: int
    full_name: str


Row = Header | HistoryItem | Change


def dump(row: Row) -> str:
    """One line, without its end."""
    match row:
        case Header():
            data = {"row": "repository", "version": VERSION, **asdict(row)}
        case HistoryItem():
            data = {"row": "item", **asdict(row)}
        case Change():
            data = {"row": "change", **asdict(row)}
    return json.dumps(data, default=_plain, ensure_ascii=False)


def load(line: str, number: int) -> Row:
    """The value of a line; raises RowError that names the line's number."""
    try:
        data = json.loads(line)
        match data.pop("row"):
            case "repository":
                return _header(data)
            case "item":
                return _item(data)
            case "change":
                return _change(data)
            case other:
                raise ValueError(f"unknown kind of row {other!r}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
        raise RowError(f"line {number} is no line of an export ({reason}).") from None


def _header(data: Mapping[str, Any]) -> Header:
    if data["version"] != VERSION:
        raise ValueError(f"version {data['version']}")
    return Header(int(data["id"]), str(data["full_name"]))


def _item(data: dict[str, Any]) -> HistoryItem:
    unknown = [name for name in data if name not in _FIELDS]
    if unknown:
        raise ValueError(f"“{unknown[0][:40]}” is unknown")
    for name, kind in _KINDS.items():
        if not isinstance(data.get(name), kind):
            raise ValueError(f"“{name}” is empty or of another kind")
    found = {
        **data,
        "number": int(data["number"]),
        "title": clean(data["title"], MAX_TITLE),
        "body": clean(data["body"], MAX_BODY),
        "writer": Writer(data["writer"]),
        "labels": tuple(clean_label(one) for one in data["labels"][:MAX_LABELS]),
        "created_at": _time(data["created_at"]),
        "updated_at": _time(data["updated_at"]),
        "closed_at": _time(data["closed_at"]) if data["closed_at"] else None,
    }  # fmt: skip
    return HistoryItem(**found)


def _change(data: Mapping[str, Any]) -> Change:
    return Change(
        int(data["number"]), ChangeKind(data["kind"]), clean_label(data["label"]), Setter(data["setter"]),
        _time(data["at"]), str(data["source"])[:100],
    )  # fmt: skip


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an export")


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
