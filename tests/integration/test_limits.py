"""Limits that all processes share: write rates, windows, budgets, claims, turns."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest

from bot.domain.errors import ClaimLost
from bot.runtime.ledger import DeliveryLedger
from bot.store.database import Pool, migrate, open_pool
from bot.store.deliveries import Deliveries
from bot.store.limits import BURST, PER_HOUR, PER_MINUTE, Limits
from bot.store.records import Records, Subject
from bot.store.threads import Threads


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    await migrate(database_url)
    async with open_pool(database_url, size=8) as made:
        yield made


@pytest.fixture
def limits(pool: Pool) -> Limits:
    return Limits(pool)


async def wrote(pool: Pool, count: int, seconds_ago: float, apart: float = 0.0) -> None:
    """`count` writes, the newest `seconds_ago`, each `apart` seconds before the next."""
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO assistant.content_writes SELECT 7, clock_timestamp() - make_interval(secs => %s + %s * n) "
            "FROM generate_series(0, %s - 1) AS n",
            (seconds_ago, apart, count),
        )


# writes: how many, the newest so many seconds ago, so many seconds apart; the wait is between these
WAITS: Final[dict[str, tuple[int, float, float, tuple[float, float]]]] = {
    "none yet": (0, 0, 0, (0, 0)),
    "a burst that is not over": (BURST - 1, 0.1, 0, (0, 0)),
    "a burst that is over": (BURST, 0.1, 0, (0.5, 1.0)),
    "a burst that is over, a second ago": (BURST, 1.1, 0, (0, 0)),
    "a minute's worth": (PER_MINUTE, 1.1, 0, (57, 59)),
    "a minute's worth, a minute ago": (PER_MINUTE, 61, 0, (0, 0)),
    "an hour's worth": (PER_HOUR, 61, 1, (3030, 3060)),
    "one less than an hour's worth": (PER_HOUR - 1, 61, 1, (0, 0)),
    "an hour's worth, an hour ago": (PER_HOUR, 3601, 1, (0, 0)),
}


@pytest.mark.parametrize(("count", "ago", "apart", "wait"), WAITS.values(), ids=WAITS)
async def test_write_rates(
    pool: Pool, limits: Limits, count: int, ago: float, apart: float, wait: tuple[float, float]
) -> None:
    await wrote(pool, count, ago, apart)
    assert wait[0] <= await limits.take_write(7) <= wait[1]
    assert await limits.take_write(8) == 0


async def test_the_last_slot_is_taken_once(pool: Pool, limits: Limits) -> None:
    await wrote(pool, BURST - 1, 0.1)
    waits = await asyncio.gather(*(limits.take_write(7) for _ in range(8)))
    assert sorted(waits)[:2] == [0.0, pytest.approx(1.0, abs=0.5)]


async def counted(pool: Pool) -> int:
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM assistant.content_writes")).fetchone()
    assert row is not None
    return int(row[0])


def ledger(pool: Pool, limits: Limits, installation: int) -> DeliveryLedger:
    subject = Subject(f"of {installation}", "issues.opened", installation, 5, "jonas")
    return DeliveryLedger(Records(pool), Threads(pool), limits, subject, installation)


async def test_a_slot_is_taken_with_what_is_begun(pool: Pool, limits: Limits) -> None:
    begun = time.monotonic()
    row = await ledger(pool, limits, 7).begin("a", follows=True)
    assert (row.fresh, row.wait) == (True, 0)
    assert begun <= (row.slot_at or 0) <= time.monotonic()
    assert await counted(pool) == 1


async def test_no_slot_is_taken_for_what_is_not_sent_at_once(pool: Pool, limits: Limits) -> None:
    ours = ledger(pool, limits, 7)
    for follows in (False, True):
        row = await ours.begin("a", follows=follows)
        assert (row.wait, row.slot_at) == (None, None), "what was begun before has to be looked for first"
    assert await counted(pool) == 0


async def test_where_no_slot_is_free_none_is_taken(pool: Pool, limits: Limits) -> None:
    await wrote(pool, BURST, 0.1)
    row = await ledger(pool, limits, 7).begin("a", follows=True)
    assert row.fresh
    assert 0.5 <= (row.wait or 0) <= 1
    assert row.slot_at is None
    assert await counted(pool) == BURST
    assert (await ledger(pool, limits, 8).begin("b", follows=True)).wait == 0


async def test_pruning_keeps_what_still_counts(pool: Pool, limits: Limits) -> None:
    await wrote(pool, PER_HOUR, 61, 1)
    await wrote(pool, 5, 4000)
    await limits.back_off("old", timedelta(minutes=-1), "x")
    await limits.back_off("new", timedelta(hours=1), "x")
    await limits.prune_writes()
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT (SELECT count(*) FROM assistant.content_writes), (SELECT array_agg(scope) FROM assistant.backoffs)"
        )
        assert await cursor.fetchone() == (PER_HOUR, ["new"])


async def test_a_longer_window_stays(limits: Limits) -> None:
    end = await limits.back_off("a", timedelta(hours=1), "first")
    assert await limits.back_off("a", timedelta(minutes=1), "second") == end
    assert (await limits.window("a"), await limits.window("b")) == (end, None)
    assert timedelta(minutes=59) < end - await limits.now() <= timedelta(hours=1)


async def test_a_window_ends(limits: Limits) -> None:
    await limits.back_off("a", timedelta(seconds=-1), "x")
    assert await limits.window("a") is None


async def test_a_budget_is_spent_once_and_never_overdrawn(limits: Limits) -> None:
    spent = await asyncio.gather(*(limits.spend("a", 3, 10) for _ in range(5)))
    assert sorted(spent) == [False, False, True, True, True]
    assert (await limits.spent("a"), await limits.spent("b")) == (9, 0)
    assert await limits.spend("a", 1, 10)
    assert not await limits.spend("a", 1, 10)


async def test_more_than_the_budget_is_refused_at_once(limits: Limits) -> None:
    assert not await limits.spend("a", 11, 10)
    assert await limits.spent("a") == 0


async def test_a_budget_is_of_a_day(pool: Pool, limits: Limits) -> None:
    assert await limits.spend("a", 10, 10)
    async with pool.connection() as connection:
        await connection.execute("UPDATE assistant.budgets SET day = day - 1")
    assert await limits.spend("a", 10, 10)


async def test_a_newer_claim_makes_the_older_one_void(pool: Pool, limits: Limits) -> None:
    deliveries = Deliveries(pool)
    older, nothing = await deliveries.take("1#5")
    assert nothing is None
    await limits.check_claim("1#5", older)
    newer, _nothing = await deliveries.take("1#5")
    await limits.check_claim("1#5", newer)
    for key, epoch in (("1#5", older), ("1#6", newer)):
        with pytest.raises(ClaimLost):
            await limits.check_claim(key, epoch)


async def test_a_turn_is_one_process_s(limits: Limits) -> None:
    turns = await asyncio.gather(*(limits.my_turn("chore", timedelta(hours=1)) for _ in range(5)))
    assert sum(turns) == 1
    assert await limits.my_turn("another", timedelta(hours=1))
    await asyncio.sleep(0.02)
    assert await limits.my_turn("chore", timedelta(milliseconds=10))
    assert not await limits.my_turn("chore", timedelta(hours=1))
    await limits.give_turn_back("chore")
    assert await limits.my_turn("chore", timedelta(hours=1))
