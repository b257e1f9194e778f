"""Which repositories can be learned from, whose they are, and whether others may learn from them, by GitHub's word."""

from typing import Any, Final

from bot.store.database import Pool
from bot.store.learned import UNLEARN

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


class Learners:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

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
