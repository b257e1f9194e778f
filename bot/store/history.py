"""The history index: items, changes of their labels, and how far each repository has been read."""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from bot.domain.errors import AssistantError
from bot.domain.history.cursors import Progress, from_json, to_json
from bot.domain.history.sightings import Digest, Noted
from bot.domain.history.values import Change, ChangeKind, HistoryItem, Setter, Writer, author_digest
from bot.store.database import Connection, Pool
from bot.store.learned import UNLEARN
from bot.store.profiles import UNPOST, UNPROFILE

_BATCH: Final = 500
_MOST_RELATIVES: Final = 500
CLAIM: Final = "2 minutes"
"""How long a repository stays with whoever reads it without a sign of life."""

# What was seen later stays, whoever comes last; so does what people said about duplicates, until it is taken back.
_UPSERT: Final = """
INSERT INTO assistant.history AS h (repository_id, number, is_pull, title, body, state, state_reason, association,
    writer, author, labels, comments, created_at, updated_at, closed_at, duplicate_of)
VALUES (%(repository)s, %(number)s, %(is_pull)s, %(title)s, %(body)s, %(state)s, %(state_reason)s, %(association)s,
    %(writer)s, %(author)s, %(labels)s, %(comments)s, %(created_at)s, %(updated_at)s, %(closed_at)s, %(duplicate_of)s)
ON CONFLICT (repository_id, number) DO UPDATE SET is_pull = excluded.is_pull, title = excluded.title,
    body = excluded.body, state = excluded.state, state_reason = excluded.state_reason,
    association = excluded.association, writer = excluded.writer,
    author = coalesce(nullif(excluded.author, ''), h.author), labels = excluded.labels,
    comments = greatest(excluded.comments, h.comments), updated_at = excluded.updated_at,
    closed_at = excluded.closed_at, duplicate_of = coalesce(excluded.duplicate_of, h.duplicate_of),
    profiled = CASE WHEN (h.title, h.body) = (excluded.title, excluded.body) THEN h.profiled ELSE 0 END
WHERE h.updated_at <= excluded.updated_at AND NOT h.gone
"""

