"""SIGKILL of everything, the embedded database included, around each write and each call of each scenario.

After a crash the program is started again, and what GitHub looks like in the end is compared with an undisturbed run.

    python -m tests.faults.crashes "SCENARIO" …    the long lane's cases of these scenarios only
"""

import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.progress import Progress

from docs.assurance import Section
from tests.faults.crashes_chain import Chain, Played, chain
from tests.faults.crashes_scenarios import SCENARIOS, Scenario, model_reply
from tests.faults.processes_host import Host, hosting
from tests.faults.processes_points import Order
from tests.support.stand_in_model import StandIn, stand_in

SEED: Final = 29
_PER_CHAIN: Final = 40
"""Crashes after which a chain is replaced by a fresh one: its GitHub's log of deliveries grows."""
_CHAINS: Final = 3
_ALONE: Final = 1000
"""Single crashes of the long lane."""
_BY_THE_CLOCK: Final = (
    "heartbeat",
    "pg_terminate_backend",
    "assistant.backoffs",
    "assistant.progress",
    "assistant.secrets",
    "DELETE FROM assistant.",
    "INSERT INTO assistant.endpoints",
    "assistant.backfills",
)
"""Points that come by the clock, or once in a chain's life: found at starts, not counted out in scenarios."""
_ONCE_A_PROCESS: Final = " /app"
"""Tokens, and who we are: asked for once, then remembered."""
_WHOLE_START: Final = 80
"""About as many points as a start with something to recover has."""

Point = tuple[str, str]
"""When (before, after), and the point's name."""


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What each scenario leaves, and the points that it passes, in order; the same for a start."""

    remains: Mapping[str, Counter[str]]
    points: Mapping[str, tuple[Point, ...]]
    start: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario, or, without one, a first start; it is killed by the orders, one after the other."""

    scenario: Scenario | None
    orders: tuple[Order, ...]

    @property
    def name(self) -> str:
        return self.scenario.name if self.scenario else "the first start"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`fired` also has a kill that the chain's case before was too short for, and that came only after its end."""

    case: Case
    fired: tuple[str, ...]
    lost: Counter[str]
    doubled: Counter[str]


