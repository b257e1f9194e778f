"""Several processes of the program on one PostgreSQL, each with a name that the database knows it by."""

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import aiohttp
import psycopg

from bot.sandbox import Sandbox
from tests.faults.crashes_chain import HANDLED
from tests.faults.processes_host import ROOT, Host, Process, environment_of, free_port
from tests.faults.processes_points import Order, give

_HOLDER: Final = (
    "SELECT a.application_name FROM procrastinate_jobs j "
    "JOIN pg_locks l ON l.locktype = 'advisory' AND l.classid = 25441 AND l.objid = j.worker_id AND l.granted "
    "JOIN pg_stat_activity a ON a.pid = l.pid WHERE j.status = 'doing' AND j.lock = %s"
)
_UNFINISHED: Final = (
    "SELECT (SELECT count(*) FROM assistant.deliveries WHERE state NOT IN ('done', 'ignored')), "
    "(SELECT count(*) FROM procrastinate_jobs)"
)
_RELEASE: Final = re.compile(r"^## 0\.1\.0 .*?^Commit ([0-9a-f]{40})", re.MULTILINE | re.DOTALL)


@dataclass(slots=True)
class Member:
    """A process of the fleet. `port` is 0 for those that take no deliveries."""

    name: str
    command: str
    port: int
    process: Process
    suspended: bool = False


