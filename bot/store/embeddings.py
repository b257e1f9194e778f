"""Dense vectors of an endpoint, in pgvector where the database has it. They go with the profiles of their items."""

import array
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bot.learning.likeness import Dense
from bot.store.database import Pool
from bot.store.profiles import Text


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A repository with items without a vector; `installation` is None where it was only imported."""

    repository: int
    installation: int | None


class Embeddings:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._available: bool | None = None

    async def available(self) -> bool:
        """Whether the database can keep them; asked once."""
        if self._available is None:
            async with self._pool.connection() as connection:
                cursor = await connection.execute("SELECT assistant.make_embeddings()")
                row = await cursor.fetchone()
            self._available = bool(row and row[0])
        return self._available

    async def read(self, repository: int, model: str, numbers: Sequence[int]) -> dict[int, Dense]:
        """The vectors of these items by number, as far as there are some of this model."""
        async with self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(
                "SELECT number, embedding FROM assistant.embeddings "
                "WHERE repository_id = %s AND model = %s AND number = ANY(%s)",
                (repository, model, list(numbers)),
            )
            return {int(number): _vector(bytes(stored)) for number, stored in await cursor.fetchall()}

    async def keep(self, repository: int, model: str, rows: Sequence[tuple[int, Dense]]) -> None:
        """Vectors by number; of an item without a profile none is kept."""
        async with self._pool.connection() as connection:
            await connection.cursor().executemany(
                "INSERT INTO assistant.embeddings (repository_id, number, model, embedding) "
                "SELECT repository_id, number, %s, %s::vector FROM assistant.profiles "
                "WHERE repository_id = %s AND number = %s ON CONFLICT (repository_id, number) "
                "DO UPDATE SET model = excluded.model, embedding = excluded.embedding",
                [(model, list(vector), repository, number) for number, vector in rows],
            )

    async def next(self, model: str, after: int) -> Unembedded | None:
        """The next repository, in a circle, with an item that has a profile and no vector of this model."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT b.repository_id, b.installation_id FROM assistant.backfills b WHERE EXISTS ("
                "SELECT 1 FROM assistant.profiles p LEFT JOIN assistant.embeddings e "
                "ON e.repository_id = p.repository_id AND e.number = p.number AND e.model = %s "
                "WHERE p.repository_id = b.repository_id AND e.number IS NULL) "
                "ORDER BY b.repository_id <= %s, b.repository_id LIMIT 1",
                (model, after),
            )
            row = await cursor.fetchone()
        return Unembedded(*row) if row else None

    async def pending(self, repository: int, model: str, limit: int) -> list[Text]:
        """Items with a profile and without a vector of this model, newest first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT h.number, h.title, h.body FROM assistant.history h "
                "JOIN assistant.profiles p USING (repository_id, number) "
                "LEFT JOIN assistant.embeddings e ON e.repository_id = h.repository_id AND e.number = h.number "
                "AND e.model = %s WHERE h.repository_id = %s AND h.profiled > 0 AND NOT h.gone AND e.number IS NULL "
                "ORDER BY h.number DESC LIMIT %s",
                (model, repository, limit),
            )
            return [Text(*row) for row in await cursor.fetchall()]


def _vector(stored: bytes) -> Dense:
    """pgvector's binary form: two 16-bit numbers, of which the first counts, then single-precision big-endian ones."""
    found = array.array("f", stored[4:])
    if sys.byteorder == "little":
        found.byteswap()
    return found
