"""Events from their first delivery to their last effect, over many installations, and where the time goes."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp
import psutil
import psycopg

from benchmarks import instant
from benchmarks.driver import drive, request
from benchmarks.processes import Assistant, assistant, cpu_seconds, printed_port, worker
from benchmarks.town import Delivery
from docs.assurance import Section

WANTED: Final = 100.0
_CONCURRENCY: Final = {"ASSISTANT_CONCURRENCY": "16"}
"""Twice the default: 8 events at a time leave a tenth of two cores unused."""
_PATIENCE: Final = 600.0
_NOTE: Final = (
    "GitHub is `benchmarks/instant.py`: canned bytes in the sandbox's shapes, which judge nothing; it shares the two "
    "cores, like the database and the sender. Everything is on but the model; 16 events at a time in each process. "
    "Peers, measured elsewhere on two cores: "
    "Probot 14 handles 365–426 label-and-comment events/s with its throttle off (0.26/s as shipped) and loses all of "
    "them on SIGKILL; PR-Agent 0.49 acknowledges 142/s, needs 208 MB idle, and lost 20 of 20 pull requests that it had "
    "acknowledged."
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: how long it took, how the deliveries ended, what was asked of GitHub, who used the processor."""

    events: int
    seconds: float
    states: dict[str, int]
    refused: int
    requests: dict[str, int]
    comments_recorded: int
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def sound(self) -> bool:
        """All acknowledged, all done, and as many comments at GitHub as were recorded."""
        made = self.requests.get("POST /issues/N/comments", 0)
        return self.states == {"done": self.events} and self.refused == 0 and made == self.comments_recorded > 0


async def measure(*, seconds: float = 40.0, repositories: int = 200, wanted: float = WANTED) -> Section:
    """100 events for each of `seconds`, as fast as they go: once with `serve` and `work`, once under the sampler."""
    start = time.monotonic()
    events = int(seconds * WANTED)
    run, _profile = await _run(events, repositories, workers=1)
    single, profile = await _run(max(events // 3, repositories), repositories, profiled=True)
    sound = run.sound and single.sound
    verdict = "every one done once" if sound else f"NOT all were done ({run.states}, {single.states})"
    return Section(
        name="throughput",
        title="Events from delivery to effect",
        command="make bench BENCHMARKS=throughput",
        headline=f"{run.rate:.0f} events per second from delivery to effect over {repositories} installations on "
        f"{psutil.cpu_count()} cores with an instant GitHub, {verdict}",
        columns=("Per event", "Figure"),
        rows=_rows(run, single, profile),
        seeds=f"{events} events: reports with and without labels, edits, comments with and without commands, "
        "pull requests.",
        seconds=time.monotonic() - start,
        failed=not sound or run.rate < wanted,
        note=_NOTE,
    )


def _rows(run: Run, single: Run, profile: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    asked = sorted(single.requests.items(), key=lambda one: -one[1])
    total = sum(profile["seconds"].values())
    own = single.cpu["serve"] * 1000 / single.events
    parts = sorted(profile["seconds"].items(), key=lambda one: -one[1])
    return (
        ("events/s, `serve` and `work`", f"{run.rate:.0f} ({run.events} events in {run.seconds:.1f} s)"),
        ("events/s, `serve` alone, under the sampler", f"{single.rate:.0f}"),
        *((f"processor: {name}", f"{used * 1000 / run.events:.1f} ms") for name, used in run.cpu.items()),
        *((f"`serve` alone, {name}", f"{own * count / total:.2f} ms") for name, count in parts),
        ("SQL statements", f"{profile['statements'] / single.events:.1f}"),
        ("requests to GitHub", f"{sum(single.requests.values()) / single.events:.1f}"),
        *((f"— {name}", f"{count / single.events:.2f}") for name, count in asked),
    )


async def _run(
    events: int, repositories: int, *, workers: int = 0, profiled: bool = False
) -> tuple[Run, dict[str, Any]]:
    with TemporaryDirectory(prefix="assistant-bench-") as name:
        folder = Path(name)
        report = folder / "profile.json"
        module = ("benchmarks.profiled", str(report)) if profiled else ("bot", "serve")
        async with stand_in(folder, repositories, events) as (port, github), contextlib.AsyncExitStack() as stack:
            serving = await stack.enter_async_context(assistant(folder, api_port=port, module=module, **_CONCURRENCY))
            helpers = [stack.enter_context(worker(folder, api_port=port, **_CONCURRENCY)) for _ in range(workers)]
            processes = [psutil.Process(one.pid) for one in helpers]
            run = await _one(serving, (port, github), instant.load(folder), processes)
        return run, json.loads(report.read_text()) if profiled else {}


@contextlib.asynccontextmanager
async def stand_in(folder: Path, repositories: int, deliveries: int) -> AsyncIterator[tuple[int, psutil.Process]]:
    """The instant GitHub: its port and its process; its deliveries are in `folder`."""
    arguments = (str(folder), str(repositories), str(deliveries))
    async with printed_port("benchmarks.instant", *arguments, log=folder / "instant.log") as found:
        yield found


async def _one(
    serving: Assistant, github: tuple[int, psutil.Process], made: list[Delivery], helpers: list[psutil.Process]
) -> Run:
    groups = {
        "serve": [serving.process], "work": helpers, "PostgreSQL": serving.postgres(), "instant GitHub": [github[1]],
        "sender": [psutil.Process()],
    }  # fmt: skip
    before = {name: cpu_seconds(group) for name, group in groups.items()}
    start = time.perf_counter()
    sent = await drive(serving.port, map(request, made), connections=8)
    states = await drained(serving.database.url)
    seconds = time.perf_counter() - start
    # The database makes a process for each connection: those that came since count as well.
    groups["PostgreSQL"] = serving.postgres()
    cpu = {name: cpu_seconds(group) - before[name] for name, group in groups.items() if group}
    return Run(
        len(made), seconds, states, sum(sent.refused.values()), await _requests(github[0]),
        await _comments(serving.database.url), cpu,
    )  # fmt: skip


async def drained(url: str) -> dict[str, int]:
    """Deliveries by state, once none is queued. Raises TimeoutError after ten minutes."""
    async with asyncio.timeout(_PATIENCE), await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while True:
            cursor = await connection.execute("SELECT state, count(*) FROM assistant.deliveries GROUP BY state")
            states = {str(state): int(count) for state, count in await cursor.fetchall()}
            if not states.get("queued"):
                return states
            await asyncio.sleep(0.1)


async def _comments(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            "SELECT count(*) FROM assistant.effects WHERE state = 'done' AND key SIMILAR TO '(status|reply):%'"
        )
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _requests(port: int) -> dict[str, int]:
    """What the stand-in was asked, by kind."""
    address = f"http://127.0.0.1:{port}{instant.COUNTS.decode()}"
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        return dict(await response.json())
