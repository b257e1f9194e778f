"""How far a repository has been read, and what to ask for next.

Issues are listed by their last change, oldest first, each page from where the last one ended: GitHub refuses high page
numbers (https://docs.github.com/en/rest/issues/issues#list-repository-issues), and what changes or disappears
meanwhile moves nothing past us. The repository's events have no such filter: they are listed newest first, down to
what is known, and GitHub may cut the list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

_OVERLAP: Final = timedelta(seconds=1)
"""Times are whole seconds; whether `since` includes its own second does not matter with this."""


@dataclass(frozen=True, slots=True)
class ItemCursor:
    """The next page of issues: those changed since then. `etag` is the last answer's, if it was the newest page."""

    since: datetime | None = None
    page: int = 1
    etag: str = ""
    done: bool = False

    def after(self, updated: Sequence[datetime], *, more: bool, etag: str) -> "ItemCursor":
        """The cursor after a page whose items were changed at these times, and whether there is a next one."""
        if not more:
            return ItemCursor(self.since, self.page, etag, done=True)
        since = max(updated) - _OVERLAP if updated else self.since
        if since is None or (self.since is not None and since <= self.since):
            return ItemCursor(self.since, self.page + 1)
        return ItemCursor(since)


@dataclass(frozen=True, slots=True)
class EventCursor:
    """The next page of events, newest first. `floor` is the newest event that is known with all before it.

    `top` is the newest event of this walk. `cut`: the time of the oldest event that GitHub listed, which need not be
    the oldest that there is; labels of older items may have no explanation here.
    """

    page: int = 1
    top: int | None = None
    floor: int | None = None
    cut: datetime | None = None
    oldest: datetime | None = None
    etag: str = ""
    done: bool = False

    def after(self, ids: Sequence[int], times: Sequence[datetime], *, more: bool, etag: str) -> "EventCursor":
        """The cursor after a page with these events."""
        tag = etag if self.page == 1 else self.etag
        top = max(ids, default=None) if self.page == 1 else self.top
        oldest = min([*times, *([self.oldest] if self.oldest else [])], default=None)
        known = self.floor is not None and bool(ids) and min(ids) <= self.floor
        if known or not more:
            cut = self.cut if known else oldest
            return EventCursor(floor=top or self.floor, cut=cut, etag=tag, done=True)
        return EventCursor(self.page + 1, top, self.floor, self.cut, oldest, tag)

    def refused(self) -> "EventCursor":
        """GitHub lists no more than this: what is older has to be read item by item."""
        return EventCursor(floor=self.top or self.floor, cut=self.oldest, etag=self.etag, done=True)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a repository has been read."""

    items: ItemCursor = field(default_factory=ItemCursor)
    events: EventCursor = field(default_factory=EventCursor)

    def again(self) -> "Progress":
        """The progress with which a finished reading is brought up to date."""
        items = ItemCursor(self.items.since, self.items.page, self.items.etag)
        events = EventCursor(floor=self.events.floor, cut=self.events.cut, etag=self.events.etag)
        return Progress(items, events)


def to_json(progress: Progress) -> dict[str, Any]:
    """The progress as the database keeps it."""
    return {name: {key: _plain(value) for key, value in part.items()} for name, part in asdict(progress).items()}


def from_json(data: Mapping[str, Any]) -> Progress:
    """The kept progress; an empty object is the beginning."""
    items, events = dict(data.get("items", {})), dict(data.get("events", {}))
    items["since"] = _time(items.get("since"))
    events["cut"], events["oldest"] = _time(events.get("cut")), _time(events.get("oldest"))
    return Progress(ItemCursor(**items), EventCursor(**events))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
