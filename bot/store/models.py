"""What models answered before, and what their endpoints were found to be like."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from bot.domain.plan import ModelAnswer
from bot.domain.ports import Learned
from bot.store.database import Pool


class ModelMemory:
    """Fits `domain.ports.Knowledge` and `domain.ports.Answers`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def recall(self, endpoint: str) -> Learned:
        """What is known about an endpoint. A level counts for a week: servers get better."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT CASE WHEN learned_at > now() - interval '7 days' THEN level END, context, chars_per_token, "
                "quirks FROM assistant.endpoints WHERE name = %s",
                (endpoint,),
            )
            row = await cursor.fetchone()
        if row is None:
            return Learned()
        level, context, chars_per_token, quirks = row
        return Learned(level or "", context, chars_per_token, frozenset(quirks))

    async def learn(self, endpoint: str, learned: Learned) -> None:
        """Remember; an empty level or None leaves what is known as it is, quirks are replaced."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.endpoints AS e (name, level, context, chars_per_token, quirks) "
                "VALUES (%(name)s, %(level)s, %(context)s, %(chars)s, %(quirks)s) ON CONFLICT (name) DO UPDATE SET "
                "level = coalesce(excluded.level, e.level), "
                "learned_at = CASE WHEN excluded.level IS NULL THEN e.learned_at ELSE now() END, "
                "context = coalesce(excluded.context, e.context), "
                "chars_per_token = coalesce(excluded.chars_per_token, e.chars_per_token), quirks = excluded.quirks",
                {
                    "name": endpoint, "level": learned.level or None, "context": learned.context,
                    "chars": learned.chars_per_token, "quirks": sorted(learned.quirks),
                },
            )  # fmt: skip

    async def find(self, keys: Sequence[str]) -> ModelAnswer | None:
        """The answer under the first of the keys that has one. It costs no tokens."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT data, model, prompt, cut FROM assistant.answers WHERE key = ANY(%(keys)s) "
                "ORDER BY array_position(%(keys)s, key) LIMIT 1",
                {"keys": list(keys)},
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        data, model, prompt, cut = row
        return ModelAnswer(data, str(model), str(prompt), cut=tuple(cut), cached=True)

    async def keep(self, key: str, scope: str, answer: ModelAnswer) -> None:
        """Keep an answer; `scope` is the repository's id."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO assistant.answers (key, repository_id, model, prompt, data, cut) "
                "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING",
                (key, int(scope), answer.model, answer.prompt, Jsonb(answer.data), list(answer.cut)),
            )
