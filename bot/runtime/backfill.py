"""Reads a repository's history into the index: pages of issues, pages of events, then what both leave open.

What was read is stored with how far that is, page by page: after a SIGKILL the next run asks for the next page.
The cheapest requests that tell the truth, for n items with e events: n/100 + e/100, and one for each item that is
called a duplicate (only comments say of what). Where GitHub's list of events does not reach back far enough, one for
each older item whose labels nothing explains; what was removed or marked before then, and left no trace in the item,
stays unknown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import psycopg
import structlog

from bot.domain.errors import AssistantError, Deferred, Terminal
from bot.domain.facts import AppIdentity
from bot.domain.history.cursors import Progress
from bot.domain.history.duplicates import said_duplicate, standing_duplicate
from bot.domain.history.sightings import Digest, change, item, may_mark, origin
from bot.domain.history.values import Change, HistoryItem
from bot.github.auth import GitHubApp
from bot.github.client import GitHub, path
from bot.github.errors import Absent, Moved, Refused, Unavailable
from bot.store.backfills import BackfillLostError, Backfills, Detail, Task
from bot.store.history import History
from bot.store.learners import Learners

log = structlog.get_logger()
T = TypeVar("T")

PAGES_PER_TURN: Final = 20
"""Requests of one turn in the background: about ten seconds, then the other chores have theirs."""
_RESERVE: Final = 0.5
"""The part of the installation's hourly requests that stays for live events."""
_DETAILS: Final = 200
_LATER: Final = timedelta(minutes=10)
_HOUR: Final = timedelta(hours=1)


class RequestsLowError(AssistantError):
    """The installation's requests run low; `until` is when there are more."""

    def __init__(self, until: datetime) -> None:
        super().__init__("the installation's requests run low")
        self.until = until


@dataclass(frozen=True, slots=True)
class Step:
    """What one request brought."""

    items: int = 0
    changes: int = 0
    details: int = 0


Report = Callable[[Step], None]


def _silent(_step: Step) -> None:
    return None


class Backfill:
    """Reads repositories. `reserve` is the part of the hourly requests that it leaves to others."""

    def __init__(
        self, app: GitHubApp, *, backfills: Backfills, history: History, learners: Learners, reserve: float = _RESERVE
    ) -> None:
        self._app = app
        self._backfills = backfills
        self._history = history
        self._learners = learners
        self._reserve = reserve

    async def turn(self, pages: int = PAGES_PER_TURN) -> None:
        """In the background: go on with the repository that waits longest, for a few requests."""
        task = await self._backfills.take_next()
        if task is None or task.installation is None:
            return
        until: datetime | None = None
        try:
            if await self.read(task, most=pages):
                log.info("history_read", repository=task.repository)
                return
        except BackfillLostError:
            return
        except (Deferred, RequestsLowError) as error:
            until = error.until
        except (Terminal, Moved) as error:
            log.info("history_unreadable", repository=task.repository, reason=str(error))
            await self._backfills.finish(task)
            return
        except Unavailable as error:
            log.info("history_postponed", repository=task.repository, reason=str(error))
            until = datetime.now(UTC) + _LATER
        except psycopg.Error:
            raise
        except Exception:
            # One repository's trouble does not keep the others back.
            log.exception("history_failed", repository=task.repository)
            until = datetime.now(UTC) + _HOUR
        await self._backfills.leave(task, not_before=until)

    async def read(self, task: Task, *, most: int | None = None, report: Report = _silent) -> bool:
        """Read on from where the task's progress is, with at most so many requests; whether all has been read.

        Raises what the client raises, RequestsLowError, or BackfillLostError; what was read until then is stored.
        """
        if task.finished_at is not None:
            task = replace(task, progress=task.progress.again(), finished_at=None)
        reading = _Reading(
            self._app, task, report, backfills=self._backfills, history=self._history, learners=self._learners,
            reserve=self._reserve,
        )  # fmt: skip
        await reading.begin()
        left = most
        while left is None or left > 0:
            if not await reading.step():
                await self._backfills.finish(reading.task)
                return True
            left = None if left is None else left - 1
        return False


