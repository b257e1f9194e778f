"""The composed service on the sandbox GitHub, on clocks that a test moves: the database's, GitHub's, the process's.

The database keeps its own clock for windows, retries and claims. Here `now()` and `clock_timestamp()` are found in
a schema of ours first, where they add what was travelled; the service's SQL is the shipped one, word for word.
"""

import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Final, cast

import procrastinate
import psycopg
from aiohttp import web

from bot.bootstrap import Service, service
from bot.github.auth import Clock
from bot.sandbox import Sandbox
from bot.sandbox.gitstore import GitStore
from bot.sandbox.sample import LABELS
from bot.sandbox.sample_files import FILES
from bot.settings import Settings
from bot.web.application import make_application
from tests.support.assistant import settings_for

_CLOCK: Final = """
CREATE TABLE public.travelled (by interval NOT NULL);
INSERT INTO public.travelled VALUES ('0');
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.clock_timestamp() + by FROM public.travelled';
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT pg_catalog.now() + by FROM public.travelled';
"""
_TAKE: Final = """
DELETE FROM procrastinate_jobs WHERE id = (
    SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
    ORDER BY priority DESC, id LIMIT 1
) RETURNING id, args->>'key'
"""
_NEXT: Final = """
SELECT extract(epoch FROM min(coalesce(scheduled_at, now())) - now())::float8
FROM procrastinate_jobs WHERE status = 'todo'
"""
_NUMBERS: Final = itertools.count(1)
NEWCOMERS: Final = ("nils", "olga", "pia", "quentin")
"""Authors of items: each has none in the repository but one. jonas has."""


@dataclass(slots=True)
class World:
    """One service, and the installations that schedules get one after the other."""

    sandbox: Sandbox
    service: Service
    ahead: list[float]
    """Seconds travelled: one value, shared with the process's clock."""
    skew: float = 0.0
    jobs: list[int] = field(default_factory=list)
    """Where in the log of requests each job began."""

    def new_home(self) -> str:
        return new_home(self.sandbox)

    async def clear(self) -> None:
        """Forget the last schedule, so that the next finds as much to search as the first."""
        await self.sandbox.drain_webhooks()
        state = self.sandbox.state
        state.repositories.clear()
        state.installations.clear()
        state.former_names.clear()
        state.git = GitStore()
        self.sandbox.faults.clear()
        self.sandbox.clear_log()
        self.jobs.clear()
        await self.set_skew(0.0)
        async with self.service.pool.connection() as connection:
            await connection.execute(
                "DELETE FROM assistant.deliveries; DELETE FROM procrastinate_jobs; DELETE FROM assistant.backoffs"
            )

    async def set_skew(self, seconds: float) -> None:
        """How far GitHub's clock is ahead of everybody else's."""
        self.skew = seconds
        await self.travel(0)

    async def travel(self, seconds: float) -> None:
        """Let time pass for GitHub, for the database and for the process."""
        self.ahead[0] += seconds
        await self.show_time()

    async def show_time(self) -> None:
        """Set GitHub's clock and the database's by what was travelled."""
        self.sandbox.clock_offset = timedelta(seconds=self.ahead[0] + self.skew)
        async with self.service.pool.connection() as connection:
            await connection.execute("UPDATE public.travelled SET by = %s", (timedelta(seconds=self.ahead[0]),))

    async def work(self) -> None:
        """Do all jobs whose time has come, those that come meanwhile included."""
        await self.sandbox.drain_webhooks()
        while (job := await self._take()) is not None:
            number, key = job
            self.jobs.append(len(self.sandbox.requests))
            context = cast(procrastinate.JobContext, SimpleNamespace(job=SimpleNamespace(id=number)))
            await self.service.worker._process(context, key)
            await self.sandbox.drain_webhooks()

    async def settle(self, *, most: int = 300) -> bool:
        """Let time go on until nothing waits; False if there is no end to it."""
        for _ in range(most):
            await self.work()
            wait = await self._until_next()
            if wait is None:
                return True
            await self.travel(max(wait, 0) + 0.01)
        return False

    async def _take(self) -> tuple[int, str] | None:
        async with self.service.pool.connection() as connection:
            row = await (await connection.execute(_TAKE)).fetchone()
        return (int(row[0]), str(row[1])) if row else None

    async def _until_next(self) -> float | None:
        async with self.service.pool.connection() as connection:
            row = await (await connection.execute(_NEXT)).fetchone()
        return float(row[0]) if row and row[0] is not None else None

    async def ends(self) -> dict[str, tuple[str, str]]:
        """State and reason of every delivery that was for us, by GUID."""
        async with self.service.pool.connection() as connection:
            cursor = await connection.execute("SELECT guid, state, reason FROM assistant.deliveries")
            return {str(guid): (str(state), str(reason)) for guid, state, reason in await cursor.fetchall()}


def new_home(sandbox: Sandbox) -> str:
    """A repository with people, labels and a past, in an organisation where the App is installed; its name."""
    owner = f"org-{next(_NUMBERS)}"
    sandbox.add_user(owner, "Organization")
    made = sandbox.create_repository(owner, "tidepool", FILES)
    made.collaborators = {"mira": "admin", "tom": "triage"}
    for name, color, description in LABELS:
        sandbox.state.make_label(made, name, color, description)
    sandbox.open_issue(made.full_name, "jonas", "Levels are wrong", "Long ago.")
    sandbox.close(made.full_name, 1, "mira")
    sandbox.install_app(owner, "mira")
    return made.full_name


@contextlib.asynccontextmanager
async def travelling(server_url: str) -> AsyncIterator[str]:
    """The address of a new database whose clock can be moved."""
    name = f"world_{time.time_ns()}"
    url = server_url.replace("@/postgres?", f"@/{name}?")
    async with await psycopg.AsyncConnection.connect(server_url, autocommit=True) as admin:
        await admin.execute(f"CREATE DATABASE {name}".encode())
        await admin.execute(f"ALTER DATABASE {name} SET search_path = public, pg_catalog".encode())
        await admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(_CLOCK.encode())
    try:
        yield url
    finally:
        async with await psycopg.AsyncConnection.connect(server_url, autocommit=True) as admin:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextlib.asynccontextmanager
async def listening(settings: Settings, ahead: list[float]) -> AsyncIterator[tuple[Service, str]]:
    """The service, and where it takes deliveries; nothing works on them yet."""
    clock = Clock(wall=lambda: time.time() + ahead[0], steady=lambda: time.monotonic() + ahead[0])
    async with service(settings, clock=clock) as made:
        runner = web.AppRunner(make_application(made.webhook, made.readiness), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield made, f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/github"
        finally:
            await runner.cleanup()


def no_home(sandbox: Sandbox) -> None:
    """Leave nothing but people."""
    sandbox.state.repositories.clear()
    sandbox.state.installations.clear()
    for login in NEWCOMERS:
        sandbox.add_user(login)


@contextlib.asynccontextmanager
async def world(server_url: str, folder: Path) -> AsyncIterator[World]:
    """A world in a new database of the server, empty but for its people."""
    ahead = [0.0]
    async with travelling(server_url) as url, Sandbox.start() as sandbox:
        no_home(sandbox)
        async with listening(settings_for(sandbox, url, folder), ahead) as (made, address):
            sandbox.webhook_url = address
            try:
                yield World(sandbox, made, ahead)
            finally:
                sandbox.webhook_url = None
