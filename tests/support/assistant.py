"""The real service in this process: web server on a free port, worker, sandbox GitHub over HTTP, real PostgreSQL."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from aiohttp import web
from psycopg import sql

from bot.bootstrap import Service, service
from bot.sandbox import Sandbox
from bot.settings import AppSettings, ModelSettings, Settings
from bot.web.application import make_application

REPOSITORY = "sample-org/tidepool"
_TIMES = (
    (sql.Identifier("assistant", "deliveries"), "not_before"),
    (sql.Identifier("assistant", "deliveries"), "received_at"),
    (sql.Identifier("assistant", "deliveries"), "decided_at"),
    (sql.Identifier("assistant", "effects"), "begun_at"),
    (sql.Identifier("assistant", "backoffs"), "until"),
    (sql.Identifier("procrastinate_jobs"), "scheduled_at"),
)


@dataclass(frozen=True, slots=True)
class Assistant:
    """A running assistant and the GitHub that it lives on."""

    sandbox: Sandbox
    service: Service
    url: str

    async def settled(self, *, within: float = 20.0, hurried: bool = False) -> None:
        """Wait until GitHub has sent everything and nothing waits in the queue (back-offs included).

        `hurried`: where everything waits for its time, that time is moved to now.
        """
        end = time.monotonic() + within
        while time.monotonic() < end:
            await self.sandbox.drain_webhooks()
            if (await self.service.deliveries.counts()).get("queued", 0) == 0:
                await self.sandbox.drain_webhooks()
                if (await self.service.deliveries.counts()).get("queued", 0) == 0:
                    return
            if hurried:
                async with self.service.pool.connection() as connection:
                    await hurry(connection)
            await asyncio.sleep(0.02)
        raise AssertionError(f"not settled within {within} s: {await self.reasons()}")

    async def reasons(self) -> dict[str, str]:
        """State and reason of each delivery by GUID."""
        async with self.service.pool.connection() as connection:
            cursor = await connection.execute("SELECT guid, event, action, state, reason FROM assistant.deliveries")
            return {
                str(guid): f"{event}.{action} {state}: {reason}"
                for guid, event, action, state, reason in await cursor.fetchall()
            }


async def hurry(connection: psycopg.AsyncConnection[Any]) -> None:
    """As if the time until the next waiting delivery had passed: what is stored happened that much earlier."""
    async with connection.transaction():
        cursor = await connection.execute(
            "SELECT min(coalesce(not_before, now())) - now() FROM (SELECT DISTINCT ON (item_key) not_before "
            "FROM assistant.deliveries WHERE state = 'queued' ORDER BY item_key, position) AS first"
        )
        row = await cursor.fetchone()
        if not row or row[0] is None or row[0] <= timedelta():
            return
        for table, column in _TIMES:
            statement = sql.SQL("UPDATE {0} SET {1} = {1} - %s WHERE {1} IS NOT NULL")
            await connection.execute(statement.format(table, sql.Identifier(column)), (row[0],))
        await connection.execute(
            "SELECT pg_notify('procrastinate_queue_v1#items', json_build_object('type', 'job_inserted', "
            "'job_id', id)::text) FROM procrastinate_jobs WHERE status = 'todo'"
        )


def settings_for(sandbox: Sandbox, database_url: str, folder: Path, *, model: ModelSettings | None = None) -> Settings:
    """Settings of an assistant that lives on the sandbox."""
    return Settings(
        app=AppSettings(sandbox.app_id, sandbox.private_key, (sandbox.webhook_secret.encode(),), sandbox.url),
        model=model,
        database_url=database_url,
        data_folder=folder,
        retention_days=30,
        host="127.0.0.1",
        port=0,
        log_level="info",
        log_format="console",
        concurrency=8,
    )


@contextlib.asynccontextmanager
async def running(sandbox: Sandbox, settings: Settings) -> AsyncIterator[Assistant]:
    """The assistant, taking deliveries until the block ends."""
    async with service(settings) as made:
        runner = web.AppRunner(make_application(made.webhook, made.readiness), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        sandbox.webhook_url = f"{url}/webhooks/github"
        worker = asyncio.create_task(made.worker.run())
        try:
            while not made.worker.alive:  # noqa: ASYNC110 - a test's wait, not worth an event in the product
                await asyncio.sleep(0.01)
            yield Assistant(sandbox, made, url)
        finally:
            sandbox.webhook_url = None
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            await runner.cleanup()


def with_model(settings: Settings, model: ModelSettings) -> Settings:
    return replace(settings, model=model)