# The same change comes by delivery and in GitHub's list, under different names and perhaps seconds apart.
_CHANGE_TOLD: Final = """
INSERT INTO assistant.history_changes (repository_id, number, source, kind, label, setter, at)
SELECT n.* FROM (SELECT %(repository)s::bigint, %(number)s::int AS number, %(source)s::text, %(kind)s::text AS kind,
    %(label)s::text AS label, %(setter)s::text, %(at)s::timestamptz AS at) AS n
WHERE NOT EXISTS (SELECT 1 FROM assistant.history_changes c WHERE c.repository_id = %(repository)s
    AND c.number = n.number AND c.source LIKE 'event:%%' AND c.kind = n.kind AND c.label = n.label
    AND abs(extract(epoch FROM c.at - n.at)) <= 10)
AND NOT EXISTS (SELECT 1 FROM assistant.history g WHERE g.repository_id = %(repository)s AND g.number = n.number
    AND g.gone)
ON CONFLICT DO NOTHING
"""
_CHANGE_LISTED: Final = """
WITH told AS (
    DELETE FROM assistant.history_changes c WHERE repository_id = %(repository)s AND number = %(number)s
    AND source LIKE 'delivery:%%' AND kind = %(kind)s AND label = %(label)s
    AND abs(extract(epoch FROM c.at - %(at)s::timestamptz)) <= 10
)
INSERT INTO assistant.history_changes (repository_id, number, source, kind, label, setter, at)
VALUES (%(repository)s, %(number)s, %(source)s, %(kind)s, %(label)s, %(setter)s, %(at)s)
ON CONFLICT DO NOTHING
"""
_SAID: Final = """
UPDATE assistant.history SET duplicate_of = %(duplicate_of)s
WHERE repository_id = %(repository)s AND number = %(number)s AND NOT gone
"""
_GONE: Final = """
WITH changes AS (
    DELETE FROM assistant.history_changes WHERE repository_id = %(repository)s AND number = %(number)s
)
INSERT INTO assistant.history AS h (repository_id, number, is_pull, title, body, state, created_at, updated_at, gone)
VALUES (%(repository)s, %(number)s, %(is_pull)s, '', '', 'closed', %(created_at)s, %(updated_at)s, true)
ON CONFLICT (repository_id, number) DO UPDATE SET title = '', body = '', author = '', labels = '{}',
    duplicate_of = NULL, gone = true
"""
_ITEMS: Final = """
SELECT number, is_pull, title, body, state, state_reason, association, writer, author, labels, comments, created_at,
    updated_at, closed_at, duplicate_of
FROM assistant.history WHERE repository_id = %s AND number > %s AND NOT gone ORDER BY number LIMIT %s
"""
_CHANGES: Final = """
SELECT number, kind, label, setter, at, source FROM assistant.history_changes
WHERE repository_id = %s AND number > %s AND number <= %s ORDER BY number, at, position
"""
_SOME: Final = """
SELECT number, is_pull, title, body, state, state_reason, association, writer, author, labels, comments, created_at,
    updated_at, closed_at, duplicate_of
FROM assistant.history WHERE repository_id = %s AND number = ANY(%s) AND NOT gone ORDER BY number
"""
_CHANGES_OF_SOME: Final = """
SELECT number, kind, label, setter, at, source FROM assistant.history_changes
WHERE repository_id = %s AND number = ANY(%s) ORDER BY number, at, position
"""
_NEWEST_ISSUES: Final = """
SELECT number, is_pull, title, body, state, state_reason, association, writer, author, labels, comments, created_at,
    updated_at, closed_at, duplicate_of
FROM assistant.history WHERE repository_id = %s AND NOT is_pull AND NOT gone ORDER BY number DESC LIMIT %s
"""
# What people called a duplicate of each other, in either direction.
_FAMILY: Final = """
WITH RECURSIVE family (number) AS (
    SELECT unnest(%(numbers)s::integer[])
    UNION
    SELECT relative.number FROM family f CROSS JOIN LATERAL (
        SELECT h.number FROM assistant.history h
        WHERE h.repository_id = %(repository)s AND h.duplicate_of = f.number AND NOT h.gone
        UNION ALL
        SELECT h.duplicate_of FROM assistant.history h
        WHERE h.repository_id = %(repository)s AND h.number = f.number AND h.duplicate_of IS NOT NULL AND NOT h.gone
    ) AS relative
)
SELECT number, is_pull, title, body, state, state_reason, association, writer, author, labels, comments, created_at,
    updated_at, closed_at, duplicate_of
FROM assistant.history WHERE repository_id = %(repository)s AND NOT gone
    AND number IN (SELECT number FROM family LIMIT %(most)s)
"""
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
_LEAVE: Final = """
UPDATE assistant.backfills SET claimed_until = NULL, not_before = %(until)s
WHERE repository_id = %(repository)s AND claim = %(claim)s
"""
_FINISH: Final = """
UPDATE assistant.backfills SET claimed_until = NULL, finished_at = clock_timestamp(), requested_at = clock_timestamp()
WHERE repository_id = %(repository)s AND claim = %(claim)s
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

# Written when it differs only: every delivery says it. Whoever's company changes learns anew.
_SEEN: Final = """
INSERT INTO assistant.learners AS l (repository_id, installation_id, private)
VALUES (%(id)s, %(of)s, %(private)s
    OR %(told)s  -- guard: public-by-delivery (17)
)
ON CONFLICT (repository_id) DO UPDATE SET installation_id = excluded.installation_id, private = excluded.private,
    learned_from = 0, learned_at = NULL
WHERE l.installation_id <> excluded.installation_id OR (l.private <> excluded.private AND l.private <> %(private)s)
RETURNING private
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


