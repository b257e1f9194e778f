"""The queue's life signs: each worker holds an advisory lock, and a free lock means a dead worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import procrastinate
import psycopg
import structlog
from procrastinate.manager import JobManager

from bot.store.database import Connection, Pool

log = structlog.get_logger()

_LOCK_CLASS: Final = 0x6361
_SUSPENDED_AFTER: Final = "7 seconds"
"""Three heartbeats; with the next look and the work itself, an item is done by another worker within ten seconds."""
_END_WITHIN: Final = 1000
"""Milliseconds for which the end of a silent worker's session is waited for, so that its jobs are free at once."""


def queue_app(url: str) -> procrastinate.App:
    """The queue's application; it is opened with our pool."""
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))


class LockingJobManager(JobManager):
    """Registers workers together with a session lock that the database gives back when the process dies."""

    def __init__(self, app: procrastinate.App, connection: Connection) -> None:
        super().__init__(app.connector)
        self._connection = connection
        self._locked = 0
        self.lost = False

    @classmethod
    @asynccontextmanager
    async def holding(cls, app: procrastinate.App, url: str) -> AsyncIterator["LockingJobManager"]:
        """Make `app` use a manager with a connection of its own, for as long as the context lasts."""
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=10)
        async with connection:
            manager = cls(app, connection)
            app.job_manager = manager
            yield manager

    @property
    def worker_id(self) -> int:
        """The worker's id in the queue; 0 before it is registered."""
        return self._locked

    async def register_worker(self) -> int:
        worker = await super().register_worker()
        # Before the first job is taken: no job can belong to a worker without a lock.
        await self._connection.execute("SELECT pg_advisory_lock(%s, %s)", (_LOCK_CLASS, worker))
        self._locked = worker
        return worker

    async def check_lock(self) -> None:
        """Raises psycopg.Error, and sets `lost`, if the lock's session has ended."""
        try:
            await self._connection.execute("SELECT 1")
        except psycopg.Error:
            self.lost = True
            raise


@dataclass(frozen=True, slots=True, repr=False)  # guard: unseen-addresses (16): without repr
class Queue:
    """What the library does not do by itself for jobs that were left behind."""

    pool: Pool
    url: str

    async def release_dead_workers(self) -> int:
        """Give back the jobs of workers whose lock is free; returns how many."""
        released = 0
        async with self.pool.connection() as connection:
            cursor = await connection.execute("SELECT id FROM procrastinate_workers ORDER BY id")
            workers = [int(row[0]) for row in await cursor.fetchall()]
        for worker in workers:
            async with self.pool.connection() as connection, connection.transaction():
                cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", (_LOCK_CLASS, worker))
                row = await cursor.fetchone()
                if not row or not row[0]:  # guard: jobs-of-living-workers (29)
                    continue
                jobs = await _doing(connection, worker)
                for job in jobs:
                    await _release(connection, job)  # guard: jobs-of-dead-workers (29)
                # guard: workers-that-are-dead (29)
                await connection.execute("DELETE FROM procrastinate_workers WHERE id = %s", (worker,))
                released += len(jobs)
        # A worker row that was pruned leaves its jobs without an owner.
        async with self.pool.connection() as connection:
            for job in await _doing(connection, None):
                await _release(connection, job)  # guard: jobs-without-a-worker (29)
                released += 1
        return released

    async def end_suspended_workers(self) -> None:
        """End the sessions of workers that have been silent: their locks go free, and they find their claims gone."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT w.id, pg_terminate_backend(l.pid, %s) FROM procrastinate_workers w JOIN pg_locks l "
                "ON l.locktype = 'advisory' AND l.classid = %s AND l.objid = w.id AND l.granted "
                "WHERE w.last_heartbeat < now() - %s::interval",
                (_END_WITHIN, _LOCK_CLASS, _SUSPENDED_AFTER),
            )
            for worker, _ended in await cursor.fetchall():
                log.warning("silent_worker_ended", worker=worker)

    async def doing(self, worker: int) -> set[int]:
        """Jobs that are marked as running at this worker."""
        async with self.pool.connection() as connection:
            return set(await _doing(connection, worker))

    async def release(self, job: int) -> None:
        """Give one job back."""
        async with self.pool.connection() as connection:
            await _release(connection, job)


async def _doing(connection: Connection, worker: int | None) -> list[int]:
    cursor = await connection.execute(
        "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NOT DISTINCT FROM %s", (worker,)
    )
    return [int(row[0]) for row in await cursor.fetchall()]


async def _release(connection: Connection, job: int) -> None:
    """Back to waiting; where a job of the same item waits already, that one does the work and this one goes."""
    try:
        async with connection.transaction():
            await connection.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", (job,))
            await connection.execute("UPDATE procrastinate_jobs SET worker_id = NULL WHERE id = %s", (job,))
            await connection.execute(
                "SELECT pg_notify('procrastinate_queue_v1#' || queue_name, "
                "json_build_object('type', 'job_inserted', 'job_id', id)::text) FROM procrastinate_jobs WHERE id = %s",
                (job,),
            )
    except psycopg.errors.UniqueViolation:
        async with connection.transaction():
            await connection.execute("SELECT procrastinate_finish_job_v1(%s, 'aborted', true)", (job,))
    except psycopg.errors.RaiseException:
        # It ended between the look and now.
        log.info("job_had_ended", job=job)