@dataclass(slots=True)
class Runner:
    """Works through cases with several chains at a time; `report` is called after each case."""

    host: Host
    model: StandIn
    folder: Path
    without: str = ""
    """A guard of the product that is taken out; see `processes_fork`."""
    report: Callable[[Outcome], None] = lambda _outcome: None
    outcomes: list[Outcome] = field(default_factory=list)
    _chains: int = 0

    async def undisturbed(self, *, chains: int) -> Undisturbed:
        """Play every scenario without a crash, and record starts that have nothing to recover."""
        parts = [SCENARIOS[part::chains] for part in range(chains)]
        done = await asyncio.gather(*(self._undisturbed(part) for part in parts))
        played = {name: one for part, _start in done for name, one in part.items()}
        return Undisturbed(
            {name: one.remains for name, one in played.items()},
            {name: tuple(point for point in one.passed if not by_the_clock(point)) for name, one in played.items()},
            done[0][1],
        )

    async def _undisturbed(self, scenarios: Sequence[Scenario]) -> tuple[dict[str, Played], tuple[Point, ...]]:
        async with chain(self.host, self.model, self._folder(), without=self.without) as made:
            await made.start()
            assert await made.settled()
            played = {one.name: await made.play(one, Order("record")) for one in scenarios}
            await made.end()
            await made.start(Order("record"))
            assert await made.settled()
            return played, made.passed()

    async def run(self, cases: Sequence[Case], expected: Undisturbed, *, chains: int) -> None:
        waiting = deque(cases)
        async with asyncio.TaskGroup() as group:
            for _ in range(chains):
                group.create_task(self._work(waiting, expected))

    async def _work(self, waiting: deque[Case], expected: Undisturbed) -> None:
        while waiting:
            if waiting[0].scenario is None:
                await self._first_start(waiting.popleft(), expected)
                continue
            async with chain(self.host, self.model, self._folder(), without=self.without) as made:
                await made.start()
                crashes = 0
                while waiting and waiting[0].scenario is not None and crashes < _PER_CHAIN:
                    outcome = await self._case(made, waiting.popleft(), expected)
                    if any("unfinished" in one for one in outcome.lost):
                        break
                    crashes += len(outcome.fired)
            shutil.rmtree(made.folder, ignore_errors=True)  # the killed database may still be deleting, too

    async def _case(self, made: Chain, case: Case, expected: Undisturbed) -> Outcome:
        assert case.scenario is not None
        try:
            late = await made.calm()
            if any(_ONCE_A_PROCESS in one.name for one in case.orders):
                await made.restart()
            played = await made.play(case.scenario, *case.orders)
        except AssertionError as error:
            outcome = Outcome(case, (), Counter([f"unfinished: {error}"]), Counter())
        else:
            wanted = expected.remains[case.scenario.name]
            outcome = Outcome(case, (*late, *played.fired), wanted - played.remains, played.remains - wanted)
        self._keep(outcome)
        return outcome

    async def _first_start(self, case: Case, expected: Undisturbed) -> None:
        """Kill the making of the database; then it must work as any other."""
        async with chain(self.host, self.model, self._folder(), without=self.without) as made:
            try:
                fired = await made.begin(*case.orders)
                played = await made.play(SCENARIOS[0])
            except AssertionError as error:
                self._keep(Outcome(case, (), Counter([f"unfinished: {error}"]), Counter()))
            else:
                wanted = expected.remains[SCENARIOS[0].name]
                self._keep(Outcome(case, fired, wanted - played.remains, played.remains - wanted))
        shutil.rmtree(made.folder, ignore_errors=True)  # the killed database may still be deleting, too

    def _keep(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.report(outcome)

    def _folder(self) -> Path:
        self._chains += 1
        return self.folder / f"chain-{self._chains}"


def by_the_clock(point: Point) -> bool:
    return any(word in point[1] for word in _BY_THE_CLOCK)


def kind(point: Point) -> Point:
    """Points that are alike: all reads of GitHub are one kind, every other point is one by its name."""
    when, name = point
    return (when, "GitHub: GET") if name.startswith("GitHub: GET") else point


def singles(found: Undisturbed) -> Iterator[Case]:
    """Every point of every scenario."""
    for scenario in SCENARIOS:
        counts: Counter[Point] = Counter()
        for when, name in found.points[scenario.name]:
            counts[when, name] += 1
            yield Case(scenario, (Order("kill", name, when, counts[when, name]),))


def most(found: Undisturbed, *, count: int, chance: random.Random) -> list[Case]:
    """Every point that writes something or speaks to the model, and some of the many at which GitHub is only read."""
    every = list(singles(found))
    reads = [one for one in every if one.orders[0].name.startswith("GitHub: GET")]
    others = [one for one in every if one not in reads]
    return [*others, *chance.sample(reads, k=max(count - len(others), 0))]


def starts(found: Undisturbed) -> Iterator[Order]:
    """Every point of a start, the second and later of a name included."""
    counts: Counter[Point] = Counter()
    for when, name in found.start:
        counts[when, name] += 1
        yield Order("kill", name, when, counts[when, name])


def pairs(found: Undisturbed, *, count: int, chance: random.Random) -> list[Case]:
    """Killed at a random point, and again at a random moment of the start and recovery after it."""
    first = chance.choices(list(singles(found)), k=count)
    return [
        Case(one.scenario, (*one.orders, Order("kill", occurrence=chance.randint(1, _WHOLE_START)))) for one in first
    ]


def first_starts(*, count: int, chance: random.Random) -> list[Case]:
    """Killed at random moments of the very first start: initdb, migrations, the first look for missed deliveries."""
    return [Case(None, (Order("kill", occurrence=chance.randint(1, 40)),)) for _ in range(count)]


def each_kind(found: Undisturbed, *, crashes: int) -> list[Case]:
    """A small selection that has every kind of point of scenarios, and as many of starts as there is room for."""
    cases: dict[Point, Case] = {}
    for one in sorted(singles(found), key=lambda case: len(found.points[case.name])):
        order = one.orders[0]
        cases.setdefault(kind((order.when, order.name)), one)
    chosen = list(cases.values())
    first_of_kind: dict[Point, Order] = {}
    for order in starts(found):
        first_of_kind.setdefault(kind((order.when, order.name)), order)
    second = list(first_of_kind.values())[: max(crashes - len(chosen), 0)]
    return [
        Case(one.scenario, (*one.orders, second[place])) if place < len(second) else one
        for place, one in enumerate(chosen)
    ]


async def crash(
    choose: Callable[[Undisturbed], list[Case]], *, chains: int = _CHAINS, progress: bool = False, without: str = ""
) -> list[Outcome]:
    """Choose cases from what an undisturbed run passes, and run them."""
    with (
        Progress(disable=not progress) as bar,
        tempfile.TemporaryDirectory(prefix="ca-crash-", ignore_cleanup_errors=True) as folder,
    ):
        async with hosting() as host, stand_in(model_reply) as model:
            runner = Runner(host, model, Path(folder), without)
            expected = await runner.undisturbed(chains=chains)
            cases = choose(expected)
            task = bar.add_task("crashes", total=sum(len(one.orders) for one in cases))
            runner.report = lambda outcome: bar.update(task, advance=len(outcome.case.orders))
            await runner.run(cases, expected, chains=chains)
    return runner.outcomes


async def found_out(guard: str, point: Point) -> Outcome:
    """One crash of the first scenario at that point, with a guard of the product taken out."""

    def choose(passed: Undisturbed) -> list[Case]:
        every = [one for one in singles(passed) if one.scenario is SCENARIOS[0]]
        return [one for one in every if (one.orders[0].when, one.orders[0].name) == point][:1]

    (outcome,) = await crash(choose, chains=1, without=guard)
    return outcome


DOUBLING: Final = ("look before repeating", ("after", "GitHub: POST /repos/R/issues/N/comments"))
LOSING: Final = ("recovery", ("before", "database: INSERT INTO assistant.deliveries"))
"""A guard, and the point at which its absence shows."""


async def measure(*, nightly: bool) -> Section:
    began = time.monotonic()
    # The proof that a lost and a doubled effect would be seen.
    assert (await found_out(*DOUBLING)).doubled
    assert (await found_out(*LOSING)).lost
    outcomes = await crash(lambda found: long_lane(found, nightly=nightly), progress=True)
    return section(outcomes, time.monotonic() - began, nightly=nightly)


def long_lane(found: Undisturbed, *, nightly: bool = False) -> list[Case]:
    """The same cases each time."""
    chance = random.Random(SEED)
    again = pairs(found, count=1000 if nightly else 100, chance=chance)
    alone = list(singles(found)) if nightly else most(found, count=_ALONE, chance=chance)
    return [*first_starts(count=100 if nightly else 20, chance=chance), *alone, *again]


def section(outcomes: Sequence[Outcome], seconds: float, *, nightly: bool) -> Section:
    rows = [_row(name, [one for one in outcomes if one.case.name == name])
            for name in dict.fromkeys(one.case.name for one in outcomes)]  # fmt: skip
    rows.append(_row("all", outcomes))
    rows += [(told(one), "", "", "", "", str(one.lost.total()), str(one.doubled.total()))
             for one in outcomes if one.lost or one.doubled]  # fmt: skip
    crashes = sum(len(one.fired) for one in outcomes)
    lost, doubled = (sum(one.total() for one in group) for group in
                     ([each.lost for each in outcomes], [each.doubled for each in outcomes]))  # fmt: skip
    kinds = len({one for outcome in outcomes for one in outcome.fired})
    return Section(
        name="crashes",
        title="Crashes",
        command="make test-faults LANES=crashes",
        headline=f"{crashes} crashes by SIGKILL (the database included) at {kinds} kinds of points: "
        f"{lost} effects lost, {doubled} doubled.",
        columns=("scenario", "runs", "crashes", "of them during recovery", "not reached", "lost", "doubled"),
        rows=tuple(rows),
        seeds=f"Seed {SEED}.",
        seconds=seconds,
        failed=bool(lost or doubled) or crashes < (2000 if nightly else 1000),
        note=_NOTE,
    )


_NOTE: Final = """\
Killed are the server, its children, and its embedded PostgreSQL with all backends, before and after each write to the
database, each commit, each request to GitHub or the model, and each program of the database. A crash counts when the
process noted the point, ended by SIGKILL, and no process of the database was left. Lost and doubled are labels,
comments, reviews, remarks, reactions and successful writes that an undisturbed run has more or fewer of; a delivery
that does not end as done counts as lost. "Not reached" are second kills whose recovery was shorter, and points that
come only once in a process. The stand-in GitHub's lists do not lag here, so that the look before a repeated write waits
half a second and not ten."""


def told(one: Outcome) -> str:
    """A case that did not end as it should, so that it can be looked into."""
    orders = ", then ".join(f"{order.when} {order.name or 'point'} no. {order.occurrence}" for order in one.case.orders)
    ends = "; ".join([*(f"lost {name}" for name in one.lost), *(f"doubled {name}" for name in one.doubled)])
    return f"{one.case.name}: killed {orders} — {ends}"


async def main(names: list[str]) -> int:
    """The exit code: 1 if a case did not end as it should, or none was run."""
    outcomes = await crash(lambda found: [one for one in long_lane(found) if one.name in names], progress=True)
    wrong = [one for one in outcomes if one.lost or one.doubled]
    crashes = sum(len(one.fired) for one in outcomes)
    print(f"{len(outcomes)} cases, {crashes} crashes, {len(wrong)} not as they should be")
    for one in wrong:
        print(told(one))
    return int(bool(wrong) or not outcomes)


def _row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    fired = [len(one.fired) for one in outcomes]
    missed = sum(len(one.case.orders) - len(one.fired) for one in outcomes)
    lost, doubled = sum(one.lost.total() for one in outcomes), sum(one.doubled.total() for one in outcomes)
    again = sum(max(count - 1, 0) for count in fired)
    return (name, *(str(one) for one in (len(outcomes), sum(fired), again, missed, lost, doubled)))


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
