"""The demo's processes: the stand-in GitHub and the real server, each with an environment of its own."""

import asyncio
import contextlib
import json
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from bot.demo.remains import end_remains

_ROOT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = ("PATH", "HOME", "LANG")
_MODEL: Final = ("OPENAI_BASE_URL", "OPENAI_API_KEY", "ASSISTANT_MODEL")
_START: Final = 60.0
_GRACE: Final = 12.0
_LISTENING: Final = re.compile(r"\blistening\b.*\bport=(\d+)")


class DemoFailed(Exception):
    """A process did not start or ended too early; the text is one sentence for people."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where the two processes are found. `log` is the server's."""

    sandbox: asyncio.subprocess.Process
    server: asyncio.subprocess.Process
    sandbox_url: str
    server_url: str
    app_id: int
    webhook_secret: str

    @property
    def webhook_url(self) -> str:
        return f"{self.server_url}/webhooks/github"

    def check(self) -> None:
        """Raise DemoFailed if one of them has ended."""
        _check(self.sandbox, "the stand-in GitHub")
        _check(self.server, "the assistant's server")


def clean_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """What children see of the caller's environment: nothing that could configure them, a model excepted."""
    kept = {name: caller[name] for name in (*_KEPT, *_MODEL) if caller.get(name)}
    return {**kept, "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def log_of(folder: Path) -> Path:
    """The file of the server's log."""
    return folder / "server.log"


@contextlib.asynccontextmanager
async def running(folder: Path, caller: Mapping[str, str]) -> AsyncIterator[Running]:
    """Both processes in `folder`, ready to work; exactly they (and their database) are ended with the block."""
    environment = clean_environment(caller)
    async with _sandbox(folder, environment) as (sandbox, told), _server(folder, environment, told) as server:
        port = await _port(server, log_of(folder))
        found = Running(
            sandbox, server, told["url"], f"http://127.0.0.1:{port}", int(told["app_id"]), told["webhook_secret"]
        )
        await _ready(found)
        yield found


@contextlib.asynccontextmanager
async def _sandbox(
    folder: Path, environment: dict[str, str]
) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, str]]]:
    key = str(folder / "app.pem")
    with (folder / "sandbox.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.sandbox", "--port", "0", "--private-key-path", key,
            cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_START):
            line = await process.stdout.readline()
        if not line:
            raise DemoFailed(f"the stand-in GitHub did not start; see {folder / 'sandbox.log'}")
        yield process, json.loads(line)
    finally:
        await _end(process)


@contextlib.asynccontextmanager
async def _server(
    folder: Path, environment: dict[str, str], told: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    settings = {
        "GITHUB_APP_ID": str(told["app_id"]),
        "GITHUB_PRIVATE_KEY_PATH": told["private_key_path"],
        "GITHUB_WEBHOOK_SECRET": told["webhook_secret"],
        "GITHUB_API_URL": told["url"],
        "ASSISTANT_DATA_DIR": str(folder / "data"),
        "HOST": "127.0.0.1",
        # A free one, which the log then tells: nobody can take it in between.
        "PORT": "0",
    }
    with log_of(folder).open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "serve",
            cwd=folder, env=environment | settings, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        await _end(process)
        await asyncio.to_thread(end_remains, process.pid, folder / "data" / "postgres")


async def _port(server: asyncio.subprocess.Process, log: Path) -> int:
    until = time.monotonic() + _START
    while time.monotonic() < until:
        found = _LISTENING.search(await asyncio.to_thread(log.read_text, "utf-8", "replace"))
        if found:
            return int(found[1])
        _check(server, "the assistant's server")
        await asyncio.sleep(0.05)
    raise DemoFailed(f"the assistant's server did not listen within {_START:.0f} s")


async def _ready(found: Running) -> None:
    until = time.monotonic() + _START
    async with aiohttp.ClientSession(trust_env=False) as session:
        while time.monotonic() < until:
            found.check()
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(f"{found.server_url}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)
    raise DemoFailed(f"the assistant's server was not ready within {_START:.0f} s")


def _check(process: asyncio.subprocess.Process, name: str) -> None:
    if process.returncode is not None:
        raise DemoFailed(f"{name} ended with code {process.returncode}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, and SIGKILL for one that does not listen."""
    for number, patience in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, _GRACE)):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience)
