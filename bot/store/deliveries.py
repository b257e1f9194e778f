"""Deliveries: stored in groups, one queued job per item, drained in order."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from isal import isal_zlib
from psycopg.types.json import Jsonb

from bot.domain.events import Route
from bot.store.database import Pool

QUEUE: Final = "items"
TASK: Final = "process_item"
_FAR_BACK: Final = 100
"""A repository with this many waiting deliveries is as far back in the queue as it gets."""

_CLOCK_SKEW: Final = timedelta(minutes=5)

# One statement stores a group and makes sure that each item has a job that will see it. DO UPDATE (and not DO
# NOTHING) locks a job that is still waiting until this commit: a worker that took it before could miss the new rows.
_STORE: Final = """
WITH incoming AS (
    SELECT * FROM unnest(%(guids)b::text[], %(events)b::text[], %(actions)b::text[], %(installations)b::bigint[],
                         %(repositories)b::bigint[], %(numbers)b::int[], %(keys)b::text[], %(bodies)b::bytea[],
                         %(reasons)b::text[])
           AS t(guid, event, action, installation_id, repository_id, number, item_key, body, reason)
), stored AS (
    INSERT INTO assistant.deliveries
        (guid, event, action, installation_id, repository_id, number, item_key, body, state, reason, finished_at)
    SELECT guid, event, action, installation_id, repository_id, number, item_key, body,
           CASE WHEN item_key IS NULL THEN 'ignored' ELSE 'queued' END, reason,
           CASE WHEN item_key IS NULL THEN now() END
    FROM incoming
    -- A delivery that was given up runs again when somebody delivers it again; any other is known.
    ON CONFLICT (guid) DO UPDATE SET state = 'queued', attempts = 0, not_before = NULL, decided_at = NULL,
        finished_at = NULL
    WHERE deliveries.state = 'failed' -- guard: known-guids (28)
    RETURNING guid, item_key, repository_id
), anew AS (
    DELETE FROM assistant.decisions WHERE guid IN (SELECT guid FROM stored)
), jobs AS (
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
    SELECT %(queue)s, %(task)s, -coalesce(waiting.count, 0), item_key, item_key, jsonb_build_object('key', item_key)
    FROM (SELECT item_key, max(repository_id) AS repository_id FROM stored WHERE item_key IS NOT NULL
          GROUP BY item_key) AS keys
    LEFT JOIN LATERAL (
        SELECT count(*) AS count FROM (SELECT 1 FROM assistant.deliveries d
        WHERE d.state = 'queued' AND d.item_key > keys.repository_id || '#'
              AND d.item_key < keys.repository_id || '$' LIMIT %(far_back)s) AS few
    ) AS waiting ON true
    ORDER BY item_key
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET queueing_lock = excluded.queueing_lock
    RETURNING id
)
SELECT guid, (SELECT pg_notify('procrastinate_queue_v1#' || %(queue)s,
                               '{"type": "job_inserted", "job_id": ' || min(id) || '}') FROM jobs HAVING count(*) > 0)
FROM stored
"""

# A statement sees nothing of what another part of it changes: the one that ends is left out by its name.
_END: Final = """
WITH ended AS (
    UPDATE assistant.deliveries SET state = %(state)s, reason = %(reason)s, finished_at = now(), not_before = NULL
    WHERE guid = %(ended)s
)
"""
_NEXT: Final = """
SELECT guid, event, body, attempts, not_before, decided_at, received_at, clock_timestamp() FROM assistant.deliveries
WHERE item_key = %(key)s AND state = 'queued' AND guid <> %(ended)s ORDER BY position LIMIT 1
"""
_TAKE: Final = (
    # Only our own statements are put together here.
    """
WITH claimed AS (
    INSERT INTO assistant.claims VALUES (%(key)s)
    ON CONFLICT (item_key) DO UPDATE SET epoch = claims.epoch + 1 RETURNING epoch
)
SELECT epoch, waiting.* FROM claimed LEFT JOIN LATERAL ("""  # noqa: S608
    + _NEXT
    + ") AS waiting ON true"
)

_WAKE: Final = """
INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, scheduled_at)
VALUES (%(queue)s, %(task)s, %(key)s, %(key)s, jsonb_build_object('key', %(key)s::text), %(at)s)
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
"""


class Incoming(NamedTuple):
    """A delivery to store; without `item_key` it is kept as ignored, with its reason."""

    guid: str
    event: str
    action: str | None
    installation: int | None
    repository: int | None
    number: int | None
    item_key: str | None
    body: bytes
    reason: str

    @classmethod
    def routed(cls, where: Route, *, guid: str, event: str, body: bytes, reason: str) -> "Incoming":
        """A delivery by where it queues; `body` is compressed already."""
        return cls(
            guid=guid, event=event, action=where.action, installation=where.installation,
            repository=where.repository, number=where.number, item_key=where.key, body=body, reason=reason,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest unfinished delivery of an item. `body` is the raw request, `read_at` now by the database's clock."""

    guid: str
    event: str
    body: bytes
    attempts: int
    not_before: datetime | None
    decided_at: datetime | None
    received_at: datetime
    read_at: datetime


def compress(body: bytes) -> bytes:
    """zlib format, written by a library that needs a quarter of the time for the same size."""
    return isal_zlib.compress(body, 0)


