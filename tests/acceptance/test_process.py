"""The real program as a subprocess: started, stopped, killed, started again."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psutil
import psycopg
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault, FaultKind
from bot.store.embedded import EmbeddedPostgres
from tests.integration.test_events import INCOMPLETE
from tests.support.assistant import REPOSITORY, hurry
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]


class Program:
    """`python -m bot …` against a sandbox, with an environment of its own."""

    def __init__(self, sandbox: Sandbox, folder: Path, database_url: str | None = None) -> None:
        self.sandbox = sandbox
        self.port = free_port()
        self.log = folder / "output.log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "GITHUB_APP_ID": str(sandbox.app_id),
            "GITHUB_PRIVATE_KEY": sandbox.private_key,
            "GITHUB_WEBHOOK_SECRET": sandbox.webhook_secret,
            "GITHUB_API_URL": sandbox.url,
            "ASSISTANT_DATA_DIR": str(folder / "data"),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        } | ({"DATABASE_URL": database_url} if database_url else {})
        self.folder = folder

    @contextlib.contextmanager
    def started(self, command: str = "serve") -> Iterator[subprocess.Popen[bytes]]:
        with (
            self.log.open("ab") as log,
            subprocess.Popen(
                [sys.executable, "-m", "bot", command], env=self.environment, cwd=self.folder, stderr=log, stdout=log
            ) as process,
        ):
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    async def ready(self) -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(600):
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}/readyz") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise AssertionError(self.log.read_text()[-3000:])

    async def ended(self, process: subprocess.Popen[bytes]) -> int:
        return await asyncio.wait_for(asyncio.to_thread(process.wait), 40)

    def hook(self) -> None:
        self.sandbox.webhook_url = f"http://127.0.0.1:{self.port}/webhooks/github"


async def until(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


@pytest.fixture
def program(sandbox: Sandbox, tmp_path: Path) -> Iterator[Program]:
    made = Program(sandbox, tmp_path)
    yield made
    EmbeddedPostgres(tmp_path / "data").stop()


async def test_serve_with_nothing_but_the_app_answers_and_drains_on_sigterm(program: Program) -> None:
    with program.started() as process:
        await program.ready()
        program.hook()
        number = program.sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE).number
        start = time.monotonic()
        await until(lambda: program.sandbox.thread(REPOSITORY, number).by_bot(), 5)
        assert time.monotonic() - start < 5
        assert set(program.sandbox.thread(REPOSITORY, number).labels) == {"bug", "needs-info"}
        process.send_signal(signal.SIGTERM)
        assert await program.ended(process) == 0
    assert not EmbeddedPostgres(program.folder / "data").answers()


async def test_sigterm_lets_running_work_end(program: Program) -> None:
    program.sandbox.faults.add(Fault(FaultKind.DELAY, r"/issues/\d+/comments$", "POST", seconds=1.5))
    with program.started() as process:
        await program.ready()
        program.hook()
        number = program.sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE).number
        await until(lambda: program.sandbox.thread(REPOSITORY, number).labels)
        process.send_signal(signal.SIGTERM)
        assert await program.ended(process) == 0
    assert len(program.sandbox.thread(REPOSITORY, number).by_bot()) == 1


@pytest.mark.parametrize("moment", ["at once", "between effects"])
async def test_what_was_acknowledged_before_sigkill_is_done_once_after_it(program: Program, moment: str) -> None:
    slow = program.sandbox.faults.add(
        Fault(FaultKind.DELAY, r"/issues/\d+(/comments)?$", "*", times=1 if moment == "at once" else 9, seconds=1.0)
    )
    with program.started() as process:
        await program.ready()
        program.hook()
        number = program.sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE).number
        await program.sandbox.drain_webhooks()
        assert program.sandbox.deliveries[0].status_code == 202
        if moment == "between effects":
            await until(lambda: program.sandbox.thread(REPOSITORY, number).labels)
        for one in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            one.kill()
        await program.ended(process)
        assert process.returncode == -signal.SIGKILL
    assert slow.fired >= 1 or moment == "at once"
    assert len(program.sandbox.thread(REPOSITORY, number).by_bot()) == 0
    program.sandbox.faults.clear()
    with program.started() as process:
        await program.ready()
        async with await psycopg.AsyncConnection.connect(EmbeddedPostgres(program.folder / "data").url) as connection:
            while not program.sandbox.thread(REPOSITORY, number).by_bot():
                await hurry(connection)
                await asyncio.sleep(0.2)
        await asyncio.sleep(1)
        thread = program.sandbox.thread(REPOSITORY, number)
        assert len(thread.by_bot()) == 1
        assert set(thread.labels) == {"bug", "needs-info"}
        process.send_signal(signal.SIGTERM)
        assert await program.ended(process) == 0


async def test_the_embedded_database_is_started_again_when_it_dies(program: Program) -> None:
    with program.started():
        await program.ready()
        program.hook()
        pid = int((program.folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])
        psutil.Process(pid).kill()
        number = program.sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE).number
        await until(lambda: program.sandbox.thread(REPOSITORY, number).by_bot(), 20)
        assert program.sandbox.deliveries[0].status_code == 202


async def test_a_worker_alone_takes_over_from_a_killed_one(sandbox: Sandbox, tmp_path: Path, database_url: str) -> None:
    program = Program(sandbox, tmp_path, database_url)
    sandbox.faults.add(Fault(FaultKind.DELAY, r"/issues/\d+$", "GET", seconds=3))
    with program.started("serve") as server:
        await program.ready()
        program.hook()
        number = sandbox.open_issue(REPOSITORY, "jonas", "Crash on an empty row", INCOMPLETE).number
        await until(
            lambda: any(
                one.path.endswith(f"/issues/{number}/comments") or one.path.endswith("/commits/main")
                for one in sandbox.requests
            )
        )
        with program.started("work"):
            server.kill()
            start = time.monotonic()
            await until(lambda: sandbox.thread(REPOSITORY, number).by_bot(), 15)
            assert time.monotonic() - start < 10
    assert len(sandbox.thread(REPOSITORY, number).by_bot()) == 1


async def test_idle_memory_stays_small(program: Program) -> None:
    with program.started() as process:
        await program.ready()
        megabytes = psutil.Process(process.pid).memory_info().rss / 1e6
    assert megabytes < 150


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"GITHUB_WEBHOOK_SECRET": ""}, "GITHUB_WEBHOOK_SECRET"),
        ({"GITHUB_PRIVATE_KEY": "nonsense"}, "GITHUB_PRIVATE_KEY"),
        ({"GITHUB_APP_ID": "abc"}, "GITHUB_APP_ID"),
        ({"PORT": "eighty"}, "PORT"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:9/none"}, "database"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_in_one_sentence(
    program: Program, changes: dict[str, str], named: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "serve"], env=program.environment | changes, cwd=program.folder,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert named in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not re.search("Traceback|nonsense", done.stderr)
