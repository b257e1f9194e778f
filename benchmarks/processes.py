"""The programs that are measured, each in a process of its own, and what they use."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import psutil

from bot.store.embedded import EmbeddedPostgres

ROOT: Final = Path(__file__).parent.parent
_START: Final = 60.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def program(*arguments: str, log: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command (of a module: `python -m`) until the block ends, then SIGTERM; its errors go to `log`."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment}
    with (
        log.open("ab") as errors,
        subprocess.Popen(  # noqa: S603 - fixed commands
            list(arguments) if Path(arguments[0]).is_absolute() else [sys.executable, "-m", *arguments],
            cwd=log.parent,
            env=env,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.asynccontextmanager
async def printed_port(*arguments: str, log: Path) -> AsyncIterator[tuple[int, psutil.Process]]:
    """A module of ours that prints its port once it is ready."""
    with program(*arguments, log=log) as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), _START)
        if not line.strip().isdigit():
            raise RuntimeError(f"{arguments[0]} did not start: {_end_of(log)}")
        yield int(line), psutil.Process(process.pid)


@dataclass(frozen=True, slots=True)
class Assistant:
    """A running `serve` and its embedded database."""

    port: int
    process: psutil.Process
    database: EmbeddedPostgres

    def postgres(self) -> list[psutil.Process]:
        """The database's processes."""
        pid = int((self.database.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]


@contextlib.asynccontextmanager
async def assistant(
    folder: Path, *, api_port: int, module: tuple[str, ...] = ("bot", "serve"), **environment: str
) -> AsyncIterator[Assistant]:
    """`serve` with nothing but the App of the stand-in at `api_port`, whose key and secret are in `folder`."""
    port = free_port()
    log = folder / "serve.log"
    with program(*module, log=log, **_settings(folder, api_port), PORT=str(port), **environment) as process:
        await _ready(port, process, log)
        yield Assistant(port, psutil.Process(process.pid), EmbeddedPostgres(folder / "data"))


def worker(
    folder: Path, *, api_port: int, **environment: str
) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """A `work` process beside a running `assistant` of the same folder."""
    return program("bot", "work", log=folder / "work.log", **_settings(folder, api_port), **environment)


def _settings(folder: Path, api_port: int) -> dict[str, str]:
    return {
        "GITHUB_APP_ID": "1",
        "GITHUB_PRIVATE_KEY_PATH": str(folder / "key.pem"),
        "GITHUB_WEBHOOK_SECRET": (folder / "secret").read_text(),
        "GITHUB_API_URL": f"http://127.0.0.1:{api_port}",
        "ASSISTANT_DATA_DIR": str(folder / "data"),
        "HOST": "127.0.0.1",
        "LOG_LEVEL": "warning",
    }


async def _ready(port: int, process: subprocess.Popen[str], log: Path) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(_START):
        while process.poll() is None:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.1)
    raise RuntimeError(f"the program did not start: {_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text()[-2000:]


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Processor time that these processes, and children of theirs that have ended, have used until now."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
