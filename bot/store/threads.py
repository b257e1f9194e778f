"""What must be remembered of a thread and of a repository."""

import hashlib
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql
from psycopg.types.json import Jsonb

from bot.domain.codec import decode, encode
from bot.domain.status import Section, Thread
from bot.store.database import Pool
from bot.store.learned import UNLEARN
from bot.store.limits import SPENDING

_OF_A_REPOSITORY: Final = (
    "backfills", "learners", "history", "history_changes", "feedback", "effects", "decisions", "threads",
    "configurations", "installed", "answers", "profiling", "postings", "profiles", "frequencies",
    "deliveries",
)  # fmt: skip


_TOLD: Final = 20
_RECALL: Final = """
SELECT (SELECT count(*) FROM spent), comment_id, sections, silenced, ARRAY(
    SELECT DISTINCT jsonb_array_elements_text(detail->'added') FROM assistant.effects
    WHERE repository_id = %(repository)s AND number = %(number)s AND detail ? 'added'
    AND state = 'done' -- guard: labels-that-arrived (4)
), ARRAY(
    SELECT body FROM assistant.deliveries WHERE body <> '' AND guid IN (
        SELECT guid FROM assistant.decisions WHERE repository_id = %(repository)s AND number = %(number)s
        AND event = 'issue_comment.created' AND created_at > now() - interval '15 minutes')
    ORDER BY position LIMIT %(told)s
), EXISTS(SELECT 1 FROM assistant.feedback WHERE repository_id = %(repository)s AND number = %(number)s),
EXISTS(SELECT 1 FROM assistant.learned WHERE serves @> ARRAY[%(repository)s]::bigint[]),
EXISTS(SELECT 1 FROM assistant.profiling WHERE repository_id = %(repository)s AND generation > 0)
FROM (SELECT) AS always LEFT JOIN assistant.threads ON repository_id = %(repository)s AND number = %(number)s
"""


_MADE: Final = """
WITH made AS (
    UPDATE assistant.effects SET state = 'done', target_id = %(comment)s, finished_at = now() WHERE key = %(made)s
)
"""
_SAVE: Final = """
INSERT INTO assistant.threads (repository_id, number, comment_id, sections, silenced)
VALUES (%(repository)s, %(number)s, %(comment)s, %(sections)s, %(silenced)s)
ON CONFLICT (repository_id, number) DO UPDATE SET
    comment_id = excluded.comment_id, sections = excluded.sections, silenced = excluded.silenced
"""
_PLANNED: Final = """
SELECT comment_id, sections, silenced, ARRAY(
    SELECT jsonb_build_array(capability, plan) FROM assistant.decisions WHERE guid = %(guid)s ORDER BY id
)
FROM (SELECT) AS always LEFT JOIN assistant.threads ON repository_id = %(repository)s AND number = %(number)s
"""


@dataclass(frozen=True, slots=True)
class Recollection:
    """A thread as we left it, the labels that we put on it, by our own record, and what we were told of lately.

    `told`: payloads (JSON) of its comments that were looked at in the last quarter of an hour. `within`: whether
    today's budgets had room for one more event; it is counted then. `opinions`: whether people have said something
    about our work here. `learned`, `profiled`: whether anything was learned that serves the repository, and whether its
    threads can be compared.
    """

    thread: Thread
    applied_labels: frozenset[str]
    told: tuple[bytes, ...]
    within: bool
    opinions: bool = False
    learned: bool = False
    profiled: bool = False


