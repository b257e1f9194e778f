"""What was learned, which repositories learn together, and what became of the labels that we set."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from bot.store.database import Pool

KEPT: Final = 2
"""Versions that stay of what serves the same repositories: the one in use, and the one that others may be reading."""

# Whoever learned with them is due at once: the counts of labels say nothing of what was deleted.
UNLEARN: Final = """
WITH deleted AS (
    DELETE FROM assistant.learned WHERE repository_ids && %(of)s::bigint[] AND NOT serves <@ %(spared)s::bigint[]
    RETURNING serves
)
UPDATE assistant.learners SET learned_from = 0, learned_at = NULL
WHERE repository_id IN (SELECT unnest(serves) FROM deleted)
"""
"""Deletes what was learned from any `of` these repositories, unless it serves only such as are `spared`."""

_LEARNERS: Final = """
SELECT l.repository_id, l.installation_id, l.private, l.learned_from, l.learned_at,
    coalesce(b.finished_at IS NOT NULL AND l.backfill_at IS NULL, false) AS read_first,
    (SELECT count(*) FROM assistant.history h WHERE h.repository_id = l.repository_id AND NOT h.is_pull AND NOT h.gone
        AND h.labels <> '{}') AS labelled,
    clock_timestamp() AS now
FROM assistant.learners l LEFT JOIN assistant.backfills b USING (repository_id) ORDER BY l.repository_id
"""
# Nothing is kept of repositories that were forgotten, made private or transferred while it was learned, nor of one to
# which that happens at the moment. Who comes for one of them now waits, and finds what was kept.
_KEEP: Final = """
WITH members AS (
    SELECT repository_id FROM assistant.learners WHERE repository_id = ANY(%(of)s::bigint[])
    AND (NOT private OR %(serves)s::bigint[] = ARRAY[repository_id])
    AND installation_id = %(installation)s  -- guard: members-of-the-owner (17)
    FOR NO KEY UPDATE SKIP LOCKED
)
INSERT INTO assistant.learned (installation_id, repository_ids, serves, format, model, digest)
SELECT %(installation)s, %(of)s::bigint[], %(serves)s::bigint[], %(format)s, %(model)s, %(digest)s
WHERE (SELECT count(*) FROM members) = cardinality(%(of)s::bigint[])
RETURNING version
"""
_TRIED: Final = """
UPDATE assistant.learners SET learned_from = coalesce(%(labelled)s::int, learned_from), learned_at = clock_timestamp(),
    backfill_at = CASE WHEN %(labelled)s::int IS NULL THEN backfill_at ELSE coalesce(backfill_at, (
        SELECT finished_at FROM assistant.backfills b WHERE b.repository_id = learners.repository_id)) END
WHERE repository_id = %(id)s
"""
_PRUNE: Final = """
DELETE FROM assistant.learned WHERE serves && %(serves)s::bigint[] AND version NOT IN (
    SELECT version FROM assistant.learned WHERE serves = %(serves)s::bigint[] ORDER BY version DESC LIMIT %(kept)s)
"""
_NEWEST: Final = """
SELECT version, digest FROM assistant.learned WHERE serves @> ARRAY[%(id)s]::bigint[]
AND EXISTS (SELECT 1 FROM assistant.learners l WHERE l.repository_id = %(id)s
    AND l.installation_id = learned.installation_id  -- guard: lessons-of-the-owner (17)
)
AND (SELECT count(*) FROM assistant.learners l WHERE l.repository_id = ANY(repository_ids)
     AND l.repository_id <> %(id)s
     AND NOT l.private  -- guard: private-lessons (17): without text AND NOT l.private
    ) = cardinality(repository_ids) - 1
