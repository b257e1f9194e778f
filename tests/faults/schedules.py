"""Schedules of a hostile GitHub: seeded, in one process, on clocks that are moved. See `measure`.

python -m tests.faults.schedules SEED ...    play these seeds and say what happened
"""

import asyncio
import logging
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from rich.progress import Progress

from bot.store.embedded import EmbeddedPostgres
from docs.assurance import Section
from tests.faults.schedules_judge import Expected, most, violations
from tests.faults.schedules_plans import Trouble, plan
from tests.faults.schedules_run import play
from tests.faults.schedules_stories import Telling, told
from tests.faults.schedules_world import world

SCHEDULES: Final = 2_000
NIGHTLY: Final = 10_000
FIRST: Final = 1
_CHUNK: Final = 50


@dataclass(slots=True)
class Tally:
    """`schedules` are those in which a trouble was seen to happen; others are played, judged, and not counted."""

    schedules: int = 0
    played: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    events: int = 0
    requests: int = 0
    busiest: float = 0.0
    failures: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.schedules += other.schedules
        self.played += other.played
        self.fired += other.fired
        self.events += other.events
        self.requests += other.requests
        self.busiest = max(self.busiest, other.busiest)
        self.failures += other.failures


async def run(server_url: str, folder: Path, seeds: Iterable[int]) -> Tally:
    """Play the seeds one after the other in a world of their own."""
    tally, expected = Tally(), Expected()
    async with world(server_url, folder) as made:
        # The App asks once who it is: not in the first schedule only.
        await told(made, "complete report", Telling(((0,),)))
        for seed in seeds:
            played = await play(made, plan(seed))
            tally.played += 1
            tally.schedules += bool(played.fired)
            tally.fired += Counter(one.name for one in played.fired)
            tally.events += len(played.ends)
            tally.requests += len(played.requests)
            tally.busiest = max(tally.busiest, len(played.requests) / most(played))
            tally.failures += [(seed, one) for one in await violations(made, played, expected)]
    return tally


def _chunk(server_url: str, folder: str, seeds: range) -> Tally:
    quiet()
    return asyncio.run(run(server_url, Path(folder), seeds))


def quiet() -> None:
    """Warnings are what schedules are made of; errors still show."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def run_all(wanted: int, *, first: int = FIRST, processes: int = 2) -> tuple[Tally, int]:
    """Play seeds from `first` on until `wanted` schedules count; the tally and the last seed."""
    tally, seed = Tally(), first
    with (
        tempfile.TemporaryDirectory(prefix="assistant-schedules-") as folder,
        ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool,
        Progress() as progress,
    ):
        server = EmbeddedPostgres(Path(folder))
        server.start()
        bar = progress.add_task("schedules", total=wanted)
        try:
            while tally.schedules < wanted:
                missing = -(-(wanted - tally.schedules) // _CHUNK)
                chunks = [range(seed + at * _CHUNK, seed + (at + 1) * _CHUNK) for at in range(missing)]
                seed = chunks[-1].stop
                for done in as_completed([pool.submit(_chunk, server.url, folder, chunk) for chunk in chunks]):
                    tally.add(done.result())
                    progress.update(bar, completed=min(tally.schedules, wanted))
        finally:
            server.stop()
    return tally, seed - 1


async def measure(*, nightly: bool) -> Section:
    """Play and judge the schedules; the section with how often each trouble happened."""
    begun = time.monotonic()
    tally, last = await asyncio.to_thread(run_all, NIGHTLY if nightly else SCHEDULES)
    return section(tally, last, time.monotonic() - begun)


def section(tally: Tally, last: int, seconds: float) -> Section:
    kinds = Counter(failure.split(":")[0] for _seed, failure in tally.failures)
    unseen = [one.value for one in Trouble if not tally.fired[one.name]]
    rows = tuple((one.value, f"{tally.fired[one.name]:,}") for one in Trouble)
    seeds = sorted({seed for seed, _failure in tally.failures})
    return Section(
        name="schedules",
        title="A hostile GitHub",
        command="make test-faults LANES=schedules",
        headline=(
            f"{tally.schedules:,} seeded schedules of a hostile GitHub ({tally.events:,} events, "
            f"{tally.requests:,} requests): {kinds['lost']} lost, {kinds['doubled']} doubled, "
            f"{kinds['inside a window']} requests inside a back-off window, {kinds['not ended']} events without an end."
        ),
        columns=("trouble", "schedules in which it happened"),
        rows=rows,
        seeds=f"Seeds {FIRST} to {last:,}.",
        seconds=seconds,
        failed=bool(tally.failures or unseen),
        note=_note(tally, unseen, seeds),
    )


def _note(tally: Tally, unseen: list[str], seeds: list[int]) -> str:
    busiest = f"The busiest schedule took {tally.busiest:.0%} of the requests that it was allowed."
    missing = f" Never seen: {', '.join(unseen)}." if unseen else ""
    again = f" Play again: `python -m tests.faults.schedules {' '.join(map(str, seeds[:20]))}`." if seeds else ""
    return busiest + missing + again


async def _again(seeds: list[int]) -> int:
    with tempfile.TemporaryDirectory(prefix="assistant-schedules-") as folder:
        server = EmbeddedPostgres(Path(folder))
        await asyncio.to_thread(server.start)
        try:
            for seed in seeds:
                print(plan(seed))
            tally = await run(server.url, Path(folder), seeds)
        finally:
            await asyncio.to_thread(server.stop)
    print(f"{tally.schedules} of {tally.played} with trouble: {dict(tally.fired)}; {tally.requests} requests")
    for seed, failure in tally.failures:
        print(f"seed {seed}: {failure}")
    return int(bool(tally.failures))


if __name__ == "__main__":
    sys.exit(asyncio.run(_again([int(one) for one in sys.argv[1:]])))
