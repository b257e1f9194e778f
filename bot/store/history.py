"""The history index: items, and changes of their labels."""

import secrets
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, Final

from bot.domain.history.sightings import Digest, Noted
from bot.domain.history.values import Change, ChangeKind, HistoryItem, Setter, Writer, author_digest
from bot.store.database import Pool
from bot.store.items import write_items, write_noted
from bot.store.profiles import UNPOST, UNPROFILE

_BATCH: Final = 500
_MOST_RELATIVES: Final = 500

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

    async def note(self, repository: int, noted: Noted) -> None:
        """What a delivery tells; repeating it changes nothing, and what is older changes nothing."""
        async with self._pool.connection() as connection:
            await write_noted(connection, repository, noted)

    async def store(self, repository: int, items: Sequence[HistoryItem], changes: Sequence[Change]) -> None:
        """Items and changes of an export."""
        async with self._pool.connection() as connection, connection.transaction():
            await write_items(connection, repository, items, changes)

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