class Deliveries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def store(self, group: list[Incoming]) -> set[str]:
        """Store a group (bodies already compressed) in one transaction; returns the GUIDs that were new."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _STORE,
                {
                    "guids": [one.guid for one in group],
                    "events": [one.event for one in group],
                    "actions": [one.action for one in group],
                    "installations": [one.installation for one in group],
                    "repositories": [one.repository for one in group],
                    "numbers": [one.number for one in group],
                    "keys": [one.item_key for one in group],
                    "bodies": [one.body for one in group],
                    "reasons": [one.reason for one in group],
                    "queue": QUEUE,
                    "task": TASK,
                    "far_back": _FAR_BACK,
                },
                binary=True,
            )
            return {str(row[0]) for row in await cursor.fetchall()}

    async def recheck(self) -> None:
        """Replace connections that died, for example with a restarted database."""
        await self._pool.check()

    async def take(self, key: str) -> tuple[int, Waiting | None]:
        """Take the item over: the epoch of the claim, which makes every older one void, and its oldest delivery."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_TAKE, {"key": key, "ended": ""}, binary=True)
            row = await cursor.fetchone()
        assert row is not None
        epoch, *found = row
        return int(epoch), _waiting(found) if found[0] is not None else None

    async def finish(self, guid: str, state: str, reason: str, *, key: str) -> Waiting | None:
        """End a delivery of the item as done, failed or ignored; returns the next one.

        One that is stored at this very moment may be missed: its own job finds it.
        """
        async with self._pool.connection() as connection:
            values = {"key": key, "ended": guid, "state": state, "reason": reason[:500]}
            cursor = await connection.execute(_END + _NEXT, values, binary=True)
            row = await cursor.fetchone()
        return None if row is None else _waiting(row)

    async def postpone(self, guid: str, key: str, *, until: datetime, reason: str, counts: bool) -> None:
        """Let a delivery (and so its item) wait until then, with a job that will wake it."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                "UPDATE assistant.deliveries SET not_before = %s, reason = %s, attempts = attempts + %s "
                "WHERE guid = %s",
                (until, reason[:500], int(counts), guid),
            )
            await connection.execute(_WAKE, {"queue": QUEUE, "task": TASK, "key": key, "at": until})

    async def wake(self, key: str, at: datetime | None = None) -> None:
        """Make sure that a job of the item waits (at once, or at that time)."""
        async with self._pool.connection() as connection:
            await connection.execute(_WAKE, {"queue": QUEUE, "task": TASK, "key": key, "at": at})

    async def orphans(self) -> list[str]:
        """Items with unfinished deliveries but no job: none, unless a table was tampered with or restored."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT DISTINCT item_key FROM assistant.deliveries d WHERE state = 'queued' AND NOT EXISTS "
                "(SELECT 1 FROM procrastinate_jobs j WHERE j.lock = d.item_key AND j.status IN ('todo', 'doing'))"
            )
            return [str(row[0]) for row in await cursor.fetchall()]

    async def reopen(self, guid: str) -> bool:
        """Queue a finished delivery again (for `replay`); False if it is not known or was never for us."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "UPDATE assistant.deliveries SET state = 'queued', attempts = 0, not_before = NULL, decided_at = NULL, "
                # guard: replays-of-ours (34): without text  AND item_key IS NOT NULL
                "finished_at = NULL WHERE guid = %s AND item_key IS NOT NULL RETURNING item_key",
                (guid,),
            )
            row = await cursor.fetchone()
            if row is None:
                return False
            await connection.execute("DELETE FROM assistant.decisions WHERE guid = %s", (guid,))
            await connection.execute(_WAKE, {"queue": QUEUE, "task": TASK, "key": row[0], "at": None})
            return True

    async def known(self, guids: list[str]) -> set[str]:
        """Those of the GUIDs that are stored."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT guid FROM assistant.deliveries WHERE guid = ANY(%s)", (guids,))
            return {str(row[0]) for row in await cursor.fetchall()}

    async def arrived(self, repository: int, since: datetime) -> tuple[frozenset[tuple[str, int]], frozenset[int]]:
        """(event, number) of items whose opening, and ids of comments whose creation, was delivered since then."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT event, number, CASE WHEN event = 'issue_comment' THEN body END FROM assistant.deliveries "
                "WHERE repository_id = %s AND received_at >= %s AND number IS NOT NULL AND (event, action) IN "
                "(('issues', 'opened'), ('pull_request', 'opened'), ('issue_comment', 'created'))",
                (repository, since - _CLOCK_SKEW),
            )
            rows = await cursor.fetchall()
        opened = frozenset((str(event), int(number)) for event, number, body in rows if body is None)
        comments = (_comment_id(zlib.decompress(body)) for _event, _number, body in rows if body is not None)
        return opened, frozenset(one for one in comments if one is not None)

    async def counts(self) -> dict[str, int]:
        """How many deliveries are in each state (finished ones: of those still kept)."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT state, count(*) FROM assistant.deliveries GROUP BY state")
            return {str(state): int(count) for state, count in await cursor.fetchall()}

    async def save_progress(self, name: str, value: dict[str, Any]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.progress (name, value) VALUES (%s, %s) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, Jsonb(value)),
            )

    async def load_progress(self, name: str) -> dict[str, Any]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT value FROM assistant.progress WHERE name = %s", (name,))
            row = await cursor.fetchone()
        return dict(row[0]) if row else {}


def _waiting(row: Sequence[Any]) -> Waiting:
    guid, event, body, *rest = row
    return Waiting(guid, event, zlib.decompress(body), *rest)


def _comment_id(body: bytes) -> int | None:
    comment = json.loads(body).get("comment")
    found = comment.get("id") if isinstance(comment, dict) else None
    return found if isinstance(found, int) else None
