"""How far each repository's history has been read, who reads it at the moment, and what is still to be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from bot.domain.errors import AssistantError
from bot.domain.history.cursors import Progress, from_json, to_json
from bot.domain.history.values import Change, HistoryItem
from bot.store.database import Connection, Pool
from bot.store.items import write_items

CLAIM: Final = "2 minutes"
"""How long a repository stays with whoever reads it without a sign of life."""

_OPEN_DETAILS: Final = """
SELECT number, comments, events, seen_at FROM (
SELECT h.number, greatest(h.updated_at, m.at) AS seen_at,
    h.comments > 0 AND (h.comments_read_at IS NULL OR h.comments_read_at < greatest(h.updated_at, m.at))
        AND (h.state_reason = 'duplicate' OR m.at IS NOT NULL
             OR EXISTS (SELECT 1 FROM unnest(h.labels) AS label WHERE label ILIKE '%%duplicate%%')) AS comments,
    h.events_read_at IS NULL AND h.created_at < %(cut)s AND EXISTS (
        SELECT 1 FROM unnest(h.labels) AS label WHERE NOT EXISTS (
            SELECT 1 FROM assistant.history_changes c WHERE c.repository_id = h.repository_id
            AND c.number = h.number AND c.kind = 'labeled' AND lower(c.label) = lower(label))) AS events
FROM assistant.history h LEFT JOIN LATERAL (
    SELECT max(at) AS at FROM assistant.history_changes c
    WHERE c.repository_id = h.repository_id AND c.number = h.number AND c.kind IN ('marked', 'unmarked')
) AS m ON true
WHERE h.repository_id = %(repository)s AND NOT h.gone
) AS open WHERE comments OR events ORDER BY number LIMIT %(limit)s
"""
_CLAIM: Final = """
UPDATE assistant.backfills SET claim = claim + 1, claimed_until = clock_timestamp() + %(claim)s::interval
WHERE repository_id = (
    SELECT repository_id FROM assistant.backfills
    WHERE {chosen} ORDER BY requested_at FOR UPDATE SKIP LOCKED LIMIT 1
)
RETURNING repository_id, installation_id, full_name, progress, claim, finished_at
"""
_FREE: Final = """
installation_id IS NOT NULL AND (finished_at IS NULL OR finished_at < now() - interval '1 day'
    OR EXISTS (SELECT 1 FROM assistant.gaps WHERE ends > finished_at))
AND coalesce(claimed_until, '-infinity') < clock_timestamp() AND coalesce(not_before, '-infinity') < clock_timestamp()
"""
_LEAVE: Final = """
UPDATE assistant.backfills SET claimed_until = NULL, not_before = %(until)s
WHERE repository_id = %(repository)s AND claim = %(claim)s
"""
_FINISH: Final = """
UPDATE assistant.backfills SET claimed_until = NULL, finished_at = clock_timestamp(), requested_at = clock_timestamp()
WHERE repository_id = %(repository)s AND claim = %(claim)s
"""


class BackfillLostError(AssistantError):
    """Somebody else reads this repository now; nothing is lost."""


@dataclass(frozen=True, slots=True)
class Task:
    """A repository to read, taken by whoever holds this. `installation` is None for one that was only imported."""

    repository: int
    installation: int | None
    full_name: str
    progress: Progress
    claim: int
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Detail:
    """An item of which more has to be read: its comments (what is it a duplicate of?), its own list of events."""

    number: int
    comments: bool
    events: bool
    seen_at: datetime
    """The item's last change, as far as it was known: what comes later has to be read again."""


