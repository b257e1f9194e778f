"""The service is down for days; what was missed is recovered once, at GitHub's pace, a crash in the middle included.

`python -m tests.faults outage`. Time passes as fast as the work allows: where nothing is left but to wait, what is
stored about windows is moved into the past, and the judge adds the time that was skipped to the times at the wire.
"""

import asyncio
import itertools
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg
from rich.progress import Progress

from bot.bootstrap import service
from bot.runtime.missed import SCOPE
from bot.sandbox import Sandbox
from bot.sandbox.record import LoggedRequest
from bot.settings import Settings
from bot.store.embedded import EmbeddedPostgres
from bot.store.limits import BURST, PER_HOUR, PER_MINUTE
from docs.assurance import Section
from tests.acceptance.test_process import Program
from tests.faults.outage_world import STORIES, Outage, Story, Told, can_be_found, empty_github, outcome
from tests.support.assistant import running, settings_for

WORKERS: Final = 8
"""Writes that may be under way together: so far may a count at the wire be off when time is skipped."""
_EDGE: Final = timedelta(minutes=10)
_MARGIN: Final = timedelta(hours=1)
_PAUSE: Final = 0.25

_SHIFT_ALL: Final = """
UPDATE assistant.liveness SET alive_until = alive_until - %(by)s::interval;
UPDATE assistant.deliveries SET received_at = received_at - %(by)s::interval;
UPDATE assistant.effects SET begun_at = begun_at - %(by)s::interval;
UPDATE assistant.progress SET value = value
    || jsonb_build_object('until', (value ->> 'until')::timestamptz - %(by)s::interval)
    || jsonb_build_object('from', (value ->> 'from')::timestamptz - %(by)s::interval) WHERE name = 'missed deliveries'
"""
_SHIFT_WINDOWS: Final = """
UPDATE assistant.content_writes SET at = at - %(by)s::interval WHERE at > now() - interval '1 hour';
UPDATE assistant.effects SET begun_at = begun_at - %(by)s::interval;
UPDATE assistant.backoffs SET until = until - %(by)s::interval;
UPDATE assistant.deliveries SET not_before = not_before - %(by)s::interval WHERE not_before IS NOT NULL;
UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - %(by)s::interval
    WHERE status = 'todo' AND scheduled_at IS NOT NULL
"""
_STATE: Final = """
SELECT (SELECT count(*) FROM assistant.deliveries WHERE state = 'queued'),
       (SELECT count(*) FROM assistant.deliveries WHERE state = 'queued' AND repository_id IS DISTINCT FROM %(busy)s),
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' OR coalesce(scheduled_at, now()) <= now()),
       (SELECT min(scheduled_at) FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at > now()),
       (SELECT until FROM assistant.backoffs WHERE scope = %(scope)s AND until > now()),
       (SELECT count(*) FROM assistant.gaps WHERE settled_at IS NULL),
       (SELECT (value ->> 'until')::timestamptz FROM assistant.progress WHERE name = 'missed deliveries'),
       now()
"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """An outage. Of the deliveries, `busy` are one installation's; the process is killed at `crash`."""

    name: str
    away: timedelta
    installations: int
    deliveries: int
    busy: int
    crash: str
    seed: int

    @property
    def kept(self) -> timedelta:
        return timedelta(days=3)


@dataclass(slots=True)
class Result:
    """What was found at the wire; `wrong` are sentences."""

    scenario: Scenario
    missed: int = 0
    listed: int = 0
    looked: int = 0
    items: int = 0
    crashed_at: str = ""
    writes: int = 0
    most: tuple[int, int] = (0, 0)
    others: timedelta = timedelta()
    all: timedelta = timedelta()
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0


@dataclass(slots=True)
class Machine:
    """Skips time that would only be waited for."""

    sandbox: Sandbox
    connection: psycopg.AsyncConnection[Any]
    skipped: list[tuple[datetime, timedelta]] = field(default_factory=list)

    async def skip(self, by: timedelta) -> None:
        await self.connection.execute(_split(_SHIFT_WINDOWS, by))
        for window in self.sandbox.limits.windows.values():
            window.resets -= int(by.total_seconds())
        self.skipped.append((datetime.now(UTC), by))

    def simulated(self, at: datetime) -> datetime:
        return at + sum((by for when, by in self.skipped if when <= at), timedelta())


def _split(script: str, by: timedelta) -> bytes:
    """Several statements take no parameters: the interval is written into them."""
    return script.replace("%(by)s", f"'{by.total_seconds()} seconds'").encode()