class _Reading:
    """One repository, request by request; `task` always holds what is stored."""

    def __init__(
        self, app: GitHubApp, task: Task, report: Report, *, backfills: Backfills, history: History,
        learners: Learners, reserve: float,
    ) -> None:  # fmt: skip
        self.task = task
        self._app = app
        self._backfills = backfills
        self._history = history
        self._learners = learners
        self._report = report
        self._reserve = reserve
        self._github: GitHub = app.client(task.installation or 0, task.repository)
        self._identity = AppIdentity(0, "")
        self._digest: Digest = str
        self._open: list[Detail] = []

    async def begin(self) -> None:
        """What the repository is called now, and who we are."""
        self._identity = await self._app.identity()
        self._digest = await self._history.digest()
        data = await self._github.get(f"/repositories/{self.task.repository}")
        await self._learners.seen(
            self.task.repository, installation=self.task.installation, private=bool(data.get("private", True))
        )
        name = f"{data['owner']['login']}/{data['name']}"
        if name != self.task.full_name:
            await self._backfills.name(self.task.repository, name)
            self.task = replace(self.task, full_name=name)

    @property
    def _base(self) -> str:
        return path("repos", *self.task.full_name.split("/"))

    async def step(self) -> bool:
        """One request and what it brought; False when nothing is left to read."""
        self._keep_reserve()
        if not self.task.progress.items.done:
            await self._items()
        elif not self.task.progress.events.done:
            await self._events()
        else:
            return await self._detail()
        return True

    async def _items(self) -> None:
        cursor = self.task.progress.items
        query: dict[str, str | int] = {"state": "all", "sort": "updated", "direction": "asc", "page": cursor.page}
        if cursor.since is not None:
            query["since"] = cursor.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            page = await self._github.page(f"{self._base}/issues", etag=cursor.etag, **query)
        except Absent:
            # Issues are switched off; pull requests alone are not what is learned from.
            await self._keep(replace(self.task.progress, items=replace(cursor, done=True)))
            return
        found = list(_usable(page.items, lambda one: item(one, self._identity, self._digest)))
        after = cursor.after([one.updated_at for one in found], more=page.more, etag=page.etag)
        await self._keep(replace(self.task.progress, items=after), items=found)

    async def _events(self) -> None:
        cursor = self.task.progress.events
        tag = cursor.etag if cursor.page == 1 else ""
        try:
            page = await self._github.page(f"{self._base}/issues/events", etag=tag, page=cursor.page)
        except Refused:
            log.info("events_cut", repository=self.task.repository, page=cursor.page)
            await self._keep(replace(self.task.progress, events=cursor.refused()))
            return
        except Absent:
            await self._keep(replace(self.task.progress, events=replace(cursor, done=True)))
            return
        found = [one for one in _usable(page.items, self._listed_change) if one is not None]
        ids, times = [int(one["id"]) for one in page.items], [_time(one["created_at"]) for one in page.items]
        after = cursor.after(ids, times, more=page.more, etag=page.etag)
        await self._keep(replace(self.task.progress, events=after), changes=found)

    def _listed_change(self, data: Mapping[str, Any]) -> Change | None:
        """None for what is about something else, or about an item that is gone."""
        if not data.get("issue"):
            return None
        of = origin(item(data["issue"], self._identity, self._digest))
        return change(data, of, self._identity, self._digest)

    async def _keep(
        self, progress: Progress, *, items: Sequence[HistoryItem] = (), changes: Sequence[Change] = ()
    ) -> None:
        await self._backfills.keep(self.task, progress, items=items, changes=changes)
        self.task = replace(self.task, progress=progress)
        self._report(Step(len(items), len(changes)))

    async def _detail(self) -> bool:
        """The comments or the own events of one item that needs it."""
        if not self._open:
            self._open = await self._backfills.details(self.task, _DETAILS)
        if not self._open:
            return False
        detail = self._open.pop(0)
        try:
            changes = await self._own_changes(detail.number) if detail.events else []
            original = await self._original(detail.number, changes) if detail.comments else None
        except (Absent, Moved):
            changes, original = [], None
        await self._backfills.keep_detail(self.task, detail, duplicate_of=original, changes=changes)
        self._report(Step(changes=len(changes), details=1))
        return True

    async def _own_changes(self, number: int) -> list[Change]:
        known = await self._history.item(self.task.repository, number)
        if known is None:
            return []
        of = origin(known[0])
        listed = [one async for one in self._github.pages(f"{self._base}/issues/{number}/events")]
        found = _usable(listed, lambda one: change(one, of, self._identity, self._digest))
        return [one for one in found if one is not None]

    async def _original(self, number: int, changes: Sequence[Change]) -> int | None:
        known = await self._history.item(self.task.repository, number)
        if known is None:
            return None
        said = []
        async for one in self._github.pages(f"{self._base}/issues/{number}/comments"):
            other = said_duplicate(str(one.get("body") or ""), self.task.full_name)
            if other is not None and may_mark(one, known[0].author, self._identity, self._digest):
                said.append((_time(one["created_at"]), other))
        return standing_duplicate(number, said, [*known[1], *changes])

    def _keep_reserve(self) -> None:
        """Live events come out of the same allowance."""
        rate = self._github.rate_limit
        if rate is None or rate.remaining >= rate.limit * self._reserve:
            return
        pause = rate.reset_datetime - datetime.now(UTC)
        raise RequestsLowError(datetime.now(UTC) + min(max(pause, timedelta(minutes=1)), _HOUR))


def _usable(listed: Iterable[Any], read: Callable[[Any], T]) -> Iterable[T]:
    """What can be read; one odd entry does not keep the others out."""
    for one in listed:
        try:
            yield read(one)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("history_entry_unusable", reason=f"{type(error).__name__}: {error}"[:200])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
