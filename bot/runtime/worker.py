"""The worker: takes items from the queue, drains their deliveries in order, and gives everybody a second chance."""

import asyncio
import json
from typing import Any, Final

import procrastinate
import procrastinate.worker
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from prometheus_client import Counter, Histogram

from bot.computing import PARSED, computed
from bot.domain.errors import ClaimLost, Deferred, Terminal
from bot.domain.ports import Fence
from bot.github.errors import Moved, Unavailable
from bot.runtime.pipeline import Pipeline
from bot.runtime.retry import next_attempt
from bot.store.deliveries import QUEUE, TASK, Deliveries, Waiting
from bot.store.limits import Limits
from bot.store.queue import LockingJobManager, Queue

log = structlog.get_logger()

HEARTBEAT: Final = 2.0
_POLL: Final = 0.5
_GRACE: Final = 25.0
_RESTART: Final = 1.0
_EVENTS = Counter("assistant_events", "Deliveries by how they ended", ["outcome"])
_SECONDS = Histogram("assistant_event_seconds", "Seconds of work per delivery")


class Worker:
    """Runs until stopped; a database outage ends procrastinate's worker, so that it is started again here."""

    def __init__(
        self, app: procrastinate.App, *, pipeline: Pipeline, deliveries: Deliveries, limits: Limits, queue: Queue,
        concurrency: int,
    ) -> None:  # fmt: skip
        self._app = app
        self._pipeline = pipeline
        self._deliveries = deliveries
        self._limits = limits
        self._queue = queue
        self._concurrency = concurrency
        self._active: set[int] = set()
        self._alive = False
        self._taker: procrastinate.worker.Worker | None = None
        app.task(name=TASK, queue=QUEUE, pass_context=True)(self._process)

    @property
    def alive(self) -> bool:
        """Whether jobs are being taken at the moment."""
        return self._alive

    async def run(self) -> None:
        """Until cancelled; then running jobs get 25 s to end."""
        while True:
            try:
                await self._run_once()
            except (psycopg.Error, ConnectorException, OSError) as error:
                log.warning("worker_interrupted", reason=type(error).__name__)
            self._alive = False
            await asyncio.sleep(_RESTART)

    async def _run_once(self) -> None:
        async with LockingJobManager.holding(self._app, self._queue.url) as manager:
            self._active.clear()
            await self._recover()
            self._alive = True
            sweeper = asyncio.create_task(self._sweep(manager))
            try:
                self._taker = procrastinate.worker.Worker(
                    self._app,
                    queues=[QUEUE],
                    concurrency=self._concurrency,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=_POLL,
                    update_heartbeat_interval=HEARTBEAT,
                    # Dead workers are found by their locks, and faster; pruning them here would hide their jobs.
                    stalled_worker_timeout=3600.0,
                    shutdown_graceful_timeout=_GRACE,
                    # What became of a delivery is in its own row; a job is only the hand that does it.
                    delete_jobs="always",
                )
                await self._taker.run()  # type: ignore[no-untyped-call]
            finally:
                self._alive = False
                sweeper.cancel()
                await asyncio.gather(sweeper, return_exceptions=True)

    async def _recover(self) -> None:
        released = await self._queue.release_dead_workers()
        for key in await self._deliveries.orphans():
            await self._deliveries.wake(key)
            released += 1
        if released:
            log.info("jobs_recovered", count=released)

    async def _sweep(self, manager: LockingJobManager) -> None:
        """Every two seconds: jobs of dead workers, jobs that nobody works on, items without a job."""
        suspects: set[int] = set()
        while True:
            await asyncio.sleep(HEARTBEAT)
            try:
                await manager.check_lock()
                await self._queue.end_suspended_workers()
                await self._recover()
                lost = await self._queue.doing(manager.worker_id) - self._active
                for job in lost & suspects:
                    log.warning("job_without_task", job=job)
                    await self._queue.release(job)
                suspects = lost
            except psycopg.Error as error:
                log.warning("sweep_failed", reason=type(error).__name__)
                if manager.lost and self._taker is not None:
                    self._taker.stop()  # type: ignore[no-untyped-call]
                    return

    async def _process(self, context: procrastinate.JobContext, key: str) -> None:
        job = context.job.id or 0
        self._active.add(job)
        try:
            await self._drain(key)
        except ClaimLost as error:
            log.warning("claim_lost", reason=str(error))
        finally:
            self._active.discard(job)

    async def _drain(self, key: str) -> None:
        """All waiting deliveries of the item, oldest first, until none is left or one has to wait."""
        epoch, waiting = await self._deliveries.take(key)

        async def fence() -> None:
            await self._limits.check_claim(key, epoch)

        while waiting is not None:
            if waiting.not_before is not None and waiting.not_before > waiting.read_at:
                await self._deliveries.wake(key, waiting.not_before)
                return
            with structlog.contextvars.bound_contextvars(delivery=waiting.guid, item=key), _SECONDS.time():
                waiting = await self._attempt(waiting, key, fence)
            if waiting is not None:
                await fence()  # guard: fenced-deliveries (29)

    async def _attempt(self, waiting: Waiting, key: str, fence: Fence) -> Waiting | None:
        """The item's next delivery once this one has ended (well or not); None too if this one has to wait."""
        try:
            payload: Any = await computed(lambda: json.loads(waiting.body), len(waiting.body), small=PARSED)
            reason = await self._pipeline.handle(waiting, payload, fence)
        except Terminal as error:
            return await self._end(waiting, key, "done", f"ended: {error}", "terminal")
        except Moved:
            return await self._end(waiting, key, "done", "ended: moved away", "terminal")
        except Deferred as error:
            await self._deliveries.postpone(waiting.guid, key, until=error.until, reason=error.reason, counts=False)
            log.info("event_postponed", until=error.until.isoformat(), reason=error.reason)
            return None
        except Unavailable as error:
            return await self._again(waiting, key, str(error))
        except (ClaimLost, psycopg.Error, asyncio.CancelledError):
            raise
        except Exception as error:
            log.exception("event_failed")
            return await self._again(waiting, key, f"{type(error).__name__}: {error}"[:300])
        outcome = "ignored" if reason.startswith("ignored") else "done"
        return await self._end(waiting, key, outcome, reason, outcome)

    async def _again(self, waiting: Waiting, key: str, reason: str) -> Waiting | None:
        until = next_attempt(waiting.attempts, await self._limits.now())
        if until is None:
            return await self._end(waiting, key, "failed", f"given up: {reason}", "failed")
        await self._deliveries.postpone(waiting.guid, key, until=until, reason=reason, counts=True)
        log.warning("event_will_be_tried_again", until=until.isoformat(), reason=reason)
        return None

    async def _end(self, waiting: Waiting, key: str, state: str, reason: str, outcome: str) -> Waiting | None:
        following = await self._deliveries.finish(waiting.guid, state, reason, key=key)
        _EVENTS.labels(outcome).inc()
        log.info("event_ended", kind=waiting.event, state=state, reason=reason)
        return following
