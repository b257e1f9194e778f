"""When deliveries could not be received, and since when each repository has been ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.store.database import Pool

SHORTEST: Final = timedelta(minutes=1)
"""A silence up to this long is no gap: several life signs fit into it."""

_LOCK: Final = 0x676170

# The hourly look for missed deliveries is the life sign that releases without this table left behind.
_BEAT: Final = """
WITH last AS (
    SELECT coalesce((SELECT alive_until FROM assistant.liveness),
                    (SELECT (value ->> 'until')::timestamptz FROM assistant.progress
                     WHERE name = 'missed deliveries')) AS at
), gap AS (
    INSERT INTO assistant.gaps (begins, ends)
    SELECT at, clock_timestamp() FROM last
    WHERE at < clock_timestamp() - %(shortest)s::interval -- guard: short-silences (1)
    RETURNING begins, ends
), beat AS (
    INSERT INTO assistant.liveness (alive_until) VALUES (clock_timestamp())
    ON CONFLICT (one) DO UPDATE SET alive_until = greatest(liveness.alive_until, excluded.alive_until)
)
SELECT begins, ends FROM gap
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """A recorded time, by the database's clock, in which nobody could receive deliveries."""

    id: int
    begins: datetime
    ends: datetime


class Gaps:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def beat(self) -> tuple[datetime, datetime] | None:
        """Deliveries can be received now. Returns the gap that ends with this, if there was one; it is recorded."""
        async with self._pool.connection() as connection, connection.transaction():
            # One at a time: of two processes that come back together, one records the gap.
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))  # guard: one-gap (28)
            cursor = await connection.execute(_BEAT, {"shortest": SHORTEST})
            row = await cursor.fetchone()
        return (row[0], row[1]) if row else None

    async def open(self) -> list[Gap]:
        """The gaps that are not settled, oldest first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                # guard: settled-gaps (28): without text WHERE settled_at IS NULL
                "SELECT id, begins, ends FROM assistant.gaps WHERE settled_at IS NULL ORDER BY begins"
            )
            return [Gap(*row) for row in await cursor.fetchall()]

    async def settle(self, gap: int) -> None:
        """All that could be recovered has been."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("UPDATE assistant.gaps SET settled_at = now() WHERE id = %s", (gap,))
            await connection.execute("DELETE FROM assistant.scans WHERE gap_id = %s", (gap,))

    async def scanned(self, gap: int) -> set[int]:
        """The repositories whose items of the gap have been looked at."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT repository_id FROM assistant.scans WHERE gap_id = %s", (gap,))
            return {int(row[0]) for row in await cursor.fetchall()}

    async def mark_scanned(self, gap: int, repository: int) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.scans VALUES (%s, %s) ON CONFLICT DO NOTHING", (gap, repository)
            )

    async def installed(self, installation: int) -> dict[int, datetime]:
        """Since when, at the latest, each known repository of the installation has been ours."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT repository_id, since FROM assistant.installed WHERE installation_id = %s", (installation,)
            )
            return {int(repository): since for repository, since in await cursor.fetchall()}

    async def note_installed(self, installation: int, repositories: Sequence[int], since: datetime) -> None:
        """The repositories are ours since then; what is known to be so for longer stays, unless it was another's."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.installed AS i SELECT unnest(%s::bigint[]), %s, %s "
                "ON CONFLICT (repository_id) DO UPDATE SET installation_id = excluded.installation_id, since = "
                "CASE WHEN i.installation_id = excluded.installation_id THEN least(i.since, excluded.since) "
                "ELSE excluded.since END",
                (list(dict.fromkeys(repositories)), installation, since),
            )
