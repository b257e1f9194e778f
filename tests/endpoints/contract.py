"""The contract, through the real service: whatever a model says and whichever server dies, each event ends well.

Signed deliveries go in, effects come out at the stand-in GitHub. What a random model says is never looked at, only
that each report has exactly one decision about its kind, and no more labels than one.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from prometheus_client import REGISTRY

from bot.endpoints import Endpoint, Privacy
from bot.sandbox import Sandbox
from bot.settings import ModelSettings
from tests.endpoints.direct import held, real_level
from tests.endpoints.servers import Serving
from tests.faults.outage_world import Outage, empty_github
from tests.integration.test_llama_cpp import BODY, TITLE, VALID
from tests.support.assistant import Assistant, running, settings_for

_INSTALLATIONS: Final = 10
"""GitHub lets each write 80 times a minute: so many that nothing waits for that."""
_FIRST: Final = "first"
_SECOND: Final = "second"
_PATIENCE: Final = 180.0
_DECISIONS: Final = (
    "SELECT d.guid, d.state, c.tokens, c.count FROM assistant.deliveries d LEFT JOIN LATERAL ("
    "SELECT sum(tokens) AS tokens, count(*) AS count FROM assistant.decisions "
    "WHERE guid = d.guid AND capability = 'triage') c ON true WHERE d.event = 'issues' AND d.action = 'opened'"
)

Advance = Callable[[int], None]


@dataclass(slots=True)
class Found:
    """What came of it; `wrong` are sentences."""

    level: str = ""
    real: str = ""
    direct: dict[str, int] = field(default_factory=dict)
    events: int = 0
    decided: int = 0
    by_model: int = 0
    tokens: int = 0
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Killed:
    """A run in which both servers are killed in the middle. By server: how many events were undecided at that moment,
    and how many tokens it was asked for; `alone` are the events for which no model worked."""

    events: int = 0
    decided: int = 0
    waiting: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()
    alone: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Town:
    """Several installations, one person in each who reports, and what was reported."""

    assistant: Assistant
    key: str
    reports: list[tuple[str, int]] = field(default_factory=list)

    def report(self, count: int) -> None:
        for _ in range(count):
            number = len(self.reports)
            name = f"org-{number % _INSTALLATIONS}/tidepool"
            person = f"person-{number % _INSTALLATIONS}"
            text = f"{BODY} " * (number % 5 + 1)
            issue = self.assistant.sandbox.open_issue(name, person, f"{TITLE} {number}", text)
            self.reports.append((name, issue.number))

    async def rows(self) -> list[Any]:
        """(guid, state, tokens, decisions) of each report's delivery."""
        async with self.assistant.service.pool.connection() as connection:
            cursor = await connection.execute(_DECISIONS)
            return await cursor.fetchall()

    async def answers(self) -> int:
        """How many valid answers models gave: each is kept."""
        async with self.assistant.service.pool.connection() as connection:
            cursor = await connection.execute("SELECT count(*) FROM assistant.answers")
            row = await cursor.fetchone()
        return row[0] if row else 0

    async def spent(self, one: Endpoint) -> int:
        return await self.assistant.service.limits.spent(f"endpoint:{one.name}")

    async def undecided(self) -> int:
        return len(self.reports) - sum(row[1] in ("done", "ignored") for row in await self.rows())


async def measure(server: Serving, url: str, folder: Path, *, events: int, asks: int, advance: Advance) -> Found:
    """All events through one server that stays; before, it is asked directly what it holds to."""
    found = Found(events=events)
    found.direct = await held(server, times=asks)
    found.real = real_level(found.direct, times=asks)
    before = _faults()
    settings = ModelSettings.plain(server.url, server.key, server.model, tokens_per_day=10**9)
    async with _town(settings, url, folder) as town:
        found.level = await _level(town)
        begun = time.monotonic()
        town.report(events)
        await _settled(town, advance)
        found.seconds = time.monotonic() - begun
        rows = await town.rows()
        found.by_model = await town.answers()
        found.tokens = sum(row[2] or 0 for row in rows)
        found.faults = {fault: count for (_, fault), count in (_faults() - before).items()}
        found.decided, found.wrong = _judge(town, rows)
        if found.level != found.real:
            found.wrong.append(f"the level found is {found.level}, the server's own is {found.real}: {found.direct}")
        if not found.tokens:
            found.wrong.append("no model was asked")
    return found


