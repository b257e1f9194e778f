"""What is learned from a repository as a whole, generation after generation, and which repository is due."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final

from psycopg.types.json import Jsonb

from bot.learning.duplicates import ENOUGH_KNOWN
from bot.learning.latent import Latent
from bot.learning.likeness import ASPECTS, Statistics
from bot.learning.stored import pack_numbers, term_number
from bot.store.database import Pool

_LOCK: Final = 0x50726F66
"""Any constant: whoever works on a whole repository holds it together with the repository's id."""
FEWEST: Final = 30
"""Repositories with fewer items have no profiles: their people know them all."""

# Only of repositories with something to do all items are counted.
_DUE: Final = """
WITH open AS MATERIALIZED (
    SELECT r.repository_id, coalesce(p.generation, 0) AS generation, coalesce(p.analysis, '') AS analysis,
        coalesce(p.items, 0) AS items, coalesce(p.marked, 0) AS marked, counts.*
    FROM assistant.backfills r
    LEFT JOIN assistant.profiling p USING (repository_id)
    CROSS JOIN LATERAL (SELECT
        (SELECT count(*) FROM (SELECT 1 FROM assistant.history h WHERE h.repository_id = r.repository_id
            AND h.profiled < greatest(p.generation, 1) AND NOT h.gone LIMIT %(many)s) AS few) AS pending,
        (SELECT count(*) FROM assistant.history h WHERE h.repository_id = r.repository_id
            AND h.duplicate_of IS NOT NULL AND NOT h.gone) AS links,
        (SELECT number FROM assistant.history h WHERE h.repository_id = r.repository_id
            ORDER BY number DESC LIMIT 1) AS newest) AS counts
    WHERE coalesce(p.not_before, '-infinity') < now() AND CASE WHEN %(only)s::bigint IS NOT NULL
        THEN r.repository_id = %(only)s
        ELSE NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = %(lock)s
            AND objid = r.repository_id %% 2147483648 AND objsubid = 2) END
)
SELECT repository_id, generation, analysis, items, marked, links, known, pending
FROM (SELECT * FROM open WHERE pending > 0 OR analysis <> %(analysis)s OR newest * 3 >= items * 4
    OR links >= greatest(%(enough)s, marked * 1.25) OFFSET 0) AS likely
CROSS JOIN LATERAL (SELECT count(*) AS known FROM assistant.history h
    WHERE h.repository_id = likely.repository_id AND NOT h.gone) AS all_of_them
WHERE known >= %(fewest)s AND (pending > 0 OR analysis <> %(analysis)s OR known * 3 >= items * 4
    OR links >= greatest(%(enough)s, marked * 1.25))
ORDER BY generation > 0, repository_id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A repository with something to do: `known` items, `pending` of them without a profile of this generation (no
    more are counted than was asked), `links` marked as duplicates. The last time it was learned from `items`, by
    `analysis`, and the bar for claims from `marked` links."""

    repository: int
    generation: int
    analysis: str
    items: int
    marked: int
    links: int
    known: int
    pending: int


@dataclass(frozen=True, slots=True)
class Learned:
    """What is learned from a repository as a whole, when it had so many `items`, by which `analysis`."""

    analysis: str
    items: int
    statistics: Statistics
    latent: Latent | None


