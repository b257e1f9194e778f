"""A steady load with real payload sizes on the real program, with Probot beside it where node is present."""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil
import psycopg
from rich.progress import Progress

from benchmarks import instant
from benchmarks.driver import Result, drive
from benchmarks.processes import assistant, printed_port
from benchmarks.sizes import sized, stream
from benchmarks.throughput import drained, stand_in
from benchmarks.town import Delivery
from docs.assurance import Section

RATE: Final = 100.0
_WANTED_P99: Final = 250.0
_WANTED_MEMORY: Final = 512.0
_PEER_SECONDS: Final = 60.0
_ITEMS_EACH: Final = 10


@dataclass(slots=True)
class Memory:
    """Resident memory of a process in MB: at the start, the most, at the end."""

    process: psutil.Process
    samples: list[float] = field(default_factory=list)

    def sample(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.samples.append(self.process.memory_info().rss / 2**20)

    def __str__(self) -> str:
        return f"{self.samples[0]:.0f} / {max(self.samples):.0f} / {self.samples[-1]:.0f} MB"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the load. `kept` are deliveries that are stored; `drain` is None where nothing is."""

    sent: int
    result: Result
    memory: Memory
    kept: int
    backlog: int
    drain: float | None
    states: dict[str, int]

    @property
    def refused(self) -> int:
        return sum(self.result.refused.values())

    @property
    def whole(self) -> bool:
        """Every valid delivery acknowledged, kept and done."""
        answered = self.refused == 0 and len(self.result.latencies) == self.sent
        return answered and self.kept == self.sent and self.states == {"done": self.sent}

    def column(self) -> tuple[str, ...]:
        drain = "–" if self.drain is None else f"{self.backlog}, gone in {self.drain:.1f} s"
        return (
            f"{len(self.result.latencies)} of {self.sent}",
            str(self.refused),
            f"{self.result.quantile(0.5) * 1000:.1f} ms",
            f"{self.result.quantile(0.99) * 1000:.1f} ms", str(self.kept), str(self.memory), drain,
        )  # fmt: skip


_ROWS: Final = (
    "acknowledged", "refused", "acknowledgement, median", "acknowledgement, p99", "kept", "memory: start / peak / end",
    "waiting at the end",
)  # fmt: skip


async def measure(
    *, seconds: float = 300.0, repositories: int = 400, rate: float = RATE, timed: bool = True
) -> Section:
    """`rate` deliveries per second for `seconds`; `timed` False judges only what was counted."""
    start = time.monotonic()
    with TemporaryDirectory(prefix="assistant-bench-") as name:
        folder = Path(name)
        count = int(seconds * rate)
        async with stand_in(folder, repositories, min(count, repositories * _ITEMS_EACH)) as (port, _process):
            secret = (folder / "secret").read_bytes()
            made = await asyncio.to_thread(sized, instant.load(folder), secret)
            ours = await _ours(folder, port, stream(made, count, secret), (count, rate))
        peer = await _peer(folder, made, secret, (int(min(seconds, _PEER_SECONDS) * rate), rate))
    return _section(ours, peer, (repositories, rate, timed), time.monotonic() - start)


async def _ours(folder: Path, api_port: int, requests: Iterator[bytes], how: tuple[int, float]) -> Outcome:
    count, rate = how
    async with assistant(folder, api_port=api_port) as serving:
        memory = Memory(serving.process)
        async with _watched(memory, "assistant", count / rate):
            result = await drive(serving.port, requests, rate=rate)
            backlog = await _queued(serving.database.url)
            start = time.perf_counter()
            states = await drained(serving.database.url)
            drain = time.perf_counter() - start
    return Outcome(count, result, memory, sum(states.values()), backlog, drain, states)


async def _peer(folder: Path, made: list[Delivery], secret: bytes, how: tuple[int, float]) -> Outcome | None:
    """Probot 14 with a handler that does nothing; None where it is not installed (see the Makefile)."""
    installed, node = os.environ.get("PROBOT", ""), shutil.which("node")
    if node is None or not await asyncio.to_thread(Path(installed, "node_modules").is_dir):
        return None
    count, rate = how
    command = (node, f"{installed}/server.mjs", str(folder))
    async with printed_port(*command, log=folder / "probot.log") as (port, process):
        memory = Memory(process)
        async with _watched(memory, "Probot", count / rate):
            result = await drive(port, stream(made, count, secret), rate=rate)
    return Outcome(count, result, memory, 0, 0, None, {})


@contextlib.asynccontextmanager
async def _watched(memory: Memory, name: str, seconds: float) -> AsyncIterator[None]:
    """Sample the memory every second, and show how far it is."""

    async def watch(progress: Progress) -> None:
        task = progress.add_task(name, total=seconds)
        while True:
            memory.sample()
            progress.update(task, completed=len(memory.samples) - 1)
            await asyncio.sleep(1)

    with Progress() as progress:
        watcher = asyncio.create_task(watch(progress))
        try:
            yield
        finally:
            watcher.cancel()
            memory.sample()
            progress.stop()


async def _queued(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute("SELECT count(*) FROM assistant.deliveries WHERE state = 'queued'")
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _section(ours: Outcome, peer: Outcome | None, how: tuple[int, float, bool], seconds: float) -> Section:
    repositories, rate, timed = how
    p99, peak = ours.result.quantile(0.99) * 1000, max(ours.memory.samples)
    slow = timed and (p99 >= _WANTED_P99 or peak >= _WANTED_MEMORY)
    columns = ("", "this assistant") + (("Probot 14, keeps nothing",) if peer else ())
    cells = [ours.column(), *([peer.column()] if peer else [])]
    compared = (
        f"Probot had {peer.sent / rate:.0f} s of the same." if peer else "Probot was not measured: node is not here."
    )
    return Section(
        name="load",
        title="Load",
        command="make bench BENCHMARKS=load",
        headline=f"{rate:.0f} deliveries per second for {ours.sent / rate:.0f} s over {repositories} installations: "
        f"acknowledged in {p99:.0f} ms (p99), {ours.refused} refused, {ours.states.get('done', 0)} of {ours.sent} "
        f"done, at most {peak:.0f} MB",
        columns=columns,
        rows=tuple((name, *row) for name, row in zip(_ROWS, zip(*cells, strict=True), strict=True)),
        seeds="Payloads of 10 to 30 kB, 1 % of 5 MB, one of 25 MB; seeds 20, 21.",
        seconds=seconds,
        failed=slow or not ours.whole,
        note=f"The real program with its embedded database and an instant GitHub, all on this machine; latencies count "
        f"from when a delivery was due. Wanted: p99 under {_WANTED_P99:.0f} ms, under {_WANTED_MEMORY:.0f} MB, none "
        f"refused, all done. {compared}",
    )