async def kill(server: Serving, other: Serving, url: str, folder: Path, *, events: int, advance: Advance) -> Killed:
    """The first server dies while it works on events, then the second; those that are left have the rules."""
    found = Killed(events=events)
    endpoints = (_endpoint(server, _FIRST), _endpoint(other, _SECOND))
    before = _faults()
    async with _town(ModelSettings(endpoints, tokens_per_day=10**9), url, folder) as town:
        await _level(town)
        for one, serving, share in zip(endpoints, (server, other), (2, 4), strict=True):
            town.report(events // share)
            spent = await town.spent(one)
            await _begun(town, one, spent, events // share)
            serving.kill()
            found.waiting = (*found.waiting, await town.undecided())
        town.report(events - len(town.reports))
        await _settled(town, advance)
        rows = await town.rows()
        found.decided, found.wrong = _judge(town, rows)
        found.tokens = tuple([await town.spent(one) for one in endpoints])
    found.alone = sum(not row[2] for row in rows)
    if not all(found.waiting):
        found.wrong.append(f"a kill came too late: {found.waiting} events were undecided")
    failed = {name for name, _ in _faults() - before}
    found.wrong += [f"the {one.name} endpoint never failed" for one in endpoints if one.name not in failed]
    if not found.alone:
        found.wrong.append("no event was left to the rules alone")
    return found


def _endpoint(server: Serving, name: str) -> Endpoint:
    """An endpoint of which the tokens are counted."""
    return Endpoint(
        server.url, server.key, server.model, name=name, privacy=Privacy.ALWAYS, tokens_per_day=10**9
    )  # fmt: skip


@contextlib.asynccontextmanager
async def _town(model: ModelSettings, url: str, folder: Path) -> AsyncIterator[_Town]:
    """The service with the App installed in many places; its endpoints are looked after, as `serve` does."""
    async with Sandbox.start(empty_github()) as sandbox:
        Outage(sandbox, _INSTALLATIONS).found()
        for number in range(_INSTALLATIONS):
            sandbox.add_user(f"person-{number}")
        async with running(sandbox, settings_for(sandbox, url, folder, model=model)) as assistant:
            pool = assistant.service.model
            assert pool is not None
            looking = asyncio.create_task(pool.run())
            try:
                yield _Town(assistant, model.endpoints[0].key)
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)


async def _level(town: _Town) -> str:
    """The level of the first endpoint as the service found it by looking, and keeps it in the database."""
    pool = town.assistant.service.model
    assert pool is not None
    end = time.monotonic() + _PATIENCE
    while any("not asked yet" in line for line in pool.details()):
        assert time.monotonic() < end, pool.details()
        await asyncio.sleep(0.02)
    async with town.assistant.service.pool.connection() as connection:
        cursor = await connection.execute("SELECT level FROM assistant.endpoints WHERE name = %s", (town.key,))
        row = await cursor.fetchone()
    return str(row[0]) if row else f"none: {pool.details()[0]}"


async def _begun(town: _Town, one: Endpoint, spent: int, events: int) -> None:
    """Until half of these events are decided, and this endpoint has worked for them."""
    end = time.monotonic() + _PATIENCE
    undecided = await town.undecided()
    while await town.spent(one) <= spent or await town.undecided() > max(undecided - events // 2, 1):
        assert time.monotonic() < end, f"{one.name} is not asked: {await town.assistant.reasons()}"
        await asyncio.sleep(0.005)


async def _settled(town: _Town, advance: Advance) -> None:
    """Until all is decided, with the progress shown meanwhile."""
    waiting = asyncio.create_task(town.assistant.settled(within=_PATIENCE * 10, hurried=True))
    shown = 0
    while not waiting.done():
        await asyncio.wait([waiting], timeout=0.5)
        decided = len(town.reports) - await town.undecided()
        advance(decided - shown)
        shown = decided
    await waiting


def _judge(town: _Town, rows: Sequence[Any]) -> tuple[int, list[str]]:
    """How many reports are well decided, and what is wrong at the wire or in the records."""
    sandbox = town.assistant.sandbox
    decided = sum(state == "done" and count == 1 for _, state, _, count in rows)
    wrong = [f"{guid} is {state} with {count} decisions" for guid, state, _, count in rows if state != "done"]
    if (decided, len(rows)) != (len(town.reports),) * 2:
        wrong.append(f"{decided} decisions about {len(rows)} deliveries of {len(town.reports)} reports")
    for name, number in town.reports:
        thread = sandbox.thread(name, number)
        kinds = VALID & set(thread.labels)
        if len(kinds) > 1 or len(thread.by_bot()) > 1:
            wrong.append(f"{name}#{number} has {sorted(kinds)} and {len(thread.by_bot())} comments")
    wrong += [f"unknown request: {one.method} {one.path}" for one in sandbox.unknown_requests]
    return decided, wrong[:20]


def _faults() -> Counter[tuple[str, str]]:
    """How often each fault of each endpoint was counted so far."""
    samples = [one for metric in REGISTRY.collect() for one in metric.samples]
    return Counter(
        {
            (one.labels["endpoint"], one.labels["fault"]): int(one.value)
            for one in samples
            if one.name == "assistant_model_faults_total"
        }
    )