class History:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._key: bytes | None = None

    async def digest(self) -> Digest:
        """What makes a person's login into a digest; its key is random, and made once."""
        if self._key is None:
            async with self._pool.connection() as connection:
                await connection.execute(
                    "INSERT INTO assistant.secrets (name, value) VALUES ('people', %s) ON CONFLICT DO NOTHING",
                    (secrets.token_bytes(32),),
                )
                cursor = await connection.execute("SELECT value FROM assistant.secrets WHERE name = 'people'")
                row = await cursor.fetchone()
            assert row is not None
            self._key = bytes(row[0])
        return partial(author_digest, self._key)

    async def seen(self, repository: int, *, installation: int | None, private: bool) -> None:
        """What GitHub says of a repository now; one that became private takes back what it taught others."""
        if installation is not None:
            await self._see({"id": repository, "of": installation, "private": private, "told": False})

    async def told(self, repository: int, *, installation: int, private: bool) -> None:
        """What a delivery says of a repository, perhaps of long ago: `seen` alone makes a repository public."""
        await self._see({"id": repository, "of": installation, "private": private, "told": True})

    async def _see(self, values: dict[str, Any]) -> None:
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(_SEEN, values)
            row = await cursor.fetchone()
            if row is not None and row[0]:
                await connection.execute(UNLEARN, {"of": [values["id"]], "spared": [values["id"]]})

    async def note(self, repository: int, noted: Noted) -> None:
        """What a delivery tells, in one statement; repeating it changes nothing, and what is older changes nothing."""
        item = noted.item
        if noted.gone:
            statement, values = _GONE, _item_values(repository, item)
        elif noted.change is None:
            statement, values = _UPSERT, _item_values(repository, item)
        else:
            statement = f"WITH kept AS ({_UPSERT}) {_CHANGE_TOLD}"
            values = _item_values(repository, item) | _change_values(repository, noted.change)
        async with self._pool.connection() as connection:
            await connection.execute(statement.encode(), values)
            if noted.gone:
                for removal in (UNPOST, UNPROFILE):
                    await connection.execute(removal, {"repository": repository, "numbers": [item.number]})
            if item.duplicate_of is not None:
                # What was said in a comment holds, though the item has changed since.
                await connection.execute(_SAID, values)

    async def keep(
        self, task: Task, progress: Progress, *, items: Sequence[HistoryItem] = (), changes: Sequence[Change] = ()
    ) -> None:
        """A page and how far that is, together; raises BackfillLostError if the repository is somebody else's now."""
        async with self._pool.connection() as connection, connection.transaction():
            await self._hold(connection, task, progress)
            await _write(connection, task.repository, items, changes)

    async def store(self, repository: int, items: Sequence[HistoryItem], changes: Sequence[Change]) -> None:
        """Items and changes of an export."""
        async with self._pool.connection() as connection, connection.transaction():
            await _write(connection, repository, items, changes)

    async def keep_detail(
        self, task: Task, detail: Detail, *, duplicate_of: int | None, changes: Sequence[Change]
    ) -> None:
        """What was read of one item; `duplicate_of` is kept only if its comments were read."""
        async with self._pool.connection() as connection, connection.transaction():
            await self._hold(connection, task, None)
            await _write(connection, task.repository, (), changes)
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

    async def details(self, task: Task, limit: int) -> list[Detail]:
        """Items of which more has to be read, oldest first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _OPEN_DETAILS,
                {"repository": task.repository, "cut": task.progress.events.cut, "limit": limit},
            )
            return [Detail(*row) for row in await cursor.fetchall()]

    async def _hold(self, connection: Connection, task: Task, progress: Progress | None) -> None:
        cursor = await connection.execute(
            "UPDATE assistant.backfills SET claimed_until = clock_timestamp() + %s::interval, "
            "progress = coalesce(%s, progress), finished_at = NULL WHERE repository_id = %s AND claim = %s RETURNING 1",
            (CLAIM, Jsonb(to_json(progress)) if progress else None, task.repository, task.claim),
        )
        if await cursor.fetchone() is None:
            raise BackfillLostError("somebody else reads this repository now, or it was forgotten.")

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

    async def item(self, repository: int, number: int) -> tuple[HistoryItem, tuple[Change, ...]] | None:
        """One item with its changes."""
        async for found in self.items(repository, after=number - 1, batch=1):
            return found if found[0].number == number else None
        return None

    async def some(self, repository: int, numbers: Sequence[int]) -> list[tuple[HistoryItem, tuple[Change, ...]]]:
        """Those of these items that are known, by number, each with its changes, oldest first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_SOME, (repository, list(numbers)))
            found = [_item(row) for row in await cursor.fetchall()]
            cursor = await connection.execute(_CHANGES_OF_SOME, (repository, list(numbers)))
            changes = [_change(row) for row in await cursor.fetchall()]
        return _with_changes(found, changes)

    async def items(
        self, repository: int, *, after: int = 0, batch: int = _BATCH
    ) -> AsyncIterator[tuple[HistoryItem, tuple[Change, ...]]]:
        """All items of a repository by number, each with its changes, oldest first; memory for one batch only."""
        while True:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_ITEMS, (repository, after, batch))
                found = [_item(row) for row in await cursor.fetchall()]
                if not found:
                    return
                cursor = await connection.execute(_CHANGES, (repository, after, found[-1].number))
                changes = [_change(row) for row in await cursor.fetchall()]
            for pair in _with_changes(found, changes):
                yield pair
            after = found[-1].number

    async def links(self, repository: int) -> dict[int, int]:
        """Which item people called a duplicate of which; `canonical` follows the chains."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT number, duplicate_of FROM assistant.history "
                "WHERE repository_id = %s AND duplicate_of IS NOT NULL AND NOT gone",
                (repository,),
            )
            return {int(number): int(original) for number, original in await cursor.fetchall()}

    async def families(self, repository: int, numbers: Sequence[int]) -> list[HistoryItem]:
        """These items, and those that people called duplicates of them or the other way, over any number of steps."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _FAMILY, {"repository": repository, "numbers": list(numbers), "most": _MOST_RELATIVES}
            )
            return [_item(row) for row in await cursor.fetchall()]

    async def newest_issues(self, repository: int, limit: int) -> list[HistoryItem]:
        """The issues with the highest numbers, by number."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_NEWEST_ISSUES, (repository, limit))
            return [_item(row) for row in reversed(await cursor.fetchall())]

    async def count(self, repository: int) -> int:
        """How many items are known."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM assistant.history WHERE repository_id = %s AND NOT gone", (repository,)
            )
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def forget_author(self, login: str) -> int:
        """Delete a person's items; returns how many."""
        digest = await self.digest()
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "SELECT repository_id, array_agg(number) FROM assistant.history WHERE author = %s "
                "GROUP BY repository_id",
                (digest(login),),
            )
            for repository, numbers in await cursor.fetchall():
                for removal in (UNPOST, UNPROFILE):
                    await connection.execute(removal, {"repository": repository, "numbers": numbers})
            cursor = await connection.execute(
                "WITH items AS (DELETE FROM assistant.history WHERE author = %s RETURNING repository_id, number), "
                "changes AS (DELETE FROM assistant.history_changes c USING items i "
                "WHERE c.repository_id = i.repository_id AND c.number = i.number) SELECT count(*) FROM items",
                (digest(login),),
            )
            row = await cursor.fetchone()
        return int(row[0]) if row else 0


