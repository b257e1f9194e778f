"""Jobs that were left behind: by the dead, by the suspended, by nobody in particular; and who may still write."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import psycopg
import pytest

from bot.domain.errors import ClaimLost
from bot.store.database import Pool, migrate, open_pool
from bot.store.deliveries import Deliveries, Incoming, compress
from bot.store.limits import Limits
from bot.store.queue import LockingJobManager, Queue, queue_app
from bot.store.records import Decision, Records, Subject

KEY: Final = "1#5"
JOBS: Final = "SELECT status::text, worker_id FROM procrastinate_jobs ORDER BY id"


def delivery(guid: str, key: str | None = KEY) -> Incoming:
    return Incoming(guid, "issues", "opened", 2, 1, 5, key, compress(b"{}"), "queued")


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    await migrate(database_url)
    async with open_pool(database_url, size=4) as made:
        yield made


@pytest.fixture
def queue(pool: Pool, database_url: str) -> Queue:
    return Queue(pool, database_url)


@asynccontextmanager
async def holding(queue: Queue) -> AsyncIterator[LockingJobManager]:
    """A worker's registration, as a process holds it."""
    app = queue_app(queue.url)
    async with app.open_async(queue.pool), LockingJobManager.holding(app, queue.url) as manager:
        yield manager


async def released(queue: Queue) -> int:
    """How many jobs come back; the database notices a worker's end a moment later."""
    for _ in range(100):
        if found := await queue.release_dead_workers():
            return found
        await asyncio.sleep(0.05)
    return 0


async def rows(pool: Pool, query: str) -> list[tuple[object, ...]]:
    async with pool.connection() as connection:
        return [tuple(row) for row in await (await connection.execute(query.encode())).fetchall()]


async def take(pool: Pool, worker: int | None) -> int:
    """Mark the item's job as taken, as the library does."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE status = 'todo' RETURNING id",
            (worker,),
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_an_item_has_one_waiting_job_however_many_deliveries(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    assert await deliveries.store([delivery("a"), delivery("b")]) == {"a", "b"}
    assert await deliveries.store([delivery("b"), delivery("c"), delivery("x", None)]) == {"c", "x"}
    assert await rows(pool, JOBS) == [("todo", None)]
    assert await deliveries.counts() == {"queued": 3, "ignored": 1}


async def test_a_delivery_that_comes_while_the_item_is_worked_on_gets_a_job_of_its_own(
    pool: Pool, queue: Queue
) -> None:
    deliveries = Deliveries(pool)
    await deliveries.store([delivery("a")])
    async with holding(queue) as manager:
        worker = await manager.register_worker()
        await take(pool, worker)
        await deliveries.store([delivery("b")])
        assert await rows(pool, JOBS) == [("doing", worker), ("todo", None)]
    # The dead worker's job goes, as the other one does the work.
    assert await released(queue) == 1
    assert await rows(pool, JOBS) == [("todo", None)]


async def test_jobs_come_back_from_the_dead_only(pool: Pool, queue: Queue) -> None:
    await Deliveries(pool).store([delivery("a")])
    async with holding(queue) as manager:
        worker = await manager.register_worker()
        assert manager.worker_id == worker
        job = await take(pool, worker)
        assert await queue.release_dead_workers() == 0
        assert await queue.doing(worker) == {job}
    assert await released(queue) == 1
    assert await rows(pool, JOBS) == [("todo", None)]
    assert await rows(pool, "SELECT id FROM procrastinate_workers") == []


async def test_a_job_whose_worker_was_pruned_comes_back(pool: Pool, queue: Queue) -> None:
    await Deliveries(pool).store([delivery("a")])
    await take(pool, None)
    assert await queue.release_dead_workers() == 1
    assert await rows(pool, JOBS) == [("todo", None)]


async def test_a_suspended_worker_loses_its_lock_its_job_and_its_claim(pool: Pool, queue: Queue) -> None:
    limits = Limits(pool)
    await Deliveries(pool).store([delivery("a")])
    async with holding(queue) as manager:
        worker = await manager.register_worker()
        await take(pool, worker)
        claim, _waiting = await Deliveries(pool).take(KEY)
        await queue.end_suspended_workers()
        await manager.check_lock()
        await rows(pool, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '9 seconds' RETURNING 1")
        await queue.end_suspended_workers()
        with pytest.raises(psycopg.Error):
            await manager.check_lock()
        assert manager.lost
        assert await released(queue) == 1
        await Deliveries(pool).take(KEY)
        with pytest.raises(ClaimLost):
            await limits.check_claim(KEY, claim)


async def test_items_without_a_job_are_found_and_woken_once(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await deliveries.store([delivery("a"), delivery("b")])
    assert await deliveries.orphans() == []
    await rows(pool, "DELETE FROM procrastinate_jobs RETURNING 1")
    assert await deliveries.orphans() == [KEY]
    await deliveries.wake(KEY)
    await deliveries.wake(KEY)
    assert (await rows(pool, JOBS), await deliveries.orphans()) == ([("todo", None)], [])


async def test_releasing_what_has_ended_is_nothing(pool: Pool, queue: Queue) -> None:
    await Deliveries(pool).store([delivery("a")])
    job = await take(pool, None)
    await rows(pool, f"SELECT procrastinate_finish_job_v1({job}, 'succeeded', false)")
    await queue.release(job)
    assert await rows(pool, JOBS) == [("succeeded", None)]


async def test_what_was_given_up_and_comes_again_is_decided_anew(pool: Pool) -> None:
    deliveries, records = Deliveries(pool), Records(pool)
    await deliveries.store([delivery("a"), delivery("b")])
    made = Decision("triage", "d", "why", (), "rules", None, 0, [], [])
    assert await records.save(Subject("a", "issues.opened", 1, 5, "jonas"), [made])
    assert await records.save(Subject("b", "issues.opened", 1, 5, "jonas"), [made])
    assert not await records.save(Subject("b", "issues.opened", 1, 5, "jonas"), [made])
    await deliveries.finish("a", "failed", "given up", key=KEY)
    await deliveries.store([delivery("a"), delivery("b")])
    assert await rows(pool, "SELECT guid FROM assistant.decisions") == [("b",)]


async def test_what_was_never_for_us_is_not_queued_again(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await deliveries.store([delivery("a"), delivery("x", None)])
    await deliveries.finish("a", "failed", "given up", key="1#5")
    assert [await deliveries.reopen(guid) for guid in ("a", "x", "none")] == [True, False, False]
    _claim, found = await deliveries.take(KEY)
    assert found is not None
    assert (found.guid, found.body, found.attempts) == ("a", b"{}", 0)


async def test_workers_are_woken_for_jobs_only(pool: Pool, database_url: str) -> None:
    """An empty notification ends procrastinate's listener: from then on it would only poll."""
    deliveries = Deliveries(pool)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as listening:
        await listening.execute('LISTEN "procrastinate_queue_v1#items"')
        await deliveries.store([delivery("kept, without work", key=None)])
        await deliveries.store([delivery("with work")])
        told = [one.payload async for one in listening.notifies(timeout=2, stop_after=1)]
    assert {json.loads(one)["type"] for one in told} == {"job_inserted"}