async def reference(url: str, folder: Path) -> dict[tuple[str, bool], Any]:
    """What an undisturbed assistant makes of each story once it has been told: (story, whether listed) to outcome.

    All deliveries come by the webhook, in order; of those that are listed no more, the ones that can be found.
    """
    async with Sandbox.start(empty_github()) as sandbox:
        world = Outage(sandbox, 2)
        world.found()
        start = datetime.now(UTC) - timedelta(hours=3)
        times = (start + timedelta(minutes=number) for number in itertools.count())
        made = len(sandbox.deliveries)
        owners: list[tuple[str, bool]] = []
        for index, telling in itertools.product((0, 1), STORIES):
            world.tell(iter([(index, telling)]), times)
            owners += [(telling.__name__, index == 0)] * (len(sandbox.deliveries) - made - len(owners))
        told = list(sandbox.deliveries[made:])
        async with running(sandbox, settings_for(sandbox, url, folder)) as assistant:
            for delivery, (story, listed) in zip(told, owners, strict=True):
                if listed or can_be_found(story, delivery):
                    sandbox.redeliver(delivery.id)
                    await sandbox.drain_webhooks()
            await assistant.settled(within=60)
        found = {(one.story, one.repository == "org-0/tidepool"): one for one in world.told}
        return {key: outcome(sandbox, one.repository, one.number) for key, one in found.items()}


async def play(scenario: Scenario, url: str, folder: Path, expected: dict[tuple[str, bool], Any]) -> Result:
    """One outage from the last life sign to the last write."""
    start = time.monotonic()
    async with (
        Sandbox.start(empty_github()) as sandbox,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
    ):
        sandbox.deliveries_kept = scenario.kept
        world = Outage(sandbox, scenario.installations)
        world.found()
        program = Program(sandbox, folder, url)
        await _alive_once(settings_for(sandbox, url, folder))
        await connection.execute(_split(_SHIFT_ALL, scenario.away))
        result = Result(scenario)
        first = len(sandbox.deliveries)
        _while_away(world, scenario)
        missed = sandbox.deliveries[first:]
        result.missed, result.items = len(missed), len(world.told)
        boundary = datetime.now(UTC) - scenario.kept
        result.listed = sum(one.delivered_at >= boundary for one in missed)
        machine = Machine(sandbox, connection)
        began = datetime.now(UTC)
        with program.started() as process:
            program.hook()
            await _until(lambda: _crash_point(scenario, sandbox, result))
            for one in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
                one.kill()
            await program.ended(process)
            result.crashed_at = _crash_point(scenario, sandbox, result)
            result.wrong += [] if process.returncode == -9 else ["the crash did not happen"]
        asked, restarted = len(sandbox.requests), datetime.now(UTC)
        with program.started():
            await program.ready()
            done = await _catch_up(world, scenario, machine, restarted)
        result.others, result.all = (machine.simulated(one) - began for one in done)
        result.looked = sum(_is_look(one) for one in sandbox.requests[asked:])
        await _judge(world, scenario, expected, machine, result)
        result.wrong += [f"unknown request: {one.method} {one.path}" for one in sandbox.unknown_requests]
    result.seconds = time.monotonic() - start
    return result


async def _alive_once(settings: Settings) -> None:
    """The service can receive deliveries, and has looked for missed ones; then it is gone."""
    async with service(settings) as made:
        await made.liveness.note()
        await made.chores.fetch_missed(await made.limits.now())


def _while_away(world: Outage, scenario: Scenario) -> None:
    """Stories until enough deliveries are missed, in the order of time, none across the border of what is listed."""
    generator = random.Random(scenario.seed)
    now = datetime.now(UTC)
    begin, end, border = now - scenario.away + _EDGE, now - _EDGE, now - scenario.kept
    quiet = scenario.installations - 1
    if begin < border:
        for index in range(0, quiet, 2):
            world.stir(index, begin)
    before = len(world.sandbox.deliveries)
    queue: list[tuple[int, Story]] = []
    per_story = 2.0  # deliveries, about
    rounds = itertools.cycle(STORIES)
    for number in range(int(scenario.deliveries / per_story * 1.3)):
        busy = generator.random() < scenario.busy / scenario.deliveries
        queue.append((quiet if busy else number % quiet, next(rounds)))
    generator.shuffle(queue)
    step = (end - begin) / len(queue)
    times = [begin + step * number for number in range(len(queue))]
    for one, at in zip(queue, times, strict=True):
        if len(world.sandbox.deliveries) - before >= scenario.deliveries and at > border + _MARGIN:
            return
        if abs(at - border) > _MARGIN:
            world.tell(iter([one]), iter([at]))


