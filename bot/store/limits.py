"""Limits that hold for all processes together: back-off windows, write rates, daily budgets, claims."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from bot.domain.errors import ClaimLost
from bot.store.database import Pool
from bot.store.together import Together

# GitHub's secondary limits are about 80 content-creating requests a minute and 500 an hour:
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
PER_MINUTE: Final = 80  # guard: writes-per-minute (5): as 100000
PER_HOUR: Final = 500  # guard: writes-per-hour (5): as 100000
BURST: Final = 40  # guard: bursts-of-writes (5): as 100000
SLOT: Final = f"assistant.take_write(%(installation)s::bigint, {PER_HOUR}, {PER_MINUTE}, {BURST})"
"""Seconds until the installation may write again; 0 takes a slot now."""

# In one order, so that two of these never wait for each other.
SPENDING: Final = """
WITH wanted AS (
    SELECT scope, most, (now() AT TIME ZONE 'utc')::date AS today
    FROM unnest(%(scopes)s::text[], %(limits)s::bigint[]) AS w(scope, most)
), room AS (
    SELECT bool_and(coalesce(b.used, 0) < w.most) AS left
    FROM wanted w LEFT JOIN assistant.budgets b ON b.scope = w.scope AND b.day = w.today
), spent AS (
    INSERT INTO assistant.budgets AS b (scope, day, used)
    SELECT scope, today, 1 FROM wanted, room
    WHERE room.left -- guard: used-up-budgets (5)
    ORDER BY scope
    ON CONFLICT (scope, day) DO UPDATE SET used = b.used + 1
    WHERE b.used < (SELECT most FROM wanted WHERE wanted.scope = b.scope) -- guard: last-of-a-budget (5)
    RETURNING used
)
"""
"""One towards today's (UTC) budgets %(scopes)s, of %(limits)s; as many rows in `spent` as budgets had room for it.

Nothing is counted where one of them is used up; who loses the last one to somebody at the same moment is counted in
the others: strict, never generous.
"""


_STATES: Final = """
SELECT 'window', scope, until, NULL FROM assistant.backoffs WHERE scope = ANY(%s) AND until > now()
UNION ALL SELECT 'claim', item_key, NULL, epoch FROM assistant.claims WHERE item_key = ANY(%s)
"""
_COMPANY: Final = 0.005
"""Seconds for which a busy process gathers questions: every request and every write asks one."""

_Question = tuple[Literal["window", "claim"], str]


class Limits:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._states: Together[_Question, Any] = Together(self._look_up, pause=_COMPANY)

    async def take_write(self, installation: int) -> float:
        """Seconds until the installation may write again; 0 takes a slot now."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(f"SELECT {SLOT}", {"installation": installation})
            row = await cursor.fetchone()
        assert row is not None
        return float(row[0])

    async def prune_writes(self) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM assistant.content_writes WHERE at < now() - interval '1 hour 1 minute'"
            )
            await connection.execute("DELETE FROM assistant.backoffs WHERE until < now()")

    async def back_off(self, scope: str, duration: timedelta, reason: str) -> datetime:
        """No request in this scope for that long, by the database's clock; a longer window stays. Returns its end."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO assistant.backoffs VALUES (%s, now() + %s::interval, %s) "
                "ON CONFLICT (scope) DO UPDATE SET "
                "until = greatest(backoffs.until, excluded.until), reason = excluded.reason RETURNING until",
                (scope, duration, reason),
            )
            row = await cursor.fetchone()
        assert row is not None
        until: datetime = row[0]
        return until

    async def window(self, scope: str) -> datetime | None:
        """The end of the scope's back-off window, if one is open."""
        until: datetime | None = await self._states(("window", scope))
        return until

    async def _look_up(self, questions: list[_Question]) -> dict[_Question, Any]:
        """Ends of open windows, and the newest epochs of claims."""
        scopes, keys = ([name for kind, name in questions if kind == wanted] for wanted in ("window", "claim"))
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_STATES, (scopes, keys))
            return {
                (kind, name): until if kind == "window" else epoch
                for kind, name, until, epoch in await cursor.fetchall()
            }

    async def spend(self, scope: str, amount: int, limit: int) -> bool:
        """Count `amount` towards today's (UTC) budget of the scope; False, and nothing counted, if it is used up."""
        if amount > limit:
            return False
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO assistant.budgets AS b VALUES (%(scope)s, (now() AT TIME ZONE 'utc')::date, %(amount)s) "
                "ON CONFLICT (scope, day) DO UPDATE SET used = b.used + %(amount)s "
                # guard: budgets-are-not-overdrawn (5): without text WHERE b.used + %(amount)s <= %(limit)s
                "WHERE b.used + %(amount)s <= %(limit)s RETURNING used",
                {"scope": scope, "amount": amount, "limit": limit},
            )
            return await cursor.fetchone() is not None

    async def spent(self, scope: str) -> int:
        """What today's (UTC) budget of the scope has been used for."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT used FROM assistant.budgets WHERE scope = %s AND day = (now() AT TIME ZONE 'utc')::date",
                (scope,),
            )
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def check_claim(self, key: str, epoch: int) -> None:
        """Raise ClaimLost if another worker has taken the item over since."""
        if await self._states(("claim", key)) != epoch:  # guard: claims (29)
            raise ClaimLost(f"{key} was taken over by another worker")

    async def now(self) -> datetime:
        """The database's clock, which all processes share."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT clock_timestamp()")
            row = await cursor.fetchone()
        assert row is not None
        value: datetime = row[0]
        return value

    async def give_turn_back(self, chore: str) -> None:
        """The chore was not done: the next who asks may do it."""
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM assistant.progress WHERE name = 'turn: ' || %s", (chore,))

    async def my_turn(self, chore: str, every: timedelta) -> bool:
        """True for one process per period: whoever asks first after it has passed."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO assistant.progress AS p VALUES ('turn: ' || %(chore)s, to_jsonb(now())) "
                "ON CONFLICT (name) DO UPDATE SET value = to_jsonb(now()) "
                "WHERE (p.value #>> '{}')::timestamptz <= now() - %(every)s::interval RETURNING 1",
                {"chore": chore, "every": every},
            )
            return await cursor.fetchone() is not None
