"""Schedules with the real program: `serve` and `work` as processes, a hostile GitHub, short windows in real time."""

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import psycopg

from bot.sandbox import Sandbox
from bot.sandbox.faults import Armed, Fault, FaultKind
from bot.sandbox.model import Issue
from bot.store.embedded import EmbeddedPostgres
from docs.assurance import Section
from tests.acceptance.test_process import Program
from tests.faults.schedules_plans import WRITES, Trouble
from tests.faults.schedules_stories import STORIES, Looks, looks, markers
from tests.faults.schedules_world import NEWCOMERS, new_home, no_home

SCHEDULES: Final = 56
SEED: Final = 23
_PATIENCE: Final = 240.0
_GRACE: Final = timedelta(seconds=1)
"""Reads that were under way when GitHub asked to wait may still come in, on a busy machine somewhat later."""
_TOLD: Final = ("incomplete report", "complete report", "documents")
_GONE: Final = frozenset({Trouble.DELETED, Trouble.LOCKED, Trouble.UNINSTALLED})
TROUBLES: Final = (
    Trouble.RETRY_AFTER, Trouble.RESET_AFTER, Trouble.SERVER_ERROR, Trouble.SERVER_ERROR_AFTER, Trouble.RESET,
    Trouble.PRIMARY, Trouble.BAD_TOKEN, Trouble.RENAMED, Trouble.DELETED, Trouble.LOCKED, Trouble.UNINSTALLED,
    Trouble.LAG, Trouble.DOUBLED, Trouble.SECONDARY,
)  # fmt: skip
"""In the order in which they are taken. Those that need an hour, or everybody's clock, are left to the other lane."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A schedule under way: who was troubled how, where, and by which armed fault (None: by deliveries)."""

    trouble: Trouble
    story: str
    repository: int
    number: int
    fault: Armed | None

    @property
    def fired(self) -> bool:
        return self.fault is None or self.fault.fired > 0


@dataclass(frozen=True, slots=True)
class Played:
    staged: tuple[Staged, ...]
    requests: int
    failures: tuple[str, ...]


def _faults(trouble: Trouble, rng: Random, repo: str, number: int) -> list[Fault]:
    """The faults of one trouble, confined to the requests of one repository."""
    owner = repo.split("/", maxsplit=1)[0]
    write = (rf"^/repos/{owner}/", WRITES, rng.randrange(3))
    read = (rf"^/repos/{owner}/", "GET", rng.randrange(12))
    said = (rf"^/repos/{owner}/.*/(comments|reviews)$", "POST", 0)
    anywhere = rng.choice((write, read))
    acts = {
        Trouble.RENAMED: ("rename_repository", {"repo": repo, "name": "rockpool", "actor": "mira"}),
        Trouble.DELETED: ("delete_issue", {"repo": repo, "number": number, "actor": "mira"}),
        Trouble.LOCKED: ("lock", {"repo": repo, "number": number, "actor": "mira"}),
        Trouble.UNINSTALLED: ("uninstall_app", {"account": owner, "actor": "mira"}),
    }

    def made(kind: FaultKind, where: tuple[str, str, int], **more: object) -> Fault:
        path, method, skip = where
        return Fault(kind, path, method, skip=skip, **more)  # type: ignore[arg-type]

    if trouble in acts:
        name, arguments = acts[trouble]
        return [made(FaultKind.ACT, anywhere, act=name, arguments=arguments)]
    lag = made(FaultKind.LAG, (rf"^/repos/{owner}/.*/comments$", "GET", 0), times=None, seconds=20.0)
    lost = made(FaultKind.RESET_AFTER, said)
    refused = rng.choice((403, 429))
    return {
        Trouble.RETRY_AFTER: [made(FaultKind.RETRY_AFTER, anywhere, status=refused, seconds=rng.choice((1.0, 2.0)))],
        Trouble.PRIMARY: [made(FaultKind.PRIMARY_LIMIT, anywhere, status=403, seconds=2.0)],
        Trouble.SECONDARY: [made(FaultKind.SECONDARY_LIMIT, anywhere, status=refused)],
        Trouble.SERVER_ERROR: [made(FaultKind.STATUS_BEFORE, anywhere, status=503)],
        Trouble.SERVER_ERROR_AFTER: [made(FaultKind.STATUS_AFTER, said)],
        Trouble.RESET: [made(FaultKind.RESET_BEFORE, anywhere)],
        Trouble.RESET_AFTER: [lost],
        Trouble.BAD_TOKEN: [made(FaultKind.BAD_TOKEN, anywhere)],
        Trouble.LAG: [lost, lag],
    }[trouble]


def _told(sandbox: Sandbox, repo: str, story: str) -> int:
    made = STORIES[story][0](sandbox, repo, 0, NEWCOMERS[0])
    assert isinstance(made, Issue)
    return made.number


def _stage(sandbox: Sandbox, trouble: Trouble, rng: Random) -> Staged:
    repo = new_home(sandbox)
    story = "incomplete report" if trouble is Trouble.LAG else rng.choice(_TOLD)
    found = sandbox.state.repository(repo)
    armed: list[Armed] = []
    if trouble is not Trouble.DOUBLED:
        armed = [sandbox.faults.add(one) for one in _faults(trouble, rng, repo, found.next_number)]
    before = len(sandbox.deliveries)
    number = _told(sandbox, repo, story)
    if trouble is Trouble.DOUBLED:
        for one in sandbox.deliveries[before:]:
            sandbox.redeliver(one.id)
            sandbox.deliver_raw(one.event, one.payload)
    return Staged(trouble, story, found.id, number, armed[0] if armed else None)