@dataclass(slots=True)
class Fleet:
    host: Host
    sandbox: Sandbox
    session: aiohttp.ClientSession
    database: str
    folder: Path
    settle: float | None = None
    without: str = ""
    members: dict[str, Member] = field(default_factory=dict)

    async def start(self, name: str, command: str) -> Member:
        """A new process, or, under a name that was there before, the next one in its place."""
        old = self.members.get(name)
        port = old.port if old else (free_port() if command == "serve" else 0)
        url = f"{self.database}&application_name={name}"
        environment = environment_of(self.sandbox, self.folder, port=port, DATABASE_URL=url)
        process = await self.host.start(
            command, environment=environment, folder=self.folder, log=self.folder / f"{name}.log",
            orders=str(self.orders(name)), trace=str(self.trace), settle_seconds=self.settle, without=self.without,
        )  # fmt: skip
        self.members[name] = Member(name, command, port, process)
        return self.members[name]

    def orders(self, name: str) -> Path:
        return self.folder / f"{name}.orders"

    @property
    def trace(self) -> Path:
        return self.folder / "trace.txt"

    def tell_all(self, order: Order | None) -> None:
        """The same order for each member; whoever comes to the point first carries it out."""
        for name in self.members:
            give(self.orders(name), order)

    async def ready(self, *names: str) -> None:
        """Until they answer. One that found no database and said so is started again, as every platform does."""
        for name in names:
            await until(lambda name=name: self._answers(name), 40)  # type: ignore[misc]

    async def _answers(self, name: str) -> bool:
        member = self.members[name]
        if member.process.status is not None and not member.process.killed:
            assert "The database does not answer" in member.process.log.read_text().splitlines()[-1]
            await asyncio.sleep(0.5)
            await self.start(name, member.command)
            return False
        if not member.port:
            return await self.row("SELECT 1 FROM pg_stat_activity WHERE application_name = %s", member.name) is not None
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            timeout = aiohttp.ClientTimeout(total=1)
            async with self.session.get(f"http://127.0.0.1:{member.port}/readyz", timeout=timeout) as response:
                return response.status == 200
        return False

    def deliver_to(self, name: str) -> None:
        self.sandbox.webhook_url = f"http://127.0.0.1:{self.members[name].port}/webhooks/github"

    def free_servers(self) -> list[str]:
        """Servers that a load balancer would send to: running and not suspended."""
        return [
            one.name
            for one in self.members.values()
            if one.command == "serve" and one.process.status is None and not one.suspended
        ]

    async def kill(self, name: str) -> None:
        """SIGKILL; it is seen to have ended by it."""
        member = self.members[name]
        member.process.send(signal.SIGKILL)
        await asyncio.wait_for(member.process.ended.wait(), 10)
        assert member.process.killed

    def suspend(self, name: str) -> None:
        self.members[name].process.send(signal.SIGSTOP)
        self.members[name].suspended = True

    def resume(self, name: str) -> None:
        self.members[name].process.send(signal.SIGCONT)
        self.members[name].suspended = False

    async def holder(self, key: str) -> str:
        """The member that works on the item; waits until there is one."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            row = await self.row(_HOLDER, key)
            if row is not None:
                return str(row[0])
            await asyncio.sleep(0.01)
        raise AssertionError("nobody took the item")

    async def row(self, query: str, *arguments: Any) -> tuple[Any, ...] | None:
        """The first row of a query; None also while the database is away."""
        with contextlib.suppress(psycopg.OperationalError):
            async with await psycopg.AsyncConnection.connect(self.database, autocommit=True) as connection:
                return await (await connection.execute(query.encode(), arguments)).fetchone()
        return None

    async def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.database, autocommit=True) as connection:
            return await (await connection.execute(query.encode(), arguments)).fetchall()

    async def settled(self, seconds: float) -> None:
        """Until all that people did is done and no job is left; AssertionError after so long without progress."""
        end, left_before = time.monotonic() + seconds, None
        while not await self._is_quiet():
            if (left_now := await self.row(_UNFINISHED)) != left_before:
                end, left_before = time.monotonic() + seconds, left_now
            if time.monotonic() > end:
                left = await self.rows(
                    "SELECT guid, item_key, state, reason FROM assistant.deliveries "
                    "WHERE state NOT IN ('done', 'ignored')"
                )
                jobs = await self.rows("SELECT id, lock, status::text, worker_id, scheduled_at FROM procrastinate_jobs")
                raise AssertionError(f"not settled: {left}; jobs: {jobs}; {len(self.people_s())} deliveries of people")
            await asyncio.sleep(0.1)

    async def _is_quiet(self) -> bool:
        if any(one.status == "pending" for one in self.sandbox.deliveries):
            return False
        wanted = sorted(self.people_s())
        known = await self.row("SELECT count(*) FROM assistant.deliveries WHERE guid = ANY(%s)", wanted)
        return known == (len(wanted),) and await self.row(_UNFINISHED) == (0, 0) and sorted(self.people_s()) == wanted

    def people_s(self) -> set[str]:
        """GUIDs of the deliveries of what people did, where somebody listens."""
        return {
            one.guid
            for one in self.sandbox.deliveries
            if f"{one.event}.{one.action}" in HANDLED and one.payload["sender"]["type"] != "Bot"
        }

    async def close(self) -> None:
        for member in self.members.values():
            if member.process.status is None:
                await self.kill(member.name)


@contextlib.asynccontextmanager
async def fleet(
    sandbox: Sandbox, database: str, folder: Path, host: Host, *, settle: float | None = None, without: str = ""
) -> AsyncIterator[Fleet]:
    """An empty fleet; what it started is killed at the end."""
    async with aiohttp.ClientSession() as session:
        made = Fleet(host, sandbox, session, database, folder, settle, without)
        try:
            yield made
        finally:
            sandbox.webhook_url = None
            await made.close()


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> float:
    """Seconds until it holds (a plain or an awaitable answer); AssertionError after that long."""
    began = time.monotonic()
    while True:
        answer = condition()
        if await answer if hasattr(answer, "__await__") else answer:
            return time.monotonic() - began
        if time.monotonic() - began > seconds:
            raise AssertionError(f"it did not happen within {seconds} s")
        await asyncio.sleep(0.01)


@contextlib.contextmanager
def release(folder: Path) -> Any:
    """The source tree of release 0.1.0, from the history; AssertionError where the history is not there."""
    found = _RELEASE.search((ROOT / "CHANGELOG.md").read_text())
    assert found, "CHANGELOG.md does not name the commit of 0.1.0"
    done = subprocess.run(["git", "-C", str(ROOT), "archive", found[1]], capture_output=True, check=False)
    assert done.returncode == 0, (
        f"This clone lacks release 0.1.0 (commit {found[1][:12]}), against which upgrades are tested: "
        "run `git fetch --unshallow` first."
    )
    with tempfile.TemporaryDirectory(dir=folder) as name:
        with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
            archive.extractall(name, filter="data")
        yield Path(name)


@contextlib.contextmanager
def old_worker(tree: Path, environment: dict[str, str], log: Path) -> Any:
    """`work` of another source tree, until the block ends."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [sys.executable, "-m", "bot", "work"], cwd=tree, env={**environment, "PYTHONPATH": str(tree)},
            stdout=output, stderr=output,
        ) as process,
    ):  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
