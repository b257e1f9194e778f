"""Two `serve` and three `work` on one PostgreSQL: each event once, in order, whoever is killed or suspended."""

import asyncio
import contextlib
import random
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from rich.progress import Progress

from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault, FaultKind
from bot.store.embedded import EmbeddedPostgres
from docs.assurance import Section
from tests.faults.fleet_members import Fleet, fleet, old_worker, release, until
from tests.faults.processes_host import Host, environment_of, hosting
from tests.faults.processes_points import Order
from tests.integration.test_events import INCOMPLETE
from tests.support.assistant import REPOSITORY

SEED: Final = 41
TAKEN_OVER_WITHIN: Final = 10.0
SERVERS: Final = ("serve-1", "serve-2")
WORKERS: Final = ("work-1", "work-2", "work-3")
LABELS: Final = ("question", "documentation", "good first issue")
_COMMAND: Final = re.compile(r"/(label|unlabel) (.+)")
_HOLD: Final = 2.0
"""Seconds for which GitHub keeps the member waiting that is about to be killed or suspended."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """`seconds` from the blow to the end of the item's work; `faults` is what was wrong in the end."""

    blow: str
    member: str
    seconds: float
    faults: tuple[str, ...]


@dataclass(slots=True)
class Storm:
    """Load under blows: what was done to whom, and what was wrong in the end."""

    events: int = 0
    blows: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


async def takeover(made: Fleet, blow: str) -> Takeover:
    """Kill or suspend the member that works on an item, and measure until another one has done it."""
    sandbox = made.sandbox
    sandbox.faults.add(Fault(FaultKind.DELAY, r"/issues/\d+/comments$", "GET", times=1, seconds=_HOLD))
    number = sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE).number
    repository = sandbox.state.repository(REPOSITORY).id
    await until(lambda: any(one.fault and one.path.endswith(f"/{number}/comments") for one in sandbox.requests))
    name = await made.holder(f"{repository}#{number}")
    if name in SERVERS:
        made.deliver_to(next(one for one in made.free_servers() if one != name))
    began = time.monotonic()
    if blow == "SIGKILL":
        await made.kill(name)
    else:
        made.suspend(name)
    await until(lambda: sandbox.thread(REPOSITORY, number).by_bot(), 30)
    await until(lambda: _ended(made, f"{repository}#{number}"), 10)
    seconds = time.monotonic() - began
    if blow == "SIGKILL":
        await made.start(name, name.split("-")[0])
    else:
        made.resume(name)
    await made.ready(name)
    await made.settled(30)
    return Takeover(blow, name, seconds, tuple(_once(sandbox, number)))


async def _ended(made: Fleet, key: str) -> bool:
    row = await made.row("SELECT count(*) FROM assistant.deliveries WHERE item_key = %s AND state = 'queued'", key)
    return row == (0,)


def _once(sandbox: Sandbox, number: int) -> Iterator[str]:
    """What is wrong with an incomplete report that was handled."""
    thread = sandbox.thread(REPOSITORY, number)
    if set(thread.labels) != {"bug", "needs-info"}:
        yield f"#{number} has the labels {', '.join(thread.labels)}"
    if len(thread.by_bot()) != 1:
        yield f"#{number} has {len(thread.by_bot())} comments of ours"


async def stale_write(made: Fleet, point: str) -> Takeover:
    """Suspend a member when its write is about to leave; it resumes when another one has done the work."""
    sandbox = made.sandbox
    made.tell_all(Order("stop", point, "before"))
    number = sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE).number
    repository = sandbox.state.repository(REPOSITORY).id
    await until(lambda: made.trace.exists() and "stop\t" in made.trace.read_text())
    began = time.monotonic()
    made.tell_all(None)
    made.trace.unlink()
    name = await made.holder(f"{repository}#{number}")
    made.suspend(name)
    if name in SERVERS:
        made.deliver_to(next(iter(made.free_servers())))
    await until(lambda: sandbox.thread(REPOSITORY, number).by_bot(), 40)
    await until(lambda: _ended(made, f"{repository}#{number}"), 10)
    seconds = time.monotonic() - began
    before = len(sandbox.writes)
    made.resume(name)
    await made.ready(name)
    await asyncio.sleep(2.5)
    await made.settled(30)
    faults = list(_once(sandbox, number))
    if len(sandbox.writes) != before:
        faults.append(f"{len(sandbox.writes) - before} stale writes after it resumed")
    return Takeover(f"SIGSTOP before {point}", name, seconds, tuple(faults))


