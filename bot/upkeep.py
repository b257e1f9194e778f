"""The operator's work on the history index: read a repository, write it to a file, read such a file."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

from bot import bootstrap
from bot.domain.errors import AssistantError, Deferred
from bot.domain.history.rows import Header, Row, dump, load
from bot.domain.history.values import Change, HistoryItem
from bot.github.auth import GitHubApp
from bot.github.client import open_session, path
from bot.github.errors import Absent, Forbidden, Moved, Refused, Unavailable
from bot.runtime.backfill import Backfill, RequestsLowError, Step
from bot.runtime.retry import next_attempt
from bot.settings import Settings
from bot.store.backfills import Backfills
from bot.store.database import Pool, open_pool
from bot.store.history import History
from bot.store.learners import Learners
from bot.store.limits import Limits

_RESERVE: Final = 0.2
"""Asked for by a person, who waits: live events still keep a fifth of the hour's requests."""
_BATCH: Final = 500
_ATTEMPTS: Final = 5


class Watch(Protocol):
    """Whoever shows how far it is."""

    def known(self, items: int, total: int | None) -> None:
        """So many items were known at the start, of about so many."""
        ...

    def step(self, step: Step) -> None: ...

    def waits(self, until: datetime, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Place:
    installation: int
    id: int
    full_name: str


@contextlib.asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[tuple[GitHubApp, Pool]]:
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(bootstrap.database(settings))
        pool = await stack.enter_async_context(open_pool(url, size=4))
        session = await stack.enter_async_context(open_session())
        app = bootstrap.github_app(session, settings.required_app(), Limits(pool))
        yield app, pool


async def backfill(settings: Settings, full_name: str, watch: Watch) -> str:
    """Read the repository as far as it is not known; what was read stays, however this ends."""
    async with _connected(settings) as (app, pool):
        backfills, history = Backfills(pool), History(pool)
        place = await _place(app, full_name)
        await backfills.want([place.id], place.installation)
        await backfills.name(place.id, place.full_name)
        watch.known(await history.count(place.id), await _newest(app, place))
        reader = Backfill(app, backfills=backfills, history=history, learners=Learners(pool), reserve=_RESERVE)
        await _read(reader, backfills, place.id, watch)
        return f"{place.full_name}: {await history.count(place.id)} issues and pull requests are known."


async def _read(reader: Backfill, backfills: Backfills, repository: int, watch: Watch) -> None:
    """Until all is read: waits where GitHub asks for it, tries again where it does not answer."""
    failed = 0

    def report(step: Step) -> None:
        nonlocal failed
        failed = 0
        watch.step(step)

    while True:
        task = await backfills.take(repository)
        if task is None:
            raise AssistantError("the repository was forgotten meanwhile.")
        try:
            await reader.read(task, report=report)
            return
        except (Deferred, RequestsLowError) as error:
            await _wait(error.until, str(error), watch)
        except Unavailable as error:
            until = next_attempt(failed, datetime.now(UTC))
            failed += 1
            if failed == _ATTEMPTS or until is None:
                raise AssistantError(f"{error}. What was read is kept; run this again later.") from error
            await _wait(until, str(error), watch)


async def _wait(until: datetime, reason: str, watch: Watch) -> None:
    watch.waits(until, reason)
    await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))


async def _place(app: GitHubApp, full_name: str) -> _Place:
    """Where the App is installed on the repository, and what it is called there."""
    owner, _, name = full_name.partition("/")
    if not owner or not name or "/" in name:
        raise AssistantError(f"{full_name} is no OWNER/REPO.")
    try:
        installation = int((await app.api.get(f"{path('repos', owner, name)}/installation"))["id"])
        data = await app.listing_client(installation).get(path("repos", owner, name))
    except (Absent, Forbidden, Refused, Moved) as error:
        raise AssistantError(f"the App is not installed on {full_name} ({error}).") from None
    return _Place(installation, int(data["id"]), f"{data['owner']['login']}/{data['name']}")


async def _newest(app: GitHubApp, place: _Place) -> int | None:
    """The highest number of the repository: about how many items there are."""
    github = app.client(place.installation, place.id)
    try:
        newest: Any = await github.get(f"{path('repos', *place.full_name.split('/'))}/issues", state="all", per_page=1)
    except (Absent, Deferred, Unavailable):
        return None
    return int(newest[0]["number"]) if newest else 0


async def import_history(settings: Settings, full_name: str, lines: Iterable[str], watch: Watch) -> str:
    """Read an export; what is known already and newer stays."""
    rows = _rows(lines)
    header = next(rows, None)
    if not isinstance(header, Header):
        raise AssistantError("the file does not begin with the line that names its repository.")
    if header.full_name.lower() != full_name.lower():
        raise AssistantError(f"the file is about {header.full_name}, not about {full_name}.")
    async with bootstrap.database(settings) as url, open_pool(url, size=2) as pool:
        history = History(pool)
        await Backfills(pool).name(header.id, header.full_name)
        for batch in _batches(rows):
            items = [one for one in batch if isinstance(one, HistoryItem)]
            changes = [one for one in batch if isinstance(one, Change)]
            await history.store(header.id, items, changes)
            watch.step(Step(len(items), len(changes)))
        return f"{header.full_name}: {await history.count(header.id)} issues and pull requests are known."


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    return (load(line, number) for number, line in enumerate(lines, 1) if line.strip())


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def export_history(settings: Settings, named: str, write: Callable[[str], object], watch: Watch) -> str:
    """Write a repository's history, a line per item and change; `named` is its id or OWNER/REPO."""
    async with bootstrap.database(settings) as url, open_pool(url, size=2) as pool:
        found = await Backfills(pool).find(named)
        if found is None:
            raise AssistantError(f"nothing is known of the history of {named}.")
        repository, full_name = found
        history = History(pool)
        watch.known(0, await history.count(repository))
        write(dump(Header(repository, full_name)) + "\n")
        items = 0
        async for item, changes in history.items(repository):
            rows: tuple[Row, ...] = (item, *changes)
            write("".join(dump(row) + "\n" for row in rows))
            items += 1
            watch.step(Step(1, len(changes)))
        return f"{full_name}: {items} issues and pull requests written."


@contextlib.contextmanager
def private_file(file: Path) -> Iterator[TextIO]:
    """A new file that only its owner can read, there as a whole or not at all."""
    if file.exists():
        raise AssistantError(f"{file} exists already.")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as made:
            yield made
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
