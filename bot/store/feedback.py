"""What people said about our work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from bot.domain.feedback import LABELS, TRIAGE, Feedback, Opinion, by_item
from bot.store.database import Pool

_OF_ITEM: Final = """
SELECT number, capability, subject, verdict, actor, source, at FROM assistant.feedback
WHERE repository_id = %s AND number = %s ORDER BY id
"""
_OF_REPOSITORY: Final = """
SELECT number, capability, subject, verdict, actor, source, at FROM assistant.feedback
WHERE repository_id = %s AND (capability = ANY(%s) OR capability = 'all')
    AND at >= coalesce(%s, '-infinity'::timestamptz) ORDER BY id
"""


class Feedbacks:
    """Opinions by repository and item. They go with their repository, and with the person who gave them, except that a
    label which nobody wanted stays off: that is kept without the person."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def note(self, repository: int, opinions: Sequence[Feedback]) -> int:
        """Store what is new; repeating it changes nothing. Returns how many were new."""
        if not opinions:
            return 0
        async with self._pool.connection() as connection:
            cursor = connection.cursor()
            await cursor.executemany(
                "INSERT INTO assistant.feedback "
                "(repository_id, number, capability, subject, verdict, actor, source, at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [
                    (
                        repository, one.number, one.capability, one.subject, one.opinion.value, one.actor,
                        one.source, one.at,
                    )
                    for one in opinions
                ],
            )  # fmt: skip
            return cursor.rowcount

    async def of_item(self, repository: int, number: int) -> tuple[Feedback, ...]:
        """All opinions on one item, oldest first."""
        return await self._read(_OF_ITEM, (repository, number))

    async def of_repository(
        self, repository: int, *capabilities: str, since: datetime | None = None
    ) -> tuple[Feedback, ...]:
        """All opinions on these capabilities' work (or LABELS) in a repository, those on all our work included, oldest
        first."""
        return await self._read(_OF_REPOSITORY, (repository, list(capabilities), since))

    async def words(self, repository: int) -> dict[int, list[Feedback]]:
        """Item → what people said there of labels, and of all our work: what `examples` learns from."""
        return by_item(await self.of_repository(repository, TRIAGE, LABELS))

    async def not_duplicates(self, repository: int) -> frozenset[tuple[int, int | None]]:
        """(item, other) pairs that people said are no duplicates; other is None where they meant every claim."""
        said = await self.of_repository(repository, "duplicates")
        return frozenset(
            (one.number, int(one.subject) if one.subject.isdecimal() else None)
            for one in said
            if one.opinion is Opinion.WRONG
        )

    async def withdraw(self, repository: int, number: int, *, capability: str, sources: Sequence[str]) -> None:
        """Keep only these of the reactions that were stored for an item: the others were taken back."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM assistant.feedback WHERE repository_id = %s AND number = %s AND capability = %s "
                "AND source LIKE 'reaction:%%' AND source <> ALL(%s)",
                (repository, number, capability, list(sources)),
            )

    async def forget_actor(self, actor: str) -> int:
        """Delete what a person (a digest of the login) said; returns how many opinions.

        Of words about labels only the person and the comment go: a label that was taken off must not come back.
        """
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                "UPDATE assistant.feedback SET actor = '', source = 'forgotten:' || id "
                "WHERE actor = %s AND capability IN (%s, %s) AND subject <> ''",
                (actor, TRIAGE, LABELS),
            )
            cursor = await connection.execute("DELETE FROM assistant.feedback WHERE actor = %s", (actor,))
            return cursor.rowcount

    async def _read(self, statement: LiteralString, values: tuple[Any, ...]) -> tuple[Feedback, ...]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement, values)
            return tuple(
                Feedback(int(number), capability, subject, Opinion(verdict), actor, source, at)
                for number, capability, subject, verdict, actor, source, at in await cursor.fetchall()
            )
