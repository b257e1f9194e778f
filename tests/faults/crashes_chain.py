"""A program with its own embedded database that lives through one crash after the other, on one sandbox GitHub."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import psycopg

from bot.capabilities import REGISTRY
from bot.sandbox import Sandbox
from bot.store.embedded import EmbeddedPostgres
from tests.faults.crashes_judge import remains
from tests.faults.crashes_scenarios import Play, Scenario
from tests.faults.processes_host import Host, Process, environment_of, free_port
from tests.faults.processes_points import Order, give, kill_with_database, postgres_pids
from tests.support.stand_in_model import StandIn

HANDLED: Final = frozenset({"issue_comment.deleted"}).union(*(one.manifest.events for one in REGISTRY))
SETTLE: Final = 0.5
"""Seconds after which a list of the sandbox, which never lags, is believed; ten in the product."""
PATIENCE: Final = 60.0
_UNFINISHED: Final = (
    "SELECT (SELECT count(*) FROM assistant.deliveries WHERE state NOT IN ('done', 'ignored'))"
    " + (SELECT count(*) FROM procrastinate_jobs)"
)

_TIDY: Final = (
    "WITH rates AS (DELETE FROM assistant.content_writes RETURNING 1), "
    "levels AS (DELETE FROM assistant.endpoints RETURNING 1), "
    "answers AS (DELETE FROM assistant.answers RETURNING 1) SELECT count(*) FROM rates"
)


class Lost(AssertionError):
    """The service did not come to rest: something is queued, or running, for ever, or never arrived."""


@dataclass(frozen=True, slots=True)
class Played:
    """What a scenario left, and the points at which the program was killed meanwhile ("before database: …")."""

    remains: Counter[str]
    fired: tuple[str, ...]
    passed: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Chain:
    host: Host
    sandbox: Sandbox
    model: StandIn
    session: aiohttp.ClientSession
    folder: Path
    without: str = ""
    port: int = field(default_factory=free_port)
    process: Process | None = None
    turn: int = 0
    _ready: bool = False
    _trace_read: int = 0
    _looked_at: int = 0
    _kills: list[str] = field(default_factory=list)
    """Notes of kills that were read, whoever read them, and not taken for a proof yet."""
    _people_s: set[str] = field(default_factory=set)
    _database: psycopg.AsyncConnection[Any] | None = None

    @property
    def orders(self) -> Path:
        return self.folder / "orders.json"

    @property
    def trace(self) -> Path:
        return self.folder / "trace.txt"

    @property
    def embedded(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.folder / "data")

    async def start(self, order: Order | None = None) -> None:
        give(self.orders, order)
        self._ready = False
        environment = environment_of(
            self.sandbox, self.folder, port=self.port, OPENAI_BASE_URL=self.model.url, ASSISTANT_MODEL="stand-in",
            OPENAI_API_KEY="none",
        )  # fmt: skip
        self.process = await self.host.start(
            "serve", environment=environment, folder=self.folder, log=self.folder / "output.log",
            orders=str(self.orders), trace=str(self.trace), cluster=str(self.embedded.cluster), settle_seconds=SETTLE,
            without=self.without,
        )  # fmt: skip
        self.sandbox.webhook_url = f"http://127.0.0.1:{self.port}/webhooks/github"

    async def calm(self) -> tuple[str, ...]:
        """Rest with no orders left; returns where a kill still came that had been on its way."""
        fired: list[str] = []
        await self._survive((), fired)
        return tuple(fired)

    async def restart(self) -> None:
        """End it and start it again, with nothing to recover."""
        await self.end()
        await self.start()
        if not await self.settled():
            raise AssertionError("the program was killed without an order")

    async def begin(self, *orders: Order) -> tuple[str, ...]:
        """The first start, killed by each order in turn, until it stands; returns where it was killed."""
        fired: list[str] = []
        await self.start(orders[0])
        await self._survive(orders, fired)
        give(self.orders, None)
        await self._tidy(orders, fired)
        return tuple(fired)

    async def end(self) -> None:
        """SIGKILL from outside, at no particular point."""
        assert self.process is not None
        kill_with_database([self.process.pid], self.embedded.cluster)
        await asyncio.wait_for(self.process.ended.wait(), 10)
        await self._forget_database()

    def passed(self) -> tuple[tuple[str, str], ...]:
        """The points that were recorded since the last look: when, and the name."""
        lines = [line.split("\t") for line in self._new_lines()]
        return tuple((when, name) for action, when, name in lines if action == "passed")

    async def play(self, scenario: Scenario, *orders: Order) -> Played:
        """Play it; each order is given when the one before it was carried out, the first at the beginning.

        Raises Lost, or AssertionError where the program ended by itself.
        """
        self.turn += 1
        play, first_request = Play(self.sandbox, self.turn), len(self.sandbox.requests)
        fired: list[str] = []
        self._new_lines()
        give(self.orders, orders[0] if orders else None)
        for step in scenario.steps:
            step(play)
            await self._survive(orders, fired)
        give(self.orders, None)
        await self._tidy(orders, fired)
        return Played(remains(play, self.sandbox.requests[first_request:]), tuple(fired), self.passed())

    async def _survive(self, orders: Sequence[Order], fired: list[str]) -> None:
        """Until all is quiet; a killed program is started again, with the next order."""
        while not await self.settled():
            fired.append(self._proof())
            await self.start(orders[len(fired)] if len(fired) < len(orders) else None)

    def _proof(self) -> str:
        """Where the program was killed: by its own note, SIGKILL as its end, and a database without a process."""
        self._new_lines()
        kills, self._kills = [line.split("\t") for line in self._kills], []
        if self.process is None or not self.process.killed or len(kills) != 1:
            status = self.process and self.process.status
            raise AssertionError(f"the program ended by itself: status {status}, noted {kills}; {self._log()}")
        if left := postgres_pids(self.embedded.cluster):
            raise AssertionError(f"the database outlived the crash: {left}")
        return " ".join(kills[0][1:])

    async def settled(self) -> bool:
        """True when nothing is left to do; False when the program was killed. Raises Lost after a minute."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process is None or self.process.ended.is_set():
                await self.sandbox.drain_webhooks()
                await self._forget_database()
                return False
            if await self._is_ready() and await self._is_quiet():
                return True
            await asyncio.sleep(0.05)
        raise Lost(f"{await self._unfinished()}; {self._log()}")

    async def _is_ready(self) -> bool:
        if not self._ready:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with self.session.get(f"http://127.0.0.1:{self.port}/readyz") as response:
                    self._ready = response.status == 200
        return self._ready

    async def _is_quiet(self) -> bool:
        if any(one.status == "pending" for one in self.sandbox.deliveries[-20:]):
            return False
        wanted = self._wanted()
        try:
            row = await self._row(_UNFINISHED)
            if row is None or row[0] != 0:
                return False
            known = await self._row("SELECT count(*) FROM assistant.deliveries WHERE guid = ANY(%s)", list(wanted))
            # Again at the end: an event of our own doing may have been sent meanwhile.
            return known is not None and known[0] == len(wanted) and await self._same(wanted)
        except psycopg.Error:
            await self._forget_database()
            return False

    async def _same(self, wanted: set[str]) -> bool:
        row = await self._row(_UNFINISHED)
        return self._wanted() == wanted and row is not None and row[0] == 0

    def _wanted(self) -> set[str]:
        """The deliveries that must end as done: what people did, where somebody listens."""
        for one in self.sandbox.deliveries[self._looked_at :]:
            if f"{one.event}.{one.action}" in HANDLED and one.payload["sender"]["type"] != "Bot":
                self._people_s.add(one.guid)
        self._looked_at = len(self.sandbox.deliveries)
        return set(self._people_s)

    async def _row(self, query: str, *arguments: Any) -> tuple[Any, ...] | None:
        if self._database is None:
            self._database = await psycopg.AsyncConnection.connect(self.embedded.url, autocommit=True)
        cursor = await self._database.execute(query.encode(), arguments)
        return await cursor.fetchone()

    async def _tidy(self, orders: Sequence[Order], fired: list[str]) -> None:
        """Give the installation's write rate back, and forget what the model can do. A last kill may come meanwhile."""
        self.sandbox.limits.windows.clear()
        while True:
            await asyncio.sleep(0.02)
            if self._dies():
                assert self.process is not None
                await asyncio.wait_for(self.process.ended.wait(), 10)
            await self._survive(orders, fired)
            with contextlib.suppress(psycopg.Error):
                await self._row(_TIDY)
                return
            await self._forget_database()

    def _dies(self) -> bool:
        """Whether a kill was noted that nobody has seen yet: the note comes before the signals."""
        text = self.trace.read_text() if self.trace.exists() else ""
        return any(line.startswith("kill\t") for line in text.splitlines()[self._trace_read :])

    async def _forget_database(self) -> None:
        if self._database is not None:
            with contextlib.suppress(psycopg.Error):
                await self._database.close()
            self._database = None

    async def _unfinished(self) -> str:
        try:
            row = await self._row(
                "SELECT (SELECT json_agg(d) FROM (SELECT guid, event, action, state, reason, not_before "
                "FROM assistant.deliveries WHERE state NOT IN ('done', 'ignored')) d), "
                "(SELECT json_agg(j) FROM (SELECT id, status, lock, scheduled_at FROM procrastinate_jobs) j)"
            )
        except psycopg.Error as error:
            return f"the database does not answer: {error}"
        return f"unfinished: {row}"

    def _new_lines(self) -> list[str]:
        text = self.trace.read_text() if self.trace.exists() else ""
        lines = text.splitlines()[self._trace_read :]
        self._trace_read += len(lines)
        self._kills += [line for line in lines if line.startswith("kill\t")]
        return lines

    def _log(self) -> str:
        log = self.folder / "output.log"
        return log.read_text("utf-8", "replace")[-3000:] if log.exists() else "no log"

    async def close(self) -> None:
        await self._forget_database()
        if self.process is not None and self.process.status is None:
            await self.end()


@contextlib.asynccontextmanager
async def chain(host: Host, model: StandIn, folder: Path, *, without: str = "") -> AsyncIterator[Chain]:
    """A running program on a sandbox of its own; killed at the end, with its database."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with Sandbox.start() as sandbox, aiohttp.ClientSession() as session:
        made = Chain(host, sandbox, model, session, folder, without)
        try:
            yield made
        finally:
            sandbox.webhook_url = None
            await made.close()
