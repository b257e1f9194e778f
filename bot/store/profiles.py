"""Profiles of issues and pull requests: what a look-up reads, and how they are kept up to date."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.learning.index import CANDIDATES, DEPTH, POSTED_TERMS, QUERY_TERMS
from bot.learning.latent import Latent
from bot.learning.likeness import ASPECTS, Profile, Statistics, presence, rarest
from bot.learning.stored import (
    FetchedIndex,
    StoredEntry,
    pack,
    pack_numbers,
    term_number,
    unpack_numbers,
)
from bot.learning.terms import Terms
from bot.store.database import Connection, Pool

# One statement, one snapshot: what was learned changes as a whole.
_KNOWN: Final = """
SELECT p.generation, p.reports, p.lengths, p.dimensions, p.bar, f.aspect, f.term, f.reports, f.direction
FROM assistant.profiling p LEFT JOIN LATERAL (
    SELECT f.aspect, f.term, f.reports, f.direction
    FROM unnest(%(aspects)s::smallint[], %(terms)s::integer[]) AS wanted (aspect, term)
    JOIN assistant.frequencies f
        ON f.repository_id = %(repository)s AND f.aspect = wanted.aspect AND f.term = wanted.term
) AS f ON true
WHERE p.repository_id = %(repository)s AND p.generation > 0
"""
_CANDIDATES: Final = """
WITH best AS (
    SELECT p.number, sum(wanted.weight * p.weight) AS product
    FROM unnest(%(terms)s::integer[], %(weights)s::float8[]) AS wanted (term, weight)
    CROSS JOIN LATERAL (
        SELECT number, weight FROM assistant.postings
        WHERE repository_id = %(repository)s AND term = wanted.term
        ORDER BY weight DESC, number LIMIT %(depth)s
    ) AS p
    WHERE p.number < %(before)s
    GROUP BY p.number ORDER BY product DESC, p.number LIMIT %(most)s
)
SELECT b.number, p.is_pull, p.aspects, CASE WHEN p.generation = %(generation)s THEN p.dense ELSE '' END
FROM best b JOIN assistant.profiles p ON p.repository_id = %(repository)s AND p.number = b.number
ORDER BY b.product DESC, b.number
"""
_PENDING: Final = """
SELECT number, title, body FROM assistant.history
WHERE repository_id = %s AND profiled < %s AND NOT gone ORDER BY profiled, number LIMIT %s
"""
_SETTLE: Final = """
WITH seen AS (
    SELECT s.number, s.title, s.body, h.profiled
    FROM unnest(%(numbers)s::integer[], %(titles)s::text[], %(bodies)s::text[]) AS s (number, title, body)
    JOIN assistant.history h ON h.repository_id = %(repository)s AND h.number = s.number
)
UPDATE assistant.history h SET profiled = %(generation)s FROM seen
WHERE h.repository_id = %(repository)s AND h.number = seen.number AND NOT h.gone
    AND h.title = seen.title AND h.body = seen.body AND h.profiled < %(generation)s
RETURNING h.number, h.is_pull, seen.profiled = 0
"""
UNPOST: Final = """
DELETE FROM assistant.postings o USING assistant.profiles p, unnest(p.terms, p.weights) AS posted (term, weight)
WHERE p.repository_id = %(repository)s AND p.number = ANY(%(numbers)s) AND o.repository_id = p.repository_id
    AND o.term = posted.term AND o.weight = posted.weight AND o.number = p.number
"""
UNPROFILE: Final = "DELETE FROM assistant.profiles WHERE repository_id = %(repository)s AND number = ANY(%(numbers)s)"
_PROFILE: Final = """
INSERT INTO assistant.profiles (repository_id, number, generation, is_pull, aspects, dense, terms, weights)
VALUES (%(repository)s, %(number)s, %(generation)s, %(is_pull)s, %(aspects)s, %(dense)s, %(terms)s, %(weights)s)
ON CONFLICT (repository_id, number) DO UPDATE SET generation = excluded.generation, aspects = excluded.aspects,
    dense = excluded.dense, terms = excluded.terms, weights = excluded.weights
"""
_POST: Final = """
INSERT INTO assistant.postings (repository_id, term, weight, number)
SELECT %(repository)s, * FROM unnest(%(terms)s::integer[], %(weights)s::real[], %(numbers)s::integer[])
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a repository as a whole, and about the terms of one report."""

    generation: int
    statistics: Statistics
    latent: Latent | None
    bar: float | None


@dataclass(frozen=True, slots=True)
class Text:
    """An item's text as it is in the history."""

    number: int
    title: str
    body: str


