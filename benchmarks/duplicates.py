"""How long the look-up of related threads takes as a repository grows: the service's own code on PostgreSQL."""

import asyncio
import random
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from benchmarks.reports import Made, Reports, issue
from bot.runtime.embedding import Embedding
from bot.runtime.profiling import build_apart
from bot.runtime.relating import Relating
from bot.store.backfills import Backfills
from bot.store.database import Pool, migrate, open_pool
from bot.store.embedded import EmbeddedPostgres
from bot.store.embeddings import Embeddings
from bot.store.history import History
from bot.store.profiles import Profiles, Text, item_number
from docs.assurance import Section

REPOSITORY: Final = 1
_SIZES: Final = (1_000, 10_000, 100_000)
_QUERIES: Final = 300
_WARM: Final = 20
_BATCH: Final = 500
_WANTED_P95: Final = 30.0
_NOTE: Final = (
    "Texts are generated: 80,000 words as frequent as Zipf's law says, about a hundred in a text; a query repeats an "
    "older report with four words of ten exchanged. A look-up is everything that an event waits for: reading its "
    "terms, what is known of them, the candidates, the comparison. Keeping the query's own profile comes after it."
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: milliseconds of each look-up and of keeping the query's own profile after it, how many found the
    report that they repeat first or among five, seconds of building, and bytes in the database."""

    reports: int
    times: tuple[float, ...]
    keeping: tuple[float, ...]
    first: int
    among_five: int
    built: float
    size: int

    def percentile(self, share: float) -> float:
        return sorted(self.times)[min(len(self.times) - 1, int(share * len(self.times)))]

    def row(self) -> tuple[str, ...]:
        count = len(self.times)
        return (
            f"{self.reports:,}", f"{statistics.median(self.times):.1f} ms", f"{self.percentile(0.95):.1f} ms",
            f"{statistics.median(self.keeping):.1f} ms", f"{self.among_five / count:.2f}", f"{self.built:.0f} s",
            f"{self.size / 2**20:.0f} MiB",
        )  # fmt: skip


async def measure(
    *, seconds: float | None = None, sizes: Sequence[int] = _SIZES, queries: int = _QUERIES, timed: bool = True
) -> Section:
    """Each size after the one before it in the same repository. `seconds` given: the smaller sizes only; `timed`
    False judges only what was found."""
    begun = time.monotonic()
    sizes = sizes if seconds is None else sizes[:-1]
    with TemporaryDirectory(prefix="assistant-bench-") as folder:
        database = EmbeddedPostgres(Path(folder))
        await asyncio.to_thread(database.start)
        try:
            await migrate(database.url)
            async with open_pool(database.url, size=4) as pool:
                measured = await _Growing(pool, database.url).measure(sizes, queries)
        finally:
            await asyncio.to_thread(database.stop)
    return section(measured, time.monotonic() - begun, timed=timed)


class _Growing:
    """One repository that grows."""

    def __init__(self, pool: Pool, url: str) -> None:
        self._pool = pool
        self._url = url
        self._history = History(pool)
        self._relating = Relating(Profiles(pool), self._history, Embedding(None, Embeddings(pool), ""))
        self._reports = Reports()
        self._chance = random.Random(2)
        self._made: list[Made] = []

    async def measure(self, sizes: Sequence[int], queries: int) -> list[Measured]:
        columns = (*Progress.get_default_columns()[:3], MofNCompleteColumn(), TimeElapsedColumn())
        console = Console(stderr=True)
        await Backfills(self._pool).name(REPOSITORY, "bench/marked")
        with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
            bar = progress.add_task("Writing, profiling, looking up", total=len(sizes) * 3)
            found = []
            for size in sizes:
                await self._grow(size)
                progress.advance(bar)
                started = time.monotonic()
                await build_apart(self._url, REPOSITORY)
                built = time.monotonic() - started
                progress.advance(bar)
                found.append(await self._look_up(size, queries, built))
                progress.advance(bar)
        return found

    async def _grow(self, size: int) -> None:
        while len(self._made) < size:
            await self._store([self._reports.new() for _ in range(min(_BATCH, size - len(self._made)))])

    async def _store(self, new: Sequence[Made]) -> None:
        """As the repository's next issues."""
        first = len(self._made) + 1
        await self._history.store(REPOSITORY, [issue(number, made) for number, made in enumerate(new, first)], ())
        self._made += new

    async def _look_up(self, size: int, queries: int, built: float) -> Measured:
        times, keeping, first, five = [], [], 0, 0
        for at in range(-_WARM, queries):
            wanted = self._chance.randrange(size)
            repeated = self._reports.repeated(self._made[wanted])
            await self._store([repeated])
            text = Text(len(self._made), repeated.title, repeated.body)
            started = time.perf_counter()
            query = await self._relating.look_up(REPOSITORY, text, is_pull=False, private=False)
            took = 1_000 * (time.perf_counter() - started)
            assert query is not None
            started = time.perf_counter()
            await self._relating.keep(REPOSITORY, query)
            kept = 1_000 * (time.perf_counter() - started)
            if at >= 0:
                times.append(took)
                keeping.append(kept)
                best = [item_number(one.id) - 1 for one in query.found[:5]]
                first += best[:1] == [wanted]
                five += wanted in best
        return Measured(size, tuple(times), tuple(keeping), first, five, built, await self._size())

    async def _size(self) -> int:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c "
                "WHERE c.oid IN ('assistant.postings'::regclass, 'assistant.profiles'::regclass, "
                "'assistant.frequencies'::regclass)"
            )
            row = await cursor.fetchone()
        return int(row[0]) if row else 0


def section(measured: Sequence[Measured], seconds: float, *, timed: bool = True) -> Section:
    """What was measured, smallest first; failed where too little was found, or the largest took too long."""
    small, large = measured[0], measured[-1]
    p95 = large.percentile(0.95)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    found = large.among_five / len(large.times)
    return Section(
        name="duplicates",
        title="Looking up related threads",
        command="python -m benchmarks duplicates",
        headline=(
            f"Looking up what is like a report among {large.reports:,}: {p95:.1f} ms at the 95th percentile, "
            f"{p95 / small.percentile(0.95):.1f} times what it takes among {small.reports:,}; the report that it "
            f"repeats is among the first five in {found:.0%} of {len(large.times)} look-ups."
        ),
        columns=(
            "reports",
            "median",
            "95th percentile",
            "keeping, median",
            "found among five",
            "learning and profiling",
            "stored",
        ),
        rows=tuple(one.row() for one in measured),
        seeds=f"{len(large.times)} look-ups for each size, one after the other; seeds 1 and 2.",
        seconds=seconds,
        failed=found < 0.8 or (timed and p95 >= _WANTED_P95),
        note=f"{_NOTE} The process that learns and profiles needs {memory:.0f} MiB at most.",
    )