async def storm(
    made: Fleet, *, items: int, rounds: int, chance: random.Random, restart: EmbeddedPostgres | None
) -> Storm:
    """Commands in rounds on several items while members are killed and suspended at random."""
    found = Storm()
    sandbox = made.sandbox
    numbers = [sandbox.open_issue(REPOSITORY, "jonas", "Notes about gauges", "Nothing in particular.").number
               for _ in range(items)]  # fmt: skip
    await sandbox.drain_webhooks()
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        rates = group.create_task(_no_rates(made, ended))
        blows = group.create_task(_blows(made, found, chance, ended))
        for turn in range(rounds):
            label = LABELS[turn // 2 % len(LABELS)]
            for number in numbers:
                made.deliver_to(chance.choice(made.free_servers()))
                sandbox.comment(REPOSITORY, number, "mira", f"/{'un' if turn % 2 else ''}label {label}")
            await sandbox.drain_webhooks()
            if restart is not None and turn == rounds // 2:
                found.blows.append("restart of the database")
                await asyncio.to_thread(_restart, restart)
        ended.set()
        await blows
        await made.ready(*WORKERS)
        # A server that starts looks for what was missed while nobody took it.
        for name in SERVERS:
            await made.kill(name)
            await made.start(name, "serve")
        await made.ready(*SERVERS)
        made.deliver_to(SERVERS[0])
        await made.settled(60)
        rates.cancel()
    found.events = len(made.people_s())
    found.faults += [fault for number in numbers for fault in await _in_order(made, number)]
    return found


def _restart(server: EmbeddedPostgres) -> None:
    """As `pg_ctl restart -m immediate`: no session is told, nothing is written out."""
    server._run("pg_ctl", "-w", "-m", "immediate", "-D", ".", "stop")
    server.start()


async def _no_rates(made: Fleet, ended: asyncio.Event) -> None:
    """Give write slots back, or the whole load would wait for GitHub's own limits."""
    while True:
        await made.row("DELETE FROM assistant.content_writes RETURNING 1")
        await asyncio.sleep(0.2)


async def _blows(made: Fleet, found: Storm, chance: random.Random, ended: asyncio.Event) -> None:
    """One after the other; at least one server takes deliveries at any time."""
    while not ended.is_set():
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        free = made.free_servers()
        name = chance.choice([*WORKERS, *(free if len(free) > 1 else ())])
        made.deliver_to(next(one for one in free if one != name))
        kind, length = chance.choice(("SIGKILL", "SIGSTOP")), chance.choice((0.3, 1.0, 3.0, 9.0))
        found.blows.append(kind)
        if kind == "SIGKILL":
            await made.kill(name)
            await asyncio.sleep(min(length, 1.0))
            await made.start(name, name.split("-")[0])
        else:
            made.suspend(name)
            await asyncio.sleep(length)
            made.resume(name)
        await made.ready(name)


async def _in_order(made: Fleet, number: int) -> list[str]:
    """Faults of one item: its commands were carried out once each, in the order in which they were accepted."""
    sandbox, repository = made.sandbox, made.sandbox.state.repository(REPOSITORY).id
    rows = await made.rows(
        "SELECT guid FROM assistant.deliveries WHERE item_key = %s AND event = 'issue_comment' ORDER BY position",
        f"{repository}#{number}",
    )
    comments = {one.guid: one.payload["comment"] for one in sandbox.deliveries if one.event == "issue_comment"}
    accepted = [comments[guid] for (guid,) in rows]
    answered = [
        int(one.path.split("/")[-2])
        for one in sandbox.writes
        if one.path.endswith("/reactions") and one.status == 201
        and int(one.path.split("/")[-2]) in {each["id"] for each in accepted}
    ]  # fmt: skip
    writes = [one for one in sandbox.writes if f"/issues/{number}/labels" in one.path and one.status == 200]
    expected = list(_label_writes([one["body"] for one in accepted]))
    seen = [_label_write(one.method, one.path, one.body) for one in writes]
    faults = []
    if answered != [one["id"] for one in accepted]:
        faults.append(f"#{number}: {len(accepted)} commands, answered out of order or not once each: {answered}")
    if seen != expected:
        faults.append(f"#{number}: labels were set and taken as {seen}, not as {expected}")
    return faults


def _label_writes(commands: Sequence[str]) -> Iterator[str]:
    """The writes that the commands cause one after the other; what is so already needs none."""
    present: set[str] = set()
    for text in commands:
        found = _COMMAND.fullmatch(text)
        assert found
        verb, label = found.groups()
        if (verb == "label") != (label in present):
            yield f"{verb} {label}"
        present.symmetric_difference_update({label} if (verb == "label") != (label in present) else set())


def _label_write(method: str, path: str, body: object) -> str:
    if method == "DELETE":
        return f"unlabel {path.rsplit('/', 1)[1].replace('%20', ' ')}"
    assert isinstance(body, dict)
    return "label " + ", ".join(body["labels"])


async def upgrade(made: Fleet, folder: Path, *, events: int) -> list[str]:
    """Workers of 0.1.0 on this tree's schema and a later, additive one, while a new server takes deliveries."""
    await made.start("serve-1", "serve")
    await made.ready("serve-1")
    made.deliver_to("serve-1")
    async with await psycopg.AsyncConnection.connect(made.database, autocommit=True) as connection:
        for statement in _LATER:
            await connection.execute(statement)
    with contextlib.ExitStack() as stack:
        tree = stack.enter_context(release(folder))
        logs = [folder / f"old-{number}.log" for number in (1, 2)]
        for log in logs:
            environment = environment_of(
                made.sandbox, folder, port=0, DATABASE_URL=f"{made.database}&application_name={log.stem}"
            )
            stack.enter_context(old_worker(tree, environment, log))
        await until(lambda: _working(made, [log.stem for log in logs]), 40)
        made.sandbox.faults.add(Fault(FaultKind.DELAY, r"/issues/\d+$", "GET", times=None, seconds=0.3))
        numbers = [made.sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE).number
                   for _ in range(events)]  # fmt: skip
        await made.sandbox.drain_webhooks()
        rates = asyncio.create_task(_no_rates(made, asyncio.Event()))
        await made.settled(60)
        rates.cancel()
        made.sandbox.faults.clear()
        by_old = sum(log.read_text().count("event_ended") for log in logs)
        errors = [
            line for log in logs for line in log.read_text().splitlines() if "[error" in line or "Traceback" in line
        ]
    faults = [fault for number in numbers for fault in _once(made.sandbox, number)]
    if by_old < events // 4:
        faults.append(f"the old workers did only {by_old} of {events} events")
    return [*faults, *(f"an old worker says: {line[:200]}" for line in errors)]