class Profiles:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def known(self, repository: int, report: Terms) -> Known | None:
        """What weighs the report's terms; None while nothing was learned."""
        return await self.known_of_all(repository, (report,))

    async def known_of_all(self, repository: int, reports: Iterable[Terms]) -> Known | None:
        """The same for the terms of several reports at once."""
        terms: list[dict[int, str]] = [{} for _ in ASPECTS]
        for one in reports:
            for at, found in enumerate(presence(one).values()):
                terms[at].update((term_number(term), term) for term in found)
        wanted = [(at, number) for at, found in enumerate(terms) for number in found]
        async with self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(
                _KNOWN,
                {"repository": repository, "aspects": [at for at, _ in wanted], "terms": [one for _, one in wanted]},
            )
            rows = await cursor.fetchall()
        return _known(rows, terms) if rows else None

    async def candidates(
        self, repository: int, query: Profile, generation: int, *, before: int, most: int = CANDIDATES
    ) -> FetchedIndex:
        """Of the items with a lower number than `before`, those with the greatest products over the query's heaviest
        terms."""
        heaviest = rarest(query, QUERY_TERMS)
        async with self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(
                _CANDIDATES,
                {
                    "repository": repository, "terms": [term_number(term) for term, _ in heaviest],
                    "weights": [weight for _, weight in heaviest], "generation": generation, "depth": DEPTH,
                    "before": before, "most": most,
                },
            )  # fmt: skip
            rows = await cursor.fetchall()
        return FetchedIndex(tuple(StoredEntry(entry_id(number), *rest) for number, *rest in rows))

    async def pending(self, repository: int, generation: int, limit: int) -> list[Text]:
        """Items whose present text has no profile of this generation; those without any first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_PENDING, (repository, generation, limit))
            return [Text(*row) for row in await cursor.fetchall()]

    async def texts(self, repository: int, after: int, limit: int) -> list[Text]:
        """Items by number, after that number."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT number, title, body FROM assistant.history "
                "WHERE repository_id = %s AND number > %s AND NOT gone ORDER BY number LIMIT %s",
                (repository, after, limit),
            )
            return [Text(*row) for row in await cursor.fetchall()]

    async def keep(self, repository: int, generation: int, made: Sequence[tuple[Text, Profile | None]]) -> int:
        """Profiles of these texts, None where there shall be none; returns how many are settled now. One whose item
        has another text by now, is gone, or has its profile already is left out, and nothing is kept of a generation
        that is over."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "SELECT 1 FROM assistant.profiling WHERE repository_id = %s AND generation = %s FOR SHARE",
                (repository, generation),
            )
            if await cursor.fetchone() is None:
                return 0
            texts = [text for text, _ in made]
            cursor = await connection.execute(
                _SETTLE,
                {
                    "repository": repository, "generation": generation, "numbers": [one.number for one in texts],
                    "titles": [one.title for one in texts], "bodies": [one.body for one in texts],
                },
            )  # fmt: skip
            settled = {number: (is_pull, changed) for number, is_pull, changed in await cursor.fetchall()}
            found = [(text.number, settled[text.number][0], one) for text, one in made if text.number in settled]
            rows = [(number, is_pull, one) for number, is_pull, one in found if one is not None]
            if found:
                await connection.execute(UNPOST, {"repository": repository, "numbers": list(settled)})
                # What else is known of an old text, an endpoint's vector, goes with its profile.
                none = {number for number, _, one in found if one is None}
                over = [number for number, (_, of_text) in settled.items() if of_text or number in none]
                await connection.execute(UNPROFILE, {"repository": repository, "numbers": over})
            if rows:
                await _write(connection, repository, generation, rows)
            return len(found)


def entry_id(number: int) -> str:
    """An item's name in an index; names are ordered like numbers."""
    return f"{number:010}"


def item_number(entry: str) -> int:
    """The number behind a name in an index."""
    return int(entry)


def _known(rows: Sequence[Sequence[Any]], terms: Sequence[Mapping[int, str]]) -> Known:
    generation, reports, lengths, dimensions, bar = rows[0][:5]
    frequencies: dict[str, dict[str, int]] = {aspect: {} for aspect in ASPECTS}
    directions: dict[str, tuple[float, ...]] = {}
    for _, _, _, _, _, aspect, number, count, direction in rows:
        if aspect is None:
            continue
        term = terms[aspect][number]
        frequencies[ASPECTS[aspect]][term] = count
        if direction is not None:
            directions[term] = unpack_numbers(direction)
    latent = Latent(directions, dimensions) if dimensions else None
    return Known(generation, Statistics(reports, frequencies, lengths), latent, bar)


async def _write(
    connection: Connection, repository: int, generation: int, rows: Sequence[tuple[int, bool, Profile]]
) -> None:
    posted = {number: _posted(profile) for number, _, profile in rows}
    await connection.cursor().executemany(
        _PROFILE,
        [
            {
                "repository": repository, "number": number, "generation": generation, "is_pull": is_pull,
                "aspects": pack(profile), "dense": pack_numbers(profile.dense), "terms": list(posted[number]),
                "weights": list(posted[number].values()),
            }
            for number, is_pull, profile in rows
        ],
    )  # fmt: skip
    flat = [(term, weight, number) for number, one in posted.items() for term, weight in one.items()]
    await connection.execute(
        _POST,
        {
            "repository": repository, "terms": [term for term, _, _ in flat],
            "weights": [weight for _, weight, _ in flat], "numbers": [number for _, _, number in flat],
        },
    )  # fmt: skip


def _posted(profile: Profile) -> dict[int, float]:
    """What is posted of a profile; of terms that share their number the heavier one."""
    found: dict[int, float] = {}
    for term, weight in rarest(profile, POSTED_TERMS):
        found.setdefault(term_number(term), weight)
    return found