class Backfills:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def want(self, repositories: Sequence[int], installation: int) -> None:
        """The repositories are to be read by whoever has time; one that was read is brought up to date in its turn."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.backfills AS b (repository_id, installation_id) SELECT unnest(%s::bigint[]), %s "
                "ON CONFLICT (repository_id) DO UPDATE SET installation_id = excluded.installation_id, "
                "not_before = NULL",
                (list(dict.fromkeys(repositories)), installation),
            )

    async def take_next(self) -> Task | None:
        """The repository that waits longest: unfinished, read a day ago, or read before deliveries were missed.

        One that somebody reads at the moment is not taken.
        """
        return await self._take(_CLAIM.format(chosen=_FREE), {})

    async def take(self, repository: int) -> Task | None:
        """This repository, from whoever reads it."""
        return await self._take(_CLAIM.format(chosen="repository_id = %(repository)s"), {"repository": repository})

    async def _take(self, statement: str, values: dict[str, Any]) -> Task | None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement.encode(), {**values, "claim": CLAIM})
            row = await cursor.fetchone()
        if row is None:
            return None
        repository, installation, name, progress, claim, finished = row
        return Task(repository, installation, name, from_json(progress), claim, finished)

    async def keep(
        self, task: Task, progress: Progress, *, items: Sequence[HistoryItem] = (), changes: Sequence[Change] = ()
    ) -> None:
        """A page and how far that is, together; raises BackfillLostError if the repository is somebody else's now."""
        async with self._pool.connection() as connection, connection.transaction():
            await self._hold(connection, task, progress)
            await write_items(connection, task.repository, items, changes)

    async def details(self, task: Task, limit: int) -> list[Detail]:
        """Items of which more has to be read, oldest first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _OPEN_DETAILS,
                {"repository": task.repository, "cut": task.progress.events.cut, "limit": limit},
            )
            return [Detail(*row) for row in await cursor.fetchall()]

    async def keep_detail(
        self, task: Task, detail: Detail, *, duplicate_of: int | None, changes: Sequence[Change]
    ) -> None:
        """What was read of one item; `duplicate_of` is kept only if its comments were read."""
        async with self._pool.connection() as connection, connection.transaction():
            await self._hold(connection, task, None)
            await write_items(connection, task.repository, (), changes)
            await connection.execute(
                "UPDATE assistant.history SET "
                "duplicate_of = CASE WHEN %(comments)s THEN %(duplicate)s ELSE duplicate_of END, "
                "comments_read_at = CASE WHEN %(comments)s THEN %(at)s ELSE comments_read_at END, "
                "events_read_at = CASE WHEN %(events)s THEN %(at)s ELSE events_read_at END "
                "WHERE repository_id = %(repository)s AND number = %(number)s",
                {
                    "repository": task.repository, "number": detail.number, "comments": detail.comments,
                    "events": detail.events, "duplicate": duplicate_of, "at": detail.seen_at,
                },
            )  # fmt: skip

    async def _hold(self, connection: Connection, task: Task, progress: Progress | None) -> None:
        cursor = await connection.execute(
            "UPDATE assistant.backfills SET claimed_until = clock_timestamp() + %s::interval, "
            "progress = coalesce(%s, progress), finished_at = NULL WHERE repository_id = %s AND claim = %s RETURNING 1",
            (CLAIM, Jsonb(to_json(progress)) if progress else None, task.repository, task.claim),
        )
        if await cursor.fetchone() is None:
            raise BackfillLostError("somebody else reads this repository now, or it was forgotten.")

    async def leave(self, task: Task, *, not_before: datetime | None) -> None:
        """The repository waits for whoever takes it next, until then at least."""
        await self._end(_LEAVE, task, not_before)

    async def finish(self, task: Task) -> None:
        """All has been read."""
        await self._end(_FINISH, task, None)

    async def _end(self, statement: LiteralString, task: Task, until: datetime | None) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(statement, {"repository": task.repository, "claim": task.claim, "until": until})

    async def name(self, repository: int, full_name: str) -> None:
        """Remember what the repository is called, for the operator's commands."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.backfills (repository_id, full_name) VALUES (%s, %s) "
                "ON CONFLICT (repository_id) DO UPDATE SET full_name = excluded.full_name",
                (repository, full_name),
            )

    async def find(self, named: str) -> tuple[int, str] | None:
        """Id and name of a repository of the index, by its id or by OWNER/REPO."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT repository_id, full_name FROM assistant.backfills "
                "WHERE repository_id::text = %(named)s OR lower(full_name) = lower(%(named)s)",
                {"named": named},
            )
            row = await cursor.fetchone()
        return (int(row[0]), str(row[1])) if row else None