def _is_fetch(one: LoggedRequest) -> bool:
    return one.method == "GET" and one.path.startswith("/app/hook/deliveries/")


def _is_look(one: LoggedRequest) -> bool:
    return one.method == "GET" and one.path.endswith("/issues") and "since" in one.query


def _crash_point(scenario: Scenario, sandbox: Sandbox, result: Result) -> str:
    """What had been done when it is time to crash; empty until then."""
    fetched = sum(map(_is_fetch, sandbox.requests))
    looked = sum(map(_is_look, sandbox.requests))
    if scenario.crash == "fetching":
        return f"{fetched} of {result.listed} fetched" if fetched >= result.listed * 0.3 else ""
    return f"{looked} of {scenario.installations} looked at" if looked >= scenario.installations * 0.5 else ""


async def _until(condition: Callable[[], object], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not happen in time")
        await asyncio.sleep(0.005)


async def _catch_up(
    world: Outage, scenario: Scenario, machine: Machine, restarted: datetime
) -> tuple[datetime, datetime]:
    """When all but the busy installation had been served, and when all had; skips what is only waited for."""
    sandbox = world.sandbox
    busy = sandbox.state.repository(f"org-{scenario.installations - 1}/tidepool").id
    end, others = time.monotonic() + 1200, None
    while time.monotonic() < end:
        await asyncio.sleep(_PAUSE)
        cursor = await machine.connection.execute(_STATE, {"busy": busy, "scope": SCOPE})
        row = await cursor.fetchone()
        assert row is not None
        queued, of_others, ready, next_job, window, gaps, looked, now = row
        caught_up = looked is not None and looked > restarted and not gaps and window is None
        if caught_up and not of_others and others is None:
            others = datetime.now(UTC)
        if caught_up and not queued:
            await sandbox.drain_webhooks()
            return others or datetime.now(UTC), datetime.now(UTC)
        wakes = [at for at in (next_job, window) if at is not None]
        recent = sandbox.requests[-1].at > datetime.now(UTC) - timedelta(seconds=2)
        if wakes and ready == 0 and not recent:
            await machine.skip(min(wakes) - now)
    raise TimeoutError(f"not caught up: {row}")


async def _judge(
    world: Outage, scenario: Scenario, expected: dict[tuple[str, bool], Any], machine: Machine, result: Result
) -> None:
    border = datetime.now(UTC) - scenario.kept
    for one in world.told:
        _judge_item(world.sandbox, one, expected[one.story, one.at > border], result)
    for repository, number in world.untouchable:
        thread = world.sandbox.thread(repository, number)
        if thread.labels or thread.by_bot():
            result.wrong.append(f"{repository}#{number} is older than the installation, and was written on")
    cursor = await machine.connection.execute(
        "SELECT state, reason, count(*) FROM assistant.deliveries WHERE state NOT IN ('done', 'ignored') GROUP BY 1, 2"
    )
    result.wrong += [f"deliveries are left: {one}" for one in await cursor.fetchall()]
    cursor = await machine.connection.execute("SELECT ends - begins FROM assistant.gaps WHERE settled_at IS NOT NULL")
    gaps = [row[0] for row in await cursor.fetchall()]
    if len(gaps) != 1 or not scenario.away - _EDGE < gaps[0] < scenario.away + _EDGE:
        result.wrong.append(f"recorded gaps: {gaps}")
    _judge_rates(world.sandbox, machine, result)


def _judge_item(sandbox: Sandbox, told: Told, expected: Any, result: Result) -> None:
    found = outcome(sandbox, told.repository, told.number)
    if found == expected:
        return
    counts = [(len(now), len(then)) for now, then in zip(found[:3], expected[:3], strict=True)]
    result.lost += any(now < then for now, then in counts)
    result.doubled += any(now > then for now, then in counts)
    if len(result.wrong) < 20:
        result.wrong.append(f"{told.story} {told.repository}#{told.number} at {told.at}: {found}, not {expected}")


def _judge_rates(sandbox: Sandbox, machine: Machine, result: Result) -> None:
    """GitHub's limits at the wire, in simulated time: 80 a minute, 500 an hour, bursts of 40, then 1 s apart."""
    by_installation: dict[int, list[datetime]] = defaultdict(list)
    for one in sandbox.requests:
        token = sandbox.tokens.get(one.token_id or "")
        if one.is_write and token is not None:
            by_installation[token.installation_id].append(machine.simulated(one.at))
    result.writes = sum(map(len, by_installation.values()))
    for installation, times in by_installation.items():
        times.sort()
        for window, most in ((3600, PER_HOUR), (60, PER_MINUTE), (30, BURST + 30), (10, BURST + 10)):
            peak = max(_windows(times, timedelta(seconds=window)))
            if window == 3600:
                result.most = max(result.most, (peak, result.most[1]))
            if window == 60:
                result.most = (result.most[0], max(result.most[1], peak))
            if peak > most + WORKERS:
                result.wrong.append(f"installation {installation} wrote {peak} times within {window} s")


def _windows(times: list[datetime], length: timedelta) -> Iterator[int]:
    """How many of the times lie in each window that begins with one of them."""
    end = 0
    for begin, at in enumerate(times):
        while end < len(times) and times[end] < at + length:
            end += 1
        yield end - begin


FULL: Final = (
    Scenario("48 hours, all still listed", timedelta(hours=48), 200, 5000, 150, "fetching", 11),
    Scenario("5 days, two of them listed no more", timedelta(days=5), 40, 800, 60, "looking", 12),
)


async def measure(*, nightly: bool) -> Section:
    """Both outages; nightly three of each, with so much in one installation that it meets the limit of an hour."""
    start = time.monotonic()
    scenarios = [
        replace(one, seed=one.seed + 100 * turn, busy=one.busy * (5 if nightly else 1))
        for turn in range(3 if nightly else 1)
        for one in FULL
    ]
    with tempfile.TemporaryDirectory(prefix="assistant-outage-") as folder, Progress() as progress:
        bar = progress.add_task("outages", total=len(scenarios) + 1)
        server = EmbeddedPostgres(Path(folder) / "database")
        await asyncio.to_thread(server.start)
        try:
            expected = await reference(_fresh(server, "reference"), Path(folder))
            progress.advance(bar)
            results = []
            for number, one in enumerate(scenarios):
                place = Path(folder) / str(number)
                place.mkdir()
                results.append(await play(one, _fresh(server, f"outage_{number}"), place, expected))
                progress.advance(bar)
        finally:
            await asyncio.to_thread(server.stop)
    return section(results, time.monotonic() - start)


def _fresh(server: EmbeddedPostgres, name: str) -> str:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.url.replace("@/postgres?", f"@/{name}?")


def section(results: list[Result], seconds: float) -> Section:
    """The table, and what it says."""
    total: Counter[str] = Counter()
    for one in results:
        total.update(missed=one.missed, items=one.items, lost=one.lost, doubled=one.doubled, wrong=len(one.wrong))
    headline = (
        f"{total['missed']:,} deliveries missed in outages of 2 to 5 days over up to "
        f"{max(one.scenario.installations for one in results)} installations, with a crash in the middle of recovery: "
        f"{total['lost']} of {total['items']:,} items lost, {total['doubled']} doubled, {total['wrong']} violations, "
        f"at most {max(one.most[1] for one in results)} writes a minute and {max(one.most[0] for one in results)} an "
        f"hour per installation."
    )
    rows = [_row(one) for one in results]
    return Section(
        name="outage",
        title="Outages",
        command="make test-faults LANES=outage",
        headline=headline,
        columns=(
            "outage", "installations", "missed", "still listed", "repositories looked at", "items", "killed at",
            "lost", "doubled", "violations", "writes", "most per minute / hour", "others served after",
            "all served after", "seconds",
        ),
        rows=tuple(rows),
        seeds=f"Seeds {', '.join(str(one.scenario.seed) for one in results)}.",
        seconds=seconds,
        failed=any(one.wrong for one in results),
        note="\n".join(f"- {sentence}" for one in results for sentence in one.wrong[:20]),
    )  # fmt: skip


def _row(one: Result) -> tuple[str, ...]:
    minutes = [f"{span.total_seconds() / 60:.0f} simulated min" for span in (one.others, one.all)]
    return (
        one.scenario.name, str(one.scenario.installations), f"{one.missed:,}", f"{one.listed:,}", str(one.looked),
        f"{one.items:,}", one.crashed_at, str(one.lost), str(one.doubled), str(len(one.wrong)), f"{one.writes:,}",
        f"{one.most[1]} / {one.most[0]}", *minutes, f"{one.seconds:.0f}",
    )  # fmt: skip