class Generations:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def learn(self, repository: int, before: int, learned: Learned) -> bool:
        """Replace what was learned, if it is still that of the generation `before` and nobody forgot the repository."""
        async with self._pool.connection() as connection, connection.transaction():
            # Who forgets a repository deletes this row first.
            cursor = await connection.execute(
                "SELECT 1 FROM assistant.backfills WHERE repository_id = %s FOR SHARE", (repository,)
            )
            if await cursor.fetchone() is None:
                return False
            cursor = await connection.execute(
                "INSERT INTO assistant.profiling AS p "
                "(repository_id, generation, analysis, reports, items, lengths, dimensions) "
                "VALUES (%(repository)s, %(before)s + 1, %(analysis)s, %(reports)s, %(items)s, %(lengths)s, "
                "%(dimensions)s) ON CONFLICT (repository_id) DO UPDATE SET generation = excluded.generation, "
                "analysis = excluded.analysis, reports = excluded.reports, items = excluded.items, "
                "lengths = excluded.lengths, dimensions = excluded.dimensions WHERE p.generation = %(before)s "
                "RETURNING 1",
                {
                    "repository": repository, "before": before, "analysis": learned.analysis, "items": learned.items,
                    "reports": learned.statistics.reports, "lengths": Jsonb(dict(learned.statistics.lengths)),
                    "dimensions": learned.latent.dimensions if learned.latent else 0,
                },
            )  # fmt: skip
            if await cursor.fetchone() is None:
                return False
            await connection.execute("DELETE FROM assistant.frequencies WHERE repository_id = %s", (repository,))
            async with connection.cursor().copy(
                "COPY assistant.frequencies (repository_id, aspect, term, reports, direction) "
                "FROM STDIN (FORMAT BINARY)"
            ) as copy:
                copy.set_types(["int8", "int2", "int4", "int4", "bytea"])
                for row in _frequencies(learned):
                    await copy.write_row((repository, *row))
        return True

    async def keep_bar(self, repository: int, bar: float | None, marked: int) -> None:
        """The bar for claims, and how many marked duplicates it rests on."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE assistant.profiling SET bar = %s, marked = %s WHERE repository_id = %s",
                (bar, marked, repository),
            )

    async def next_due(self, analysis: str, many: int, *, repository: int | None = None) -> Due | None:
        """A repository of which something is to be profiled or learned again, and that nobody works on (or this one,
        if something is to be done there); at most `many` of its open items are counted."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _DUE,
                {
                    "analysis": analysis,
                    "fewest": FEWEST,
                    "many": many,
                    "enough": ENOUGH_KNOWN,
                    "only": repository,
                    "lock": _LOCK,
                },
            )
            row = await cursor.fetchone()
        return Due(*row) if row else None

    async def postpone(self, repository: int, minutes: int) -> None:
        """Leave a repository alone for a while: something about it failed. Nothing, if somebody forgot it meanwhile."""
        async with self._pool.connection() as connection:
            # Locked: who forgets a repository deletes that row first.
            await connection.execute(
                "INSERT INTO assistant.profiling (repository_id, not_before) "
                "SELECT repository_id, now() + make_interval(mins => %(minutes)s) FROM assistant.backfills "
                "WHERE repository_id = %(repository)s FOR SHARE "
                "ON CONFLICT (repository_id) DO UPDATE SET not_before = excluded.not_before",
                {"repository": repository, "minutes": minutes},
            )

    @contextlib.asynccontextmanager
    async def alone(self, repository: int) -> AsyncIterator[bool]:
        """Whether nobody else works on the whole repository, as long as the block lasts; it ends with its process."""
        async with self._pool.connection() as connection:
            key = (_LOCK, repository % 2**31)
            row = await (await connection.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", key)).fetchone()
            mine = bool(row and row[0])
            try:
                yield mine
            finally:
                if mine:
                    await connection.execute("SELECT pg_advisory_unlock(%s::int, %s::int)", key)

    async def tidy(self) -> None:
        """After much was written: without it, look-ups read each posting from its table as well."""
        async with self._pool.connection() as connection:
            for table in ("postings", "profiles", "frequencies"):
                await connection.execute(f"VACUUM (ANALYZE) assistant.{table}".encode())


def _frequencies(learned: Learned) -> Iterable[tuple[int, int, int, bytes | None]]:
    """Rows by aspect, term, reports, direction; of terms that share their number the more frequent one."""
    directions = learned.latent.directions if learned.latent else {}
    for at, aspect in enumerate(ASPECTS):
        rows: dict[int, tuple[int, str]] = {}
        for term, count in learned.statistics.frequencies[aspect].items():
            number = term_number(term)
            rows[number] = max(rows.get(number, (0, "")), (count, term))
        for number, (count, term) in rows.items():
            direction = directions.get(term) if at == 0 else None
            yield at, number, count, pack_numbers(direction) if direction is not None else None
