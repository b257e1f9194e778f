"""Durable acknowledgements against a bare handler that keeps nothing; in turns, so that noise hits both."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.driver import Result, drive, renewed
from benchmarks.generators import CONNECTIONS, Figures, name, saturate
from benchmarks.processes import printed_port
from benchmarks.servers import SECRET
from benchmarks.town import Delivery, Town
from bot.store.embedded import EmbeddedPostgres
from docs.assurance import Section

_ROUNDS: Final = 7
_STEADY_RATE: Final = 200
_WANTED_RATIO: Final = 0.4
_WANTED_P99: Final = 50.0
_PROCESSES: Final = (1, 2)


@dataclass(frozen=True, slots=True)
class Compared:
    """Rounds of (bare, durable) with the same number of server processes on one port each."""

    processes: int
    rounds: list[tuple[Figures, Figures]]

    @property
    def ratio(self) -> float:
        return statistics.median(durable.rate / bare.rate for bare, durable in self.rounds)

    @property
    def refused(self) -> int:
        return sum(bare.refused + durable.refused for bare, durable in self.rounds)

    def row(self) -> tuple[str, ...]:
        bare = statistics.median(one.rate for one, _ in self.rounds)
        durable = statistics.median(one.rate for _, one in self.rounds)
        p99 = statistics.median(one.p99 for _, one in self.rounds)
        return str(self.processes), f"{bare:.0f}", f"{durable:.0f}", f"{self.ratio:.2f}", f"{p99:.1f} ms"


async def measure(
    *, seconds: float = 3.0, rounds: int = _ROUNDS, processes: tuple[int, ...] = _PROCESSES, timed: bool = True
) -> Section:
    """Rounds of `seconds` for each number of server processes; `timed` False judges only what was answered."""
    start = time.monotonic()
    made = Town(50).deliveries(500, SECRET)
    with TemporaryDirectory(prefix="assistant-bench-") as folder:
        database = EmbeddedPostgres(Path(folder))
        await asyncio.to_thread(database.start)
        try:
            compared = [
                await _compare(Path(folder), database.url, made, (count, rounds, seconds)) for count in processes
            ]
            async with _servers(Path(folder), 1, "durable", database.url) as port:
                steady = await drive(port, renewed(made, int(_STEADY_RATE * seconds * 3)), rate=_STEADY_RATE)
        finally:
            await asyncio.to_thread(database.stop)
    return _section(compared, steady, timed, time.monotonic() - start)


async def _compare(folder: Path, url: str, made: list[Delivery], how: tuple[int, int, float]) -> Compared:
    processes, rounds, seconds = how
    async with (
        _servers(folder, processes, "bare") as bare,
        _servers(folder, processes, "durable", url) as durable,
    ):
        for port in (bare, durable):
            await saturate(port, made, min(seconds, 1.0))
        found = [(await saturate(bare, made, seconds), await saturate(durable, made, seconds)) for _ in range(rounds)]
    return Compared(processes, found)


@contextlib.asynccontextmanager
async def _servers(folder: Path, processes: int, *arguments: str) -> AsyncIterator[int]:
    """The port that these processes share."""
    kind, *more = arguments
    async with contextlib.AsyncExitStack() as stack:
        port = 0
        for _ in range(processes):
            command = ("benchmarks.servers", kind, str(port), *more)
            port, _process = await stack.enter_async_context(printed_port(*command, log=folder / f"{kind}.log"))
        yield port


def _section(compared: list[Compared], steady: Result, timed: bool, seconds: float) -> Section:
    single = compared[0]
    p99 = steady.quantile(0.99) * 1000
    refused = sum(steady.refused.values()) + sum(one.refused for one in compared)
    slow = timed and (single.ratio < _WANTED_RATIO or p99 >= _WANTED_P99)
    return Section(
        name="acknowledge",
        title="Durable acknowledgements",
        command="make bench BENCHMARKS=acknowledge",
        headline=f"A delivery that is committed before it is acknowledged costs little: {single.ratio:.2f} of the rate "
        f"of a bare handler that keeps nothing; p99 {p99:.0f} ms at {_STEADY_RATE} deliveries/s, {refused} refused",
        columns=("server processes on one port", "bare/s", "durable/s", "ratio (median)", "durable p99"),
        rows=tuple(one.row() for one in compared),
        seeds=f"Mixed deliveries of about 12 kB over {CONNECTIONS} connections; load from {name()}.",
        seconds=seconds,
        failed=slow or refused > 0 or not steady.latencies,
        note=f"Wanted: a ratio of {_WANTED_RATIO} with one process, p99 under {_WANTED_P99:.0f} ms.",
    )