class Threads:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._marker_key: bytes | None = None

    async def load(self, repository: int, number: int) -> Thread:
        """The thread as we left it; an unknown one is empty."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT comment_id, sections, silenced FROM assistant.threads WHERE repository_id = %s AND number = %s",
                (repository, number),
            )
            row = await cursor.fetchone()
        return Thread() if row is None else _thread(*row)

    async def recall(self, repository: int, number: int, budgets: Mapping[str, int]) -> Recollection:
        """Count an event towards its budgets of today, and recall its thread, in one statement."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                SPENDING + _RECALL,
                {
                    "repository": repository, "number": number, "told": _TOLD,
                    "scopes": list(budgets), "limits": list(budgets.values()),
                },
                binary=True,
            )  # fmt: skip
            row = await cursor.fetchone()
        assert row is not None
        spent, *known, labels, told, opinions, learned, profiled = row
        bodies = tuple(map(zlib.decompress, told))
        within = spent == len(budgets)
        return Recollection(_thread(*known), frozenset(labels), bodies, within, opinions, learned, profiled)

    async def planned(self, guid: str, repository: int, number: int) -> tuple[Thread, list[tuple[str, list[Any]]]]:
        """The thread, and (capability, encoded actions) of a decided delivery, in the order of deciding."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_PLANNED, {"guid": guid, "repository": repository, "number": number})
            row = await cursor.fetchone()
        assert row is not None
        *known, plans = row
        return _thread(*known), [(str(name), list(plan)) for name, plan in plans]

    async def save(self, repository: int, number: int, thread: Thread, *, made: str | None = None) -> None:
        """Remember the thread. `made` is the key of the effect that made its comment: it is done with that."""
        sections = {
            name: {"text": encode(one.text), "quiet": one.quiet, "numbers": list(one.numbers)}
            for name, one in thread.sections.items()
        }
        async with self._pool.connection() as connection:
            await connection.execute(
                _SAVE if made is None else _MADE + _SAVE,
                {
                    "repository": repository, "number": number, "comment": thread.comment_id,
                    "sections": Jsonb(sections), "silenced": thread.silenced, "made": made,
                },
            )  # fmt: skip

    async def silence(self, repository: int, number: int) -> None:
        """A person deleted our comment: it never returns."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.threads (repository_id, number, silenced) VALUES (%s, %s, true) "
                "ON CONFLICT (repository_id, number) DO UPDATE SET silenced = true, comment_id = NULL",
                (repository, number),
            )

    async def marker_key(self) -> bytes:
        """The random key of our markers; made once, kept in the database."""
        if self._marker_key is None:
            self._marker_key = await self._stored_marker_key()
        return self._marker_key

    async def _stored_marker_key(self) -> bytes:
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.secrets (name, value) VALUES ('markers', %s) ON CONFLICT DO NOTHING",
                (secrets.token_bytes(32),),
            )
            cursor = await connection.execute("SELECT value FROM assistant.secrets WHERE name = 'markers'")
            row = await cursor.fetchone()
        assert row is not None
        return bytes(row[0])

    async def good_configuration(self, repository: int) -> str | None:
        """The last configuration of the repository that could be used."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT good_text FROM assistant.configurations WHERE repository_id = %s", (repository,)
            )
            row = await cursor.fetchone()
        return str(row[0]) if row and row[0] is not None else None

    async def keep_configuration(self, repository: int, text: str) -> None:
        """Remember a configuration that can be used."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.configurations (repository_id, good_text) VALUES (%s, %s) "
                "ON CONFLICT (repository_id) DO UPDATE SET good_text = excluded.good_text, noticed_digest = NULL "
                "WHERE configurations.good_text IS DISTINCT FROM excluded.good_text "
                "OR configurations.noticed_digest IS NOT NULL",
                (repository, text),
            )

    async def configuration_was_noticed(self, repository: int, text: str) -> bool:
        """Whether somebody was told that this configuration is broken."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT 1 FROM assistant.configurations WHERE repository_id = %s AND noticed_digest = %s",
                (repository, _digest(text)),
            )
            return await cursor.fetchone() is not None

    async def notice_configuration(self, repository: int, text: str) -> None:
        """Somebody is told now that this configuration is broken."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.configurations (repository_id, noticed_digest) VALUES (%s, %s) "
                "ON CONFLICT (repository_id) DO UPDATE SET noticed_digest = excluded.noticed_digest",
                (repository, _digest(text)),
            )

    async def forget_repository(self, repository: int) -> None:
        """Delete everything that is kept about a repository."""
        async with self._pool.connection() as connection, connection.transaction():
            # The readings first: whoever reads on finds the repository gone before it can write.
            for table in _OF_A_REPOSITORY:
                statement = sql.SQL("DELETE FROM {} WHERE repository_id = %s").format(
                    sql.Identifier("assistant", table)
                )
                await connection.execute(statement, (repository,))
            await connection.execute(UNLEARN, {"of": [repository], "spared": []})

    async def forget_installation(self, installation: int) -> list[int]:
        """Delete everything that is kept about an installation's repositories; returns their ids."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT repository_id FROM assistant.deliveries "
                "WHERE installation_id = %(id)s AND repository_id IS NOT NULL "
                "UNION SELECT repository_id FROM assistant.installed WHERE installation_id = %(id)s "
                "UNION SELECT repository_id FROM assistant.backfills WHERE installation_id = %(id)s",
                {"id": installation},
            )
            found = [int(row[0]) for row in await cursor.fetchall()]
        for repository in found:
            await self.forget_repository(repository)
        return found

    async def forget_author(self, login: str) -> int:
        """Delete the decisions about one person's items and the bodies of their deliveries; returns how many."""
        async with self._pool.connection() as connection, connection.transaction():
            # Models quote reports, and nobody wrote down whose: what may be a quotation goes.
            await connection.execute(
                "DELETE FROM assistant.answers WHERE repository_id IN "
                "(SELECT repository_id FROM assistant.decisions WHERE lower(author) = lower(%s))",
                (login,),
            )
            cursor = await connection.execute(
                "DELETE FROM assistant.decisions WHERE lower(author) = lower(%s) RETURNING guid", (login,)
            )
            guids = [str(row[0]) for row in await cursor.fetchall()]
            cursor = await connection.execute(
                # guard: waiting-deliveries-of-people (27): without text  AND state <> 'queued'
                "DELETE FROM assistant.deliveries WHERE guid = ANY(%s) AND state <> 'queued'",
                (guids,),
            )
            return len(guids)


def _thread(comment: int | None, sections: dict[str, Any] | None, silenced: bool | None) -> Thread:
    return Thread(comment, {name: _section(data) for name, data in (sections or {}).items()}, bool(silenced))


def _section(data: dict[str, Any]) -> Section:
    return Section(decode(data["text"]), bool(data["quiet"]), tuple(data.get("numbers", ())))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
