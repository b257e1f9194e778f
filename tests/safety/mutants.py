"""Each guard taken away in turn: python -m tests.safety.mutants [NAME …]

Every mutant is a copy of the tree with one module changed. The tests that the guards' book names for it must pass on
the code as it is, and fail on the mutant by an assertion (or by an error of the product's own that a test meets), with
the changed module really loaded.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from docs.assurance import Section
from tests.safety.guards import INVARIANTS, ROOT, all_guards, killers, sources
from tests.safety.guards_mutation import Mutant, mutants
from tests.safety.mutants_run import Run

_FOLDERS: Final = ("bot", "tests", "prompts", "docs", "benchmarks")
_AT_ONCE: Final = 2
_ANSWER_LIMIT: Final = 900.0


class Fate(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    BROKEN = "broken"
    """It failed otherwise than by an assertion: nothing is proven."""
    UNUSED = "unused"
    """The tests failed without loading the changed module."""


@dataclass(frozen=True, slots=True)
class Outcome:
    mutant: Mutant
    fate: Fate
    run: Run


@dataclass(frozen=True, slots=True)
class Bench:
    """A copy of the tree and a process that runs tests on it."""

    tree: Path
    process: asyncio.subprocess.Process

    async def run(self, tests: Iterable[str]) -> Run:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"tests": list(tests)}).encode() + b"\n")
        answer = await asyncio.wait_for(self.process.stdout.readline(), _ANSWER_LIMIT)
        if not answer:
            raise RuntimeError(f"the process that runs the tests has ended; see {self.tree.parent}/output.log")
        return Run(**json.loads(answer))

    async def try_out(self, mutant: Mutant) -> Outcome:
        """Put the mutant in its place, run its tests, put the original back."""
        module, used = self.tree / mutant.guard.path, self.tree.parent / "used"
        used.unlink(missing_ok=True)
        _write(module, f"{mutant.source}\nopen({str(used)!r}, 'w').close()\n")
        try:
            run = await self.run(killers(mutant.guard))
        finally:
            _write(module, sources()[mutant.guard.path])
        return Outcome(mutant, fate_of(run, used=used.exists()), run)


def fate_of(run: Run, *, used: bool) -> Fate:
    """What the end of a mutant's tests says about it."""
    if run.code == 0:
        return Fate.SURVIVED
    if not used:
        return Fate.UNUSED
    return Fate.KILLED if run.code == 1 and run.fair else Fate.BROKEN


def _write(module: Path, source: str) -> None:
    """Files are replaced, and their compiled forms dropped: two versions may have the same size and second."""
    module.unlink(missing_ok=True)
    module.write_text(source, "utf-8")
    for compiled in (module.parent / "__pycache__").glob(f"{module.stem}.*.pyc"):
        compiled.unlink()


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """A bench of its own in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        for name in _FOLDERS:
            shutil.copytree(ROOT / name, tree / name)
        for file in (one for one in ROOT.iterdir() if one.is_file() and one.suffix != ".log"):
            shutil.copy2(file, tree / file.name)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.safety.mutants_run", cwd=tree, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(tree)},
        )  # fmt: skip
        try:
            yield Bench(tree, process)
        finally:
            process.kill()
            await process.wait()


def all_mutants(names: Iterable[str] = ()) -> tuple[Mutant, ...]:
    """Every mutant of every guard, or of the guards with those names."""
    wanted = set(names)
    guards = [one for one in all_guards() if not wanted or one.name in wanted]
    return tuple(mutant for guard in guards for mutant in mutants(guard, sources()[guard.path]))


async def try_all(chosen: tuple[Mutant, ...], *, at_once: int = _AT_ONCE) -> tuple[Outcome, ...]:
    """The outcome of each mutant; raises AssertionError if its tests fail on the code as it is."""
    tests = list(dict.fromkeys(test for one in chosen for test in killers(one.guard)))
    outcomes: list[Outcome] = []
    waiting = list(reversed(chosen))
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("mutants", total=len(chosen))

        async def work(share: list[str]) -> None:
            async with bench() as mine:
                as_it_is = await mine.run(share) if share else Run(0)
                assert as_it_is.code == 0, f"without any mutant: {as_it_is}"
                while waiting:
                    outcomes.append(await mine.try_out(waiting.pop()))
                    progress.console.print(_line(outcomes[-1]), highlight=False, markup=False)
                    progress.advance(task)

        await asyncio.gather(*(work(tests[number::at_once]) for number in range(at_once)))
    return tuple(sorted(outcomes, key=lambda one: (one.mutant.guard.path, one.mutant.guard.line, one.mutant.name)))


def _line(one: Outcome) -> str:
    numbers = ", ".join(map(str, one.mutant.guard.invariants))
    end = one.run.test if one.fate is Fate.KILLED else f"{one.run.test} {one.run.error} {one.run.words[:100]}"
    return f"{one.fate:8} {one.mutant.name} ({numbers}): {one.mutant.mutation} — {end}"


async def measure(*, nightly: bool) -> Section:
    """All mutants, whatever the lane: there is no longer one."""
    start = time.monotonic()
    outcomes = await try_all(all_mutants())
    guards = {one.mutant.guard.name for one in outcomes}
    fates = Counter(one.fate for one in outcomes)
    alive = [one for one in outcomes if one.fate is not Fate.KILLED]
    tests = {one.run.test.partition("[")[0] for one in outcomes if one.fate is Fate.KILLED}
    return Section(
        name="mutants",
        title="Guards taken away",
        command="make test-safety LANES=mutants",
        headline=f"Of {len(outcomes)} mutants, each without one of {len(guards)} guards, the tests kill "
        f"{fates[Fate.KILLED]}, and {len(alive)} live.",
        columns=("invariant", "guards", "mutants", "killed"),
        rows=(*_by_invariant(outcomes), *((_line(one), one.mutant.guard.place, "1", "0") for one in alive)),
        seeds=f"No chance in it; killed by {len(tests)} tests.",
        seconds=time.monotonic() - start,
        failed=bool(alive) or not outcomes,
        note="A guard that keeps several invariants counts for each of them. `python -m tests.safety.mutants` prints "
        "every mutant with the test that kills it.",
    )


def _by_invariant(outcomes: tuple[Outcome, ...]) -> Iterable[tuple[str, str, str, str]]:
    for number in INVARIANTS:
        found = [one for one in outcomes if number in one.mutant.guard.invariants]
        guards = {one.mutant.guard.name for one in found}
        killed = sum(one.fate is Fate.KILLED for one in found)
        yield str(number), str(len(guards)), str(len(found)), str(killed)


def table(outcomes: tuple[Outcome, ...]) -> Table:
    """Guard, invariants, mutation, and what killed it."""
    made = Table("guard", "invariants", "mutation", "killed by")
    for one in outcomes:
        numbers = ", ".join(map(str, one.mutant.guard.invariants))
        end = one.run.test if one.fate is Fate.KILLED else one.fate.upper()
        made.add_row(one.mutant.name, numbers, one.mutant.mutation, end)
    return made


async def main(names: list[str]) -> int:
    outcomes = await try_all(all_mutants(names))
    Console(width=200).print(table(outcomes))
    return int(not outcomes or any(one.fate is not Fate.KILLED for one in outcomes))


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