async def _working(made: Fleet, names: Sequence[str]) -> bool:
    rows = await made.rows(
        "SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name = ANY(%s)", list(names)
    )
    return len(rows) == len(names)


_LATER: Final = (
    b"ALTER TABLE assistant.deliveries ADD COLUMN later_note text, ADD COLUMN later_rank integer NOT NULL DEFAULT 0",
    b"ALTER TABLE assistant.effects ADD COLUMN later_note text",
    b"CREATE TABLE assistant.later (id bigint PRIMARY KEY, note text)",
    b"CREATE INDEX later_deliveries ON assistant.deliveries (later_rank) WHERE state = 'queued'",
    b"INSERT INTO assistant_migrations (name) VALUES ('9999_later.sql')",
)
"""A migration as a later release may bring: columns, a table, an index."""


@contextlib.asynccontextmanager
async def whole_fleet(
    host: Host, folder: Path, database: str, *, settle: float | None = None, without: str = ""
) -> AsyncIterator[Fleet]:
    """Two servers and three workers, all ready, on a sandbox of their own."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with (
        Sandbox.start() as sandbox,
        fleet(sandbox, database, folder, host, settle=settle, without=without) as made,
    ):
        # One after the other: the first one makes the schema.
        for name in (*SERVERS, *WORKERS):
            await made.start(name, name.split("-")[0])
            await made.ready(name)
        made.deliver_to(SERVERS[0])
        yield made


def new_database(server: EmbeddedPostgres, name: str) -> str:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.url.replace("@/postgres?", f"@/{name}?")


async def measure(*, nightly: bool) -> Section:
    chance, began = random.Random(SEED), time.monotonic()
    blows, storms = (60, 30) if nightly else (10, 4)
    taken: list[Takeover] = []
    stormy: list[Storm] = []
    with tempfile.TemporaryDirectory(prefix="ca-fleet-") as name, Progress() as bar:
        folder = Path(name)
        task = bar.add_task("fleet", total=2 * blows + len(_STALE) + storms + 1)
        server = EmbeddedPostgres(folder / "database")
        await asyncio.to_thread(server.start)
        try:
            async with hosting() as host:
                async with whole_fleet(host, folder / "blows", new_database(server, "blows")) as made:
                    for turn in range(2 * blows):
                        taken.append(await takeover(made, ("SIGKILL", "SIGSTOP")[turn % 2]))
                        bar.advance(task)
                async with whole_fleet(host, folder / "stale", new_database(server, "stale"), settle=0.5) as made:
                    for point in _STALE:
                        taken.append(await stale_write(made, point))
                        bar.advance(task)
                address = new_database(server, "blind")
                async with whole_fleet(host, folder / "blind", address, settle=0.5, without="last look") as made:
                    # The proof that a stale write would be seen.
                    blind = await stale_write(made, _STALE[-1])
                    assert blind.faults, "a worker that does not look before it writes was not found out"
                for turn in range(storms):
                    address = new_database(server, f"storm_{turn}")
                    async with whole_fleet(host, folder / f"storm-{turn}", address, settle=0.5) as made:
                        stormy.append(await storm(made, items=6, rounds=24, chance=chance, restart=server))
                    bar.advance(task)
                async with Sandbox.start() as sandbox:
                    (folder / "upgrade").mkdir()
                    address = new_database(server, "upgrade")
                    async with fleet(sandbox, address, folder / "upgrade", host) as made:
                        upgraded = await upgrade(made, folder / "upgrade", events=40)
                bar.advance(task)
        finally:
            await asyncio.to_thread(server.stop)
    return section(taken, stormy, upgraded, seconds=time.monotonic() - began)


_STALE: Final = (
    "GitHub: POST /repos/R/issues/N/labels",
    "GitHub: POST /repos/R/issues/N/comments",
)


def section(taken: Sequence[Takeover], storms: Sequence[Storm], upgraded: Sequence[str], *, seconds: float) -> Section:
    faults = [
        *(one for each in taken for one in each.faults),
        *(one for each in storms for one in each.faults),
        *upgraded,
    ]
    plain = [one for one in taken if " " not in one.blow]
    slowest = max(one.seconds for one in plain)
    rows = [_row(blow, [one for one in taken if one.blow == blow]) for blow in dict.fromkeys(one.blow for one in taken)]
    events, hits = sum(one.events for one in storms), sum(len(one.blows) for one in storms)
    wrong = sum(len(one.faults) for one in storms)
    rows.append(
        (f"load under {hits} blows and {len(storms)} restarts of the database", str(events), "", "", str(wrong))
    )
    rows.append(("workers of 0.1.0 on a newer schema", "40", "", "", str(len(upgraded))))
    return Section(
        name="fleet",
        title="Fleet",
        command="make test-faults LANES=fleet",
        headline=f"Two servers and three workers, {len(taken) + hits} times one killed or suspended: {len(faults)} "
        f"events lost, doubled or out of order; another one had done the item at most {slowest:.1f} s later.",
        columns=("what happens", "events", "median seconds until done", "slowest", "faults"),
        rows=tuple(rows),
        seeds=f"Seed {SEED}.",
        seconds=seconds,
        failed=bool(faults) or slowest > TAKEN_OVER_WITHIN,
        note="; ".join(faults[:10])
        or "Order is proven by commands that set and take labels in turn: their reactions and label changes come once "
        "each, in the order in which the deliveries were accepted.",
    )


def _row(blow: str, taken: Sequence[Takeover]) -> tuple[str, ...]:
    times = sorted(one.seconds for one in taken)
    wrong = sum(len(one.faults) for one in taken)
    return (blow, str(len(taken)), f"{times[len(times) // 2]:.1f}", f"{times[-1]:.1f}", str(wrong))