ORDER BY version DESC LIMIT 1
"""
_COMMANDED: Final = """
SELECT number, jsonb_array_elements_text(detail->'added') FROM assistant.effects
WHERE repository_id = %s AND number = ANY(%s) AND key LIKE 'labels:%%:commanded' AND detail ? 'added'
"""


@dataclass(frozen=True, slots=True)
class Learner:
    """A repository that can be learned from. `labelled` items, of which the last training saw `learned_from`;
    `read_first`: its history was read whole for the first time since."""

    repository: int
    installation: int
    private: bool
    learned_from: int
    learned_at: datetime | None
    read_first: bool
    labelled: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """Which artefact serves a repository."""

    number: int
    digest: str


class Learned:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def learners(self) -> list[Learner]:
        """All repositories that can be learned from."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_LEARNERS)
            return [Learner(*row) for row in await cursor.fetchall()]

    async def keep(
        self, model: bytes, *, form: str, installation: int, members: Sequence[int], serves: Sequence[int],
        labelled: Mapping[int, int] = MappingProxyType({}),
    ) -> int | None:  # fmt: skip
        """Store an artefact, prune the older ones, and note what was `labelled` (items by repository) as learned.

        Returns its version, or None, with nothing noted, if one of the members is gone, private or another's by now.
        """
        values = {
            "installation": installation, "of": list(members), "serves": list(serves), "format": form, "model": model,
            "digest": hashlib.sha256(model).hexdigest(), "kept": KEPT,
        }  # fmt: skip
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(_KEEP, values)
            row = await cursor.fetchone()
            if row is not None:
                await connection.execute(_PRUNE, values)
                for repository, count in labelled.items():
                    await connection.execute(_TRIED, {"id": repository, "labelled": count})
        return int(row[0]) if row else None

    async def tried(self, repository: int, *, labelled: int | None) -> None:
        """A training is over: of so many labelled items it learned; None where it failed and is to be tried again."""
        async with self._pool.connection() as connection:
            await connection.execute(_TRIED, {"id": repository, "labelled": labelled})

    async def newest(self, repository: int) -> Version | None:
        """The newest artefact that may answer for the repository."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_NEWEST, {"id": repository})
            row = await cursor.fetchone()
        return Version(int(row[0]), str(row[1])) if row else None

    async def load(self, version: Version) -> bytes | None:
        """The artefact as it was stored; None if it is gone, or is not what was stored."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT model FROM assistant.learned WHERE version = %s", (version.number,)
            )
            row = await cursor.fetchone()
        model = bytes(row[0]) if row else b""
        return model if hashlib.sha256(model).hexdigest() == version.digest else None

    async def ours(self, repository: int, within: timedelta, most: int) -> list[int]:
        """Items that we labelled lately, newest first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT number FROM assistant.history_changes WHERE repository_id = %s AND setter = 'us' "
                "AND kind = 'labeled' AND at > now() - %s::interval GROUP BY number ORDER BY max(at) DESC LIMIT %s",
                (repository, within, most),
            )
            return [int(row[0]) for row in await cursor.fetchall()]

    async def commanded(self, repository: int, numbers: Sequence[int]) -> frozenset[tuple[int, str]]:
        """(item, label) pairs, of these items, that we set because somebody told us to."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_COMMANDED, (repository, list(numbers)))
            return frozenset((int(number), str(label)) for number, label in await cursor.fetchall())

    async def titles(self, repository: int, most: int) -> list[tuple[int, str]]:
        """Number and title of the newest labelled issues, whoever labelled them and whatever their text says."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT number, title FROM assistant.history WHERE repository_id = %s AND NOT is_pull "
                "AND NOT gone AND labels <> '{}' AND writer = 'person' ORDER BY number DESC LIMIT %s",
                (repository, most),
            )
            return [(int(number), str(title)) for number, title in await cursor.fetchall()]

    async def forget_author(self, author: str) -> None:
        """Delete what was learned from a person's items (a digest of the login), to be learned anew without them.

        Before the items themselves go.
        """
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "SELECT DISTINCT repository_id FROM assistant.history WHERE author = %s", (author,)
            )
            theirs = [int(row[0]) for row in await cursor.fetchall()]
            # Their rows first: what is stored at the moment is found then.
            await connection.execute(
                "UPDATE assistant.learners SET learned_from = 0, learned_at = NULL, backfill_at = NULL "
                "WHERE repository_id = ANY(%s)",
                (theirs,),
            )
            await connection.execute(UNLEARN, {"of": theirs, "spared": []})