async def _settled(sandbox: Sandbox, database_url: str) -> bool:
    """Wait, in real time, until nothing is queued; False if that takes too long."""
    end = time.monotonic() + _PATIENCE
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while time.monotonic() < end:
            await sandbox.drain_webhooks()
            cursor = await connection.execute("SELECT count(*) FROM assistant.deliveries WHERE state = 'queued'")
            row = await cursor.fetchone()
            if row is not None and row[0] == 0:
                return True
            await asyncio.sleep(0.1)
    return False


async def _failed(database_url: str) -> list[str]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        cursor = await connection.execute("SELECT reason FROM assistant.deliveries WHERE state = 'failed'")
        return [str(row[0]) for row in await cursor.fetchall()]


async def play(sandbox: Sandbox, database_url: str, count: int) -> Played:
    """Stage `count` schedules at once, each in an installation of its own, and judge them."""
    rng = Random(SEED)
    homes = {story: new_home(sandbox) for story in _TOLD}
    numbers = {story: _told(sandbox, home, story) for story, home in homes.items()}
    failures = [] if await _settled(sandbox, database_url) else ["not ended: the undisturbed stories"]
    expected = {story: looks(sandbox, home, numbers[story]) for story, home in homes.items()}
    staged = tuple(_stage(sandbox, TROUBLES[at % len(TROUBLES)], rng) for at in range(count))
    if not await _settled(sandbox, database_url):
        failures.append("not ended: something still waits")
    failures += [f"not ended: given up: {reason}" for reason in await _failed(database_url)]
    failures += _too_early(sandbox)
    for one in staged:
        failures += _judged(sandbox, one, expected[one.story])
    failures += [f"{one.method} {one.path} is unknown" for one in sandbox.unknown_requests]
    return Played(staged, len(sandbox.requests), tuple(failures))


def _judged(sandbox: Sandbox, staged: Staged, expected: Looks) -> Iterator[str]:
    name = sandbox.state.repositories[staged.repository].full_name
    if staged.number not in sandbox.state.repositories[staged.repository].issues:
        return
    for marker, count in Counter(markers(sandbox, name, staged.number)).items():
        if count > 1:
            yield f"doubled: {marker} is there {count} times ({staged.trouble.name})"
    seen = looks(sandbox, name, staged.number)
    reachable = staged.trouble not in _GONE or not staged.fired
    if reachable and (seen.labels, len(seen.comments), seen.reviews) != (
        expected.labels, len(expected.comments), expected.reviews,
    ):  # fmt: skip
        yield f"lost: {staged.story} under {staged.trouble.name} ended as {seen}"


def _too_early(sandbox: Sandbox) -> Iterator[str]:
    opened: dict[str, datetime] = {}
    for one in sandbox.requests:
        if one.too_early and (one.method != "GET" or one.at > opened[one.owner] + _GRACE):
            yield f"inside a window: {one.method} {one.path}"
        if one.wait_until is not None:
            opened[one.owner] = one.at


@contextlib.asynccontextmanager
async def programs(server_url: str, folder: Path, *, worker: bool) -> AsyncIterator[tuple[Sandbox, str]]:
    """A sandbox, and the program living on it: `serve`, and `work` beside it where asked."""
    name = f"processes_{time.time_ns()}"
    url = server_url.replace("@/postgres?", f"@/{name}?")
    async with await psycopg.AsyncConnection.connect(server_url, autocommit=True) as admin:
        await admin.execute(f"CREATE DATABASE {name}".encode())
    async with Sandbox.start() as sandbox:
        no_home(sandbox)
        program = Program(sandbox, folder, url)
        with contextlib.ExitStack() as stack:
            stack.enter_context(program.started("serve"))
            await program.ready()
            if worker:
                stack.enter_context(program.started("work"))
            program.hook()
            yield sandbox, url
            sandbox.webhook_url = None


async def measure(*, nightly: bool) -> Section:
    """Schedules at once on two processes, so many that fifty have their trouble; nightly four times as many."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="assistant-processes-") as folder:
        server = EmbeddedPostgres(Path(folder))
        await asyncio.to_thread(server.start)
        try:
            async with programs(server.url, Path(folder), worker=True) as (sandbox, url):
                played = await play(sandbox, url, SCHEDULES * (4 if nightly else 1))
        finally:
            await asyncio.to_thread(server.stop)
    return section(played, time.monotonic() - begun)


def section(played: Played, seconds: float) -> Section:
    fired = Counter(one.trouble for one in played.staged if one.fired)
    kinds = Counter(one.split(":")[0] for one in played.failures)
    counted = sum(fired.values())
    return Section(
        name="processes",
        title="A hostile GitHub and the real program",
        command="make test-faults LANES=processes",
        headline=(
            f"{counted} schedules with `serve` and `work` as processes: {kinds['lost']} lost, "
            f"{kinds['doubled']} doubled, "
            f"{kinds['inside a window']} requests inside a back-off window, {kinds['not ended']} without an end."
        ),
        columns=("trouble", "schedules in which it happened"),
        rows=tuple((one.value, str(fired[one])) for one in TROUBLES),
        seeds=f"Seed {SEED}; {len(played.staged)} staged.",
        seconds=seconds,
        failed=bool(played.failures) or any(not fired[one] for one in TROUBLES),
        note=" ".join(played.failures[:10]),
    )