async def _write(
    connection: Connection, repository: int, items: Sequence[HistoryItem], changes: Sequence[Change]
) -> None:
    if items:
        await connection.cursor().executemany(_UPSERT, [_item_values(repository, one) for one in items])
    if changes:
        # One that a delivery told of is of no use beside GitHub's own list; in an export both may stand.
        rows = [(one, _change_values(repository, one)) for one in changes]
        listed = [values for one, values in rows if one.source.startswith("event:")]
        told = [values for one, values in rows if not one.source.startswith("event:")]
        for statement, group in ((_CHANGE_LISTED, listed), (_CHANGE_TOLD, told)):
            if group:
                await connection.cursor().executemany(statement, group)


def _item_values(repository: int, item: HistoryItem) -> dict[str, Any]:
    return {
        "repository": repository, "number": item.number, "is_pull": item.is_pull, "title": item.title,
        "body": item.body, "state": item.state, "state_reason": item.state_reason, "association": item.association,
        "writer": item.writer.value, "author": item.author, "labels": list(item.labels), "comments": item.comments,
        "created_at": item.created_at, "updated_at": item.updated_at, "closed_at": item.closed_at,
        "duplicate_of": item.duplicate_of,
    }  # fmt: skip


def _change_values(repository: int, change: Change) -> dict[str, Any]:
    return {
        "repository": repository, "number": change.number, "source": change.source, "kind": change.kind.value,
        "label": change.label, "setter": change.setter.value, "at": change.at,
    }  # fmt: skip


def _with_changes(
    items: Sequence[HistoryItem], changes: Sequence[Change]
) -> list[tuple[HistoryItem, tuple[Change, ...]]]:
    by_number: dict[int, list[Change]] = {}
    for one in changes:
        by_number.setdefault(one.number, []).append(one)
    return [(item, tuple(by_number.get(item.number, ()))) for item in items]


def _item(row: Sequence[Any]) -> HistoryItem:
    number, is_pull, title, body, state, reason, association, writer, author, labels, *rest = row
    return HistoryItem(
        number, is_pull, title, body, state, reason, association, Writer(writer), author, tuple(labels), *rest
    )


def _change(row: Sequence[Any]) -> Change:
    number, kind, label, setter, at, source = row
    return Change(number, ChangeKind(kind), label, Setter(setter), at, source)
